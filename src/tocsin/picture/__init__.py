"""One air picture: identity, class, corroboration, sensor health, coverage."""

from tocsin.picture.config import PictureConfig
from tocsin.picture.coverage import coverage, live_sensors
from tocsin.picture.sight import Sight
from tocsin.picture.state import PictureState, start, succeed, with_sensors
from tocsin.picture.step import PictureIn, PictureOut, step
from tocsin.picture.tracks import track_ids

__all__ = [
    "PictureConfig",
    "PictureIn",
    "PictureOut",
    "PictureState",
    "Sight",
    "coverage",
    "live_sensors",
    "start",
    "step",
    "succeed",
    "track_ids",
    "with_sensors",
]
