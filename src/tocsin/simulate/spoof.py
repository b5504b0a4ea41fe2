"""False transponder messages: ghosts that fly nowhere, and aircraft that claim to be elsewhere.

A receiver cannot tell: the messages look like all others. No object is behind a false position.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, NS, ReportKind, Reports
from tocsin.geo import Region
from tocsin.simulate import adsb
from tocsin.simulate.draws import U64, Purpose, normals, words
from tocsin.simulate.fleet import FIRST_ADDRESS, Fleet
from tocsin.simulate.schema_base import Place
from tocsin.simulate.schema_sensors import Spoof
from tocsin.simulate.sky import Sky
from tocsin.simulate.terrain import moved, offset_m
from tocsin.simulate.ways import resolved


@dataclass(frozen=True, eq=False)
class Ghost:
    """Hold the way that a ghost claims to fly.

    Args:
        spoof: what the scenario says.
        way: (w, 3) latitude, longitude and height of its turning points.
        at_s: (w,) when it is there, seconds since the scenario's start.
        key: (1, 2) words, its own randomness.
        mode_s: the address that it claims.
        sender: (1, 3) latitude, longitude and height of the sending antenna; None: where it claims.
    """

    spoof: Spoof
    way: F64
    at_s: F64
    key: U64
    mode_s: int
    sender: F64 | None


def ghosts(spoofs: tuple[Spoof, ...], place: Place, seed: int) -> tuple[Ghost, ...]:
    """Return the ghosts of a scenario."""
    return tuple(_ghost(spoof, place, seed) for spoof in spoofs if spoof.of is None)


def _ghost(spoof: Spoof, place: Place, seed: int) -> Ghost:
    assert spoof.speed_mps is not None
    way = np.array([(*resolved(place, point), point.height_m) for point in spoof.waypoints])
    east, north = offset_m(way[:-1, 0], way[:-1, 1], way[1:, 0], way[1:, 1])
    speed = np.array([point.speed_mps or spoof.speed_mps for point in spoof.waypoints[1:]])
    at_s = spoof.from_s + np.concatenate([[0.0], np.cumsum(np.hypot(east, north) / speed)])
    key = words(seed, "spoof", spoof.name)
    sender = None
    if spoof.sender is not None:
        sender = np.array([(*resolved(place, spoof.sender), spoof.sender.height_m)])
    address = FIRST_ADDRESS + int(key[2] % (1 << 19)) + (1 << 19)
    return Ghost(spoof, way, at_s, key[None, :2], address, sender)


def claimed(ghost: Ghost, region: Region, sky_: Sky) -> adsb.Sent:
    """Return the messages that are sent in a ghost's name in one tick."""
    phase = ghost.key[:, 0] / 2.0**32
    _, after_s, slot = adsb.sendings(phase, sky_, adsb.POSITION_PERIOD_S)
    _, named_s, _ = adsb.sendings(phase, sky_, adsb.IDENTITY_PERIOD_S)
    flies, named = _while(ghost, sky_, after_s), _while(ghost, sky_, named_s)
    said = _said(ghost, sky_, after_s[flies], slot[flies])
    name = Reports.build(
        int(named.sum()),
        measured_at_ns=sky_.instant_ns(named_s[named]),
        kind=int(ReportKind.IDENTITY),
        mode_s=ghost.mode_s,
        mode_s_valid=True,
        callsign=ghost.spoof.callsign,
    )
    when_s = np.concatenate([after_s[flies], named_s[named]])
    count = len(when_s)
    where = _claim(ghost, sky_.begin_s + when_s)[0]
    if ghost.sender is not None:
        where = np.broadcast_to(ghost.sender, (count, 3))
    sender_m = region.from_geodetic(where[:, 0], where[:, 1], where[:, 2])
    nobody, key = np.full(count, -1), np.repeat(ghost.key, count, axis=0)
    return adsb.Sent(Reports.concat([said, name]), nobody, sender_m, where[:, 2].copy(), key)


