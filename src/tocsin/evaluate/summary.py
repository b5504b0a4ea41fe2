"""Numbers made of many, ready for JSON: None where there is nothing to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import I8, ObjectClass


def share(flags: NDArray[Any]) -> float | None:
    """Return the mean."""
    return float(np.mean(flags)) if len(flags) else None


def rms(values: NDArray[Any]) -> float | None:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(values**2))) if len(values) else None


def ratio(part: float, whole: float) -> float | None:
    """Return the quotient.

    >>> ratio(1, 4), ratio(1, 0)
    (0.25, None)
    """
    return float(part / whole) if whole else None


def quantile(values: NDArray[Any], part: float) -> float | None:
    """Return a quantile, the lower neighbour's value; None where it is infinite or absent."""
    if len(values) == 0:
        return None
    found = float(np.sort(values)[int(part * (len(values) - 1))])
    return found if np.isfinite(found) else None


def present(kinds: I8) -> list[ObjectClass]:
    """Return the classes that occur, by code."""
    return [kind for kind in ObjectClass if np.any(kinds == kind)]


def by_class(
    kinds: I8, values: NDArray[Any], summary: Callable[[NDArray[Any]], float | None]
) -> dict[str, float | None]:
    """Return a summary of the values of each class."""
    return {kind.name.lower(): summary(values[kinds == kind]) for kind in present(kinds)}


def means(instant: NDArray[Any], values: NDArray[Any], count: int) -> list[float | None]:
    """Return the mean of the values at each instant."""
    number = np.bincount(instant, minlength=count)
    total = np.bincount(instant, values, minlength=count)
    return [float(t / n) if n else None for t, n in zip(total, number, strict=True)]


def roots(values: list[float | None]) -> list[float | None]:
    """Return the square roots."""
    return [None if value is None else float(np.sqrt(value)) for value in values]
