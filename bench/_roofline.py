"""How far the tracker is from what this machine can do: counts, peaks, and where the time goes.

Flops are counted by running the textbook equations on numbers that count what is done to them: a
constant-velocity track of six states and its symmetric covariance, a plot of three. A sine, cosine,
square root, logarithm or exponential counts as one. Bytes are those that have to move at least once
between memory and core: each report read, each plot written and read, each track read and written.
A plot costs one conversion, and for each of its share of a track one prediction, one gate and one
update; what else a tracker does (search, births, keeping of lists) is not needed by the equations.

Source: S. Williams, A. Waterman, D. Patterson, Roofline, CACM 52 (2009) 65-76.
"""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from bench._asked import Answer, Asked
from bench._speed import worked
from bench._traffic import PERIOD_S, Traffic, revolutions
from bench.kernels_roofline import CHAIN, multiply_add, triad

_WORD = 8
_REPORT_WORDS = 5
"""Time, sensor, range, azimuth, elevation."""
_PLOT_WORDS = 1 + 3 + 6 + 1
"""Time, position, covariance, density of false plots."""
_TRACK_WORDS = 6 + 21 + 2
"""State, covariance, time, existence."""
_SHOWN = 12


class Counted:
    """A number that counts the operations done to any of its kind."""

    flops = 0

    def _once(self, _other: object = None) -> Counted:
        Counted.flops += 1
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _once
    __truediv__ = __rtruediv__ = __neg__ = sin = cos = sqrt = exp = log = _once


Numbers = list[Counted]
Matrix = list[Numbers]


def counted(equations: Callable[[], object]) -> int:
    """Return how many operations some equations need.

    >>> a, b = Counted(), Counted()
    >>> counted(lambda: a * b + a)
    2
    """
    Counted.flops = 0
    equations()
    return Counted.flops


def _numbers(count: int) -> Numbers:
    return [Counted() for _ in range(count)]


def _symmetric(size: int) -> Matrix:
    """Return a symmetric matrix; its lower part is the same numbers as its upper one."""
    rows: Matrix = [_numbers(size) for _ in range(size)]
    return [[rows[min(i, j)][max(i, j)] for j in range(size)] for i in range(size)]


def _dot(one: Numbers, other: Numbers) -> Counted:
    total = one[0] * other[0]
    for a, b in zip(one[1:], other[1:], strict=True):
        total = total + a * b
    return total


def convert() -> None:
    """Range, azimuth and elevation to a position and its covariance J D J'."""
    r, azimuth, elevation = _numbers(3)
    sines = [azimuth.sin(), azimuth.cos(), elevation.sin(), elevation.cos()]
    flat = r * sines[3]
    _ = flat * sines[0], flat * sines[1], r * sines[2]
    # The axes across the line of sight, each with its own standard deviation.
    axes = [_numbers(3) for _ in range(3)]
    _ = sines[0] * sines[3], sines[1] * sines[3], sines[0] * sines[2], sines[1] * sines[2]
    spread = [[axis[i] * axis[2] for i in range(3)] for axis in axes]
    for i in range(3):
        for j in range(i, 3):
            _dot([row[i] for row in spread], [row[j] for row in spread])


def predict() -> None:
    """Move six states by dt, and the 21 values of their covariance."""
    dt, state, P, q = Counted(), _numbers(6), _symmetric(6), _numbers(3)
    for a in range(3):
        _ = state[a] + dt * state[a + 3]
        for b in range(a, 3):
            _ = P[a][b] + dt * (P[a][b + 3] + P[b][a + 3] + dt * P[a + 3][b + 3])
        for b in range(3):
            _ = P[a][b + 3] + dt * P[a + 3][b + 3]
        _ = P[a][a] + q[a], P[a][a + 3] + q[a], P[a + 3][a + 3] + q[a]


def gate() -> None:
    """Test a plot: S = HPH' + R = LDL', squared distance, likelihood."""
    P, R, z, x = _symmetric(3), _symmetric(3), _numbers(3), _numbers(3)
    S = [[P[i][j] + R[i][j] if j >= i else P[i][j] for j in range(3)] for i in range(3)]
    off = [z[i] - x[i] for i in range(3)]
    l10, l20 = S[0][1] / S[0][0], S[0][2] / S[0][0]
    d1 = S[1][1] - l10 * S[0][1]
    l21 = (S[1][2] - l20 * S[0][1]) / d1
    d2 = S[2][2] - l20 * S[0][2] - l21 * l21 * d1
    y1 = off[1] - l10 * off[0]
    y2 = off[2] - l20 * off[0] - l21 * y1
    _ = off[0] * off[0] / S[0][0] + y1 * y1 / d1 + y2 * y2 / d2
    _ = (S[0][0] * d1 * d2).sqrt() * Counted().exp()


def update() -> None:
    """Take a plot in: gain from the factors of the gate, six states, 21 values of covariance."""
    PH, off, state, P = [_numbers(3) for _ in range(6)], _numbers(3), _numbers(6), _symmetric(6)
    l10, l20, l21, d0, d1, d2 = _numbers(6)
    gain = []
    for row in PH:
        y1 = row[1] - l10 * row[0]
        x2 = (row[2] - l20 * row[0] - l21 * y1) / d2
        x1 = y1 / d1 - l21 * x2
        gain.append([row[0] / d0 - l10 * x1 - l20 * x2, x1, x2])
    for a in range(6):
        _ = state[a] + _dot(gain[a], off)
        for b in range(a, 6):
            _ = P[a][b] - _dot(gain[a], PH[b])


