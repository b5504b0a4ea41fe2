"""Truth and plots of the benchmark cases: the same for every tracker, and again from the seed.

A scene is flat: positions are Cartesian, east and north (and up), and the earth has no curvature.
Randomness comes from one Philox generator of (seed, targets, run).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.random import Generator, Philox
from scipy.optimize import linear_sum_assignment

from bench import _formations
from bench._cases import DATA, Case
from bench._recorded import Flights, recorded
from bench._turns import six_aircraft
from tocsin.contract import F64, I64, Bool

FALSE = -1
_SQUARE = 8.0 * np.log(1.0 + np.sqrt(2.0))
"""Integral of 1/r over a square of half-side 1 about its middle."""
_SURE2 = 25.0


class Moment(NamedTuple):
    """Hold the truth at one scan.

    Args:
        at_s: when.
        radar: which radar looked; 0 also where all do at once.
        who: (n,) targets that exist, ascending.
        state: (n, 2 d) position then velocity.
    """

    at_s: float
    radar: int
    who: I64
    state: F64


class Scan(NamedTuple):
    """Hold one scan.

    Args:
        truth: of the same instant; only what some radar can see.
        measured: (m, d) position, or range, azimuth (clockwise from north) and elevation.
        radar: (m,) whose plot it is.
        origin: (m,) target, or FALSE; never given to a tracker.
    """

    truth: Moment
    measured: F64
    radar: I64
    origin: I64


class Estimate(NamedTuple):
    """Hold what a tracker reports at one scan.

    Args:
        track: (k,) number of each track, never used again.
        place: (k, d) positions.
        velocity: (k, d); None where it was not read.
        cov: (k, 2 d, 2 d) of position and velocity, likewise.
    """

    track: I64
    place: F64
    velocity: F64 | None = None
    cov: F64 | None = None


Readout = Callable[[], Estimate]
"""Reads the estimate of a scan off a tracker; not part of its time."""


@dataclass(frozen=True, eq=False)
class Field:
    """Say where things happen.

    Args:
        low_m: (d,) corner of the box of the targets and of false plots in position.
        high_m: (d,) its other corner.
        radars_m: (r, d) where radars stand; without any, positions are measured.
        reach_m: of each radar; inf where each sees the square around it only.
        cell_m: side of that square; 0: none.
        elevation_rad: beam, where elevation is measured.
        closed: nothing is known of what is outside of the box, so nothing there is scored.
        strength: (n,) of each target's echo, where echoes of one resolution cell become one plot.
    """

    low_m: F64
    high_m: F64
    radars_m: F64
    reach_m: float = np.inf
    cell_m: float = 0.0
    elevation_rad: tuple[float, float] = (0.0, 0.0)
    closed: bool = False
    strength: F64 | None = None

    def scored(self, place: F64) -> Bool:
        """Return (n,) whether estimates at (n, d) positions count."""
        if not self.closed:
            return np.ones(len(place), bool)
        inside = np.all((place >= self.low_m) & (place <= self.high_m), axis=1)
        return np.asarray(inside & visible_from(self, place), bool)


@dataclass(frozen=True, eq=False)
class Scene:
    """Hold what a case's run consists of.

    Args:
        case: it.
        targets: how many there are, all scans together.
        field: where.
        false_density: false plots per scan and unit of what is measured: 1/m2, 1/(m rad) ...
        birth_density: new targets per scan and m2 or m3.
        first_density: targets there before the first scan, likewise.
        scans: in time order.
    """

    case: Case
    targets: int
    field: Field
    false_density: float
    birth_density: float
    first_density: float
    scans: tuple[Scan, ...]

    @property
    def plots(self) -> int:
        """Return how many plots there are."""
        return sum(len(scan.measured) for scan in self.scans)


def make(case: Case, targets: int, scans: int, run: int = 0) -> Scene:
    """Return one run of a case.

    Args:
        case: which.
        targets: how many; the published set, aircraft and recordings have their own number.
        scans: how many at most.
        run: number of the run: other noise, and other truth where the truth is random.

    Raises:
        InputError: the recorded trajectories are not there.
    """
    rng = Generator(Philox([case.seed, targets * 1_000 + run]))
    if case.generator == "published":
        return _published(case, scans, run)
    if case.generator == "crossing":
        square = Field(np.zeros(2), np.full(2, case.scene["side_m"]), np.zeros((0, 2)))
        return _observed(rng, case, square, _crossing(rng, case, scans, targets), targets)
    if case.generator == "turns":
        return _observed(rng, case, _dome(case), _six(case, scans), 6)
    if case.generator == "formations":
        count = _formations.count(case.scene)
        disc = _disc(rng, case, count)
        return _observed(rng, case, disc, _together(rng, case, scans), count)
    if case.generator == "recorded":
        flights = recorded(case.scene["file"], case.scene["gap_s"])
        moments = _recorded(case, flights, scans)
        return _observed(rng, case, _discs(case, flights), moments, flights.count)
    field = _plane_field(case, targets)
    return _observed(rng, case, field, _plane(rng, case, field, targets, scans), targets)


def _plane_field(case: Case, targets: int) -> Field:
    aspect = case.scene.get("aspect", 1.0)
    area = targets / case.scene["density_pm2"]
    high = np.sqrt([area * aspect, area / aspect])
    cell = case.scene.get("cell_m", 0.0)
    if not cell:
        return Field(np.zeros(2), high, np.zeros((0, 2)))
    count = np.maximum(np.round(high / cell).astype(int), 1)
    axes = [(np.arange(k) + 0.5) * cell for k in count]
    radars = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return Field(np.zeros(2), count * cell, radars, cell_m=cell)


def _plane(rng: Generator, case: Case, field: Field, targets: int, scans: int) -> Iterable[Moment]:
    """Yield straight flyers disturbed by the case's own process noise."""
    scene = case.scene
    slowest, fastest = scene["speed_mps"]
    speed = rng.uniform(slowest, fastest, targets)
    spread = scene.get("course_spread_rad", np.pi)
    course = scene.get("course_rad", 0.0) + rng.uniform(-spread, spread, targets)
    place = rng.uniform(field.low_m, field.high_m, (targets, 2))
    way = np.column_stack([speed * np.sin(course), speed * np.cos(course)])
    state, who = np.concatenate([place, way], axis=1), np.arange(targets)
    for k in range(scans):
        yield Moment(k * case.models.period_s, 0, who, state)
        state = _moved(rng, state, case)


