"""Measure registration: biases recovered from a scenario, and what correcting them is worth.

python -m bench.registration [RUNS] [MINUTES]

The scenario `biased-radars` under several seeds: with its biases, and with sensors in order. The
plots of each object go to its own filter (nothing is ever confused), which gives the registration
its velocities; the fused error is that of `evaluate.known_association` over all plots, in the
second half, against the truth. Prints one JSON document; times are those of the thread.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench._calibration import calibration
from tocsin import plots, simulate
from tocsin.contract import (
    F64,
    NS,
    Associations,
    BiasComponent,
    Biases,
    Dimension,
    Notices,
    Objects,
    Plots,
    Reports,
    Truth,
)
from tocsin.evaluate import known_association
from tocsin.geo import Region
from tocsin.motion import CvNoise
from tocsin.motion import predict as advance

SCENARIO = Path(__file__).parents[1] / "scenarios" / "biased-radars.toml"
_NOISE = CvNoise(10.0, 2.0)
_UNMEASURED_M2 = 1e8
_FIRST_SPEED_MPS = 200.0
_OUTPUT_S = 5
_DENSER, _REPEATS = 50, 10


class Flown(NamedTuple):
    """Hold one run: its plots and whose they are, the truth, and what was learned from what."""

    plots: Plots
    target_id: Objects
    truth: Truth
    biases: Biases
    notices: Notices
    associations: Associations


class Followers:
    """Hold a filter for each true object, to say how fast it flies."""

    def __init__(self) -> None:
        """Begin without objects."""
        self._numbers: dict[str, int] = {}
        self._held: dict[str, tuple[int, F64, F64]] = {}

    def associations(self, found: Plots, target_id: Objects) -> Associations:
        """Return what a tracker says that confuses nothing."""
        own = np.array([name is not None for name in target_id], bool)
        found, names = found.take(own), target_id[own]
        velocity = np.array(
            [self._follow(names[k], found.take(slice(k, k + 1))) for k in range(len(found))]
        )
        shared = {n: getattr(found, n) for n in Associations.schema() if n in Plots.schema()}
        numbers = [self._numbers.setdefault(name, len(self._numbers) + 1) for name in names]
        return Associations.build(
            len(found),
            **{**shared, "velocity_mps": velocity.reshape(-1, 3)},
            number=numbers,
            probability=1.0,
        )

    def _follow(self, name: str, plot: Plots) -> F64:
        at_ns, noise = int(plot.measured_at_ns[0]), plot.position_cov_m2[0].copy()
        if plot.dimension[0] == Dimension.HORIZONTAL:
            noise[2, 2] = _UNMEASURED_M2
        if name not in self._held:
            state = np.concatenate([plot.position_m[0], np.zeros(3)])
            cov = np.diag([0.0] * 3 + [_FIRST_SPEED_MPS**2] * 3)
            cov[:3, :3] = noise
        else:
            since_ns, state, cov = self._held[name]
            dt_s = np.array([max((at_ns - since_ns) / NS, 0.0)])
            moved, spread = advance(state[None], cov[None], dt_s, _NOISE)
            state, cov, at_ns = moved[0], spread[0], max(at_ns, since_ns)
            gain = cov[:, :3] @ np.linalg.inv(cov[:3, :3] + noise)
            state = state + gain @ (plot.position_m[0] - state[:3])
            cov = cov - gain @ cov[:3, :]
        self._held[name] = at_ns, state, cov
        return state[3:]


def flown(scenario: simulate.Scenario, learns: bool) -> Flown:
    """Return a scenario's plots, corrected by what is learned of the sensors or as they come."""
    state = plots.start(plots.PlotsConfig(scenario.region, scenario.sensors))
    followers, before = Followers(), Associations.empty()
    known: dict[tuple[int, int], str | None] = {}
    kept: list[Plots] = []
    names, truth, notices = [np.zeros(0, object)], [], []
    biases, learned = Biases.empty(), [Associations.empty()]
    for step in simulate.steps(scenario):
        before = learned[-1] if learns else Associations.empty()
        state, out = plots.step(state, step.reports, step.now_ns, before)
        sensor = [state.index[name] for name in step.reports.sensor_id]
        pairs = zip(sensor, step.reports.sequence.tolist(), strict=True)
        known.update(zip(pairs, step.origins.target_id.tolist(), strict=True))
        own = zip(out.plots.sensor.tolist(), out.plots.sequence.tolist(), strict=True)
        whose = np.array([known[key] for key in own], object)
        learned.append(followers.associations(out.plots, whose))
        kept.append(out.plots)
        names.append(whose)
        truth.append(step.truth)
        notices.append(out.notices)
        biases = out.biases if len(out.biases) else biases
    return Flown(
        Plots.concat(kept),
        np.concatenate(names),
        Truth.concat(truth),
        biases,
        Notices.concat(notices),
        Associations.concat(learned),
    )


