"""The cases of speed and size: plots per second, latency, a million targets, memory.

Ours goes from polar reports in memory to tracks: located by `tocsin.plots`, tracked by
`tocsin.track`. The least time of several revolutions counts, since other work on the machine only
adds to it; where that would hide something (latency) quantiles are given.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np

from bench._accuracy import beside, made, ratios, rows_of
from bench._asked import Answer, Asked
from bench._cases import read_case
from bench._scenes import Scene, make
from bench._tocsin import Spent, motion, tracked
from bench._traffic import PERIOD_S, REGION, Sweep, Traffic, revolutions, sectors
from tocsin.contract import TrackStatus
from tocsin.plots import PlotsConfig
from tocsin.plots import start as plots_start
from tocsin.plots import step as plots_step
from tocsin.track import TrackConfig, start, step

_CV_M2PS3 = 1.0
_IMM3_M2PS3 = (1.0, 30.0, 300.0)
_SECTOR_PLOTS = 100
_HOURS = 72.0
_PAGE_BYTES = 4096


class Worked(NamedTuple):
    """Hold what one sweep took and left.

    Args:
        plots: how many.
        spent: of conversion and tracking.
        state: the tracker's, after it.
        confirmed: how many tracks were put out as confirmed.
    """

    plots: int
    spent: Spent
    state: Any
    confirmed: int


def worked(traffic: Traffic, sweeps: Iterable[Sweep], **settings: Any) -> Iterator[Worked]:
    """Yield what each sweep of a radar took, from reports to tracks."""
    sensors = (traffic.sensor,)
    located = plots_start(PlotsConfig(REGION, sensors))
    state = start(TrackConfig(REGION, sensors, **settings))
    for sweep in sweeps:
        cpu, begin = process_time(), perf_counter()
        located, out = plots_step(located, sweep.reports, sweep.now_ns)
        middle = perf_counter()
        state, updates = step(state, out.plots, sweep.looks, sweep.now_ns)
        end = perf_counter()
        spent = Spent(end - begin, process_time() - cpu, middle - begin)
        sure = updates.number[updates.status != TrackStatus.TENTATIVE]
        yield Worked(len(sweep.reports), spent, state, len(np.unique(sure)))


def _turns(traffic: Traffic, turns: int, **settings: Any) -> dict[str, Any]:
    """Return the speed over whole revolutions, the first half left out."""
    sweeps = revolutions(traffic, turns)
    done = list(worked(traffic, sweeps, output_period_s=PERIOD_S, **settings))[turns // 2 :]
    each = np.array([w.spent for w in done]) / [[w.plots] for w in done]
    wall, cpu, located = (each.min(axis=0) * 1e9).tolist()
    return {
        "targets": traffic.targets,
        "sectors": traffic.sectors,
        "plots_per_turn": int(np.mean([w.plots for w in done])),
        "confirmed": done[-1].confirmed,
        "plots_per_second": 1e9 / wall,
        "wall_ns_per_plot": wall,
        "cpu_ns_per_plot": cpu,
        "conversion_ns_per_plot": located,
    }


def speed(asked: Asked) -> Answer:
    """Measure plots per second, how it grows, and the ratio to the peer."""
    targets, turns = asked.size((10_000, 24), (200, 8))
    asked.note(f"speed: {targets} targets in polar reports")
    one = motion(_CV_M2PS3)
    rows = [{"what": "reports to tracks", **_turns(Traffic(targets), turns, **one)}]
    figures = {k: rows[0][k] for k in list(rows[0])[1:]}
    asked.note("speed: the same with three models")
    found = _turns(Traffic(targets), turns, **motion(*_IMM3_M2PS3))
    rows.append({"what": "the same, IMM-3", **found})
    figures["imm3_plots_per_second"] = found["plots_per_second"]
    asked.note(f"speed: {targets} targets in the squares of many radars")
    plane = _scans(make(read_case("radar-polar"), targets, asked.size(20, 6)), located=True)
    rows.append({"what": "range and azimuth of many radars to tracks", **plane})
    figures["many_radars_plots_per_second"] = plane["plots_per_second"]
    grown = _growth(asked)
    figures |= grown.figures
    return Answer(figures | _beside_peer(asked, rows), rows + grown.rows)


def _growth(asked: Asked) -> Answer:
    """Measure the cost of a plot over numbers of targets, and over shares of false plots."""
    sizes = asked.size((1_000, 10_000, 100_000, 1_000_000), (100, 1_000))
    rows = [_flat(asked, count, 0.2) for count in sizes]
    rows.append(_flat(asked, asked.size(10_000, 100), 5.0))
    cost = [row["cpu_ns_per_plot"] for row in rows]
    few = cost[1] if not asked.quick else cost[0]
    figures = {"cost_growth_1k_to_1m": cost[-2] / cost[0], "cost_growth_five_false": cost[-1] / few}
    return Answer(figures, rows)


def _flat(asked: Asked, targets: int, false_share: float) -> dict[str, Any]:
    """Measure located plots to tracks at one density, whatever the number of targets."""
    asked.note(f"speed: {targets} targets on the plane, {false_share:g} false plots per target")
    case = read_case("radar-flat")
    # The share is of the detected targets.
    share = false_share / case.models.detection_probability
    case = case.model_copy(update={"scene": {**case.scene, "false_share": share}})
    scans = asked.size(20 if targets < 100_000 else 10, 6)
    return {
        "what": "located plots to tracks",
        "false_share": false_share,
        **_scans(make(case, targets, scans)),
    }


def _scans(scene: Scene, located: bool = False) -> dict[str, Any]:
    """Return the least time of a scan over the second half of them.

    Args:
        scene: what to track.
        located: whether to count the time in which plots are located too.
    """
    spent: list[Spent] = []
    shown = 0
    for updates, _ in tracked(scene, spent):
        shown = int(np.count_nonzero(updates.status != TrackStatus.TENTATIVE))
    half = len(spent) // 2
    plots = np.array([[len(scan.measured)] for scan in scene.scans[half:]])
    each = np.array(spent[half:])
    each[:, :2] += located * each[:, 2:]
    wall, cpu, conversion = ((each / plots).min(axis=0) * 1e9).tolist()
    return {
        "targets": scene.targets,
        "plots_per_turn": int(plots.mean()),
        "confirmed": shown,
        "plots_per_second": 1e9 / wall,
        "wall_ns_per_plot": wall,
        "cpu_ns_per_plot": cpu,
        "conversion_ns_per_plot": conversion,
        "seconds_per_scan": float(each[:, 1].min()),
    }


def _beside_peer(asked: Asked, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return our speed as a ratio to the peer's: a thousand targets in range and azimuth."""
    nothing = {"ratio_to_stonesoup": None, "gospa_ratio_to_stonesoup": None}
    if not asked.peers:
        return nothing
    targets, scans = asked.size((1_000, 12), (60, 8))
    case, scenes = made("radar-polar", targets, scans, 1)
    trials = beside(asked, case, scenes, ("tocsin", "gnn-tpr"))
    for row in rows_of(case.name, targets, trials):
        rows.append({"what": "beside the peer", **row})
    ours, theirs = (None if trial is None else trial.rate() for trial in trials.values())
    if not ours or not theirs:
        return nothing
    return {
        "ratio_to_stonesoup": ours["plots_per_s"] / theirs["plots_per_s"],
        "gospa_ratio_to_stonesoup": ratios(trials)["settled_ratio_to_stonesoup"],
    }


