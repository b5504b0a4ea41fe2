"""Tracks of other trackers: shown beside ours, carried on until they end, never fused as plots."""

from __future__ import annotations

import numpy as np

from tocsin.contract import (
    F64,
    I64,
    NS,
    U32,
    Bool,
    Corroboration,
    ReportKind,
    Reports,
    Tracks,
    TrackStatus,
)
from tocsin.geo import pack_covariance
from tocsin.picture import classify
from tocsin.picture.config import PictureConfig
from tocsin.picture.state import External

_SPEED_STD_MPS = 2.0
_PERIOD_S = 10.0
_UNKNOWN_STD_M = 1000.0


def take_in(known: External, reports: Reports, config: PictureConfig, now_ns: int) -> External:
    """Return the latest report of each live external track.

    Args:
        known: before.
        reports: of kind EXTERNAL_TRACK; others and those without number are left out, and those
            without place that do not end their track.
        config: how long one may stay silent.
        now_ns: the step's time.
    """
    usable = (reports.kind == ReportKind.EXTERNAL_TRACK) & reports.track_number_valid
    placed = np.isfinite(reports.latitude_deg) & np.isfinite(reports.longitude_deg)
    usable &= placed | reports.ended
    new = reports.take(usable).sorted_by("measured_at_ns")
    both = Reports.concat([known.reports, new])
    numbers = np.concatenate([known.numbers, np.zeros(len(new), np.uint32)])
    first_ns = np.concatenate([known.first_ns, new.measured_at_ns])
    latest, first = _latest_of_each(both)
    live = ~latest.ended & (latest.measured_at_ns >= now_ns - _patience_ns(latest, config))
    live &= _newest(latest, live, config.max_external)
    return _numbered(latest.take(live), numbers[first][live], first_ns[first][live], known)


def _latest_of_each(reports: Reports) -> tuple[Reports, np.ndarray]:
    """Return the last row of each (sensor, track number), and the index of its first row.

    What the last row lacks, the first gives.
    """
    if len(reports) == 0:
        return reports, np.empty(0, np.intp)
    sensor = np.unique(reports.sensor_id.astype(str), return_inverse=True)[1]
    order = np.lexsort((np.arange(len(reports)), reports.track_number, sensor))
    key = np.stack([sensor[order], reports.track_number[order]])
    change = np.any(key[:, 1:] != key[:, :-1], axis=0)
    first = order[np.r_[True, change]]
    latest, before = reports.take(order[np.r_[change, True]]), reports.take(first)
    named = np.array([bool(callsign) for callsign in latest.callsign], bool)
    filled = latest.replace(
        callsign=np.where(named, latest.callsign, before.callsign),
        mode_s=np.where(latest.mode_s_valid, latest.mode_s, before.mode_s),
        mode_s_valid=latest.mode_s_valid | before.mode_s_valid,
        height_wgs84_m=np.where(
            np.isnan(latest.height_wgs84_m), before.height_wgs84_m, latest.height_wgs84_m
        ),
    )
    return filled, first


def _patience_ns(reports: Reports, config: PictureConfig) -> np.ndarray:
    periods = {sensor.sensor_id: sensor.period_s for sensor in config.sensors}
    silence_s = [config.external_periods * periods.get(i, _PERIOD_S) for i in reports.sensor_id]
    return np.array([round(s * NS) for s in silence_s], np.int64)


def _newest(reports: Reports, live: Bool, capacity: int) -> Bool:
    """Return (n,) which rows stay where there are more live ones than fit."""
    rows = np.flatnonzero(live)
    kept = np.zeros(len(reports), bool)
    kept[rows[np.argsort(-reports.measured_at_ns[rows], kind="stable")[:capacity]]] = True
    return kept


def _numbered(reports: Reports, numbers: U32, first_ns: I64, known: External) -> External:
    """Return the tracks with display numbers for the new ones."""
    new = numbers == 0
    numbers = numbers.copy()
    numbers[new] = known.next_number + np.arange(int(new.sum()))
    return External(reports, numbers, first_ns, known.next_number + int(new.sum()))


