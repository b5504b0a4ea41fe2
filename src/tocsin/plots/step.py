"""Reports to plots: drop what cannot be used, locate the rest."""

from __future__ import annotations

from dataclasses import replace
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from tocsin.contract import (
    F64,
    I8,
    I32,
    NS,
    U64,
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
from tocsin.plots.bearings import bearing_plots, of_nodes
from tocsin.plots.clutter import judged, weighed
from tocsin.plots.config import PlotsConfig
from tocsin.plots.correct import corrected_looks, corrected_reports
from tocsin.plots.density import geographic_density
from tocsin.plots.duplicates import (
    digests,
    lately,
    observers,
    relayed,
    remembered,
    repeated,
)
from tocsin.plots.faults import FAULTS, fault_rows, is_geographic, is_polar, packed
from tocsin.plots.kernels_reports import judge
from tocsin.plots.locate import (
    Located,
    locate_geographic,
    or_default,
    place_polar,
    reported_rate,
    reported_velocity,
)
from tocsin.plots.registration import learn
from tocsin.plots.state import PlotsOut, PlotsState
from tocsin.plots.tell import notify, table

_SIGHTING, _EXTERNAL = int(ReportKind.SIGHTING), int(ReportKind.EXTERNAL_TRACK)
_IDENTITY = int(ReportKind.IDENTITY)
_PLOTTED = (int(ReportKind.PLOT), int(ReportKind.POSITION), _SIGHTING)
_BEARING = int(ReportKind.BEARING)
_PLACED = (*_PLOTTED, _BEARING, _EXTERNAL)
_FULL, _HORIZONTAL = np.int8(Dimension.FULL), np.int8(Dimension.HORIZONTAL)
_OTHERWISE = (
    "azimuth_rad",
    "elevation_rad",
    "azimuth_std_rad",
    "elevation_std_rad",
    "range_m",
    "range_rate_mps",
    "range_rate_std_mps",
)
_SHARED = tuple(
    name for name in Plots.schema() if name in Reports.schema() and name not in _OTHERWISE
)


def sensors_seen(reports: Reports) -> tuple[str, ...]:
    """Return the sensor ids in the order of their first report."""
    return tuple(dict.fromkeys(reports.sensor_id.tolist()))


def step(
    state: PlotsState,
    reports: Reports,
    now_ns: int,
    associations: Associations | None = None,
    looks: Looks | None = None,
) -> tuple[PlotsState, PlotsOut]:
    """Turn one batch of reports into plots, corrected by the known biases of their sensors.

    Args:
        state: from `start` or the last step.
        reports: what the sensors stated, in any order.
        now_ns: present time, ns UTC.
        associations: what the tracker made of the last steps' plots; biases and clutter maps are
            learned from it, without it neither.
        looks: what the radars told that they swept.

    Returns:
        The next state, and plots, external tracks, identities, faults, biases and notices.
    """
    state, biases, notices = _registered(state, associations, now_ns)
    faults: list[Faults] = []
    batch = _usable(state, reports, now_ns, faults)
    state, batch = _once(state, batch, now_ns, faults)
    kind = batch.reports.kind
    located = _plots(state, batch.only(_is_one_of(kind, _PLOTTED)))
    if associations is not None and state.config.clutter.enabled:
        state, located = _weighed(state, located, associations, looks, now_ns)
    located = _with_bearings(state, located, batch.only(kind == _BEARING))
    out = PlotsOut(
        located,
        batch.only(kind == _EXTERNAL).reports,
        batch.only(kind == _IDENTITY).reports,
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
    rows = associations if state.config.registration.enabled else None
    rows = Associations.empty() if rows is None else rows
    after = learn(state.registration, rows, state.config, now_ns)
    if after is state.registration:
        return state, Biases.empty(), Notices.empty()
    if after.learned_ns == state.registration.learned_ns:
        return replace(state, registration=after), Biases.empty(), Notices.empty()
    after, notices = notify(after, state.config, now_ns)
    return replace(state, registration=after), table(after, state.config), notices


def _weighed(
    state: PlotsState, plots: Plots, rows: Associations, looks: Looks | None, now_ns: int
) -> tuple[PlotsState, Plots]:
    """Return the state with plots and looks in its clutter maps, and plots with their densities."""
    clutter = judged(state.clutter, rows, state.config, now_ns)
    swept = Looks.empty() if looks is None else looks
    clutter, plots = weighed(clutter, plots, swept, state.config)
    return replace(state, clutter=clutter), plots


class _Batch(NamedTuple):
    """Keep reports together with the index of each one's sensor, and their fingerprints."""

    reports: Reports
    sensor: I32
    digest: U64

    def only(self, wanted: Bool) -> _Batch:
        """Return the wanted rows, without a copy where that is all of them."""
        if wanted.all():
            return self
        return _Batch(self.reports.take(wanted), self.sensor[wanted], self.digest[wanted])

    def without(self, bad: Bool, kind: str, detail: str, faults: list[Faults]) -> _Batch:
        """Return the rows that are not bad; add the bad ones to the faults."""
        if not bad.any():
            return self
        faults.append(fault_rows(self.reports, bad, kind, detail))
        return self.only(~bad)


def _is_one_of(kind: I8, kinds: tuple[int, ...]) -> Bool:
    found: Bool = kind == kinds[0]
    for other in kinds[1:]:
        found |= kind == other
    return found


def _sensors(state: PlotsState, names: list[str | None]) -> I32:
    """Return (n,) the index of each name's sensor; -1: the site names none."""
    known: Any = state.index.get
    if len(set(names)) == 1:
        return np.full(len(names), known(names[0], -1), np.int32)
    return np.fromiter(map(known, names, repeat(-1)), np.int32, len(names))


def _usable(state: PlotsState, reports: Reports, now_ns: int, faults: list[Faults]) -> _Batch:
    """Drop what cannot be used; a report has the first of its faults."""
    config, sensor = state.config, _sensors(state, reports.sensor_id.tolist())
    columns = packed(reports)
    digest = digests(columns, sensor, observers(reports))
    batch, placed = _Batch(reports, sensor, digest), np.isfinite(state.sites[:, 0])
    ahead_ns, oldest_ns = config.latest_ahead_s * NS, config.oldest_s * NS
    fault = judge(*columns, sensor, placed, now_ns, ahead_ns, oldest_ns)
    if not fault.any():
        return batch
    faults += [fault_rows(reports, fault == k, *FAULTS[k]) for k in np.unique(fault[fault > 0])]
    return batch.only(fault == 0)


def _once(
    state: PlotsState, batch: _Batch, now_ns: int, faults: list[Faults]
) -> tuple[PlotsState, _Batch]:
    """Drop exact duplicates and relayed sightings; remember the rest."""
    # An identity has no measurement to compare, so it is never a duplicate here.
    placed = _is_one_of(batch.reports.kind, _PLACED)
    digest, measured_at_ns = batch.digest[placed], batch.reports.measured_at_ns[placed]
    copies = repeated(digest, measured_at_ns, state.heard)
    if copies.any():
        digest, measured_at_ns = digest[~copies], measured_at_ns[~copies]
        again = np.zeros(len(placed), bool)
        again[placed] = copies
        batch = batch.without(again, "duplicate", "the same report twice", faults)
    window_s = state.config.duplicate_window_s
    heard = remembered(state.heard, digest, measured_at_ns, now_ns, window_s)
    return _first_hand(replace(state, heard=heard), batch, now_ns, faults)


def _first_hand(
    state: PlotsState, batch: _Batch, now_ns: int, faults: list[Faults]
) -> tuple[PlotsState, _Batch]:
    """Drop sightings whose origin was counted already."""
    config, reports, origins = state.config, batch.reports, state.origins
    if (reports.kind == _SIGHTING).any():
        own_m = np.array([s.horizontal_std_m for s in config.sensors])[batch.sensor]
        std_m = np.where(reports.horizontal_std_m > 0.0, reports.horizontal_std_m, own_m)
        drop, origins = relayed(reports, std_m, origins, config.relay_window_s)
        batch = batch.without(drop, "relayed", "its origin was counted already", faults)
    if origins:
        # As late as a sighting may come, its relays may come: they must still be known.
        origins = lately(origins, now_ns, config.oldest_s + config.relay_window_s)
        state = replace(state, origins=origins)
    return state, batch


def _plots(state: PlotsState, batch: _Batch) -> Plots:
    sensor, config = batch.sensor, state.config
    reports = corrected_reports(batch.reports, sensor, state.registration.applied)
    polar, stated = is_polar(reports), is_geographic(reports)
    # A report with both is taken at its geographic word only where its sensor has no place.
    if (polar & stated).any():
        polar &= np.isfinite(state.sites[:, 0])[sensor] | ~stated
    located = _empty(len(reports))
    beam_rad = place_polar(reports, sensor, polar, state.sites, config, located)
    for index in np.unique(sensor[~polar]) if not polar.all() else ():
        rows = (sensor == index) & ~polar
        part = _locate_stated(reports.take(rows), config.sensors[index], config)
        for whole, some in zip(located, part, strict=True):
            whole[rows] = some
    return _table(
        config, reports, sensor, np.where(polar, reports.range_m, np.nan), beam_rad, located
    )


def _with_bearings(state: PlotsState, located: Plots, batch: _Batch) -> Plots:
    """Return plots in order, those of bearings among them."""
    heard = batch.only(of_nodes(batch.sensor, state.config)) if len(batch.sensor) else batch
    if len(heard.sensor):
        reports = corrected_reports(heard.reports, heard.sensor, state.registration.applied)
        located = Plots.concat([located, bearing_plots(reports, heard.sensor, state.config)])
    return located.sorted_by("measured_at_ns", "sensor", "sequence")


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
    config: PlotsConfig,
    reports: Reports,
    sensor: I32,
    range_m: F64,
    beam_rad: F64,
    located: Located,
) -> Plots:
    shared = {name: getattr(reports, name) for name in _SHARED}
    rate_mps, rate_std_mps = reported_rate(reports, sensor, config)
    return Plots.build(
        len(reports),
        **shared,
        sensor=sensor,
        range_m=range_m,
        azimuth_rad=beam_rad,
        range_rate_mps=rate_mps,
        range_rate_std_mps=rate_std_mps,
        dimension=np.where(located.full, _FULL, _HORIZONTAL),
        position_m=located.position_m,
        position_cov_m2=located.position_cov_m2,
        velocity_mps=reported_velocity(reports, config),
        false_density=located.false_density,
    )