def million(asked: Asked) -> Answer:
    """Measure one scan of a million targets: located plots to tracks, processor time."""
    targets = asked.size(1_000_000, 2_000)
    asked.note(f"million: {targets} targets")
    row = _scans(make(read_case("radar-flat"), targets, asked.size(10, 6)))
    return Answer(dict(row), [row])


def latency(asked: Asked) -> Answer:
    """Measure the time from a sector's reports to the tracks that it concerns."""
    targets, turns = asked.size((2_000, 50), (200, 10))
    traffic = Traffic(targets, sectors=32)
    asked.note(f"latency: {turns * traffic.sectors} sectors")
    settings = {"output_period_s": None, "changed_only": True}
    done = list(worked(traffic, sectors(traffic, turns), **settings))
    small = [w for w in done[len(done) // 4 :] if w.plots <= _SECTOR_PLOTS]
    wall, cpu, _ = np.array([w.spent for w in small]).T * 1e6
    figures = {
        "targets": targets,
        "sectors": len(small),
        "plots_per_sector": float(np.mean([w.plots for w in small])),
        "p50_latency_us": float(np.median(wall)),
        "p99_latency_us": float(np.quantile(wall, 0.99)),
        "p50_latency_cpu_us": float(np.median(cpu)),
        "p99_latency_cpu_us": float(np.quantile(cpu, 0.99)),
    }
    return Answer(figures, [figures])


def memory(asked: Asked) -> Answer:
    """Measure what a track costs to keep, and whether a long run stays as small as it was."""
    targets, turns = asked.size((10_000, 12), (200, 8))
    asked.note(f"memory: {targets} targets")
    traffic = Traffic(targets)
    *_, last = worked(traffic, revolutions(traffic, turns), output_period_s=PERIOD_S)
    held = held_bytes(last.state)
    row = {"targets": targets, "tracks": last.confirmed, "held_bytes": held}
    long = _long_run(asked)
    figures = {"bytes_per_track": held / max(last.confirmed, 1), **row, **long.figures}
    return Answer(figures, long.rows)


def held_bytes(value: Any, seen: set[int] | None = None) -> int:
    """Return the bytes of all arrays that a state holds, each counted once."""
    known = set() if seen is None else seen
    if id(value) in known:
        return 0
    known.add(id(value))
    if isinstance(value, np.ndarray):
        return value.nbytes if value.base is None else held_bytes(value.base, known)
    if dataclasses.is_dataclass(value):
        parts: Iterable[Any] = (getattr(value, f.name) for f in dataclasses.fields(value))
    elif isinstance(value, dict):
        parts = value.values()
    elif isinstance(value, list | tuple):
        parts = value
    else:
        return 0
    return sum(held_bytes(part, known) for part in parts)


def _long_run(asked: Asked) -> Answer:
    """Run three days of light traffic that comes and goes, and sample the resident memory."""
    hours = asked.size(_HOURS, 0.5)
    traffic = Traffic(60, period_s=10.0, life_s=1_800.0)
    turns = round(hours * 3600.0 / traffic.period_s)
    asked.note(f"memory: {hours:g} hours in {turns} revolutions")
    every, sampled = max(turns // 144, 1), []
    for turn, done in enumerate(worked(traffic, revolutions(traffic, turns))):
        if turn % every == 0:
            hour = turn * traffic.period_s / 3600.0
            sampled.append({"hour": hour, "rss_mib": _rss_mib(), "confirmed": done.confirmed})
    rss = np.array([sample["rss_mib"] for sample in sampled])
    first, second = rss[: len(rss) // 2].max(), rss[len(rss) // 2 :].max()
    figures = {
        "hours": hours,
        "rss_first_half_mib": float(first),
        "rss_second_half_mib": float(second),
        "rss_growth_percent": float(100.0 * (second / first - 1.0)),
    }
    return Answer(figures, sampled[:: max(len(sampled) // 12, 1)])


def _rss_mib() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * _PAGE_BYTES / 2.0**20
