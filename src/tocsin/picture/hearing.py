"""How each sensor is heard, and notices when one falls silent or comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from tocsin.contract import (
    F64,
    I8,
    I64,
    NS,
    Bool,
    Faults,
    Looks,
    NoticeKind,
    Notices,
    Objects,
    ReportKind,
    Reports,
    Sensor,
    SensorHealth,
    SensorKind,
    SensorState,
)
from tocsin.picture.config import PictureConfig
from tocsin.picture.coverage import blinded_zones
from tocsin.picture.state import RATE_BINS, Hearing

_KINDS = {
    SensorKind.RADAR: "Radar",
    SensorKind.ADSB_RECEIVER: "ADS-B receiver",
    SensorKind.PEOPLE: "People's reports",
    SensorKind.EXTERNAL: "External source",
    SensorKind.RF_DETECTOR: "RF detector",
    SensorKind.ACOUSTIC: "Acoustic detector",
}


@dataclass(frozen=True)
class Notice:
    """Hold one notice before it becomes a row."""

    notice_id: str
    kind: NoticeKind
    sensor_id: str
    zone_ids: tuple[str, ...]
    text: str


def hear(
    hearing: Hearing,
    config: PictureConfig,
    reports: Reports,
    looks: Looks,
    faults: Faults,
    now_ns: int,
) -> Hearing:
    """Return the state after a step's input.

    Args:
        hearing: before.
        config: the site.
        reports: of this step; any report shows that its sensor lives.
        looks: of this step; an empty look shows it too.
        faults: of this step, by input, which counts for the sensor of the same name.
        now_ns: the step's time.
    """
    count = len(config.sensors)
    index = {sensor.sensor_id: s for s, sensor in enumerate(config.sensors)}
    of_report = _indices(reports.sensor_id, index)
    arrived = np.where(reports.received_at_ns > 0, reports.received_at_ns, reports.measured_at_ns)
    heard = hearing.heard_ns.copy()
    _raise_to(heard, of_report, np.minimum(arrived, now_ns))
    _raise_to(heard, _indices(looks.sensor_id, index), np.minimum(looks.end_ns, now_ns))
    new = np.bincount(of_report[of_report >= 0], minlength=count).astype(np.int64)
    of_bearing = of_report[(of_report >= 0) & (reports.kind == ReportKind.BEARING)]
    bearings = np.bincount(of_bearing, minlength=count).astype(np.int64)
    bearings[: len(hearing.bearings)] += hearing.bearings
    of_fault = _indices(faults.source_id, index)
    paused = now_ns // NS - hearing.second > config.pause_s
    spoiled = np.bincount(of_fault[of_fault >= 0], minlength=count).astype(np.int64)
    return replace(
        hearing,
        started_ns=hearing.started_ns or now_ns,
        listening_ns=now_ns if paused else hearing.listening_ns,
        second=now_ns // NS,
        bins=_binned(hearing, new, now_ns // NS),
        heard_ns=heard,
        reports=hearing.reports + new,
        faults=hearing.faults + spoiled,
        bearings=bearings,
    )


def _indices(names: Objects, index: dict[str, int]) -> I64:
    """Return (n,) sensor numbers; -1 where the site has no such sensor."""
    return np.array([index.get(name, -1) for name in names], np.int64)


def _raise_to(heard: I64, sensor: I64, at_ns: I64) -> None:
    known = sensor >= 0
    np.maximum.at(heard, sensor[known], at_ns[known])


def _binned(hearing: Hearing, new: I64, second: int) -> I64:
    """Return the bins with new reports in this second's; the seconds between are emptied."""
    bins = hearing.bins.copy()
    passed = min(second - hearing.second, RATE_BINS)
    for k in range(passed):
        bins[(second - k) % RATE_BINS] = 0
    bins[second % RATE_BINS] += new
    return bins


def states(hearing: Hearing, config: PictureConfig, now_ns: int) -> I8:
    """Return (sensors,) `SensorState` by the length of silence.

    People are heard when they have something to say: their silence is no loss.
    """
    silence_s = (now_ns - np.where(hearing.heard_ns > 0, hearing.heard_ns, now_ns)) / NS
    late, silent = limits_s(config)
    state = np.where(silence_s > silent, SensorState.SILENT, SensorState.OK)
    state = np.where((silence_s > late) & (silence_s <= silent), SensorState.LATE, state)
    return np.where(hearing.heard_ns > 0, state, SensorState.NEVER).astype(np.int8)


def limits_s(config: PictureConfig) -> tuple[F64, F64]:
    """Return (sensors,) silences in seconds after which each is late, and lost."""
    people = np.array([s.kind == SensorKind.PEOPLE for s in config.sensors], bool)
    period = np.array([s.period_s for s in config.sensors])
    late = np.where(people, np.inf, period * config.late_periods)
    silent = np.maximum(period * config.silent_periods, config.silence_floor_s)
    return late, np.where(people, np.inf, silent)


