"""A radar: each object is met at the instant the beam passes it, and seen or not by its echo.

An echo follows the radar equation and fluctuates as its Swerling case says; echoes in noise are
drawn, summed over the pulses and compared with the threshold, so the chance of detection is that
of `tocsin.radar.detection`. What lies in one resolution cell is one plot.

Source: M. I. Skolnik, Introduction to Radar Systems, 3rd ed., sections 1.2 and 2.8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, Objects, ReportKind, Reports
from tocsin.geo import Region
from tocsin.radar.detection import required_snr, threshold
from tocsin.radar.equation import CLEAR_PD
from tocsin.simulate import kernels_sensors, kernels_sensors_draws, kernels_sensors_meet
from tocsin.simulate.clutter import Patch, false_plots, patches
from tocsin.simulate.draws import Purpose, instants
from tocsin.simulate.schema_base import Place
from tocsin.simulate.schema_sensors import Equation, Radar
from tocsin.simulate.sensors import radar_equation
from tocsin.simulate.sky import Site, Sky
from tocsin.simulate.terrain import Ground

GAIN_RANGES = 1024
SHARPEST, BLUNTEST = 0.25, 4.0
"""Least and greatest factor on the stated deviations where they follow the echo's strength."""
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Echoes:
    """Hold the rows that one sensor reports for one tick, with what they came from.

    Args:
        reports: the rows.
        source: (n,) row in the fleet of the object behind each, -1: nothing.
        others: (n,) rows of the further objects that a plot stands for, as tuples; None: none do.
    """

    reports: Reports
    source: Rows
    others: Objects | None = None

    def take(self, which: Rows | slice) -> Echoes:
        """Return some of the rows."""
        others = None if self.others is None else self.others[which]
        return Echoes(self.reports.take(which), self.source[which], others)


@dataclass(frozen=True, eq=False)
class RadarSet:
    """Hold a radar ready to work.

    Args:
        radar: what the scenario says.
        site: where it stands.
        place: (18,) what kernels take for it.
        gain: (g,) signal-to-noise ratio of 1 m2 times range to the fourth, from range 0 to its end.
        threshold: on the sum of a look's pulses over the mean noise power of one.
        clear_snr: of one pulse, where a detection is as probable as `CLEAR_PD`.
        std: (4,) of range, azimuth, elevation and range rate; NaN: not measured.
        cell: (4,) of resolution in range, azimuth, elevation, time; empty: all are resolved.
        patches: of clutter.
    """

    radar: Radar
    site: Site
    place: F64
    gain: F64
    threshold: float
    clear_snr: float
    std: F64
    cell: F64
    patches: tuple[Patch, ...]


def radar_set(radar: Radar, site: Site, where: tuple[Place, Region, Ground], seed: int) -> RadarSet:
    """Return a radar ready to work."""
    law = (radar.pulses, radar.false_alarm_probability)
    clear_snr = float(required_snr(CLEAR_PD, *law, radar.swerling))
    s = site.sensor
    std = [s.range_std_m, s.azimuth_std_rad, s.elevation_std_rad, s.range_rate_std_mps]
    return RadarSet(
        radar,
        site,
        site.place,
        _gain(radar, clear_snr),
        float(threshold(radar.false_alarm_probability, radar.pulses)),
        clear_snr,
        np.array(std),
        _cell(radar),
        patches(radar, *where, seed),
    )


def _gain(radar: Radar, clear_snr: float) -> F64:
    """Return what the radar equation gives for 1 m2 times range to the fourth, by range."""
    if radar.equation is None:
        assert radar.clear_range_m is not None
        return np.full(2, clear_snr * radar.clear_range_m**4)
    range_m = np.linspace(0.0, radar.range_m, GAIN_RANGES)
    range_m[0] = 1.0
    return equation_snr(radar.equation, range_m) * range_m**4


def equation_snr(equation: Equation, range_m: F64) -> F64:
    """Return the signal-to-noise ratio of one pulse from 1 m2, through the air near the ground."""
    return radar_equation(equation).snr(range_m, 1.0, equation.rain_mm_per_h)


def _cell(radar: Radar) -> F64:
    if radar.range_cell_m is None or radar.azimuth_cell_deg is None:
        return np.zeros(0)
    height = np.radians(radar.elevation_cell_deg) if radar.elevation_cell_deg else np.inf
    half_turn_s = radar.period_s / 2.0
    return np.array([radar.range_cell_m, np.radians(radar.azimuth_cell_deg), height, half_turn_s])


def plots(unit: RadarSet, sky_: Sky, swept: F64, seed: int) -> Echoes:
    """Return what a radar reports for one tick, echoes and false plots, in order of time."""
    which, encounter, rows = met(unit, sky_, swept)
    which, encounter, rows, hidden = _resolved(unit, sky_, which, encounter, rows)
    row = sky_.row.take(which)
    seen, snr, noise = _drawn(unit, sky_, row, encounter, rows)
    areas = (unit.patches, sky_.tick)
    false, over = false_plots(unit.radar, unit.site, *areas, seed, swept)
    order = _order(np.concatenate([rows[seen, 0], false[:, 0]]))
    factor = _factor(unit, snr)
    measured = np.empty((5, len(order)))
    kernels_sensors.measured(rows, seen, noise, factor, unit.std, false, order, measured)
    false_snr = (unit.threshold + over) / unit.radar.pulses - 1.0
    snr = np.concatenate([snr, false_snr])
    source = np.concatenate([row[seen], np.full(len(false), -1)])
    others = None if hidden is None else _others(hidden, len(rows), seen, order)
    std = unit.std
    if unit.radar.noise == "by_snr":
        std = unit.std[:, None] * np.concatenate([factor, np.ones(len(false))])[order]
    return Echoes(_rows(unit.site, sky_, measured, std, snr[order]), source[order], others)