def _noise(case: Case, dimension: int) -> F64:
    """Return the (2 d, 2 d) covariance that a scan period's disturbance adds."""
    t, q = case.models.period_s, case.models.process_noise_m2ps3
    spread = q * np.kron([[t**3 / 3, t**2 / 2], [t**2 / 2, t]], np.eye(dimension))
    return spread.astype(np.float64)


def _transition(case: Case, dimension: int) -> F64:
    step = np.kron([[1.0, case.models.period_s], [0.0, 1.0]], np.eye(dimension))
    return step.astype(np.float64)


def _moved(rng: Generator, state: F64, case: Case) -> F64:
    d = state.shape[1] // 2
    root = np.linalg.cholesky(_noise(case, d))
    return state @ _transition(case, d).T + rng.standard_normal(state.shape) @ root.T


def _crossing(rng: Generator, case: Case, scans: int, count: int) -> Iterable[Moment]:
    """Yield targets that meet in the middle; the first ones were last there just before."""
    meet, middle = case.scene["scan_together"], case.scene["side_m"] / 2.0
    state = np.empty((max(scans, meet + 1), count, 4))
    spread = np.sqrt(0.1) * rng.standard_normal((count, 4))
    state[meet] = np.array([middle, middle, 0.0, 0.0]) + spread
    for k in range(meet + 1, scans):
        state[k] = _moved(rng, state[k - 1], case)
    back, root = np.linalg.inv(_transition(case, 2)), np.linalg.cholesky(_noise(case, 2))
    for k in range(meet - 1, -1, -1):
        state[k] = (state[k + 1] - rng.standard_normal((count, 4)) @ root.T) @ back.T
    for k in range(scans):
        who = np.arange(0 if k < meet else case.scene["dying"], count)
        yield Moment(k * case.models.period_s, 0, who, state[k, who])


def _six(case: Case, scans: int) -> Iterable[Moment]:
    for k in range(scans):
        at_s = k * case.models.period_s
        who, state = six_aircraft(at_s)
        yield Moment(at_s, 0, who, state)


def _dome(case: Case) -> Field:
    reach, low = case.scene["reach_m"], case.scene["elevation_rad"]
    corner = np.array([reach, reach, reach * np.sin(low[1])])
    radar = np.array([[0.0, 0.0, case.scene["height_m"]]])
    return Field(corner * [-1.0, -1.0, 0.0], corner, radar, reach, elevation_rad=tuple(low))


