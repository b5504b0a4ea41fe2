"""Kernels that reach for this machine's peaks: multiply-adds in registers, and a stream."""

from __future__ import annotations

import numba as nb

from tocsin.contract import F64

CHAIN = 64
"""Multiply-adds of each element between load and store."""


@nb.njit(cache=True, fastmath={"contract"})
def multiply_add(values: F64, rounds: int) -> None:
    """Replace each value in place by 0.5 value + 1, CHAIN times in each round.

    Args:
        values: (n,) few enough for the nearest cache.
        rounds: how often.
    """
    for _ in range(rounds):
        for i in range(values.shape[0]):
            x = values[i]
            for _k in range(CHAIN):
                x = x * 0.5 + 1.0
            values[i] = x


def multiply_add_twin(values: F64, rounds: int) -> None:
    """Do the same in NumPy; see `multiply_add`."""
    for _ in range(rounds * CHAIN):
        values *= 0.5
        values += 1.0


@nb.njit(cache=True)
def triad(out: F64, one: F64, other: F64) -> None:
    """Write one + 3 other to out, more of them than any cache holds."""
    for i in range(out.shape[0]):
        out[i] = one[i] + 3.0 * other[i]


def triad_twin(out: F64, one: F64, other: F64) -> None:
    """Do the same in NumPy; see `triad`."""
    out[:] = one + 3.0 * other
