"""What `bench track` was asked for, and what a case answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Asked(NamedTuple):
    """Hold the command's options.

    Args:
        seeds: how many runs; None: as many as the case says.
        peers: whether others run beside ours.
        quick: whether to run tiny sizes, only to see that all works.
        limit_s: elapsed time for each peer in each set-up.
        note: told what is done meanwhile.
    """

    seeds: int | None
    peers: bool
    quick: bool
    limit_s: float
    note: Callable[[str], None]

    def size(self, usual: T, tiny: T) -> T:
        """Return how large, long or many something is."""
        return tiny if self.quick else usual

    def runs(self, usual: int) -> int:
        """Return how many runs there are."""
        return self.seeds or self.size(usual, 1)


class Answer(NamedTuple):
    """Hold what a case found.

    Args:
        figures: by name, with units; None: not measured.
        rows: one for each tracker and set-up.
    """

    figures: dict[str, Any]
    rows: list[dict[str, Any]]
