"""Reports to plots: drop what cannot be used, locate the rest."""

from __future__ import annotations

import numpy as np

from tocsin.contract import (
    I32,
    Bool,
    Dimension,
    Faults,
    Plots,
    ReportKind,
    Reports,
    Sensor,
)
from tocsin.plots.config import PlotsConfig
from tocsin.plots.density import geographic_density
from tocsin.plots.duplicates import fingerprints, relayed, remember, repeated
from tocsin.plots.faults import (
    fault_rows,
    is_geographic,
    is_polar,
    no_position,
    no_sensor_position,
    wrong_time,
    wrong_value,
)
from tocsin.plots.locate import (
    locate_geographic,
    locate_polar,
    or_default,
    reported_velocity,
)
from tocsin.plots.state import Located, PlotsOut, PlotsState

_PLOTTED = (ReportKind.PLOT, ReportKind.POSITION, ReportKind.SIGHTING)


def sensors_seen(reports: Reports) -> tuple[str, ...]:
    """Return the sensor ids in the order of their first report."""
    return tuple(dict.fromkeys(reports.sensor_id.tolist()))


def step(state: PlotsState, reports: Reports, now_ns: int) -> tuple[PlotsState, PlotsOut]:
    """Turn one batch of reports into plots.

    Args:
        state: from `start` or the last step.
        reports: what the sensors stated, in any order.
        now_ns: present time, ns UTC.

    Returns:
        The next state, and plots, external tracks, identities and faults.
    """
    reports, faults = _usable(state, reports, now_ns)
    state, reports, doubles = _once(state, reports)
    out = PlotsOut(
        _plots(state, _only(reports, np.isin(reports.kind, _PLOTTED))),
        _only(reports, reports.kind == ReportKind.EXTERNAL_TRACK),
        _only(reports, reports.kind == ReportKind.IDENTITY),
        Faults.concat([*faults, *doubles]),
    )
    return state, out


def _only(reports: Reports, wanted: Bool) -> Reports:
    """Return the wanted rows, without a copy where that is all of them."""
    return reports if wanted.all() else reports.take(wanted)


def _sensor_index(state: PlotsState, reports: Reports) -> I32:
    known = state.index.get
    return np.array([known(name, -1) for name in reports.sensor_id.tolist()], np.int32)


def _usable(state: PlotsState, reports: Reports, now_ns: int) -> tuple[Reports, list[Faults]]:
    faults = []

    def without(reports: Reports, bad: Bool, kind: str, detail: str) -> Reports:
        if not bad.any():
            return reports
        faults.append(fault_rows(reports, bad, kind, detail))
        return reports.take(~bad)

    config = state.config
    unknown = _sensor_index(state, reports) < 0
    reports = without(reports, unknown, "unknown sensor", "the site names no such sensor")
    late = wrong_time(reports, config, now_ns)
    reports = without(reports, late, "impossible time", "measured after its receipt, or long ago")
    reports = without(reports, wrong_value(reports), "impossible value", "position off the earth")
    reports = without(reports, no_position(reports), "no position", "neither polar nor geographic")
    placeless = no_sensor_position(reports, _sensor_index(state, reports), config)
    detail = "polar report of a sensor without a position; give it one in the site"
    return without(reports, placeless, "sensor without position", detail), faults


def _once(state: PlotsState, reports: Reports) -> tuple[PlotsState, Reports, list[Faults]]:
    """Drop exact duplicates and relayed sightings; remember the rest."""
    config, faults = state.config, []
    placed = np.isin(reports.kind, (*_PLOTTED, ReportKind.EXTERNAL_TRACK))
    digest = fingerprints(reports, _sensor_index(state, reports))
    # An identity has no measurement to compare, so it is never a duplicate here.
    again = np.zeros(len(reports), bool)
    again[placed] = repeated(digest[placed], state.seen)
    keep = placed & ~again
    seen, seen_at = remember(
        state.seen,
        state.seen_at_ns,
        digest[keep],
        reports.measured_at_ns[keep],
        config.duplicate_window_s,
    )
    if again.any():
        faults.append(fault_rows(reports, again, "duplicate", "the same report twice"))
        reports = reports.take(~again)
    drop, origins = relayed(reports, state.origins, config.relay_window_s)
    if drop.any():
        faults.append(fault_rows(reports, drop, "relayed", "its origin was counted already"))
        reports = reports.take(~drop)
    return PlotsState(config, state.index, seen, seen_at, origins), reports, faults


def _plots(state: PlotsState, reports: Reports) -> Plots:
    sensor, polar = _sensor_index(state, reports), is_polar(reports)
    # A report with both is taken at its geographic word only where its sensor has no place.
    placed = np.array([not np.isnan(s.latitude_deg) for s in state.config.sensors] or [False])
    polar &= placed[sensor] | ~is_geographic(reports)
    located = _empty(len(reports))
    for index in np.unique(sensor):
        for mask, locate in ((polar, locate_polar), (~polar, _locate_stated)):
            rows = np.flatnonzero((sensor == index) & mask)
            if len(rows):
                own = reports if len(rows) == len(reports) else reports.take(rows)
                part = locate(own, state.config.sensors[index], state.config)
                for whole, some in zip(located, part, strict=True):
                    whole[rows] = some
    return _table(state.config, reports, sensor, polar, located)


def _empty(count: int) -> Located:
    return Located(
        np.zeros((count, 3)), np.zeros((count, 3, 3)), np.zeros(count, bool), np.zeros(count)
    )


def _locate_stated(reports: Reports, sensor: Sensor, config: PlotsConfig) -> Located:
    horizontal = or_default(reports.horizontal_std_m, sensor.horizontal_std_m)
    vertical = or_default(reports.vertical_std_m, sensor.vertical_std_m)
    position, cov, full = locate_geographic(reports, horizontal, vertical, config)
    # What people say of a height is no measurement of it.
    full &= reports.kind != ReportKind.SIGHTING
    return Located(position, cov, full, geographic_density(sensor, reports.grade, full, config))


def _table(
    config: PlotsConfig, reports: Reports, sensor: I32, polar: Bool, located: Located
) -> Plots:
    shared = {name: getattr(reports, name) for name in Plots.schema() if name in Reports.schema()}
    shared["azimuth_rad"] = np.where(polar, np.mod(reports.azimuth_rad, 2.0 * np.pi), np.nan)
    shared["range_m"] = np.where(polar, reports.range_m, np.nan)
    plots = Plots.build(
        len(reports),
        **shared,
        sensor=sensor,
        dimension=np.where(located.full, Dimension.FULL, Dimension.HORIZONTAL),
        position_m=located.position_m,
        position_cov_m2=located.position_cov_m2,
        velocity_mps=reported_velocity(reports, config),
        false_density=located.false_density,
    )
    return plots.sorted_by("measured_at_ns", "sensor", "sequence")
