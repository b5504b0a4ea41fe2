"""`tocsin suite`: a folder of scenarios simulated, tracked, warned of and scored, side by side."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin import evaluate
from tocsin.contract import InputError
from tocsin.run.offline import Say, Silent
from tocsin.run.rehearse import rehearse
from tocsin.run.scoring import ScoreOptions, read_standard, score
from tocsin.run.simulated import choose
from tocsin.run.warm import warm_up
from tocsin.simulate import NoRecordingError

KEPT = ("warning_scores", "forecast_scores", "track_scores")


@dataclass(frozen=True)
class SuiteOptions:
    """Hold what was asked for.

    Args:
        only: names of scenarios; none: all in the folder.
        longest_min: scenarios that last longer are left out; None: none is.
        minutes: only the first minutes of each; None: all of it.
        seeds: how many seeds each is run with, its own first.
        mirrored: also with east and west exchanged.
        policy: preset or file; None: the site's.
        out: folder that keeps the files of all runs; None: they are thrown away.
        jobs: how many run at a time; 0: as many as there are processors.
    """

    only: tuple[str, ...] = ()
    longest_min: float | None = None
    minutes: float | None = None
    seeds: int = 1
    mirrored: bool = False
    policy: str | None = None
    out: Path | None = None
    jobs: int = 0


@dataclass(frozen=True)
class Case:
    """Hold one run of a scenario, as another process is told of it."""

    path: Path
    seed: int
    mirrored: bool
    minutes: float | None
    policy: str | None
    out: Path | None

    @property
    def name(self) -> str:
        """Return the run's name: the scenario's, and what sets this run apart."""
        return f"{self.path.stem}-{self.seed}{'-mirrored' * self.mirrored}"


def suite(folder: Path, options: SuiteOptions, say: Say) -> dict[str, Any]:
    """Run the scenarios of a folder; return their scores, held against their requirements.

    Raises:
        InputError: no scenario there, or one that cannot be used.
    """
    cases, skipped = cases_of(folder, options)
    for reason in skipped:
        say.note(f"left out: {reason}")
    warm_up(say.note)
    rows = {}
    for k, (case, row) in enumerate(_worked(cases, options.jobs), 1):
        rows[case] = row
        say.note(f"[{k}/{len(cases)}] {case.name}: {_told(row)}")
    return {
        "folder": str(folder),
        "scenarios": [rows[case] for case in cases],
        "left_out": skipped,
        "met": all(row["met"] for row in rows.values()),
    }


def cases_of(folder: Path, options: SuiteOptions) -> tuple[list[Case], list[str]]:
    """Return what is to be run, and what is left out and why.

    Raises:
        InputError: no scenario there, or one that cannot be used.
    """
    paths = sorted(folder.glob("*.toml"))
    names = [path.stem for path in paths]
    if not paths:
        raise InputError(folder, "holds no scenario", "give a folder of scenario files (TOML)")
    unknown = [name for name in options.only if name not in names]
    if unknown:
        mend = f"use one of {', '.join(names)}"
        raise InputError("--only", f"no scenario {unknown[0]!r} in {folder}", mend)
    cases, skipped = [], []
    for path in paths:
        if options.only and path.stem not in options.only:
            continue
        try:
            scenario = choose(path)
        except NoRecordingError as error:
            skipped.append(f"{path.stem}: {error}")
            continue
        lasts_min = scenario.file.duration_s / 60.0
        if options.longest_min is not None and lasts_min > options.longest_min:
            skipped.append(f"{path.stem}: lasts {lasts_min:.0f} min")
            continue
        for standard in scenario.file.standards:
            read_standard(str(path.parent / standard))
        mirrors = (False, True) if options.mirrored and not scenario.recordings else (False,)
        for offset in range(options.seeds):
            how = (options.minutes, options.policy, options.out)
            cases += [Case(path, scenario.file.seed + offset, m, *how) for m in mirrors]
    if not cases:
        raise InputError(folder, "has no scenario left to run", "ask for longer ones")
    return cases, skipped


def _worked(cases: Sequence[Case], jobs: int) -> Iterator[tuple[Case, dict[str, Any]]]:
    """Yield each case with its row, as they are done."""
    workers = min(jobs or os.cpu_count() or 1, len(cases))
    if workers == 1:
        yield from ((case, work(case)) for case in cases)
        return
    # Forked children would share numba's locks with this process.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn) as pool:
        waiting = {pool.submit(work, case): case for case in cases}
        try:
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            # After an error nobody wants the rest.
            pool.shutdown(wait=False, cancel_futures=True)


def work(case: Case) -> dict[str, Any]:
    """Return the row of one run: what it is, its counts, its scores and the verdicts on them.

    Raises:
        InputError: something of the scenario cannot be used.
    """
    scenario = choose(case.path, case.seed, mirrored=case.mirrored, minutes=case.minutes)
    with ExitStack() as stack:
        if case.out is None:
            out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-suite-")))
        else:
            out = case.out / case.name
        counts = rehearse(scenario, case.policy, out, case.out is not None, Silent())
        scores = score((out,), ScoreOptions(out / "truth"), lambda _: None)
    standards = [read_standard(str(case.path.parent / name)) for name in scenario.file.standards]
    judged = {standard.name: evaluate.judge(standard, scores) for standard in standards}
    failed = evaluate.Outcome.FAILED
    return {
        "scenario": case.path.stem,
        "seed": case.seed,
        "mirrored": case.mirrored,
        "duration_s": scenario.file.duration_s,
        **counts,
        **{key: scores[key] for key in KEPT if key in scores},
        "standards": {name: [v.row() for v in verdicts] for name, verdicts in judged.items()},
        "met": not any(v.outcome is failed for verdicts in judged.values() for v in verdicts),
    }


def _told(row: Mapping[str, Any]) -> str:
    """Return in one line how a run came out."""
    failed = [
        verdict["id"]
        for verdicts in row["standards"].values()
        for verdict in verdicts
        if verdict["outcome"] == evaluate.Outcome.FAILED.value
    ]
    if not row["standards"]:
        return "has no requirements"
    return f"not met: {', '.join(failed)}" if failed else "met"