def us_per_association(scenario: simulate.Scenario, run: Flown) -> float:
    """Return the time of registration for one window of traffic fifty times as dense."""
    settings = plots.RegistrationConfig()
    length_ns = round(settings.window_s * NS)
    rows, last_ns = run.associations, int(run.associations.measured_at_ns.max())
    end_ns = last_ns // length_ns * length_ns
    rows = rows.take((rows.measured_at_ns >= end_ns - length_ns) & (rows.measured_at_ns < end_ns))
    many = [rows.replace(number=rows.number + np.uint32(1000 * k)) for k in range(_DENSER)]
    table = Associations.concat(many)
    config = plots.PlotsConfig(scenario.region, scenario.sensors)
    first, _ = plots.step(plots.start(config), Reports.empty(), end_ns)
    now_ns, least_s = end_ns + round(settings.settle_s * NS), np.inf
    for _ in range(_REPEATS):
        begin = time.thread_time()
        plots.step(first, Reports.empty(), now_ns, table)
        least_s = min(least_s, time.thread_time() - begin)
    return least_s / len(table) * 1e6


def in_order(scenario: simulate.Scenario) -> simulate.Scenario:
    """Return the scenario with sensors that measure as they should, late and lost as before."""
    right = {"range_offset_m": 0.0, "azimuth_offset_deg": 0.0, "elevation_offset_deg": 0.0}
    right |= {"range_scale": 0.0, "time_offset_s": 0.0, "time_drift_ppm": 0.0}
    faults = tuple(fault.model_copy(update=right) for fault in scenario.file.fault)
    return replace(scenario, file=scenario.file.model_copy(update={"fault": faults}))


def injected(scenario: simulate.Scenario, at_s: float) -> dict[str, F64]:
    """Return the four biases of each sensor at a time."""
    true = {sensor.sensor_id: np.zeros(4) for sensor in scenario.sensors}
    for fault in scenario.file.fault:
        if fault.holds(at_s):
            drift_s = 1e-6 * fault.time_drift_ppm * (at_s - fault.from_s)
            angles = np.radians([fault.azimuth_offset_deg, fault.elevation_offset_deg])
            clock_s = fault.time_offset_s + drift_s
            true[fault.sensor] += [fault.range_offset_m, *angles, clock_s]
    return true


