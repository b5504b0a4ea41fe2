"""Targets closer together than a radar's resolution cell, and what it makes of them.

Pairs and a group of four come together, fly in formation and part again; further pairs cross so
slowly that they are in one cell for a minute or more. Echoes of one cell become one plot by the
simulator's own rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.random import Generator

from tocsin.contract import F64, I64
from tocsin.simulate import kernels_sensors

APART_M = 3_000.0
"""How far formations are spread before they come together."""
JOIN_S, PARTED_S, RAMP_S = 30.0, 270.0, (30.0, 10.0)
"""When they begin to come together and when they have parted; how long either takes for each
member of a formation, beyond the second number."""
PASS_S = 150.0
"""When what crosses is nearest."""
_DELTA_S = 0.01
_STRENGTH_DB = 3.0
Flight = Callable[[float], F64]
"""Positions of a group's members at a time."""


def count(scene: dict[str, Any]) -> int:
    """Return how many targets there are."""
    return 2 * (int(scene["pairs"]) + int(scene["crossings"])) + 4 * int(scene["fours"])


def flights(rng: Generator, scene: dict[str, Any]) -> list[Flight]:
    """Return the groups, spread about the radar in azimuth."""
    sizes = [2] * scene["pairs"] + [4] * scene["fours"]
    total = len(sizes) + scene["crossings"]
    bearing = (rng.permutation(total) + rng.uniform(0.0, 0.3, total)) * 2.0 * np.pi / total
    made = [_formation(rng, scene, bearing[k], size) for k, size in enumerate(sizes)]
    return made + [_crossing(rng, scene, one) for one in bearing[len(sizes) :]]


def moments(groups: list[Flight], period_s: float, scans: int) -> Iterator[tuple[float, F64]]:
    """Yield the time of each scan, and (n, 4) positions and velocities."""
    for k in range(scans):
        at_s = k * period_s
        ahead, behind = (
            np.concatenate([group(at_s + s) for group in groups]) for s in (_DELTA_S, -_DELTA_S)
        )
        place, speed = (ahead + behind) / 2.0, (ahead - behind) / (2.0 * _DELTA_S)
        yield at_s, np.concatenate([place, speed], axis=1)


def _middle(rng: Generator, scene: dict[str, Any], bearing: float) -> tuple[F64, F64, F64]:
    """Return where a group is when it is nearest, its velocity, and its cell's sides there."""
    nearest, farthest = scene["range_m"]
    line = np.array([np.sin(bearing), np.cos(bearing)])
    away, course = rng.uniform(nearest, farthest), rng.uniform(0.0, 2.0 * np.pi)
    speed = rng.uniform(*scene["speed_mps"])
    across = np.array([line[1], -line[0]])
    cell = np.stack([line * scene["cell"][0], across * scene["cell"][1] * away])
    return away * line, speed * np.array([np.sin(course), np.cos(course)]), cell


def _formation(rng: Generator, scene: dict[str, Any], bearing: float, size: int) -> Flight:
    middle, velocity, cell = _middle(rng, scene, bearing)
    held = rng.uniform(-0.4, 0.4, (size, 2)) @ cell
    side = np.array([velocity[1], -velocity[0]]) / np.linalg.norm(velocity)
    ramp_s = RAMP_S[0] * size - RAMP_S[1]
    spread = APART_M * (np.arange(size) - (size - 1) / 2.0)[:, None] * side

    def at(at_s: float) -> F64:
        share = _ramp((at_s - JOIN_S) / ramp_s) - _ramp((at_s - PARTED_S) / ramp_s + 1.0)
        own: F64 = middle + velocity * (at_s - PASS_S) + held * share + spread * (1.0 - share)
        return own

    return at


def _ramp(part: float) -> float:
    """Return 0 before 0 and 1 after 1, and smooth between."""
    return float(0.5 - 0.5 * np.cos(np.pi * np.clip(part, 0.0, 1.0)))


def _crossing(rng: Generator, scene: dict[str, Any], bearing: float) -> Flight:
    middle, velocity, cell = _middle(rng, scene, bearing)
    miss = rng.uniform(-0.4, 0.4, 2) @ cell
    slowest, fastest = scene["crossing_cells_ps"]
    drift = rng.choice([-1.0, 1.0]) * rng.uniform(slowest, fastest) * cell[1]
    half = np.array([[0.5], [-0.5]])

    def at(at_s: float) -> F64:
        past_s = at_s - PASS_S
        own: F64 = middle + velocity * past_s + half * (miss + drift * past_s)
        return own

    return at


def strengths(rng: Generator, targets: int) -> F64:
    """Return how strongly each target reflects, beside one like another."""
    return np.asarray(10.0 ** (rng.uniform(-_STRENGTH_DB, _STRENGTH_DB, targets) / 10.0))


def merged(measured: F64, strength: F64, cell: list[float]) -> tuple[F64, I64]:
    """Return (n, 2) range and azimuth of what the radar tells apart, and whose cell each is in.

    Args:
        measured: (n, 2) range and azimuth, without noise.
        strength: (n,) of each echo at one range.
        cell: of resolution in range and azimuth.

    Returns:
        Of each target the plot that it gives if it is the strongest of its cell, and the
        strongest of its cell.
    """
    order = np.argsort(measured[:, 0], kind="stable")
    rows = np.zeros((len(measured), 6))
    rows[:, 1:3], rows[:, 5] = measured[order], (strength / measured[:, 0] ** 4)[order]
    group, out = np.empty(len(rows), np.int64), np.empty_like(rows)
    sides = np.array([*cell, np.inf, np.inf])
    kernels_sensors.merge(rows, np.argsort(-rows[:, 5], kind="stable"), sides, group, out)
    found, own = np.empty_like(measured), np.empty(len(rows), np.int64)
    found[order], own[order] = out[:, 1:3], order[group]
    return found, own