def met(unit: RadarSet, sky_: Sky, swept: F64) -> tuple[Rows, Rows, F64]:
    """Return which objects the beam meets where the radar can see them, and the encounters.

    Returns:
        (k,) objects; (k,) numbers of the encounter within the tick; (k, 6) seconds into the tick,
        range, azimuth, elevation, range rate, mean signal-to-noise ratio of one pulse.
    """
    rcs = sky_.fleet.rcs_m2[sky_.row]
    most = (len(rcs) + 16) * max(len(swept), 1)
    count = -1
    while count < 0:  # hardly any object is met twice in a sweep
        which, encounter = np.empty(most, np.int64), np.empty(most, np.int64)
        rows = np.empty((most, 6))
        count = kernels_sensors_meet.meet(
            swept,
            sky_.tick_s,
            sky_.path,
            rcs,
            unit.place,
            unit.gain,
            unit.site.lowest_m,
            unit.site.lowest_step_m,
            which,
            encounter,
            rows,
        )
        most *= 2
    return which[:count], encounter[:count], rows[:count]


def _resolved(
    unit: RadarSet, sky_: Sky, which: Rows, encounter: Rows, rows: F64
) -> tuple[Rows, Rows, F64, tuple[Rows, Rows] | None]:
    """Return the echoes that the radar can tell apart, and what else they stand for.

    The latter is (h,) echoes and (h,) rows of the fleet; None: nothing.
    """
    if not len(unit.cell) or len(rows) < 2:
        return which, encounter, rows, None
    by_range = _order(rows[:, 1])
    which, encounter = which[by_range], encounter[by_range]
    rows = rows.take(by_range, axis=0)
    near = np.empty(len(rows), bool)
    kernels_sensors.crowded(rows, unit.cell, near)
    close = np.flatnonzero(near)
    by_power = close[np.argsort(-rows[close, 5], kind="stable")]
    group, merged = np.empty(len(rows), np.int64), np.empty_like(rows)
    kernels_sensors.merge(rows, by_power, unit.cell, group, merged)
    lost = close[group[close] != close]
    if not len(lost):
        return which, encounter, merged, None
    alone = group == np.arange(len(rows))
    own, number = np.flatnonzero(alone), np.cumsum(alone) - 1
    hidden = number[group[lost]], sky_.row[which[lost]]
    return which[own], encounter[own], merged.take(own, axis=0), hidden


def _others(hidden: tuple[Rows, Rows], count: int, seen: Rows, order: Rows) -> Objects:
    """Return what each reported plot also stands for, of (count,) echoes those that are seen."""
    rank, place = np.empty(len(order), np.int64), np.full(count, -1)
    rank[order] = np.arange(len(order))
    place[seen] = rank[: len(seen)]
    found: list[tuple[int, ...] | None] = [None] * len(order)
    at = place[hidden[0]]
    told = at >= 0
    for k, row in zip(at[told].tolist(), hidden[1][told].tolist(), strict=True):
        found[k] = (*(found[k] or ()), row)
    return np.fromiter(found, object, len(order))


def _order(values: F64) -> Rows:
    """Return the order of instants or ranges, by the quickest way there is."""
    order, plain = np.empty(len(values), np.int64), np.ascontiguousarray(values)
    if kernels_sensors.spread_order(plain, order):
        return order
    return np.argsort(values, kind="stable")


def _drawn(
    unit: RadarSet, sky_: Sky, row: Rows, encounter: Rows, rows: F64
) -> tuple[Rows, F64, F64]:
    """Return which echoes are detected, their measured ratios, and four normal numbers of each."""
    radar, when = unit.radar, instants(sky_.tick, len(row))
    key = sky_.fleet.key.take(row, axis=0)
    word, law = unit.site.word, (radar.swerling, radar.pulses)
    snr, power = np.ascontiguousarray(rows[:, 5]), np.empty(len(row))
    kernels_sensors_draws.powers(key, when, int(Purpose.ECHO), word, encounter, snr, *law, power)
    seen = np.flatnonzero(power > unit.threshold)
    noise = np.empty((len(seen), 4))
    key, when, encounter = key.take(seen, axis=0), when[: len(seen)], encounter[seen]
    kernels_sensors_draws.normal_rows(key, when, int(Purpose.RADAR_NOISE), word, encounter, noise)
    return seen, power[seen] / radar.pulses - 1.0, noise


def _factor(unit: RadarSet, snr: F64) -> F64:
    """Return (k,) factors on the stated deviations."""
    if unit.radar.noise == "stated":
        return np.ones(len(snr))
    return np.clip(np.sqrt(unit.clear_snr / np.maximum(snr, 1e-9)), SHARPEST, BLUNTEST)


def _rows(site: Site, sky_: Sky, measured: F64, std: F64, snr: F64) -> Reports:
    """Return plots of (5, k) seconds into the tick, range, azimuth, elevation and range rate.

    Args:
        site: of the radar.
        sky_: the tick.
        measured: as above.
        std: (4,) or (4, k) their deviations, but for time.
        snr: (k,) measured signal-to-noise ratios.
    """
    after_s, range_m, azimuth, elevation, rate = measured
    return Reports.shared(
        len(snr),
        measured_at_ns=sky_.instant_ns(after_s),
        sensor_id=site.sensor.sensor_id,
        kind=int(ReportKind.PLOT),
        range_m=range_m,
        azimuth_rad=azimuth,
        elevation_rad=elevation,
        range_rate_mps=rate,
        range_std_m=std[0],
        azimuth_std_rad=std[1],
        elevation_std_rad=std[2],
        range_rate_std_mps=std[3],
        snr_db=10.0 * np.log10(np.maximum(snr, 1e-9)),
    )
