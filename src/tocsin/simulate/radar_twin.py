"""The radars' kernels again in plain NumPy: slow, short, and what the kernels are held to."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, I64
from tocsin.geo.masking import Mask
from tocsin.geo.wgs84 import MEAN_RADIUS_M
from tocsin.simulate.radar import RadarSet
from tocsin.simulate.sky import Site, Sky

TURN = 2.0 * np.pi
STEPS = 50
HALVINGS = 45


def meet(unit: RadarSet, sky_: Sky, swept: F64) -> tuple[I64, F64]:
    """Return what `kernels_sensors.meet` finds: (k,) objects and (k, 6) encounters, by object.

    The beam's lead on each object is followed over the sweep in small steps; where it changes
    sign the instant is found by halving.
    """
    which, rows = [np.zeros(0, np.int64)], [np.zeros((0, 6))]
    for sweep in swept:
        for who, after_s in _passes(unit.site, sky_, sweep):
            seen, row = _seen(unit, sky_, who, after_s)
            which.append(who[seen])
            rows.append(row[seen])
    found, encounters = np.concatenate(which), np.concatenate(rows)
    order = np.lexsort((encounters[:, 0], found))
    return found[order], encounters[order]


def _passes(site: Site, sky_: Sky, sweep: F64) -> list[tuple[I64, F64]]:
    first_s, last_s, begin, rate, width = sweep
    every = np.arange(len(sky_.row))
    if rate == 0.0:
        at_s = np.full(len(every), first_s)
        azimuth = site.polar(sky_.position_m(every, at_s))[1]
        inside = np.mod(azimuth - begin, TURN) < width
        return [(every[inside], at_s[inside])]

    def off(who: I64, after_s: F64) -> F64:
        azimuth = site.polar(sky_.position_m(who, after_s))[1]
        return _wrapped(azimuth - begin - rate * (after_s - first_s))

    edges = np.linspace(first_s, last_s, STEPS + 1)
    found = []
    for a, b in pairwise(edges):
        low, high = np.full(len(every), a), np.full(len(every), b)
        ends = off(every, low), off(every, high)
        hit = (np.sign(ends[0]) != np.sign(ends[1])) & (np.abs(ends[0] - ends[1]) < np.pi)
        if not hit.any():
            continue
        who, low, high = every[hit], low[hit], high[hit]
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            same = np.sign(off(who, middle)) == np.sign(off(who, low))
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        found.append((who, low))
    return found


def _wrapped(angle_rad: F64) -> F64:
    return np.asarray(np.mod(angle_rad + np.pi, TURN) - np.pi)


def _seen(unit: RadarSet, sky_: Sky, who: I64, after_s: F64) -> tuple[NDArray[np.bool_], F64]:
    site, sensor = unit.site, unit.site.sensor
    position, velocity = sky_.position_m(who, after_s), sky_.velocity_mps(who, after_s)
    range_m, azimuth, elevation = site.polar(position)
    height = sky_.height_m(who, after_s)
    sight = position - site.position_m
    rate = (sight * velocity).sum(axis=1) / np.linalg.norm(sight, axis=1)
    gain = np.interp(range_m, np.linspace(0.0, sensor.range_m, len(unit.gain)), unit.gain)
    snr = gain * sky_.fleet.rcs_m2[sky_.row[who]] / range_m**4
    seen = (range_m > unit.place[14]) & visible(site, position, height)
    seen &= (elevation >= sensor.elevation_min_rad) & (elevation <= sensor.elevation_max_rad)
    return seen, np.stack([after_s, range_m, azimuth, elevation, rate, snr], axis=1)


def visible(site: Site, position_m: F64, height_m: F64) -> NDArray[np.bool_]:
    """Return what `kernels_sensors.visible` says, by the mask's own look-up."""
    sensor = site.sensor
    enu = (position_m - site.position_m) @ site.rotation.T
    flat, range_m = np.hypot(enu[:, 0], enu[:, 1]), np.linalg.norm(enu, axis=1)
    if len(site.lowest_m):
        place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
        mask = Mask(*place, sensor.earth_factor, site.lowest_step_m, site.lowest_m)
        centre_m = MEAN_RADIUS_M + sensor.height_wgs84_m + enu[:, 2]
        along = MEAN_RADIUS_M * np.arctan2(flat, centre_m)
        over = height_m >= mask.lowest_visible_m(along, np.arctan2(enu[:, 0], enu[:, 1]))
    else:
        twice = 2.0 * sensor.earth_factor * MEAN_RADIUS_M
        masts = np.maximum(sensor.height_wgs84_m, 0.0), np.maximum(height_m, 0.0)
        over = range_m <= np.sqrt(twice * masts[0]) + np.sqrt(twice * masts[1])
    return np.asarray(over & (range_m <= sensor.range_m))


def merge(rows: F64, cell: F64) -> tuple[I64, F64]:
    """Return what `kernels_sensors.merge` makes of (n, 6) encounters, in any order."""
    group = np.full(len(rows), -1)
    merged = rows.copy()
    for strong in np.argsort(-rows[:, 5], kind="stable"):
        if group[strong] >= 0:
            continue
        off = rows - rows[strong]
        off[:, 2] = _wrapped(off[:, 2])
        near = (np.abs(off[:, [1, 2, 3, 0]]) < cell).all(axis=1) & (group < 0)
        group[near] = strong
        power = rows[near, 5]
        merged[strong, :5] += (power[:, None] * off[near, :5]).sum(axis=0) / power.sum()
        merged[strong, 2] = np.mod(merged[strong, 2], TURN)
        merged[strong, 5] = power.sum()
    return group, merged
