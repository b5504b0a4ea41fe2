"""The time of the calibration kernel, so that figures can be compared between machines."""

from __future__ import annotations

from time import process_time
from typing import Any

import numpy as np

from bench.kernels_calibration import filters

FILTERS, ROUNDS, REPEATS = 1_000, 2_000, 5


def calibration() -> dict[str, Any]:
    """Return what the kernel is and its least time per filter update."""
    filters(np.zeros((2, 5)), 1)
    least_s = np.inf
    for _ in range(REPEATS):
        begin = process_time()
        filters(np.zeros((FILTERS, 5)), ROUNDS)
        least_s = min(least_s, process_time() - begin)
    return {
        "kernel": "numba: predict and update of a scalar position-velocity Kalman filter",
        "ns_per_update": least_s / (FILTERS * ROUNDS) * 1e9,
    }
