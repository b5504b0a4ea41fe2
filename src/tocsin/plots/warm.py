"""Compile what must be compiled before time matters."""

from __future__ import annotations

import numpy as np

from tocsin.contract import NS, Associations, Dimension, Origin, Reports, Sensor, SensorKind
from tocsin.geo import Region
from tocsin.plots.clutter import judged, usual
from tocsin.plots.config import PlotsConfig
from tocsin.plots.segments import Known, segments
from tocsin.plots.state import start
from tocsin.plots.step import step


def warm_up() -> None:
    """Compile the kernels, or load them from the cache, with one target and two radars."""
    radars = tuple(Sensor(name, SensorKind.RADAR, 0.0, 0.2) for name in ("one", "other"))
    config = PlotsConfig(Region.at(Origin(0.0, 0.0)), radars)
    rows = Associations.build(
        4,
        measured_at_ns=np.arange(4) * NS,
        sensor=[0, 1, 0, 1],
        number=1,
        dimension=int(Dimension.FULL),
        range_m=25e3,
        position_m=np.full((4, 3), 5e3),
        position_cov_m2=np.tile(np.eye(3), (4, 1, 1)),
        velocity_mps=np.zeros((4, 3)),
    )
    segments(rows, Known(np.zeros(8), np.eye(8), np.zeros((2, 4))), config)
    judged(usual(config), rows, config, 0)
    heard = Reports.build(1, sensor_id="one", range_m=25e3, azimuth_rad=0.0)
    step(start(config), heard, 0)
