"""Straight and turning flights seen by biased sensors, and a tracker that never confuses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tocsin.contract import (
    NS,
    Associations,
    Origin,
    Plots,
    ReportKind,
    Reports,
    Sensor,
    SensorKind,
)
from tocsin.geo import Region, enu_to_polar
from tocsin.plots import PlotsConfig, PlotsState, start, step

T0_NS = 1_900_000_000 * NS
REGION = Region.at(Origin(12.0, 34.0))


def radar(name: str, latitude_deg: float, longitude_deg: float, **more: float) -> Sensor:
    settings = {"range_std_m": 50.0, "azimuth_std_rad": 0.0015, "elevation_std_rad": 0.004}
    return Sensor(name, SensorKind.RADAR, latitude_deg, longitude_deg, 200.0,
                  **{**settings, **more})  # fmt: skip


WEST = radar("west", 12.0, 33.5, period_s=4.0)
EAST = radar("east", 12.2, 34.5, period_s=5.0)
SOUTH = radar("south", 11.5, 34.1, period_s=6.0)
ADSB = Sensor("adsb", SensorKind.ADSB_RECEIVER, period_s=1.0, horizontal_std_m=25.0)
SENSORS = (WEST, EAST, ADSB)


@dataclass
class Flights:
    """Targets that fly about the middle at their own rates of turn.

    Args:
        rng: for all of the scene's chances.
        count: targets.
        turn_radps: (count,) rates of turn.
    """

    rng: np.random.Generator
    count: int = 12
    turn_radps: np.ndarray = field(default_factory=lambda: np.zeros(1))

    def __post_init__(self) -> None:
        n, rng = self.count, self.rng
        self.turn_radps = np.broadcast_to(self.turn_radps, n)
        self._middle = np.column_stack(
            [rng.uniform(-80e3, 80e3, (n, 2)), rng.uniform(3e3, 11e3, n)]
        )
        self._course, self._speed = rng.uniform(0, 2 * np.pi, n), rng.uniform(120, 250, n)

    def follow(self, leader: np.ndarray, east_m: np.ndarray) -> None:
        """Let each fly as its leader does, so far east of it."""
        for name in ("_middle", "_course", "_speed", "turn_radps"):
            setattr(self, name, getattr(self, name)[leader])
        self._middle = self._middle + east_m[:, None] * [1.0, 0.0, 0.0]

    def at(self, who: np.ndarray, at_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (n, 3) positions and velocities in the region frame."""
        turn, speed = self.turn_radps[who], self._speed[who]
        course = self._course[who] + turn * at_s
        half = turn * at_s / 2.0
        way = speed * at_s * np.sinc(half / np.pi)
        middle = course - half
        zero = np.zeros(len(who))
        position = self._middle[who] + np.stack(
            [way * np.sin(middle), way * np.cos(middle), zero], axis=-1
        )
        return position, speed[:, None] * np.stack([np.sin(course), np.cos(course), zero], axis=-1)


def spoken(
    flights: Flights, sensor: Sensor, seconds: float, bias: tuple[float, ...] = (0.0,) * 4
) -> Reports:
    """Return what one sensor reports of all flights; a report's sequence is its target.

    Args:
        flights: the truth.
        sensor: one of `REGION`; an ADS-B receiver hears each aircraft once a period.
        seconds: from `T0_NS` on.
        bias: range, azimuth, elevation, time.
    """
    rng, turns = flights.rng, int(seconds / sensor.period_s)
    who = np.tile(np.arange(flights.count), turns)
    phase = np.tile(rng.uniform(0, 1, flights.count), turns)
    at_s = (np.repeat(np.arange(turns), flights.count) + phase) * sensor.period_s
    if sensor.kind == SensorKind.ADSB_RECEIVER:
        at_s = at_s + rng.uniform(0, 0.2, len(who))
    position, _ = flights.at(who, at_s)
    measured_at = T0_NS + np.round((at_s + bias[3]) * NS).astype(np.int64)
    columns = {
        "measured_at_ns": measured_at,
        "received_at_ns": T0_NS + np.round((at_s + 0.3) * NS).astype(np.int64),
        "sequence": who,
    }
    if sensor.kind == SensorKind.ADSB_RECEIVER:
        std = [sensor.horizontal_std_m, sensor.horizontal_std_m, sensor.vertical_std_m]
        latitude, longitude, height = REGION.to_geodetic(
            position + rng.normal(size=position.shape) * std
        )
        columns |= {"latitude_deg": latitude, "longitude_deg": longitude,
                    "height_wgs84_m": height, "kind": int(ReportKind.POSITION)}  # fmt: skip
    else:
        columns |= _polar(rng, sensor, position, bias)
    order = np.argsort(measured_at, kind="stable")
    return Reports.build(len(who), sensor_id=[sensor.sensor_id] * len(who), **columns).take(order)


def _polar(rng, sensor, position, bias):
    place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    own = REGION.from_geodetic(*(np.array([value]) for value in place))[0]
    local = REGION.local_rotation(sensor.latitude_deg, sensor.longitude_deg)
    r, azimuth, elevation = enu_to_polar((position - own) @ local.T, sensor.earth_factor)
    noise = rng.normal(size=(3, len(r)))
    flat = np.isnan(sensor.elevation_std_rad)
    return {
        "range_m": r + bias[0] + sensor.range_std_m * noise[0],
        "azimuth_rad": azimuth + bias[1] + sensor.azimuth_std_rad * noise[1],
        "elevation_rad": np.full(len(r), np.nan)
        if flat
        else elevation + bias[2] + sensor.elevation_std_rad * noise[2],
    }


def associated(flights: Flights, plots: Plots, speed_error_mps: float = 5.0) -> Associations:
    """Return plots as a tracker gives them that confuses none; plots have their target as sequence.

    Args:
        flights: the truth.
        plots: of a step.
        speed_error_mps: standard deviation of its velocities.
    """
    who = plots.sequence.astype(np.int64)
    _, velocity = flights.at(who, (plots.measured_at_ns - T0_NS) / NS)
    return Associations.build(
        len(plots),
        measured_at_ns=plots.measured_at_ns,
        sensor=plots.sensor,
        number=who + 1,
        probability=1.0,
        dimension=plots.dimension,
        range_m=plots.range_m,
        position_m=plots.position_m,
        position_cov_m2=plots.position_cov_m2,
        velocity_mps=velocity + flights.rng.normal(0, speed_error_mps, velocity.shape),
    )


@dataclass
class Run:
    """What a scene gave: the last state, and the outputs of each tick."""

    state: PlotsState
    outs: list


def registered(
    flights: Flights,
    reports: Reports,
    sensors: tuple[Sensor, ...] = SENSORS,
    tick_s: float = 2.0,
    config: PlotsConfig | None = None,
    tracker: Callable[[Flights, Plots], Associations] = associated,
) -> Run:
    """Work reports in ticks, handing each tick's associations to the next."""
    state, outs = start(config or PlotsConfig(REGION, sensors)), []
    heard = (reports.received_at_ns - T0_NS) // round(tick_s * NS)
    before = Associations.empty()
    # Silence at the end, so that the last window is over.
    for tick in range(int(heard.max()) + 1 + round(30.0 / tick_s)):
        now_ns = T0_NS + round((tick + 1) * tick_s * NS)
        state, out = step(state, reports.take(heard == tick), now_ns, before)
        before = tracker(flights, out.plots)
        outs.append(out)
    return Run(state, outs)