def needs(tracks_per_plot: float) -> dict[str, float]:
    """Return the flops and bytes that one plot needs at least."""
    flops = {f.__name__: float(counted(f)) for f in (convert, predict, gate, update)}
    by_track = sum(flops[name] for name in ("predict", "gate", "update"))
    plot_bytes = (_REPORT_WORDS + 2 * _PLOT_WORDS) * _WORD
    return {
        **{f"{name}_flops": value for name, value in flops.items()},
        "flops_per_plot": flops["convert"] + tracks_per_plot * by_track,
        "bytes_per_plot": plot_bytes + tracks_per_plot * 2 * _TRACK_WORDS * _WORD,
    }


def peaks(asked: Asked) -> dict[str, float]:
    """Measure one core's multiply-adds and its bandwidth to memory."""
    values, rounds = np.ones(1_024), asked.size(20_000, 100)
    count = asked.size(16_000_000, 100_000)
    out, one, other = np.zeros(count), np.ones(count), np.ones(count)
    work_s = _least_s(lambda: multiply_add(values, rounds))
    stream_s = _least_s(lambda: triad(out, one, other))
    return {
        "peak_gflops": 2.0 * len(values) * CHAIN * rounds / work_s / 1e9,
        "peak_gbytes_per_s": 3.0 * _WORD * count / stream_s / 1e9,
    }


def _least_s(work: Callable[[], object]) -> float:
    work()
    spent = []
    for _ in range(5):
        begin = process_time()
        work()
        spent.append(process_time() - begin)
    return min(spent)


def roofline(asked: Asked) -> Answer:
    """Return what a plot needs, what this machine can do, what is reached, and where it goes."""
    asked.note("roofline: peaks of one core")
    limits = peaks(asked)
    targets, turns = asked.size((10_000, 24), (200, 8))
    asked.note(f"roofline: {targets} targets, profiled")
    cost_ns, tracks_per_plot, stats = _profiled(Traffic(targets), turns)
    kernels = _kernel_share(stats)
    need = needs(tracks_per_plot)
    flop_ns = need["flops_per_plot"] / limits["peak_gflops"]
    byte_ns = need["bytes_per_plot"] / limits["peak_gbytes_per_s"]
    least_ns = max(flop_ns, byte_ns)
    figures = {
        **limits,
        "tracks_per_plot": tracks_per_plot,
        **need,
        "flops_ns_per_plot": flop_ns,
        "bytes_ns_per_plot": byte_ns,
        "least_ns_per_plot": least_ns,
        "cpu_ns_per_plot": cost_ns,
        "times_the_least": cost_ns / least_ns,
        "reached_gflops": need["flops_per_plot"] / cost_ns,
        "kernel_share": kernels,
        # Amdahl: only kernels run beside each other, all else holds the interpreter's lock.
        "two_threads_speedup_at_most": 1.0 / (1.0 - 0.5 * kernels),
        "all_threads_speedup_at_most": 1.0 / (1.0 - kernels),
    }
    return Answer(figures, _costliest(stats))


def _profiled(traffic: Traffic, turns: int) -> tuple[float, float, pstats.Stats]:
    """Return the least processor time of a plot, tracks per plot, and where the time went."""
    cost_ns, tracks, profiler = [], 0.0, cProfile.Profile(process_time)
    for turn, done in enumerate(
        worked(traffic, revolutions(traffic, turns), output_period_s=PERIOD_S)
    ):
        if turn * 3 >= turns and turn * 3 < 2 * turns:
            cost_ns.append(done.spent.cpu_s / done.plots * 1e9)
        if turn * 3 >= 2 * turns:
            profiler.enable()
        tracks = done.confirmed / done.plots
    profiler.disable()
    return min(cost_ns), tracks, pstats.Stats(profiler)


def _kernel_share(stats: pstats.Stats) -> float:
    """Return the share of time in functions that release the interpreter's lock."""
    found: dict[Any, Any] = stats.stats  # type: ignore[attr-defined]  # the stubs lack it
    own_s = {function: entry[2] for function, entry in found.items()}
    kernels_s = sum(spent for (path, _, _), spent in own_s.items() if "kernels" in Path(path).stem)
    return float(kernels_s / sum(own_s.values()))


def _costliest(stats: pstats.Stats) -> list[dict[str, Any]]:
    """Return our functions that take most of the time, what they call of libraries included."""
    taken: dict[str, float] = {}
    found: dict[Any, Any] = stats.stats  # type: ignore[attr-defined]  # the stubs lack it
    for function, (_, _, own_s, _, callers) in found.items():
        payers = {function: own_s} if _name(function) else {c: t[2] for c, t in callers.items()}
        for payer, spent_s in payers.items():
            if name := _name(payer):
                taken[name] = taken.get(name, 0.0) + spent_s
    whole_s = sum(entry[2] for entry in found.values())
    most = sorted(taken, key=lambda name: -taken[name])[:_SHOWN]
    return [{"function": name, "share": taken[name] / whole_s} for name in most]


def _name(function: tuple[str, int, str]) -> str:
    """Return room, file and name of a function of ours, nothing for another."""
    path = Path(function[0])
    if "tocsin" not in path.parts:
        return ""
    return f"{path.parent.name}.{path.stem}.{function[2]}"
