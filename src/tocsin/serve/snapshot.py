"""What `run` hands to clients after every committed tick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.contract import (
    Biases,
    Designated,
    Faults,
    Forecasts,
    Notices,
    Origin,
    Pending,
    Sensor,
    SensorHealth,
    Tracks,
    Warnings,
    Zone,
)

Coverage = Callable[[SensorHealth, float], dict[str, Any]]
"""Sensor health and a height in metres to a GeoJSON FeatureCollection of covered and blind."""


@dataclass(frozen=True)
class Town:
    """Name a town of the place."""

    name: str
    latitude_deg: float
    longitude_deg: float
    population: int


@dataclass(frozen=True)
class SiteInfo:
    """Describe what does not change while the program runs.

    Args:
        name: of the site.
        mode: ``live``, ``demo`` or ``replay``.
        status: of public messages: ``Exercise``, ``Test`` or ``Actual``.
        origin: of the region frame; binary track frames are offsets from it.
        coastline: GeoJSON geometry, or None.
        towns: shown on the map.
        zones: areas that can be warned.
        sensors: all known sensors.
        coverage: what the sensors that are heard can see at a height.
        version: of the program.
        inputs: names of what the site listens to.
    """

    name: str
    mode: str
    status: str
    origin: Origin
    coastline: Mapping[str, Any] | None = None
    towns: tuple[Town, ...] = ()
    zones: tuple[Zone, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    coverage: Coverage | None = None
    version: str = ""
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clock:
    """Tell the time of the air picture; speed 1 is real time, 0 as fast as possible."""

    now_ns: int = 0
    speed: float = 1.0
    paused: bool = False
    controllable: bool = False


@dataclass(frozen=True)
class Snapshot:
    """Hold the air picture after one tick, and what is new in it.

    Args:
        clock: time of the tick, speed, pause.
        tracks: all live tracks, external ones too, at one instant.
        health: one row per sensor.
        forecasts: the newest ones.
        warnings: rows decided in this tick.
        notices: rows decided in this tick.
        faults: rows of this tick.
        plots: plots in this tick.
        tick_s: what the tick took.
        overflows: since start, by what overflowed.
        documents: new CAP messages by identifier.
        feed: the Atom feed of CAP messages, where it changed.
        biases: of all sensors, where they were estimated anew.
        pending: all that awaits operators or was ordered by them; None: as before.
        designated: what operators declared live tracks to be; None: as before.
    """

    clock: Clock
    tracks: Tracks = field(default_factory=Tracks.empty)
    health: SensorHealth = field(default_factory=SensorHealth.empty)
    forecasts: Forecasts = field(default_factory=Forecasts.empty)
    warnings: Warnings = field(default_factory=Warnings.empty)
    notices: Notices = field(default_factory=Notices.empty)
    faults: Faults = field(default_factory=Faults.empty)
    plots: int = 0
    tick_s: float = 0.0
    overflows: Mapping[str, int] = field(default_factory=dict)
    documents: Mapping[str, bytes] = field(default_factory=dict)
    feed: bytes | None = None
    biases: Biases = field(default_factory=Biases.empty)
    pending: Pending | None = None
    designated: Designated | None = None


@dataclass(frozen=True)
class OperatorRequest:
    """Ask `run` for something in an operator's name.

    Args:
        author: who asks.
        verb: ``clock``, ``designate``, or an order about a warning.
        subject: id of the track or warning concerned, or empty.
        detail: the rest, as JSON values.
    """

    author: str
    verb: str
    subject: str
    detail: Mapping[str, Any]