def _while(ghost: Ghost, sky_: Sky, after_s: F64) -> NDArray[np.bool_]:
    at_s = sky_.begin_s + after_s
    until_s = min(ghost.spoof.from_s + ghost.spoof.duration_s, ghost.at_s[-1])
    return np.asarray((at_s >= ghost.spoof.from_s) & (at_s < until_s))


def _claim(ghost: Ghost, at_s: F64) -> tuple[F64, F64]:
    """Return (k, 3) places and (k, 3) velocities east, north and up that a ghost claims."""
    place = np.stack([np.interp(at_s, ghost.at_s, ghost.way[:, k]) for k in range(3)], axis=1)
    leg = np.clip(np.searchsorted(ghost.at_s, at_s, side="right") - 1, 0, len(ghost.way) - 2)
    a, b = ghost.way[leg], ghost.way[leg + 1]
    east, north = offset_m(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
    step = np.stack([east, north, b[:, 2] - a[:, 2]], axis=1)
    return place, step / (ghost.at_s[leg + 1] - ghost.at_s[leg])[:, None]


def _said(ghost: Ghost, sky_: Sky, after_s: F64, slot: NDArray[np.int64]) -> Reports:
    place, velocity = _claim(ghost, sky_.begin_s + after_s)
    key = np.repeat(ghost.key, len(slot), axis=0)
    noise = normals(key, Purpose.POSITION_NOISE, slot.astype(np.uint64))
    beside = adsb.HORIZONTAL_STD_M * noise[:, :2]
    latitude, longitude = moved(place[:, 0], place[:, 1], beside[:, 0], beside[:, 1])
    height = place[:, 2] + adsb.VERTICAL_STD_M * noise[:, 2]
    return Reports.build(
        len(slot),
        measured_at_ns=sky_.instant_ns(after_s),
        kind=int(ReportKind.POSITION),
        latitude_deg=latitude,
        longitude_deg=longitude,
        height_wgs84_m=height,
        horizontal_std_m=adsb.HORIZONTAL_STD_M,
        vertical_std_m=adsb.VERTICAL_STD_M,
        velocity_east_mps=velocity[:, 0],
        velocity_north_mps=velocity[:, 1],
        velocity_up_mps=velocity[:, 2],
        mode_s=ghost.mode_s,
        mode_s_valid=True,
        altitude_baro_m=np.rint(height / adsb.ALTITUDE_STEP_M) * adsb.ALTITUDE_STEP_M,
    )


def beside(spoof: Spoof, fleet: Fleet, sky_: Sky, sent: adsb.Sent) -> adsb.Sent:
    """Return the messages with the positions moved that some aircraft claim falsely."""
    reports = sent.reports
    after_s = (reports.measured_at_ns - sky_.start_ns) / NS + sky_.begin_s - spoof.from_s
    who = np.maximum(sent.source, 0)
    own = (fleet.group[who] == spoof.of) | (fleet.target_id[who] == spoof.of)
    own &= (sent.source >= 0) & (reports.kind == int(ReportKind.POSITION))
    rows = np.flatnonzero(own & (after_s >= 0.0) & (after_s < spoof.duration_s))
    if not len(rows):
        return sent
    away = spoof.offset_m + spoof.drift_mps * after_s[rows]
    bearing = np.radians(spoof.bearing_deg)
    here = reports.latitude_deg[rows], reports.longitude_deg[rows]
    latitude, longitude = reports.latitude_deg.copy(), reports.longitude_deg.copy()
    latitude[rows], longitude[rows] = moved(*here, away * np.sin(bearing), away * np.cos(bearing))
    height, baro = reports.height_wgs84_m.copy(), reports.altitude_baro_m.copy()
    height[rows] += spoof.height_offset_m
    baro[rows] = np.rint(height[rows] / adsb.ALTITUDE_STEP_M) * adsb.ALTITUDE_STEP_M
    source = sent.source.copy()
    source[rows] = -1
    false = reports.replace(
        latitude_deg=latitude, longitude_deg=longitude, height_wgs84_m=height, altitude_baro_m=baro
    )
    return adsb.Sent(false, source, sent.sender_m, sent.sender_height_m, sent.key)
