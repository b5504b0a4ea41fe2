"""Measure detection theory: exact probabilities a second, by case and number of pulses.

python bench/detection.py [evaluations]

Times are those of one core's work. The naive evaluation is the same mixture as a matrix in NumPy,
every term of every sum.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np

from tocsin.contract import F64
from tocsin.radar.detection import detection_probability, threshold
from tocsin.radar.reference import mixture_reference

PULSES = (1, 10, 100, 1000)
PFA = 1e-6


def best_s(action: Callable[[], Any]) -> float:
    """Return the shortest of five times, as time of one core."""
    times = []
    for _ in range(5):
        before = process_time()
        action()
        times.append(process_time() - before)
    return min(times)


def ratios(count: int, pulses: int) -> F64:
    """Return signal-to-noise ratios from where nothing is detected to where all is."""
    return np.asarray(10.0 ** np.linspace(-1.5, 2.5, count) / np.sqrt(pulses))


def measured(swerling: int, pulses: int, count: int) -> dict[str, float]:
    """Return evaluations a second, the naive ones, their ratio and greatest difference."""
    snr, few = ratios(count, pulses), ratios(2000, pulses)
    limit = float(threshold(PFA, pulses))
    terms = int(limit - pulses + 12.0 * np.sqrt(limit)) + 30

    def naive() -> F64:
        return mixture_reference(few, pulses, limit, swerling, terms)

    detection_probability(few, pulses, PFA, swerling)  # compiles
    fast = count / best_s(lambda: detection_probability(snr, pulses, PFA, swerling))
    slow = len(few) / best_s(naive)
    error = np.abs(detection_probability(few, pulses, PFA, swerling) - naive()).max()
    return {
        "per_s": round(fast),
        "naive_per_s": round(slow),
        "ratio": round(fast / slow, 1),
        "greatest_difference": float(error),
    }


def main() -> None:
    """Print what was measured as one JSON document."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    rows = {
        f"swerling {swerling}, {pulses} pulses": measured(swerling, pulses, count)
        for swerling in range(5)
        for pulses in PULSES
    }
    slowest = min(row["per_s"] for row in rows.values())
    print(json.dumps({"evaluations": count, "slowest_per_s": slowest, **rows}, indent=1))


if __name__ == "__main__":
    main()
