"""Trackers beside each other on the same plots in the same run: accuracy and plots per second.

python -m bench.compare [--case NAME[,NAME...]] [--targets N] [--scans N] [--runs N]
                        [--trackers NAME[,NAME...]] [--seed N] [--limit-s S]

Prints one JSON document; `tocsin bench compare` prints it as a table. What is timed, and when a
tracker is stopped, is in `_trackers`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from pydantic import ValidationError

from bench._calibration import calibration
from bench._cases import Case, Setup, read_case, read_cases
from bench._scenes import make
from bench._trackers import NAMES, NOT_INSTALLED, attempt, follow, installed, tracker
from tocsin.contract import InputError

LIMIT_S = 60.0


def compare(case: Case, setup: Setup, limit_s: float, note: Callable[[str], None]) -> list[Any]:
    """Return a row for each tracker of one set-up of a case.

    Raises:
        InputError: the case's recording is not there.
    """
    scenes = [make(case, setup.targets, setup.scans, run) for run in range(setup.runs)]
    rows = []
    for name in setup.trackers:
        note(f"{case.name}, {setup.targets} targets: {name}")
        row = {"case": case.name, "targets": scenes[0].targets, "tracker": name}
        track = tracker(name)
        if track is None:
            rows.append({**row, "note": NOT_INSTALLED})
            continue
        # Once for nothing: what is compiled, loaded or cached is not the tracker's time.
        follow(track, make(case, min(setup.targets, 20), 4), limit_s)
        rows.append({**row, **attempt(track, scenes, limit_s).row()})
    return _with_ratios(rows) + [{"case": case.name, **line} for line in case.published]


def _with_ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each row how many times faster we are."""
    ours = next((r["plots_per_s"] for r in rows if r["tracker"] == "tocsin"), None)
    for row in rows:
        if ours and row.get("plots_per_s") and row["tracker"] != "oracle":
            row["tocsin_faster"] = ours / row["plots_per_s"]
    return rows


def _arguments() -> argparse.Namespace:
    names = ", ".join(read_cases())
    parser = argparse.ArgumentParser(
        prog="tocsin bench compare",
        description="Trackers beside each other on the same plots, given the same models.",
        epilog=f"cases: {names}; trackers: {', '.join(NAMES)}. "
        "Without --targets each case runs its default set-ups (bench/data/cases.toml).",
    )
    parser.add_argument("--case", help="one case or several, with commas between; all")
    parser.add_argument("--targets", type=int, help="how many, instead of the default set-ups")
    parser.add_argument("--scans", type=int, help="how many scans")
    parser.add_argument("--runs", type=int, help="how many runs, each with its own noise")
    parser.add_argument("--trackers", help="which, with commas between")
    parser.add_argument("--seed", type=int, help="another seed than the case's")
    parser.add_argument("--limit-s", type=float, default=LIMIT_S, help="seconds for each tracker")
    return parser.parse_args()


def _chosen(asked: argparse.Namespace) -> Iterator[tuple[Case, Setup]]:
    """Yield the set-ups that the arguments ask for."""
    trackers = tuple(asked.trackers.split(",")) if asked.trackers else None
    for name in trackers or ():
        if name not in NAMES:
            raise InputError(
                "bench compare", f"no tracker {name!r}", f"use some of {', '.join(NAMES)}"
            )
    for name in asked.case.split(",") if asked.case else read_cases():
        case = read_case(name)
        if asked.seed is not None:
            case = case.model_copy(update={"seed": asked.seed})
        for setup in _setups(case, asked):
            change = {"scans": asked.scans, "runs": asked.runs, "trackers": trackers}
            wanted = {key: value for key, value in change.items() if value is not None}
            yield case, _checked(setup.model_dump() | wanted)


def _checked(values: dict[str, Any]) -> Setup:
    try:
        return Setup(**values)
    except ValidationError as error:
        first = error.errors()[0]
        mend = "see tocsin bench --help"
        raise InputError(f"bench compare --{first['loc'][0]}", first["msg"], mend) from error


def _setups(case: Case, asked: argparse.Namespace) -> tuple[Setup, ...]:
    if asked.targets is None:
        return case.setups
    return (case.setups[0].model_copy(update={"targets": asked.targets}),)


def machine() -> dict[str, Any]:
    """Return what the figures were measured on and with."""
    packages = ("tocsin", "numpy", "numba", "stonesoup", "rtree")
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: installed(name) for name in packages},
    }


def _plain(row: dict[str, Any], update_ns: float) -> dict[str, Any]:
    """Return a row for JSON, with its cost in units of the calibration kernel."""
    if "ns_per_plot" in row:
        row["updates_per_plot"] = row["ns_per_plot"] / update_ns
    return {key: float(v) if isinstance(v, np.floating) else v for key, v in row.items()}


def main() -> None:
    """Print the comparison."""
    asked = _arguments()
    try:
        chosen = list(_chosen(asked))
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    unit = calibration()
    rows, skipped = [], {}
    for case, setup in chosen:
        try:
            rows += compare(case, setup, asked.limit_s, partial(print, file=sys.stderr, flush=True))
        except InputError as missing:
            skipped[case.name] = str(missing)
    result = {
        "machine": machine(),
        "calibration": unit,
        "rows": [_plain(row, unit["ns_per_update"]) for row in rows],
        "skipped": skipped,
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
