"""Compile what must be compiled before time matters."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from tocsin import plots, track
from tocsin.contract import Sensor, SensorKind

_NODES = (SensorKind.RF_DETECTOR, SensorKind.ACOUSTIC)


_FIRST_S, _EVERY_S = 3.0, 20.0


def warm_up(note: Callable[[str], None], sensors: Sequence[Sensor] = ()) -> None:
    """Compile the kernels that sensors need, or load them; say so where it takes long."""
    started = time.perf_counter()
    over = threading.Event()

    def tell() -> None:
        if over.wait(_FIRST_S):
            return
        note("compiling for this machine; only the first time, one to four minutes ...")
        while not over.wait(_EVERY_S):
            note(f"  still compiling, {time.perf_counter() - started:.0f} s so far")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        plots.warm_up()
        track.warm_up(bearings=any(sensor.kind in _NODES for sensor in sensors))
    finally:
        over.set()
        teller.join()
    if time.perf_counter() - started > _FIRST_S:
        note(f"compiled in {time.perf_counter() - started:.0f} s")
