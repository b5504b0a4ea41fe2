"""Plots to tracks: predict, gate, associate, update, birth, confirm, end."""

from tocsin.track.config import TrackConfig
from tocsin.track.detection import MOST as MOST_PROBABLE
from tocsin.track.detection import DetectionTable, everywhere, joined
from tocsin.track.looks import credible
from tocsin.track.past import kept
from tocsin.track.recording import summary, track_plots, track_recording, warm_up
from tocsin.track.site import MOST_SENSORS, start, with_sensors
from tocsin.track.smooth import modes, smooth
from tocsin.track.state import Counters, TrackState
from tocsin.track.step import Out, finish, step, step_in_full

__all__ = [
    "MOST_PROBABLE",
    "MOST_SENSORS",
    "Counters",
    "DetectionTable",
    "Out",
    "TrackConfig",
    "TrackState",
    "credible",
    "everywhere",
    "finish",
    "joined",
    "kept",
    "modes",
    "smooth",
    "start",
    "step",
    "step_in_full",
    "summary",
    "track_plots",
    "track_recording",
    "warm_up",
    "with_sensors",
]
