"""Whole recordings, and warm kernels."""

from __future__ import annotations

import numpy as np

from tocsin.contract import (
    F64,
    I64,
    NS,
    Dimension,
    Looks,
    Origin,
    Plots,
    ReportKind,
    Sensor,
    SensorKind,
    TrackUpdates,
)
from tocsin.geo import Region
from tocsin.track.config import TrackConfig
from tocsin.track.looks import in_order
from tocsin.track.site import start
from tocsin.track.state import TrackState
from tocsin.track.step import finish, step

_CHUNK_NS = 10 * NS


def track_recording(
    plots: Plots, looks: Looks, config: TrackConfig
) -> tuple[TrackState, TrackUpdates]:
    """Track a whole recording; return the last state (counters, inferred looks) and the updates.

    Args:
        plots: located detections, in any order.
        looks: what the radars swept; empty: inferred from their periods.
        config: the site, models and limits.
    """
    state = start(config)
    blocks: list[TrackUpdates] = []
    plots, looks = in_order(plots), looks.sorted_by("end_ns", "start_ns")
    ends = [int(t[-1]) for t in (plots.measured_at_ns, looks.end_ns) if len(t)]
    if not ends or not len(plots):
        return state, TrackUpdates.empty()
    period_ns = round((config.output_period_s or 1.0) * NS)
    now_ns, last_ns = int(plots.measured_at_ns[0]), -(-max(ends) // period_ns) * period_ns
    while not blocks or now_ns < last_ns:
        after_ns, now_ns = now_ns, min((now_ns // _CHUNK_NS + 1) * _CHUNK_NS, last_ns)
        first = 0 if not blocks else int(np.searchsorted(plots.measured_at_ns, after_ns, "right"))
        rows = slice(first, int(np.searchsorted(plots.measured_at_ns, now_ns, "right")))
        first = 0 if not blocks else int(np.searchsorted(looks.end_ns, after_ns, "right"))
        seen = slice(first, int(np.searchsorted(looks.end_ns, now_ns, "right")))
        state, block = step(state, plots.take(rows), looks.take(seen), now_ns)
        blocks.append(block)
    state, last = finish(state)
    return state, TrackUpdates.concat([*blocks, last.updates])


def track_plots(plots: Plots, looks: Looks, config: TrackConfig) -> TrackUpdates:
    """Track a whole recording; see `track_recording`."""
    return track_recording(plots, looks, config)[1]


def warm_up(bearings: bool = False) -> None:
    """Compile the kernels, or load them from the cache, with a small made-up scene.

    Args:
        bearings: those too that only sites with nodes that take bearings need.
    """
    if bearings:
        _warm_up_bearings()
    place, times = Origin(0.0, 0.0), np.repeat(np.arange(3), 3) * 4 * NS + NS
    cell = {"range_cell_m": 60.0, "azimuth_cell_rad": 0.01}
    radar = Sensor("radar", SensorKind.RADAR, 0.0, 0.0, range_m=1e5, period_s=4.0, **cell)
    receiver = Sensor("receiver", SensorKind.ADSB_RECEIVER)
    config = TrackConfig(Region.at(place), (radar, receiver))
    offset = np.tile([0.0, 50.0, 5_000.0], 3)
    plots = _made_up(np.stack([20_000.0 + offset, offset, 3000.0 + offset], axis=1), times)
    heard_ns = np.arange(12) * NS + NS
    heard = _made_up(np.full((12, 3), 8_000.0), heard_ns).replace(
        sensor=np.ones(12, np.int64),
        kind=np.full(12, int(ReportKind.POSITION)),
        mode_s=np.ones(12, np.uint32),
        mode_s_valid=np.ones(12, bool),
    )
    starts = np.arange(3) * 4 * NS
    looks = Looks.build(
        3,
        sensor_id=["radar"] * 3,
        start_ns=starts,
        end_ns=starts + 4 * NS,
        azimuth_from_rad=0.0,
        azimuth_to_rad=2.0 * np.pi,
    )
    track_plots(Plots.concat([plots, heard]), looks, config)


def _made_up(position_m: F64, at_ns: I64) -> Plots:
    """Return plots of the first sensor."""
    return Plots.build(
        len(at_ns),
        measured_at_ns=at_ns,
        received_at_ns=at_ns,
        sensor=0,
        sequence=np.arange(len(at_ns)),
        kind=int(ReportKind.PLOT),
        dimension=int(Dimension.FULL),
        position_m=position_m,
        position_cov_m2=np.broadcast_to(np.eye(3) * 2500.0, (len(at_ns), 3, 3)),
        false_density=1e-16,
    )


def _warm_up_bearings() -> None:
    count, third = 3, np.radians(120.0)
    nodes = tuple(
        Sensor(f"node-{k}", SensorKind.ACOUSTIC, 0.02 * np.cos(third * k), 0.02 * np.sin(third * k))
        for k in range(count)
    )
    times = np.repeat(np.arange(count), count) * NS + NS
    plots = Plots.build(
        len(times),
        measured_at_ns=times,
        received_at_ns=times,
        sensor=np.tile(np.arange(count), count),
        sequence=np.arange(len(times)),
        kind=int(ReportKind.BEARING),
        dimension=int(Dimension.BEARING),
        azimuth_rad=np.tile(np.pi + third * np.arange(count), count),
        azimuth_std_rad=0.03,
        false_density=0.01,
    )
    track_plots(plots, Looks.empty(), TrackConfig(Region.at(Origin(0.0, 0.0)), nodes))


def summary(state: TrackState) -> dict[str, object]:
    """Return what a person should know of a run: counters, and which looks were inferred."""
    counters = state.counters._asdict()
    return {**counters, "inferred_looks": list(state.inferred_looks)}
