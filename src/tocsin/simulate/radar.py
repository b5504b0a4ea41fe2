"""A rotating radar: each object is met at the instant the beam passes it.

An echo follows the radar equation (fourth power of range) and fluctuates from scan to scan as
Swerling case 1, so the chance of detection is ``pfa ** (1 / (1 + snr))``.

Source: M. I. Skolnik, Introduction to Radar Systems, 3rd ed., sections 1.2 and 2.8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, NS, Looks, ReportKind, Reports
from tocsin.simulate.draws import Purpose, normals, stream, uniforms
from tocsin.simulate.schema_sensors import Radar
from tocsin.simulate.sky import Site, Sky

TURN = 2.0 * np.pi
CLEAR_PD = 0.9
GUARD_RAD = 0.15
"""Objects this near the swept sector may be met in it although they are outside at first."""
LEAST_RANGE_M = 1000.0
FALSE_RATE_SPAN_MPS = 300.0


@dataclass(frozen=True)
class Echoes:
    """Hold the rows that one radar reports for one tick, with what they came from (-1: nothing)."""

    reports: Reports
    source: NDArray[np.int64]


def looks(radars: list[Radar], sky_: Sky, origin_ns: int) -> Looks:
    """Return one look of a tick for each radar: the sector that its beam swept."""
    begin = np.array([beam_rad(radar, sky_, origin_ns) for radar in radars])
    swept = TURN * sky_.tick_s / np.array([radar.period_s for radar in radars])
    return Looks.build(
        len(radars),
        sensor_id=[radar.sensor_id for radar in radars],
        start_ns=sky_.start_ns,
        end_ns=sky_.start_ns + round(sky_.tick_s * NS),
        azimuth_from_rad=begin,
        azimuth_to_rad=begin + swept,
    )


def beam_rad(radar: Radar, sky_: Sky, origin_ns: int) -> float:
    """Return the beam's azimuth at the start of a tick."""
    since_s = (sky_.start_ns - origin_ns) / NS
    return float(np.mod(np.radians(radar.phase_deg) + TURN * since_s / radar.period_s, TURN))


def plots(radar: Radar, site: Site, sky_: Sky, seed: int, origin_ns: int) -> Echoes:
    """Return what a radar reports for one tick: echoes and false plots, not yet in order."""
    begin = beam_rad(radar, sky_, origin_ns)
    which, true = _echoes(radar, site, sky_, begin)
    noise = normals(_key(sky_, which), Purpose.RADAR_NOISE, sky_.tick, site.word)
    measured = true.copy()
    measured[:, 1:5] += _std(site) * noise
    measured[:, 2] = np.mod(measured[:, 2], TURN)
    false = _false_plots(radar, site, sky_, seed, begin)
    source = np.concatenate([sky_.row[which], np.full(len(false), -1)])
    return Echoes(_rows(site, sky_, np.concatenate([measured, false])), source)


def _echoes(radar: Radar, site: Site, sky_: Sky, begin: float) -> tuple[NDArray[np.int64], F64]:
    """Return which objects are detected, and (k, 6) rows as `_rows` takes them, without noise."""
    which, after_s = _met(radar, site, sky_, begin)
    position = sky_.position_m(which, after_s)
    range_m, azimuth, elevation = site.polar(position)
    rate = _range_rate(site, position, sky_.velocity_mps(which, after_s))
    power = _power(radar, sky_, site, which, range_m)
    low, high = site.sensor.elevation_min_rad, site.sensor.elevation_max_rad
    seen = site.sees(range_m, sky_.height_m(which, after_s)) & (range_m > LEAST_RANGE_M)
    seen &= (elevation >= low) & (elevation <= high)
    seen &= power > -np.log(radar.false_alarm_probability)
    snr_db = 10.0 * np.log10(np.maximum(power - 1.0, 1e-9))
    rows = np.stack([after_s, range_m, azimuth, elevation, rate, snr_db], axis=1)
    return which[seen], rows[seen]


def _std(site: Site) -> F64:
    """Return standard deviations of range, azimuth, elevation and range rate; NaN: not measured."""
    s = site.sensor
    return np.array([s.range_std_m, s.azimuth_std_rad, s.elevation_std_rad, s.range_rate_std_mps])