def external_tracks(external: External, config: PictureConfig, at_ns: int, now_ns: int) -> Tracks:
    """Return external tracks as rows of the picture, extrapolated to an instant.

    Args:
        external: latest report of each.
        config: for the class guess.
        at_ns: the instant.
        now_ns: the step's time.
    """
    held = external.reports
    count = len(held)
    velocity = np.nan_to_num(
        np.stack([held.velocity_east_mps, held.velocity_north_mps, held.velocity_up_mps], axis=1)
    )
    height = np.where(np.isnan(held.height_wgs84_m), held.altitude_baro_m, held.height_wgs84_m)
    place = _moved(held, np.nan_to_num(height), velocity, config, at_ns)
    cov = _covariance(held, height)
    probability = _classes(held, velocity, height, cov, config)
    ids = held.sensor_id
    return Tracks.build(
        count,
        measured_at_ns=at_ns,
        emitted_at_ns=now_ns,
        track_id=[f"X-{i}-{n}" for i, n in zip(ids, held.track_number, strict=True)],
        number=external.numbers,
        status=TrackStatus.EXTERNAL,
        existence_probability=1.0,
        latitude_deg=place[0],
        longitude_deg=place[1],
        height_wgs84_m=place[2],
        velocity_east_mps=velocity[:, 0],
        velocity_north_mps=velocity[:, 1],
        velocity_up_mps=velocity[:, 2],
        state_cov_m_mps=pack_covariance(cov),
        class_probability=probability,
        object_class=classify.most_probable(probability),
        corroborated=Corroboration.NOT_APPLICABLE,
        mode_s=held.mode_s,
        mode_s_valid=held.mode_s_valid,
        callsign=held.callsign,
        sensor_count=1,
        sensor_ids=[(i,) for i in ids],
        first_at_ns=external.first_ns,
        last_plot_at_ns=held.measured_at_ns,
    )


def _moved(
    held: Reports, height_m: F64, velocity: F64, config: PictureConfig, at_ns: int
) -> tuple[F64, F64, F64]:
    """Return geodetic positions moved on by constant velocity to an instant."""
    seconds = (at_ns - held.measured_at_ns) / NS
    region = config.region
    position = region.from_geodetic(held.latitude_deg, held.longitude_deg, height_m)
    local = region.local_rotation(held.latitude_deg, held.longitude_deg)
    step = np.einsum("nji,nj->ni", local, velocity * seconds[:, None])
    return region.to_geodetic(position + step)


def _covariance(held: Reports, height_m: F64) -> F64:
    """Return (n, 6, 6) covariances in local ENU from what the report states."""
    across = np.where(np.isnan(held.horizontal_std_m), 100.0, held.horizontal_std_m)
    up = np.where(np.isnan(held.vertical_std_m), 100.0, held.vertical_std_m)
    up = np.where(np.isnan(height_m), _UNKNOWN_STD_M, up)
    speed = np.full(len(held), _SPEED_STD_MPS)
    std = np.stack([across, across, up, speed, speed, speed], axis=1)
    return std[:, :, None] ** 2 * np.eye(6)


def _classes(held: Reports, velocity: F64, height_m: F64, cov: F64, config: PictureConfig) -> F64:
    """Return (n, classes) probabilities from one look: another tracker's history is not ours."""
    unknown = np.isnan(height_m)
    count = len(held)
    motion = classify.Motion(
        np.linalg.norm(velocity, axis=1),
        np.where(np.isnan(held.velocity_east_mps), 1000.0, _SPEED_STD_MPS),
        np.where(unknown, 5000.0, height_m),
        np.where(unknown, 10_000.0, np.sqrt(cov[:, 2, 2])),
        velocity[:, 2],
        np.full(count, _SPEED_STD_MPS),
        np.full(count, np.nan),
        np.full(count, np.nan),
    )
    look = classify.log_likelihood(motion, config.ground_std_m)
    said: Bool = held.mode_s_valid
    claims = classify.identity_evidence(said, np.zeros(count, bool), config)
    return classify.posterior(look + claims, config)
