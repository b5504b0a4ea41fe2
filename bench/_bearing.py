"""Slow, low drones over a field of nodes that know a direction and no range.

The scenario is `bench/data/bearing.toml`; the whole pipeline runs, as live: nodes alone, a radar
alone, and both; nodes that hear at once (radio), and nodes that hear as sound comes. Scored is the
place on the map of drones inside the field, beside the same filter that is told whose each bearing
is (`oracle`), at the same instants.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from bench._asked import Answer, Asked
from bench._cases import DATA
from tocsin import plots, simulate
from tocsin.contract import (
    F64,
    NS,
    Bool,
    Faults,
    OperatorActions,
    Origin,
    Origins,
    Plots,
    Reports,
    Sensor,
    SensorKind,
    Tracks,
    TrackStatus,
    Truth,
)
from tocsin.evaluate import TrackScoring, score_tracks
from tocsin.geo import Region
from tocsin.run.pipeline import Pipeline, PipelineConfig
from tocsin.simulate import Scenario, SimStep
from tocsin.simulate.schema_sensors import BearingNode
from tocsin.track import TrackConfig, start
from tocsin.track.bearing import bearing_rows
from tocsin.track.kernels_bearing import gate, update
from tocsin.track.kernels_contest import Mixture
from tocsin.track.kernels_filter import predict
from tocsin.track.seen import moments
from tocsin.track.state import Bank, Group, TrackState, blank

_SETTLED_S = 60.0
_CUTOFF_M = 1_000.0
_COLUMNS, _ROWS, _SPACING_M, _SHIFT_M = 6, 5, 5_000.0, 1_000.0
_HALF_WIDTH_M = np.array([13_000.0, 10_500.0])
_STD_DEG, _FALSE, _REACH_M, _HALF_M = 2.0, 0.05, 8_000.0, 6_000.0
_M_PER_DEG = 111_000.0
_FIRST_STD = (1_000.0, 300.0, 40.0, 3.0)
_LEARNED_S = 15.0


class Run(NamedTuple):
    """Hold a scenario's run.

    Args:
        scenario: what happened.
        steps: tick by tick.
        truth: all of it.
        place_m: (n, 3) of each of its rows, region frame.
    """

    scenario: Scenario
    steps: list[SimStep]
    truth: Truth
    place_m: F64

    @property
    def scored(self) -> Bool:
        """Return which rows of the truth are scored."""
        inside = within(self.place_m)
        begin_ns = self.scenario.start_ns + round(_SETTLED_S * NS)
        return np.asarray(inside & (self.truth.measured_at_ns >= begin_ns))


def within(place_m: F64) -> Bool:
    """Return which of (n, 3) region positions lie in the field."""
    return np.asarray((np.abs(place_m[:, :2]) <= _HALF_WIDTH_M).all(axis=1))


def bearing(asked: Asked) -> Answer:
    """Run nodes of both kinds, with and without the radar."""
    rows: list[dict[str, Any]] = []
    for seed in range(1, asked.runs(3) + 1):
        for kind in ("rf_node", "acoustic_node"):
            run = _simulated(asked, seed, kind)
            rows += [{"nodes": kind, "seed": seed, **row} for row in _rows(asked, run)]
    figures: dict[str, Any] = {}
    for kind, name in (("rf_node", ""), ("acoustic_node", "acoustic_")):
        figures |= {f"{name}{key}": value for key, value in _figures(rows, kind).items()}
    return Answer(figures, rows)


def _simulated(asked: Asked, seed: int, kind: str) -> Run:
    scenario = simulate.with_seed(simulate.read_scenario(DATA / "bearing.toml"), seed)
    change: dict[str, Any] = {
        "duration_s": asked.size(scenario.file.duration_s, 90.0),
        "place": scenario.file.place.model_copy(update={"hill": ()}),
        kind: _nodes(scenario.region.origin, seed),
    }
    scenario = replace(scenario, file=scenario.file.model_copy(update=change))
    steps = list(simulate.steps(scenario))
    truth = Truth.concat([step.truth for step in steps])
    place = (truth.latitude_deg, truth.longitude_deg, truth.height_wgs84_m)
    return Run(scenario, steps, truth, Region.at(scenario.region.origin).from_geodetic(*place))


def _nodes(origin: Origin, seed: int) -> tuple[BearingNode, ...]:
    """Return nodes on a grid that nobody measured out."""
    shift = np.random.default_rng(seed).uniform(-_SHIFT_M, _SHIFT_M, (_COLUMNS * _ROWS, 2))
    column, row = np.arange(len(shift)) % _COLUMNS, np.arange(len(shift)) // _COLUMNS
    east = (column - (_COLUMNS - 1) / 2.0) * _SPACING_M + shift[:, 0]
    north = (row - (_ROWS - 1) / 2.0) * _SPACING_M + shift[:, 1]
    per_deg = _M_PER_DEG * np.cos(np.radians(origin.latitude_deg))
    return tuple(
        BearingNode(
            sensor_id=f"node-{k}",
            latitude_deg=origin.latitude_deg + north[k] / _M_PER_DEG,
            longitude_deg=origin.longitude_deg + east[k] / per_deg,
            height_m=20.0,
            range_m=_REACH_M,
            azimuth_std_deg=_STD_DEG,
            false_bearings_per_look=_FALSE,
            class_range_m={"one_way_drone": _HALF_M},
        )
        for k in range(len(shift))
    )


def _rows(asked: Asked, run: Run) -> list[dict[str, Any]]:
    """Score the nodes, the radar, and both together, and the oracle of the nodes."""
    sensors = run.scenario.sensors
    nodes = tuple(sensor for sensor in sensors if sensor.kind != SensorKind.RADAR)
    radar = tuple(sensor for sensor in sensors if sensor.kind == SensorKind.RADAR)
    known = _oracle(run, nodes)
    rows = []
    for name, some in {"nodes": nodes, "radar": radar, "all": sensors}.items():
        asked.note(f"bearing: {name}")
        rows.append({"sensors": name, **_scores(run, _tracked(run, some), known)})
    return rows


def _tracked(run: Run, sensors: tuple[Sensor, ...]) -> Tracks:
    """Return what the pipeline makes of some sensors' reports."""
    pipeline = Pipeline(PipelineConfig(run.scenario.region.origin, sensors))
    names = [sensor.sensor_id for sensor in sensors]
    tracks = [Tracks.empty()]
    for step in run.steps:
        own = step.reports.take(np.isin(step.reports.sensor_id, names))
        marks = step.looks.take(np.isin(step.looks.sensor_id, names))
        out = pipeline.work(own, marks, Faults.empty(), OperatorActions.empty(), step.now_ns)
        tracks.append(out.tracks)
    return Tracks.concat(tracks)


