"""The scenario file: what may stand in it, checked key by key.

Lengths are metres, times seconds, speeds metres per second, angles degrees (a file for people).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from tocsin.simulate.schema_base import Name, Part, Place, Positive
from tocsin.simulate.schema_objects import (
    Ballistic,
    Balloons,
    Birds,
    Formation,
    Loss,
    Raid,
    Recorded,
    Route,
    Swarm,
    Traffic,
    Wind,
)
from tocsin.simulate.schema_sensors import (
    AdsbReceiver,
    BearingNode,
    Fault,
    People,
    Radar,
    Spoof,
)


class ScenarioFile(Part):
    """Hold a whole scenario."""

    name: Name
    start: datetime
    duration_s: Positive
    tick_s: Annotated[float, Field(gt=0.0, le=5.0)] = 1.0
    seed: Annotated[int, Field(ge=0)]
    place: Place
    radar: tuple[Radar, ...] = ()
    adsb_receiver: tuple[AdsbReceiver, ...] = ()
    rf_node: tuple[BearingNode, ...] = ()
    acoustic_node: tuple[BearingNode, ...] = ()
    people: People | None = None
    route: tuple[Route, ...] = ()
    wind: tuple[Wind, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    formation: tuple[Formation, ...] = ()
    swarm: tuple[Swarm, ...] = ()
    birds: tuple[Birds, ...] = ()
    balloons: tuple[Balloons, ...] = ()
    raid: tuple[Raid, ...] = ()
    ballistic: tuple[Ballistic, ...] = ()
    recorded: tuple[Recorded, ...] = ()
    loss: tuple[Loss, ...] = ()
    spoof: tuple[Spoof, ...] = ()
    fault: tuple[Fault, ...] = ()
    standards: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _in_utc(self) -> Self:
        if self.start.utcoffset() != timedelta(0):
            raise ValueError("start must be UTC: end it with Z")
        return self
