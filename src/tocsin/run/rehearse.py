"""A scenario through all rooms in this process, with every file of a run and its truth.

No wire and no clock is involved.
What the sensors say goes to the pipeline as it is received, second by second, so the outcome is
that of a live run whose feeds lose nothing. The truth is written beside it and never read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from tocsin import simulate, warn
from tocsin.contract import HAZARDS, NS, Faults, Looks, OperatorActions, Reports, TrackStatus
from tocsin.run.offline import Say
from tocsin.run.outputs import Outputs
from tocsin.run.pipeline import Pipeline, TickOut
from tocsin.run.simulated import simulate_to
from tocsin.run.site import policy_text, read_site

_HAZARDS = [int(kind) for kind in HAZARDS]
Part = tuple[int, Reports, Looks]


def rehearse(
    scenario: simulate.Scenario, policy: str | None, out: Path, whole: bool, say: Say
) -> dict[str, Any]:
    """Work a scenario; write what a run writes, and the truth, into a folder.

    Args:
        scenario: what happens.
        policy: preset or file; None: the site's.
        out: folder, made where it is missing.
        whole: write every report; otherwise only those of hazardous objects, for the oracle.
        say: tells people.

    Returns:
        Counts: `reports`, `ticks`, `tracks_confirmed`, `warnings`, and the seconds spent.

    Raises:
        InputError: the folder cannot be written, or the policy cannot be used.
    """
    site = read_site(simulate.write_site(scenario, out))
    config = site.pipeline_config()
    if policy is not None:
        config = replace(config, policy=warn.parse_policy(policy_text(policy, Path()), policy))
    pipeline, outputs, confirmed = Pipeline(config), Outputs(out), set[int]()
    counts = {"reports": 0, "ticks": 0, "warnings": 0}
    spent_s = 0.0

    def take(step: simulate.SimStep) -> None:
        nonlocal spent_s
        begin = perf_counter()
        for now_ns, reports, looks in seconds_of(step, scenario.tick_ns):
            result = _tick(pipeline, reports, looks, now_ns)
            outputs.add(result)
            firm = result.current.status == TrackStatus.CONFIRMED
            confirmed.update(result.current.number[firm].tolist())
            counts["ticks"] += 1
            counts["warnings"] += len(result.warnings)
        counts["reports"] += len(step.reports)
        spent_s += perf_counter() - begin

    simulate_to(scenario, out, say, each=take, only=None if whole else HazardousReports())
    outputs.close()
    return {**counts, "tracks_confirmed": len(confirmed), "work_s": spent_s}


def _tick(pipeline: Pipeline, reports: Reports, looks: Looks, now_ns: int) -> TickOut:
    return pipeline.work(reports, looks, Faults.empty(), OperatorActions.empty(), now_ns)


def seconds_of(step: simulate.SimStep, tick_ns: int) -> Iterator[Part]:
    """Yield a step's reports and looks by the second in which they were received.

    A step may be up to five seconds long; a centre that decides that seldom would lose lead.

    Args:
        step: of the simulator.
        tick_ns: its length.
    """
    parts = max(tick_ns // NS, 1)
    reports, looks = step.reports, step.looks
    begin_ns = step.now_ns - parts * NS
    for part in range(parts):
        end_ns = begin_ns + (part + 1) * NS if part + 1 < parts else step.now_ns
        last = part + 1 == parts
        mine = _within(reports.received_at_ns, begin_ns + part * NS, end_ns, part == 0, last)
        ended = _within(looks.end_ns, begin_ns + part * NS, end_ns, part == 0, last)
        yield end_ns, reports.take(mine), looks.take(ended)


def _within(
    at_ns: np.ndarray[Any, np.dtype[np.int64]], low_ns: int, high_ns: int, first: bool, last: bool
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return what is in (low, high]; the first part has all before it too, the last all after."""
    return np.asarray((first | (at_ns > low_ns)) & (last | (at_ns <= high_ns)))


class HazardousReports:
    """Choose the reports that come from objects which can hurt people."""

    def __init__(self) -> None:
        """Start without any."""
        self._seen: set[str] = set()

    def __call__(self, step: simulate.SimStep) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return which of a step's reports to keep; reports may come after their object's end."""
        found = step.truth.target_id[np.isin(step.truth.object_class, _HAZARDS)]
        self._seen.update(found.tolist())
        return np.array([name in self._seen for name in step.origins.target_id], bool)
