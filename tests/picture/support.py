"""A small site and the tracker's rows for it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tocsin.contract import (
    NS,
    OperatorActions,
    Origin,
    ReportKind,
    Reports,
    Sensor,
    SensorKind,
    TrackStatus,
    TrackUpdates,
    Zone,
)
from tocsin.geo import Region, pack_covariance
from tocsin.picture import PictureConfig, PictureIn, PictureOut, PictureState, start, step

T0 = 1_900_000_000 * NS
REGION = Region.at(Origin(50.0, -30.0))
NORTH = Sensor("north", SensorKind.RADAR, 50.1, -30.0, 100.0, 150_000.0, period_s=5.0)
EARS = Sensor(
    "ears", SensorKind.ADSB_RECEIVER, 50.0, -30.0, 50.0, 300_000.0, 5.0, elevation_max_rad=1.6
)
WATCHERS = Sensor("watchers", SensorKind.PEOPLE, period_s=10.0)
SENSORS = (NORTH, EARS, WATCHERS)
RADAR_BIT, RECEIVER_BIT = np.uint64(1), np.uint64(2)


def square(zone_id: str, longitude_deg: float, latitude_deg: float, half_deg: float = 0.05) -> Zone:
    """Return a square zone about a point."""
    west, east = longitude_deg - half_deg, longitude_deg + half_deg
    south, north = latitude_deg - half_deg, latitude_deg + half_deg
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return Zone(zone_id, f"Zone {zone_id}", None, 1000, 60.0, ((ring,),))


ZONES = (square("near", -30.0, 50.0), square("far", -30.0, 57.0))
CONFIG = PictureConfig(REGION, SENSORS, ZONES)


def updates(
    rows: Sequence[Sequence[float]], at_ns: int = T0, first_ns: int = T0, **more: Any
) -> TrackUpdates:
    """Return the tracker's rows from region states; numbers count from 1."""
    count = len(rows)
    cov = pack_covariance(np.diag([40.0, 40.0, 40.0, 2.0, 2.0, 2.0])[None] ** 2)
    columns: dict[str, Any] = {
        "measured_at_ns": at_ns,
        "number": np.arange(1, count + 1),
        "status": TrackStatus.CONFIRMED,
        "existence_probability": 0.99,
        "state": np.array(rows, float).reshape(count, 6),
        "state_cov": np.repeat(cov, count, axis=0),
        "first_at_ns": first_ns,
        "last_plot_at_ns": at_ns,
        "sensor_bits": np.full(count, RADAR_BIT),
    }
    return TrackUpdates.build(count, **(columns | more))


def heard(at_ns: int, *sensor_ids: str) -> Reports:
    """Return one report of each sensor."""
    return Reports.build(
        len(sensor_ids), measured_at_ns=at_ns, received_at_ns=at_ns, sensor_id=list(sensor_ids)
    )


def external(at_ns: int, number: int, **more: Any) -> Reports:
    """Return one report of another tracker, 10 km east of the origin, flying north."""
    columns: dict[str, Any] = {
        "measured_at_ns": at_ns,
        "received_at_ns": at_ns,
        "sensor_id": "other",
        "kind": ReportKind.EXTERNAL_TRACK,
        "track_number": [number],
        "track_number_valid": True,
        "latitude_deg": 50.0,
        "longitude_deg": -29.86,
        "height_wgs84_m": 9000.0,
        "velocity_east_mps": 0.0,
        "velocity_north_mps": 200.0,
        "velocity_up_mps": 0.0,
    }
    return Reports.build(1, **(columns | more))


def designate(subject: str, detail: str) -> OperatorActions:
    """Return one operator's designation."""
    return OperatorActions.build(
        1, received_at_ns=T0, author="ann", verb="designate", subject=subject, detail=detail
    )


def fly(
    rows: Sequence[Sequence[float]],
    seconds: int,
    *,
    config: PictureConfig = CONFIG,
    state: PictureState | None = None,
    from_s: int = 0,
    sensors: Sequence[str] = ("north", "ears"),
    **more: Any,
) -> tuple[PictureState, PictureOut]:
    """Step the picture once a second while these tracks go on at constant velocity."""
    state = start(config) if state is None else state
    states = np.array(rows, float).reshape(-1, 6)
    for k in range(from_s, from_s + seconds):
        at_ns = T0 + k * NS
        moved = states.copy()
        moved[:, :3] += states[:, 3:] * k
        given = PictureIn(updates(moved, at_ns, **more), reports=heard(at_ns, *sensors))
        state, out = step(state, given, at_ns)
    return state, out
