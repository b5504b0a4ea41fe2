"""Transponders and the receivers that hear them.

An aircraft sends its position with velocity twice a second and its identification every five
seconds (ICAO Annex 10, vol. IV, 2.8 and RTCA DO-260B, 2.2.3.3); each receiver in line of sight
hears each message or loses it. The atmosphere is standard, so pressure altitude is height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, ReportKind, Reports
from tocsin.geo import Region
from tocsin.simulate.draws import U64, Purpose, normals, uniforms
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


@dataclass(frozen=True, eq=False)
class Sent:
    """Hold messages on the air, sensor left empty, with what receivers do not know.

    Args:
        reports: what is said.
        source: (n,) row in the fleet of the object that truly is there, -1: none is.
        sender_m: (n, 3) region position of the sending antenna.
        sender_height_m: (n,) its height above the ellipsoid.
        key: (n, 2) words for the draws of reception.
    """

    reports: Reports
    source: NDArray[np.int64]
    sender_m: F64
    sender_height_m: F64
    key: U64

    def take(self, rows: NDArray[np.int64]) -> Sent:
        """Return some of the messages."""
        return Sent(**{f.name: _taken(getattr(self, f.name), rows) for f in fields(self)})


def _taken(column: Any, rows: NDArray[np.int64]) -> Any:
    return column.take(rows) if isinstance(column, Reports) else column[rows]


def joined(parts: Sequence[Sent]) -> Sent:
    """Return the messages of all parts."""
    if len(parts) == 1:
        return parts[0]
    names = ("source", "sender_m", "sender_height_m", "key")
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Sent(Reports.concat([part.reports for part in parts]), **columns)


def messages(region: Region, sky_: Sky) -> Sent:
    """Return all that transponders send in one tick, before any receiver."""
    aboard = np.flatnonzero(sky_.fleet.mode_s[sky_.row])
    phase = sky_.fleet.key[sky_.row[aboard], 0] / 2.0**32
    which, after_s, slot = sendings(phase, sky_, POSITION_PERIOD_S)
    named, named_s, _ = sendings(phase, sky_, IDENTITY_PERIOD_S)
    who, named = aboard[which], aboard[named]
    reports = [_positions(region, sky_, who, after_s, slot), _names(sky_, named, named_s)]
    every, when_s = np.concatenate([who, named]), np.concatenate([after_s, named_s])
    row = sky_.row[every]
    place = sky_.position_m(every, when_s), sky_.height_m(every, when_s)
    return Sent(Reports.concat(reports), row, *place, sky_.fleet.key[row])


def sendings(
    phase: F64, sky_: Sky, period_s: float
) -> tuple[NDArray[np.int64], F64, NDArray[np.int64]]:
    """Return who sends, how many seconds into the tick, and the number of the sending.

    Args:
        phase: (n,) share of the period at which each transponder sends.
        sky_: the tick.
        period_s: between two sendings.
    """
    phase_s = phase * period_s
    first = np.ceil((sky_.begin_s - phase_s) / period_s).astype(np.int64)
    most = int(np.ceil(sky_.tick_s / period_s)) + 1
    slot = first[:, None] + np.arange(most)
    after_s = slot * period_s + phase_s[:, None] - sky_.begin_s
    rows, columns = np.nonzero(after_s < sky_.tick_s)
    return rows, after_s[rows, columns], slot[rows, columns]


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
    return Reports.shared(
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
    return Reports.shared(
        len(who),
        measured_at_ns=sky_.instant_ns(after_s),
        kind=int(ReportKind.IDENTITY),
        mode_s=sky_.fleet.mode_s[row],
        mode_s_valid=True,
        callsign=sky_.fleet.callsign[row],
    )


def heard(site: Site, sent: Sent) -> Echoes:
    """Return the messages that one receiver hears: in sight, in range, not lost."""
    range_m = np.linalg.norm(sent.sender_m - site.position_m, axis=1)
    share = range_m / site.sensor.range_m
    loss = CLOSE_LOSS + (FAR_LOSS - CLOSE_LOSS) * share**2
    when = (sent.reports.measured_at_ns // 1_000_000).astype(np.uint64)
    luck = uniforms(sent.key, Purpose.RECEPTION, when, site.word)[:, 0]
    kept = np.flatnonzero(site.sees(sent.sender_m, sent.sender_height_m) & (luck > loss))
    reports = sent.reports.take(kept)
    return Echoes(reports.replace(sensor_id=site.sensor.sensor_id), sent.source[kept])
