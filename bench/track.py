"""The tracker against its floors and goals: accuracy, speed, size, with peers in the same run.

python -m bench.track [CASE] [--peers] [--seeds N] [--quick] [--limit-s S] [--roofline]

Prints one JSON document: the figures of the case, their floors and goals (`data/goals.toml`) and
whether they are met, a row for each tracker and set-up, the machine and the calibration kernel's
time. Without a case all of them run, one after the other.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bench import _accuracy, _bearing, _cells, _flat, _fusion, _manoeuvre, _speed
from bench._asked import Answer, Asked
from bench._calibration import calibration
from bench._goals import judged
from bench._roofline import roofline
from bench.compare import machine
from tocsin.contract import InputError
from tocsin.track import warm_up

CASES: dict[str, Callable[[Asked], Answer]] = {
    "williams15": _accuracy.williams15,
    "williams15-fresh": _accuracy.williams15_fresh,
    "radar": _accuracy.radar,
    "dense": _accuracy.dense,
    "manoeuvre": _manoeuvre.manoeuvre,
    "fusion": _fusion.fusion,
    "bearing": _bearing.bearing,
    "cells": _cells.cells,
    "flat-radars": _flat.flat_radars,
    "swarm": _accuracy.swarm,
    "real": _accuracy.real,
    "speed": _speed.speed,
    "latency": _speed.latency,
    "million": _speed.million,
    "memory": _speed.memory,
}
LIMIT_S = 900.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tocsin bench track",
        description="The tracker against its floors and goals.",
        epilog=f"cases: {', '.join(CASES)}; none: all of them",
    )
    parser.add_argument("case", nargs="?", help="one of the cases")
    parser.add_argument("--peers", action="store_true", help="peers on the same plots too")
    parser.add_argument("--seeds", type=int, help="runs, instead of the case's own number")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, not judged")
    parser.add_argument("--limit-s", type=float, default=LIMIT_S, help="seconds for each peer")
    parser.add_argument("--roofline", action="store_true", help="what this machine could do")
    return parser.parse_args()


def _chosen(asked: argparse.Namespace) -> list[str]:
    """Return the cases that are asked for.

    Raises:
        InputError: there is none of that name, or no runs at all.
    """
    if asked.case is not None and asked.case not in CASES:
        mend = f"use one of {', '.join(CASES)}"
        raise InputError("bench track", f"no case {asked.case!r}", mend)
    if asked.seeds is not None and asked.seeds < 1:
        raise InputError("bench track", f"--seeds {asked.seeds}", "give 1 or more")
    if asked.case is None:
        return [] if asked.roofline else list(CASES)
    return [asked.case]


def main() -> None:
    """Print what was measured."""
    told = _arguments()
    try:
        names = _chosen(told)
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    note = partial(print, file=sys.stderr, flush=True)
    asked = Asked(told.seeds, told.peers, told.quick, told.limit_s, note)
    note("compiling the kernels, or loading them")
    warm_up()
    unit = calibration()
    result: dict[str, Any] = {"machine": machine(), "calibration": unit, "goals": [], "rows": []}
    for name in names:
        try:
            answer = CASES[name](asked)
        except InputError as missing:
            answer = Answer({"skipped": str(missing)}, [])
        result[name] = answer.figures
        result["goals"] += judged(name, answer.figures, asked.quick)
        result["rows"] += [_with_units(row, unit["ns_per_update"]) for row in answer.rows]
    if told.roofline:
        result["roofline"], result["profile"] = roofline(asked)
    print(json.dumps(result, indent=1, default=_plain))


def _with_units(row: dict[str, Any], update_ns: float) -> dict[str, Any]:
    """Return a row with its cost in units of the calibration kernel."""
    cost = row.get("ns_per_plot", row.get("cpu_ns_per_plot"))
    return row if cost is None else {**row, "updates_per_plot": cost / update_ns}


def _plain(value: Any) -> Any:
    """Return a NumPy number as Python's."""
    return value.item() if isinstance(value, np.generic) else str(value)


if __name__ == "__main__":
    main()
