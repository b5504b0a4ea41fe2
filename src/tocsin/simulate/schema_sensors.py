"""Sensors, people and faults, as the scenario file says them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from tocsin.simulate.schema_base import (
    STRICT,
    Grade,
    Latitude,
    Longitude,
    Name,
    NotNegative,
    Part,
    Point,
    Positive,
    Share,
)


class Station(BaseModel):
    """Hold what every sensor with a place has."""

    model_config = STRICT

    sensor_id: Name
    latitude_deg: Latitude
    longitude_deg: Longitude
    height_m: NotNegative
    range_m: Positive


class Radar(Station):
    """Describe a rotating radar; without `elevation_std_deg` it measures no elevation."""

    period_s: Annotated[float, Field(ge=1.0)]
    phase_deg: float = 0.0
    clear_range_m: Positive
    """Range at which a fluctuating target of 1 m2 is seen nine times in ten."""
    false_alarm_probability: Annotated[float, Field(gt=0.0, lt=0.1)] = 1e-6
    false_plots_per_look: NotNegative
    detection_probability: Share = 0.9
    range_std_m: Positive
    azimuth_std_deg: Positive
    elevation_std_deg: Positive | None = None
    range_rate_std_mps: Positive | None = None
    elevation_min_deg: float = -1.0
    elevation_max_deg: float = 40.0


class AdsbReceiver(Station):
    """Describe a receiver of transponders; half of all messages are lost at `range_m`."""


class Relay(Part):
    """Repeat a sighting later, as if it were news."""

    by: str
    delay_s: Positive
    grade: Grade


class Sighting(Part):
    """Let a person report the first object of a raid that comes near."""

    observer: str
    of: str
    where: Point
    range_m: Positive
    from_s: float = 0.0
    delay_s: Positive
    grade: Grade
    relay: tuple[Relay, ...] = ()


class People(Part):
    """Collect sightings under one sensor name."""

    sensor_id: Name = "people"
    bearing_std_deg: Positive = 6.0
    distance_std: Positive = 0.3
    vertical_std_m: Positive = 200.0
    sighting: tuple[Sighting, ...] = ()


class Outage(Part):
    """Silence a sensor for a while."""

    sensor: str
    from_s: NotNegative
    duration_s: Positive