def _disc(rng: Generator, case: Case, targets: int) -> Field:
    reach, strength = case.scene["reach_m"], _formations.strengths(rng, targets)
    return Field(np.full(2, -reach), np.full(2, reach), np.zeros((1, 2)), reach, strength=strength)


def _together(rng: Generator, case: Case, scans: int) -> Iterable[Moment]:
    groups = _formations.flights(rng, case.scene)
    for at_s, state in _formations.moments(groups, case.models.period_s, scans):
        yield Moment(at_s, 0, np.arange(len(state)), state)


def _discs(case: Case, flights: Flights) -> Field:
    """Return the recording's rectangle, beyond which flights were cut off, and the radars."""
    radars, place = np.array(case.scene["radars_m"]), flights.begin_m
    reach = case.scene["reach_m"]
    return Field(place.min(axis=0), place.max(axis=0), radars, reach, closed=True)


def _recorded(case: Case, flights: Flights, scans: int) -> list[Moment]:
    """Return the first scans of all radars together, each at its own times."""
    periods = case.scene["periods_s"]
    turns = np.arange(scans)
    at_s = np.concatenate([(turns + k / len(periods)) * p for k, p in enumerate(periods)])
    radar = np.repeat(np.arange(len(periods)), scans)
    first = np.argsort(at_s, kind="stable")[:scans]
    moments = []
    for k in first:
        who, state = flights.at(case.scene["begin_s"] + at_s[k])
        moments.append(Moment(float(at_s[k]), int(radar[k]), who, state))
    return moments


def _published(case: Case, scans: int, run: int) -> Scene:
    """Return the published truth and one run of its plots; who caused which is inferred."""
    folder = DATA / case.scene["folder"]
    truth, plots = _columns(folder / "truth.parquet"), _columns(folder / "plots.parquet")
    blocks = []
    for k in range(scans):
        here = np.flatnonzero(truth["scan"] == k)
        who = truth["target"][here].astype(np.int64)
        state = np.column_stack([truth[name][here] for name in ("x", "y", "vx", "vy")])
        seen = (plots["run"] == run) & (plots["scan"] == k)
        place = np.column_stack([plots["x"][seen], plots["y"][seen]])
        moment = Moment(k * case.models.period_s, 0, who, state)
        blocks.append(Scan(moment, place, np.zeros(len(place), np.int64), _nearest(moment, place)))
    square = Field(np.zeros(2), np.full(2, case.scene["side_m"]), np.zeros((0, 2)))
    return _scene(case, 4, square, case.scene["false_per_scan"], blocks)


@cache
def _columns(path: Path) -> dict[str, np.ndarray]:
    table = pq.read_table(path)
    return {name: table.column(name).to_numpy() for name in table.column_names}


def _nearest(truth: Moment, place: F64) -> I64:
    """Return who most probably caused which plot: the assignment of least squared distance."""
    origin = np.full(len(place), FALSE)
    apart2 = ((truth.state[:, None, :2] - place[None]) ** 2).sum(axis=2)
    rows, columns = linear_sum_assignment(np.minimum(apart2, _SURE2))
    near = apart2[rows, columns] < _SURE2
    origin[columns[near]] = truth.who[rows[near]]
    return origin


def _observed(
    rng: Generator, case: Case, field: Field, moments: Iterable[Moment], targets: int
) -> Scene:
    share = case.scene.get("false_share", 0.0) * case.models.detection_probability * targets
    expected = case.scene.get("false_per_scan", share)
    blocks = [_looked(rng, case, field, moment, expected) for moment in moments]
    return _scene(case, targets, field, expected, blocks)


def _scene(case: Case, targets: int, field: Field, expected: float, scans: list[Scan]) -> Scene:
    volume = float(np.prod(field.high_m - field.low_m))
    return Scene(
        case,
        targets,
        field,
        expected / _measured_volume(case, field, volume),
        case.models.births_per_target * targets / volume,
        case.models.first_births_per_target * targets / volume,
        tuple(scans),
    )


def _measured_volume(case: Case, field: Field, volume: float) -> float:
    """Return the volume that false plots are uniform in, in units of what is measured."""
    if case.models.measurement == "position":
        return volume
    if field.cell_m:
        return float(len(field.radars_m) * _SQUARE * field.cell_m / 2.0)
    low, high = field.elevation_rad
    return float(field.reach_m * 2.0 * np.pi * (high - low if high > low else 1.0))


