"""Transponders and the receivers that hear them.

An aircraft sends its position with velocity twice a second and its identification every five
seconds (ICAO Annex 10, vol. IV, 2.8 and RTCA DO-260B, 2.2.3.3); each receiver in line of sight
hears each message or loses it. The atmosphere is standard, so pressure altitude is height.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, ReportKind, Reports
from tocsin.geo import Region
from tocsin.simulate.draws import Purpose, normals, uniforms
from tocsin.simulate.radar import Echoes
from tocsin.simulate.sky import Site, Sky
from tocsin.simulate.terrain import moved

POSITION_PERIOD_S = 0.5
IDENTITY_PERIOD_S = 5.0
HORIZONTAL_STD_M = 8.0
VERTICAL_STD_M = 12.0
VELOCITY_STD_MPS = 0.5
ALTITUDE_STEP_M = 25 * 0.3048
CLOSE_LOSS = 0.05
FAR_LOSS = 0.5


def messages(region: Region, sky_: Sky) -> Echoes:
    """Return all that transponders send in one tick, before any receiver; sensor left empty."""
    who, after_s, slot = _sent(sky_, POSITION_PERIOD_S)
    named, named_s, _ = _sent(sky_, IDENTITY_PERIOD_S)
    reports = Reports.concat(
        [_positions(region, sky_, who, after_s, slot), _names(sky_, named, named_s)]
    )
    return Echoes(reports, np.concatenate([who, named]))


def _sent(sky_: Sky, period_s: float) -> tuple[NDArray[np.int64], F64, NDArray[np.int64]]:
    """Return who sends how many seconds into the tick, and the number of the sending."""
    aboard = np.flatnonzero(sky_.fleet.mode_s[sky_.row])
    begin_s = sky_.tick * sky_.tick_s
    phase_s = sky_.fleet.key[sky_.row[aboard], 0] / 2.0**32 * period_s
    first = np.ceil((begin_s - phase_s) / period_s).astype(np.int64)
    most = int(np.ceil(sky_.tick_s / period_s)) + 1
    slot = first[:, None] + np.arange(most)
    after_s = slot * period_s + phase_s[:, None] - begin_s
    rows, columns = np.nonzero(after_s < sky_.tick_s)
    return aboard[rows], after_s[rows, columns], slot[rows, columns]


def _positions(
    region: Region, sky_: Sky, who: NDArray[np.int64], after_s: F64, slot: NDArray[np.int64]
) -> Reports:
    fleet, row = sky_.fleet, sky_.row[who]
    latitude, longitude, height = region.to_geodetic(sky_.position_m(who, after_s))
    rotation = region.local_rotation(latitude, longitude)
    velocity = (rotation @ sky_.velocity_mps(who, after_s)[..., None])[..., 0]
    noise = normals(fleet.key[row], Purpose.POSITION_NOISE, slot.astype(np.uint64))
    jitter = normals(fleet.key[row], Purpose.POSITION_NOISE, slot.astype(np.uint64), sensor=1)

    latitude, longitude = moved(
        latitude, longitude, HORIZONTAL_STD_M * noise[:, 0], HORIZONTAL_STD_M * noise[:, 1]
    )
    velocity = velocity + VELOCITY_STD_MPS * jitter[:, :3]
    height = height + VERTICAL_STD_M * noise[:, 2]
    return Reports.build(
        len(who),
        measured_at_ns=sky_.instant_ns(after_s),
        kind=int(ReportKind.POSITION),
        latitude_deg=latitude,
        longitude_deg=longitude,
        height_wgs84_m=height,
        horizontal_std_m=HORIZONTAL_STD_M,
        vertical_std_m=VERTICAL_STD_M,
        velocity_east_mps=velocity[:, 0],
        velocity_north_mps=velocity[:, 1],
        velocity_up_mps=velocity[:, 2],
        mode_s=fleet.mode_s[row],
        mode_s_valid=True,
        altitude_baro_m=np.rint(height / ALTITUDE_STEP_M) * ALTITUDE_STEP_M,
    )


def _names(sky_: Sky, who: NDArray[np.int64], after_s: F64) -> Reports:
    row = sky_.row[who]
    return Reports.build(
        len(who),
        measured_at_ns=sky_.instant_ns(after_s),
        kind=int(ReportKind.IDENTITY),
        mode_s=sky_.fleet.mode_s[row],
        mode_s_valid=True,
        callsign=sky_.fleet.callsign[row],
    )


def heard(site: Site, sky_: Sky, sent: Echoes) -> Echoes:
    """Return the messages that one receiver hears: in sight, in range, not lost."""
    count = len(sent.source)
    after_s = (sent.reports.measured_at_ns - sky_.start_ns) / 1e9
    position = sky_.position_m(sent.source, after_s)
    seen = site.sees(position, sky_.height_m(sent.source, after_s))
    share = np.linalg.norm(position - site.position_m, axis=1) / site.sensor.range_m
    loss = CLOSE_LOSS + (FAR_LOSS - CLOSE_LOSS) * share**2
    key = sky_.fleet.key[sky_.row[sent.source]]
    when = (sent.reports.measured_at_ns // 1_000_000).astype(np.uint64)
    luck = uniforms(key, Purpose.RECEPTION, when, site.word)
    kept = np.flatnonzero(seen & (luck[:, 0] > loss)) if count else np.zeros(0, np.int64)
    reports = sent.reports.take(kept)
    named = reports.replace(sensor_id=np.full(len(kept), site.sensor.sensor_id, object))
    return Echoes(named, sky_.row[sent.source[kept]])
