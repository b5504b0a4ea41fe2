"""Reports to plots: drop what cannot be used, locate the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tocsin.contract import (
    I32,
    Associations,
    Biases,
    Bool,
    Dimension,
    Faults,
    Looks,
    Notices,
    Plots,
    ReportKind,
    Reports,
    Sensor,
)
from tocsin.plots.config import PlotsConfig
from tocsin.plots.correct import corrected_looks, corrected_reports
from tocsin.plots.density import geographic_density
from tocsin.plots.duplicates import fingerprints, lately, relayed, remember, repeated
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
    reported_rate,
    reported_velocity,
)
from tocsin.plots.registration import learn
from tocsin.plots.state import Located, PlotsOut, PlotsState
from tocsin.plots.tell import notify, table

_PLOTTED = (ReportKind.PLOT, ReportKind.POSITION, ReportKind.SIGHTING)


def sensors_seen(reports: Reports) -> tuple[str, ...]:
    """Return the sensor ids in the order of their first report."""
    return tuple(dict.fromkeys(reports.sensor_id.tolist()))


def step(
    state: PlotsState, reports: Reports, now_ns: int, associations: Associations | None = None
) -> tuple[PlotsState, PlotsOut]:
    """Turn one batch of reports into plots, corrected by the known biases of their sensors.

    Args:
        state: from `start` or the last step.
        reports: what the sensors stated, in any order.
        now_ns: present time, ns UTC.
        associations: what the tracker made of the last steps' plots; biases are learned from it.

    Returns:
        The next state, and plots, external tracks, identities, faults, biases and notices.
    """
    state, biases, notices = _registered(state, associations, now_ns)
    faults: list[Faults] = []
    batch = _usable(state, reports, now_ns, faults)
    state, batch = _once(state, batch, now_ns, faults)
    kind = batch.reports.kind
    out = PlotsOut(
        _plots(state, batch.only(np.isin(kind, _PLOTTED))),
        batch.only(kind == ReportKind.EXTERNAL_TRACK).reports,
        batch.only(kind == ReportKind.IDENTITY).reports,
        Faults.concat(faults),
        biases,
        notices,
    )
    return state, out


def true_looks(state: PlotsState, looks: Looks) -> Looks:
    """Return sector marks corrected as the plots of the last step were.

    Args:
        state: after that step.
        looks: as the sensors stated them.
    """
    return corrected_looks(looks, state.index, state.registration.applied)


def _registered(
    state: PlotsState, associations: Associations | None, now_ns: int
) -> tuple[PlotsState, Biases, Notices]:
    """Return the state with what associations tell of biases; a table where there are new ones."""
    rows = Associations.empty() if associations is None else associations
    after = learn(state.registration, rows, state.config, now_ns)
    if after.learned_ns == state.registration.learned_ns:
        return replace(state, registration=after), Biases.empty(), Notices.empty()
    after, notices = notify(after, state.config, now_ns)
    return replace(state, registration=after), table(after, state.config), notices


class _Batch(NamedTuple):
    """Keep reports together with the index of each one's sensor."""

    reports: Reports
    sensor: I32

    def only(self, wanted: Bool) -> _Batch:
        """Return the wanted rows, without a copy where that is all of them."""
        if wanted.all():
            return self
        return _Batch(self.reports.take(wanted), self.sensor[wanted])

    def without(self, bad: Bool, kind: str, detail: str, faults: list[Faults]) -> _Batch:
        """Return the rows that are not bad; add the bad ones to the faults."""
        if bad.any():
            faults.append(fault_rows(self.reports, bad, kind, detail))
        return self.only(~bad)


def _usable(state: PlotsState, reports: Reports, now_ns: int, faults: list[Faults]) -> _Batch:
    config, known = state.config, state.index.get
    index = np.array([known(name, -1) for name in reports.sensor_id.tolist()], np.int32)
    batch = _Batch(reports, index)
    detail = "the site names no such sensor"
    batch = batch.without(batch.sensor < 0, "unknown sensor", detail, faults)
    late = wrong_time(batch.reports, config, now_ns)
    detail = "measured after its receipt, or long ago"
    batch = batch.without(late, "impossible time", detail, faults)
    wrong = wrong_value(batch.reports)
    batch = batch.without(wrong, "impossible value", "a position that cannot be", faults)
    lost = no_position(batch.reports)
    batch = batch.without(lost, "no position", "neither polar nor geographic", faults)
    placeless = no_sensor_position(batch.reports, batch.sensor, config)
    detail = "polar report of a sensor without a position; give it one in the site"
    return batch.without(placeless, "sensor without position", detail, faults)


def _once(
    state: PlotsState, batch: _Batch, now_ns: int, faults: list[Faults]
) -> tuple[PlotsState, _Batch]:
    """Drop exact duplicates and relayed sightings; remember the rest."""
    config, reports = state.config, batch.reports
    placed = np.isin(reports.kind, (*_PLOTTED, ReportKind.EXTERNAL_TRACK))
    digest = fingerprints(reports, batch.sensor)
    # An identity has no measurement to compare, so it is never a duplicate here.
    again = np.zeros(len(reports), bool)
    again[placed] = repeated(digest[placed], state.seen)
    keep = placed & ~again
    window_s = config.duplicate_window_s
    seen, heard_ns = remember(state.seen, state.heard_ns, digest[keep], now_ns, window_s)
    batch = batch.without(again, "duplicate", "the same report twice", faults)
    own_m = np.array([s.horizontal_std_m for s in config.sensors])[batch.sensor]
    std_m = np.where(batch.reports.horizontal_std_m > 0.0, batch.reports.horizontal_std_m, own_m)
    drop, origins = relayed(batch.reports, std_m, state.origins, config.relay_window_s)
    # As late as a sighting may come, its relays may come: they must still be known.
    origins = lately(origins, now_ns, config.oldest_s + config.relay_window_s)
    batch = batch.without(drop, "relayed", "its origin was counted already", faults)
    return replace(state, seen=seen, heard_ns=heard_ns, origins=origins), batch


def _plots(state: PlotsState, batch: _Batch) -> Plots:
    applied = state.registration.applied
    batch = batch._replace(reports=corrected_reports(batch.reports, batch.sensor, applied))
    reports, sensor, polar = batch.reports, batch.sensor, is_polar(batch.reports)
    # A report with both is taken at its geographic word only where its sensor has no place.
    placed = np.array([not np.isnan(s.latitude_deg) for s in state.config.sensors] or [False])
    polar &= placed[sensor] | ~is_geographic(reports)
    located = _empty(len(reports))
    for index in np.unique(sensor):
        for mask, locate in ((polar, locate_polar), (~polar, _locate_stated)):
            rows = (sensor == index) & mask
            if rows.any():
                part = locate(batch.only(rows).reports, state.config.sensors[index], state.config)
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
    own = np.array([s.range_rate_std_mps for s in config.sensors] or [np.nan])
    shared["range_rate_mps"], shared["range_rate_std_mps"] = reported_rate(reports, own[sensor])
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
