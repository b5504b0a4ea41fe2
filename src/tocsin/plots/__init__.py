"""Reports to plots: duplicates out, biases corrected, located in the region frame."""

from tocsin.plots.config import ClutterConfig, PlotsConfig, RegistrationConfig
from tocsin.plots.state import PlotsOut, PlotsState, start, with_sensors
from tocsin.plots.step import sensors_seen, step, true_looks
from tocsin.plots.warm import warm_up

__all__ = [
    "ClutterConfig",
    "PlotsConfig",
    "PlotsOut",
    "PlotsState",
    "RegistrationConfig",
    "sensors_seen",
    "start",
    "step",
    "true_looks",
    "warm_up",
    "with_sensors",
]
