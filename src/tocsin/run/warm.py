"""Compile what must be compiled before time matters."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tocsin import plots, track
from tocsin.contract import Sensor, SensorKind

_NODES = (SensorKind.RF_DETECTOR, SensorKind.ACOUSTIC)


def warm_up(note: Callable[[str], None], sensors: Sequence[Sensor] = ()) -> None:
    """Compile the kernels that sensors need, or load them; say so where it takes long."""
    started = time.perf_counter()
    note("preparing kernels (some seconds the first time) ...")
    plots.warm_up()
    track.warm_up(bearings=any(sensor.kind in _NODES for sensor in sensors))
    note(f"kernels ready in {time.perf_counter() - started:.1f} s")
