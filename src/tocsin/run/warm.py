"""Compile what must be compiled before time matters."""

from __future__ import annotations

import time
from collections.abc import Callable

from tocsin import plots, track


def warm_up(note: Callable[[str], None]) -> None:
    """Compile the kernels, or load them from the cache; say so where it takes long."""
    started = time.perf_counter()
    note("preparing kernels (some seconds the first time) ...")
    plots.warm_up()
    track.warm_up()
    note(f"kernels ready in {time.perf_counter() - started:.1f} s")