def fused_error_m(run: Flown, region: Region, sensors: np.ndarray) -> float:
    """Return the RMS horizontal error of the fused tracks in the second half."""
    first, last = int(run.truth.measured_at_ns.min()), int(run.truth.measured_at_ns.max())
    instants = np.unique(run.truth.measured_at_ns)
    instants = instants[instants > (first + last) // 2][::_OUTPUT_S]
    used = np.isin(run.plots.sensor, sensors)
    tracks = known_association(
        run.truth, run.plots.take(used), run.target_id[used], instants, region
    )
    row = {key: k for k, key in enumerate(_keys(run.truth.target_id, run.truth.measured_at_ns))}
    true = np.array([row.get(key, -1) for key in _keys(tracks.track_id, tracks.measured_at_ns)])
    tracks, truth = tracks.take(true >= 0), run.truth.take(true[true >= 0])
    place = [
        region.from_geodetic(t.latitude_deg, t.longitude_deg, t.height_wgs84_m)
        for t in (tracks, truth)
    ]
    off = (place[0] - place[1])[:, :2]
    return float(np.sqrt(np.mean(np.sum(off**2, axis=1))))


def _keys(names: Objects, at_ns: np.ndarray) -> Iterator[tuple[str, int]]:
    return zip(names.tolist(), at_ns.tolist(), strict=True)


def measured(
    scenario: simulate.Scenario,
) -> tuple[dict[str, Any], list[dict[str, Any]], Flown, float]:
    """Return one seed's fused errors, recovered biases, corrected run, and us per association."""
    runs = {
        "unbiased": flown(in_order(scenario), learns=False),
        "biased": flown(scenario, learns=False),
        "corrected": flown(scenario, learns=True),
        "unbiased_learning": flown(in_order(scenario), learns=True),
    }
    everyone = np.arange(len(scenario.sensors))
    errors = {name: fused_error_m(run, scenario.region, everyone) for name, run in runs.items()}
    radars = np.flatnonzero([s.kind == 0 for s in scenario.sensors])
    alone = {name: fused_error_m(run, scenario.region, radars) for name, run in runs.items()}
    corrected = runs["corrected"]
    cost_us = us_per_association(scenario, runs["unbiased_learning"])
    pooled = {"all_sensors": errors, "radars_only": alone}
    return pooled, _recovered(scenario, corrected), corrected, cost_us


def _recovered(scenario: simulate.Scenario, run: Flown) -> list[dict[str, Any]]:
    rows = []
    for row in run.biases.rows():
        component = BiasComponent(row["component"])
        at_s = (row["estimated_at_ns"] - scenario.start_ns) / NS
        true = float(injected(scenario, at_s)[row["sensor_id"]][component])
        off = row["bias"] - true
        rows.append(
            {
                "sensor": row["sensor_id"],
                "component": component.name.lower(),
                "injected": true,
                "bias": row["bias"],
                "std": row["std"],
                "error_sigmas": off / row["std"] if row["std"] else 0.0,
                "applied": row["applied"],
            }
        )
    return rows


def main(runs: int = 5, minutes: float = 15.0) -> None:
    """Print all measurements."""
    scenario = simulate.read_scenario(SCENARIO)
    duration_s = min(minutes * 60.0, scenario.file.duration_s)
    file = scenario.file.model_copy(update={"duration_s": duration_s})
    scenario = replace(scenario, file=file)
    plots.warm_up()
    errors, rows, costs_us = [], [], []
    first: list[dict[str, Any]] = []
    notices: list[str] = []
    for run in range(runs):
        print(f"registration, seed {run + 1} of {runs}", file=sys.stderr)
        error, found, flight, cost = measured(
            simulate.with_seed(scenario, scenario.file.seed + run)
        )
        errors.append(error)
        rows += found
        first = first or found
        notices = notices or flight.notices.text.tolist()
        costs_us.append(cost)
    sigmas = np.array([row["error_sigmas"] for row in rows if row["std"] > 0.0])
    result = {
        "calibration": calibration(),
        "runs": runs,
        "minutes": duration_s / 60.0,
        "within_2_sigma": float(np.mean(np.abs(sigmas) < 2.0)),
        "rms_error_sigmas": float(np.sqrt(np.mean(sigmas**2))),
        "us_per_association": min(costs_us),
        "fused_rms_error_m": _pooled(errors),
        "rows": first,
        "notices": notices,
    }
    print(json.dumps(result, indent=1))


def _pooled(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return RMS errors over all seeds, and what they are of the unbiased case's."""
    pooled = []
    for whom in errors[0]:
        rms = {
            name: float(np.sqrt(np.mean([error[whom][name] ** 2 for error in errors])))
            for name in errors[0][whom]
        }
        ratios = {f"{n}_ratio": rms[n] / rms["unbiased"] for n in rms if n != "unbiased"}
        pooled.append({"fused": whom, **{f"{n}_m": rms[n] for n in rms}, **ratios})
    return pooled


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((int, float), sys.argv[1:], strict=False)))
