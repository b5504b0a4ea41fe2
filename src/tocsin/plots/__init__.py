"""Reports to plots: duplicates out, located in the region frame, with covariance."""

from tocsin.plots.config import PlotsConfig
from tocsin.plots.state import PlotsOut, PlotsState, start, with_sensors
from tocsin.plots.step import sensors_seen, step

__all__ = ["PlotsConfig", "PlotsOut", "PlotsState", "sensors_seen", "start", "step", "with_sensors"]