def health(hearing: Hearing, config: PictureConfig, now_ns: int) -> SensorHealth:
    """Return one row per sensor of the site."""
    age_s = np.clip((now_ns - hearing.started_ns) / NS, 1.0, RATE_BINS)
    bearings = np.zeros(len(config.sensors), np.int64)
    bearings[: len(hearing.bearings)] = hearing.bearings
    return SensorHealth.build(
        len(config.sensors),
        measured_at_ns=now_ns,
        sensor_id=[sensor.sensor_id for sensor in config.sensors],
        kind=[sensor.kind for sensor in config.sensors],
        state=states(hearing, config, now_ns),
        last_heard_ns=hearing.heard_ns,
        reports_per_s=hearing.bins.sum(axis=0) / age_s,
        reports_total=hearing.reports,
        faults_total=hearing.faults,
        bearings_total=bearings,
    )


def notify(
    hearing: Hearing, config: PictureConfig, live: Bool, now_ns: int
) -> tuple[Hearing, Notices]:
    """Return the notices of this step, each loss and each return once, and the state after them."""
    silent = _gone(hearing, config, now_ns)
    lost, back = silent & ~hearing.silent, hearing.silent & ~silent
    blinded = list(hearing.blinded)
    told: list[Notice] = []
    times = hearing.lost + lost
    for s in np.flatnonzero(lost | back).tolist():
        sensor, occasion = config.sensors[s], f"{config.sensors[s].sensor_id}-{times[s]}"
        if lost[s]:
            blinded[s] = _blinded(config, live, s)
            told += _loss(sensor, occasion, blinded[s], hearing.heard_ns[s], config)
        else:
            told += _return(sensor, occasion, blinded[s], now_ns)
            blinded[s] = None
    after = replace(hearing, silent=silent, lost=times, blinded=tuple(blinded))
    return after, _table(told, now_ns)


def _gone(hearing: Hearing, config: PictureConfig, now_ns: int) -> Bool:
    """Return (sensors,) which are lost; one never heard is, once it has had as long to speak."""
    heard_ns = np.where(hearing.heard_ns > 0, hearing.heard_ns, hearing.started_ns)
    # What was said while we did not listen, nobody knows: a pause makes no loss, and mends none.
    since_ns = np.where(hearing.silent, heard_ns, np.maximum(heard_ns, hearing.listening_ns))
    gone: Bool = (now_ns - since_ns) / NS > limits_s(config)[1]
    return gone


def _blinded(config: PictureConfig, live: Bool, s: int) -> tuple[str, ...] | None:
    """Return the zones that a lost radar leaves unwatched; None: it was no radar with a place."""
    sensor = config.sensors[s]
    if sensor.kind != SensorKind.RADAR or np.isnan(sensor.latitude_deg):
        return None
    return blinded_zones(config, live, s, config.zones, config.notice_height_m)


def _loss(
    sensor: Sensor,
    occasion: str,
    zone_ids: tuple[str, ...] | None,
    heard_ns: int,
    config: PictureConfig,
) -> Iterator[Notice]:
    name = f"{_KINDS[sensor.kind]} {sensor.sensor_id}"
    since = f"silent since {_utc(heard_ns)}" if heard_ns else "not heard since the start"
    lost = NoticeKind.SENSOR_LOST
    yield Notice(f"sensor-{occasion}", lost, sensor.sensor_id, (), f"{name} is {since}.")
    if zone_ids is None:
        return
    at = f"{config.notice_height_m:.0f} m"
    text = f"{name} is {since}; other radars still see every zone that it saw at {at}."
    if not config.zones:
        text = f"{name} is {since}; what it alone saw is not watched now."
    elif zone_ids:
        names = {zone.zone_id: zone.name for zone in config.zones}
        text = (
            f"{name} is {since}; we cannot see {_listed([names[z] for z in zone_ids])} at {at}. "
            "No alarm there does not mean no threat."
        )
    kind = NoticeKind.COVERAGE_LOST
    yield Notice(f"coverage-{occasion}", kind, sensor.sensor_id, zone_ids, text)


def _return(
    sensor: Sensor, occasion: str, zone_ids: tuple[str, ...] | None, now_ns: int
) -> Iterator[Notice]:
    text = f"{_KINDS[sensor.kind]} {sensor.sensor_id} is heard again since {_utc(now_ns)}."
    back = NoticeKind.SENSOR_BACK
    yield Notice(f"sensor-{occasion}", back, sensor.sensor_id, (), text)
    if zone_ids is not None:
        text = f"{text[:-1]}; what it covers is watched again."
        kind = NoticeKind.COVERAGE_BACK
        yield Notice(f"coverage-{occasion}", kind, sensor.sensor_id, zone_ids, text)


def _listed(names: list[str]) -> str:
    if len(names) <= 4:
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{', '.join(names[:3])} and {len(names) - 3} further zones"


def _utc(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(int(at_ns) // NS, UTC):%H:%M:%S} UTC"


def _table(told: list[Notice], now_ns: int) -> Notices:
    return Notices.build(
        len(told),
        decided_at_ns=now_ns,
        notice_id=[notice.notice_id for notice in told],
        kind=[notice.kind for notice in told],
        sensor_id=[notice.sensor_id for notice in told],
        zone_ids=[notice.zone_ids for notice in told],
        text=[notice.text for notice in told],
    )
