"""How many false plots to expect at a place."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, Bool, Objects, Sensor, SensorKind
from tocsin.plots.config import PlotsConfig

_LONGEST_RANGE_M = 450_000.0
_RELIABLE = {"A": 0.95, "B": 0.8, "C": 0.6, "D": 0.4, "E": 0.2, "F": 0.5}


def reach_m(sensor: Sensor) -> float:
    """Return how far a sensor's false plots are spread."""
    return min(sensor.range_m, _LONGEST_RANGE_M)


def geographic_density(sensor: Sensor, grade: Objects, full: Bool, config: PlotsConfig) -> F64:
    """Return (n,) false plots per m3 (height measured) or per m2 of one sensor's positions."""
    per_m2: F64 = np.full(len(full), config.cooperative_density_pm3 * config.air_depth_m)
    if sensor.kind == SensorKind.RADAR:
        per_m2[:] = sensor.false_plots_per_look / (np.pi * reach_m(sensor) ** 2)
    elif sensor.kind == SensorKind.PEOPLE:
        right = np.array([_RELIABLE.get((g or "F")[:1].upper(), 0.5) for g in grade])
        per_m2 = config.people_density_pm2 * (1.0 - right) / right
    return np.where(full, per_m2 / config.air_depth_m, per_m2)
