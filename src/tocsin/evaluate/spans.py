"""Sets of time as sorted, disjoint, half-open spans: (k, 2) arrays of ns."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tocsin.contract import I64


def union(pairs: Iterable[tuple[int, int]]) -> I64:
    """Return the spans that any of the pairs covers; touching ones become one.

    >>> union([(5, 7), (0, 2), (2, 3), (9, 9)]).tolist()
    [[0, 3], [5, 7]]
    """
    merged: list[list[int]] = []
    for start, end in sorted((a, b) for a, b in pairs if b > a):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return np.array(merged, np.int64).reshape(-1, 2)


def joined(many: Iterable[I64]) -> I64:
    """Return the union of sets."""
    return union((int(a), int(b)) for spans in many for a, b in spans)


def clipped(spans: I64, start_ns: int, end_ns: int) -> I64:
    """Return the part of a set within [start_ns, end_ns)."""
    return union((max(int(a), start_ns), min(int(b), end_ns)) for a, b in spans)


def length_ns(spans: I64) -> int:
    """Return how long a set is."""
    return int(np.sum(spans[:, 1] - spans[:, 0]))


def common_ns(one: I64, other: I64) -> int:
    """Return how long two sets overlap.

    >>> common_ns(union([(0, 5), (8, 9)]), union([(4, 10)]))
    2
    """
    return length_ns(one) + length_ns(other) - length_ns(joined((one, other)))


def since_ns(spans: I64, moment_ns: int) -> int | None:
    """Return the start of the span that covers a moment and began before it, else None."""
    place = int(np.searchsorted(spans[:, 0], moment_ns, "left")) - 1
    if place < 0 or moment_ns >= spans[place, 1]:
        return None
    return int(spans[place, 0])