def _scores(run: Run, tracks: Tracks, known: F64) -> dict[str, Any]:
    """Return the scores of tracks, and the oracle's error at the instants that they hold."""
    config = TrackScoring(cutoff_m=_CUTOFF_M)
    begin_ns = run.scenario.start_ns + round(_SETTLED_S * NS)
    truth = run.truth.take(run.truth.measured_at_ns >= begin_ns)
    late = tracks.take(tracks.measured_at_ns >= begin_ns)
    scores = score_tracks(truth, late, run.scenario.region.origin, config, coverage=within)
    keys = ("completeness", "nees_mean", "nees_dimension", "identity_switches")
    row = {key: scores[key] for key in (*keys, "false_tracks_per_h", "redundant_track_share")}
    off = _errors(run, late)
    both = run.scored & np.isfinite(off) & np.isfinite(known)
    for name, error in (("position_rmse_m", off), ("oracle_rmse_m", known)):
        row[name] = float(np.sqrt(np.mean(error[both] ** 2))) if both.any() else None
    return row


def _errors(run: Run, tracks: Tracks) -> F64:
    """Return how far each true row is from the nearest confirmed track; NaN: beyond the cut-off."""
    sure = tracks.take(tracks.status != TrackStatus.TENTATIVE)
    place = (sure.latitude_deg, sure.longitude_deg, sure.height_wgs84_m)
    seen_m = Region.at(run.scenario.region.origin).from_geodetic(*place)
    off = np.full(len(run.truth), np.nan)
    for at_ns in np.unique(run.truth.measured_at_ns[run.scored]):
        rows, own = run.truth.measured_at_ns == at_ns, seen_m[sure.measured_at_ns == at_ns, :2]
        if len(own):
            apart = run.place_m[rows, None, :2] - own
            off[rows] = np.sqrt((apart * apart).sum(axis=2).min(axis=1))
    off[off > _CUTOFF_M] = np.nan
    return off


def _oracle(run: Run, nodes: tuple[Sensor, ...]) -> F64:
    """Return how far the filter that knows whose each bearing is lies from each true row.

    It begins near the truth, and is asked for nothing until it had time to forget that.
    """
    located, target = _whose(run, nodes)
    names = np.unique(run.truth.target_id.astype(str))
    state = start(TrackConfig(Region.at(run.scenario.region.origin), nodes))
    bank = blank(state.config, len(names))
    order = np.argsort(located.measured_at_ns, kind="stable")
    located, who = located.take(order), np.searchsorted(names, target[order])
    instants, first = np.unique(run.truth.measured_at_ns), np.zeros(len(names), np.int64)
    off, j = np.full(len(run.truth), np.nan), 0
    for at_ns in instants:
        while j < len(who) and located.measured_at_ns[j] <= at_ns:
            i, one = int(who[j]), located.take(slice(j, j + 1))
            if first[i] == 0:
                first[i] = _begin(run, state, bank, i, names[i], one)
            _hear(state, bank, i, one)
            j += 1
        true = np.flatnonzero(run.truth.measured_at_ns == at_ns)
        rows = np.searchsorted(names, run.truth.target_id[true].astype(str))
        mean = _ahead(state, bank, rows, int(at_ns))
        learned = (first[rows] > 0) & (at_ns - first[rows] > round(_LEARNED_S * NS))
        apart = np.hypot(*(mean[:, :2] - run.place_m[true, :2]).T)
        off[true] = np.where(learned, apart, np.nan)
    return off