def _met(radar: Radar, site: Site, sky_: Sky, begin: float) -> tuple[NDArray[np.int64], F64]:
    """Return which objects the beam passes in this tick, and how many seconds into it."""
    rate = TURN / radar.period_s
    every = np.arange(len(sky_.row))
    after_s = np.zeros(len(every))
    reach = rate * sky_.tick_s + GUARD_RAD
    for _ in range(3):  # the object moves while the beam turns: a contraction by their rates
        azimuth = site.polar(sky_.position_m(every, after_s))[1]
        ahead = np.mod(azimuth - begin + GUARD_RAD, TURN) - GUARD_RAD
        near = ahead < reach
        every, after_s = every[near], ahead[near] / rate
    met = (after_s >= 0.0) & (after_s < sky_.tick_s)
    return every[met], after_s[met]


def _key(sky_: Sky, which: NDArray[np.int64]) -> NDArray[np.uint64]:
    return sky_.fleet.key[sky_.row[which]]


def _power(radar: Radar, sky_: Sky, site: Site, which: NDArray[np.int64], range_m: F64) -> F64:
    """Return one draw of echo plus noise over noise: exponential about 1 + snr."""
    clear_snr = np.log(radar.false_alarm_probability) / np.log(CLEAR_PD) - 1.0
    rcs = sky_.fleet.rcs_m2[sky_.row[which]]
    snr = clear_snr * rcs * ((radar.clear_range_m or 0.0) / np.maximum(range_m, 1.0)) ** 4
    chance = uniforms(_key(sky_, which), Purpose.ECHO, sky_.tick, site.word)[:, 0]
    return np.asarray(-np.log(chance) * (1.0 + snr))


def _range_rate(site: Site, position_m: F64, velocity_mps: F64) -> F64:
    sight = position_m - site.position_m
    return np.asarray((sight * velocity_mps).sum(axis=1) / np.linalg.norm(sight, axis=1))


def _false_plots(radar: Radar, site: Site, sky_: Sky, seed: int, begin: float) -> F64:
    """Return (k, 6) false plots: Poisson in number, uniform in range, azimuth and elevation."""
    rng = stream(seed, "false plots", radar.sensor_id, sky_.tick)
    count = rng.poisson(radar.false_plots_per_look * sky_.tick_s / radar.period_s)
    after_s, u, v, w, e = rng.random((5, count))
    after_s *= sky_.tick_s
    low, high = site.sensor.elevation_min_rad, site.sensor.elevation_max_rad
    threshold = -np.log(radar.false_alarm_probability)
    range_m = LEAST_RANGE_M + u * (radar.range_m - LEAST_RANGE_M)
    azimuth = np.mod(begin + after_s * TURN / radar.period_s, TURN)
    rate = (2.0 * w - 1.0) * FALSE_RATE_SPAN_MPS
    snr_db = 10.0 * np.log10(threshold - np.log1p(-e) - 1.0)
    rows = np.stack([after_s, range_m, azimuth, low + v * (high - low), rate, snr_db], axis=1)
    rows[:, 1:5] += 0.0 * _std(site)  # what the radar does not measure is NaN here too
    return rows


def _rows(site: Site, sky_: Sky, measured: F64) -> Reports:
    """Return plots from (k, 6) seconds into the tick, range, azimuth, elevation, rate and SNR."""
    after_s, range_m, azimuth, elevation, rate, snr_db = measured.T
    sensor = site.sensor
    return Reports.build(
        len(measured),
        measured_at_ns=sky_.instant_ns(after_s),
        sensor_id=sensor.sensor_id,
        kind=int(ReportKind.PLOT),
        range_m=range_m,
        azimuth_rad=azimuth,
        elevation_rad=elevation,
        range_rate_mps=rate,
        range_std_m=sensor.range_std_m,
        azimuth_std_rad=sensor.azimuth_std_rad,
        elevation_std_rad=sensor.elevation_std_rad,
        range_rate_std_mps=sensor.range_rate_std_mps,
        snr_db=snr_db,
    )