def _looked(rng: Generator, case: Case, field: Field, moment: Moment, expected: float) -> Scan:
    d = moment.state.shape[1] // 2
    place = moment.state[:, :d]
    owner = _owner(field, place, moment.radar)
    visible = visible_from(field, place)
    seen = rng.random(len(place)) < case.models.detection_probability
    seen &= visible if len(field.radars_m) < 2 or field.cell_m else _near(field, place, owner)
    if field.strength is not None:
        told = polar(place - field.radars_m[owner]), field.strength, case.scene["cell"]
        merged, strongest = _formations.merged(*told)
        seen &= strongest == np.arange(len(place))
        true = merged[seen]
    else:
        true = place[seen]
        if case.models.measurement == "polar":
            true = polar(true - field.radars_m[owner[seen]])
    true = true + rng.standard_normal(true.shape) * case.models.std
    false, false_owner = _false(rng, case, field, moment.radar, expected)
    measured = np.concatenate([true, false])
    if case.models.measurement == "polar":
        measured[:, 1] %= 2.0 * np.pi
    radar = np.concatenate([owner[seen], false_owner])
    origin = np.concatenate([moment.who[seen], np.full(len(false), FALSE)])
    order = rng.permutation(len(measured))
    shown = moment._replace(who=moment.who[visible], state=moment.state[visible])
    return Scan(shown, measured[order], radar[order], origin[order])


def visible_from(field: Field, place: F64) -> Bool:
    """Return (n,) whether some radar reaches (n, d) positions."""
    if not np.isfinite(field.reach_m):
        return np.ones(len(place), bool)
    apart = np.linalg.norm(place[:, None] - field.radars_m[None], axis=2)
    return np.asarray((apart <= field.reach_m).any(axis=1))


def _near(field: Field, place: F64, owner: I64) -> Bool:
    return np.asarray(np.linalg.norm(place - field.radars_m[owner], axis=1) <= field.reach_m)


def _owner(field: Field, place: F64, radar: int) -> I64:
    """Return which radar would report each position: the one that looks, or the square's own."""
    if not field.cell_m:
        return np.full(len(place), radar, np.int64)
    count = np.round(field.high_m / field.cell_m).astype(np.int64)
    cell = np.clip((place / field.cell_m).astype(np.int64), 0, count - 1)
    owner: I64 = cell[:, 0] * count[1] + cell[:, 1]
    return owner


def polar(offset_m: F64) -> F64:
    """Return range, azimuth and, of (n, 3) offsets, elevation."""
    across = np.hypot(offset_m[:, 0], offset_m[:, 1])
    azimuth = np.arctan2(offset_m[:, 0], offset_m[:, 1])
    if offset_m.shape[1] == 2:
        return np.stack([across, azimuth], axis=1)
    up = offset_m[:, 2]
    return np.stack([np.hypot(across, up), azimuth, np.arctan2(up, across)], axis=1)


def _false(
    rng: Generator, case: Case, field: Field, radar: int, expected: float
) -> tuple[F64, I64]:
    """Return false plots, uniform in what is measured, and whose they are."""
    if case.models.measurement == "position":
        count = rng.poisson(expected)
        return rng.uniform(field.low_m, field.high_m, (count, len(field.low_m))), np.zeros(
            count, np.int64
        )
    if field.cell_m:
        return _false_in_squares(rng, field, expected)
    count, (low, high) = rng.poisson(expected), field.elevation_rad
    columns = [rng.uniform(0.0, field.reach_m, count), rng.uniform(0.0, 2.0 * np.pi, count)]
    if len(case.models.std) == 3:
        columns.append(rng.uniform(low, high, count))
    return np.stack(columns, axis=1), np.full(count, radar, np.int64)


def _false_in_squares(rng: Generator, field: Field, expected: float) -> tuple[F64, I64]:
    """Return plots uniform in range and azimuth about each radar, cut to its square."""
    half = field.cell_m / 2.0
    corner = np.sqrt(2.0) * half
    whole = expected * 2.0 * np.pi * corner / (_SQUARE * half)
    count = rng.poisson(whole)
    r, azimuth = rng.uniform(0.0, corner, count), rng.uniform(0.0, 2.0 * np.pi, count)
    inside = r * np.maximum(abs(np.sin(azimuth)), abs(np.cos(azimuth))) <= half
    owner = rng.integers(0, len(field.radars_m), count)
    return np.stack([r, azimuth], axis=1)[inside], owner[inside]
