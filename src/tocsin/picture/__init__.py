"""One air picture: identity, class, corroboration, sensor health, coverage."""

from tocsin.picture.config import PictureConfig
from tocsin.picture.coverage import coverage, live_sensors
from tocsin.picture.state import PictureState, start, succeed, with_sensors
from tocsin.picture.step import PictureIn, PictureOut, step

__all__ = [
    "PictureConfig",
    "PictureIn",
    "PictureOut",
    "PictureState",
    "coverage",
    "live_sensors",
    "start",
    "step",
    "succeed",
    "with_sensors",
]