def _whose(run: Run, nodes: tuple[Sensor, ...]) -> tuple[Plots, np.ndarray]:
    """Return the bearings of objects, and the object of each."""
    names = [sensor.sensor_id for sensor in nodes]
    reports = Reports.concat([step.reports for step in run.steps])
    origins = Origins.concat([step.origins for step in run.steps])
    real = np.array([name is not None for name in origins.target_id.tolist()], bool)
    own = np.flatnonzero(np.isin(reports.sensor_id, names) & real)
    told = reports.take(own).replace(sequence=own)
    state = plots.start(plots.PlotsConfig(Region.at(run.scenario.region.origin), nodes))
    last_ns = run.steps[-1].now_ns
    located = plots.step(state, told.replace(received_at_ns=told.measured_at_ns), last_ns)[1].plots
    return located, origins.target_id[located.sequence].astype(str)


def _begin(run: Run, state: TrackState, bank: Bank, i: int, name: str, one: Plots) -> int:
    """Begin a row near where its object was when what is heard of it was sent; return when."""
    rows, at_ns = np.flatnonzero(run.truth.target_id == name), int(one.measured_at_ns[0])
    node = int(one.sensor[0])
    apart = run.place_m[rows] - state.site.place[node, :3]
    delay_ns = state.site.slowness[node] * np.linalg.norm(apart, axis=1) * NS
    off_ns = run.truth.measured_at_ns[rows] + delay_ns - at_ns
    near = rows[np.argmin(np.abs(off_ns))]
    flat, up, speed, climb = np.square(_FIRST_STD)
    bank.state[i] = [*run.place_m[near], 0.0, 0.0, 0.0]
    bank.cov[i] = 0.0
    bank.cov[i][:, [0, 6, 11, 15, 18, 20]] = [flat, flat, up, speed, speed, climb]
    bank.time_ns[i], bank.existence[i] = run.truth.measured_at_ns[near], 1.0
    return at_ns


def _hear(state: TrackState, bank: Bank, i: int, one: Plots) -> None:
    """Update a row in place by a bearing that is its own."""
    site, rows, at_ns = state.site, np.array([i]), one.measured_at_ns
    delay_s = site.slowness[one.sensor] * np.linalg.norm(
        bank.state[i, 0, :3] - site.place[one.sensor[0], :3]
    )
    sent_ns = at_ns - np.round(delay_s * NS).astype(np.int64)
    predict(
        *bank.body, bank.time_ns, bank.existence, rows, sent_ns, site.rules.model, site.rules.limit
    )
    heard = bearing_rows(state, Group(int(at_ns[0]), int(one.sensor[0]), None, one))
    start, edge, value = np.zeros(2, np.int64), np.empty(1, np.int64), np.empty(1)
    after = Mixture(*(np.empty((2, *part.shape[1:])) for part in bank.body))
    everything = np.full(4, np.inf)
    gate(
        *bank.body, bank.time_ns, rows, heard, at_ns, site.rules.model.noise, everything, start,
        edge, value, *after,
    )  # fmt: skip
    update(*bank.body, rows, np.ones(1, bool), np.zeros(1), start, np.ones(1), *after)


def _ahead(state: TrackState, bank: Bank, rows: np.ndarray, at_ns: int) -> F64:
    """Return (n, 6) means of rows at a time; the bank stays as it is."""
    part, rules = bank.take(rows), state.site.rules
    every, to_ns = np.arange(len(rows)), np.full(len(rows), at_ns)
    predict(*part.body, part.time_ns, part.existence, every, to_ns, rules.model, rules.limit)
    return moments(part.body)[0]


def _figures(rows: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """Return the means over seeds, of errors the root mean square."""
    by: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["nodes"] == kind:
            by.setdefault(row["sensors"], []).append(row)
    alone, radar, both = by["nodes"], by["radar"], by["all"]
    rmse_m, known_m = _rms(alone, "position_rmse_m"), _rms(alone, "oracle_rmse_m")
    both_m, radar_m = _rms(both, "position_rmse_m"), _rms(radar, "position_rmse_m")
    return {
        "completeness": _mean(alone, "completeness"),
        "false_tracks_per_hour": _mean(alone, "false_tracks_per_h"),
        "rmse_m": rmse_m,
        "rmse_ratio_to_oracle": _ratio(rmse_m, known_m),
        "nees_mean": _mean(alone, "nees_mean"),
        "with_radar_completeness": _mean(both, "completeness"),
        "radar_completeness": _mean(radar, "completeness"),
        "with_radar_rmse_ratio_to_radar": _ratio(both_m, radar_m),
    }


def _ratio(value: float | None, other: float | None) -> float | None:
    return value / other if value is not None and other else None


def _mean(rows: list[dict[str, Any]], key: str) -> float | None:
    values = [row[key] for row in rows if row[key] is not None]
    return float(np.mean(values)) if values else None


def _rms(rows: list[dict[str, Any]], key: str) -> float | None:
    values = [row[key] for row in rows if row[key] is not None]
    return float(np.sqrt(np.mean(np.square(values)))) if values else None
