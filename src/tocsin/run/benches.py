"""`tocsin bench`: the programs in the repository's `bench` folder, each printing JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from time import perf_counter
from typing import Any

from tocsin.contract import InputError
from tocsin.run.offline import Say

_ROOT = Path(__file__).parents[3]
_BAD_USAGE = 2
FAILED = "failed"
USUAL = "about ten minutes on two cores"


def cases() -> list[str]:
    """Return the names of the benchmarks.

    Raises:
        InputError: this is no checkout of the repository.
    """
    found = sorted(path.stem for path in (_ROOT / "bench").glob("[a-z]*.py"))
    names = [name for name in found if not name.startswith("kernels")]
    if not names:
        raise InputError("bench", "no benchmarks here", "run it in a checkout of the repository")
    return names


def run(case: str | None, arguments: Sequence[str], say: Say) -> dict[str, Any]:
    """Run one benchmark or all; return what each measured, and of all how long they took.

    One of many that fails says why in its place, and the others go on.

    Args:
        case: one benchmark's name; None: all of them.
        arguments: for that benchmark's own program.
        say: told what it does meanwhile.

    Raises:
        InputError: no such benchmark, arguments that it does not take, or no checkout.
    """
    known = cases()
    if case is None:
        return _run_all(known, arguments, say)
    if case not in known:
        raise InputError("bench", f"no benchmark {case!r}", f"use one of {', '.join(known)}")
    return {case: _run(case, arguments, say)}


def failed(results: Mapping[str, Any]) -> list[str]:
    """Return the names of the benchmarks that failed."""
    return [name for name, result in results.items() if FAILED in result]


def _run_all(names: Sequence[str], arguments: Sequence[str], say: Say) -> dict[str, Any]:
    say.note(f"{len(names)} benchmarks, {USUAL}; one alone: tocsin bench NAME")
    results: dict[str, Any] = {}
    elapsed_s: dict[str, float] = {}
    for name in names:
        began_s = perf_counter()
        try:
            results[name] = _run(name, arguments, say)
        except InputError as error:
            say.note(f"  {error}")
            results[name] = {FAILED: str(error)}
        elapsed_s[name] = round(perf_counter() - began_s, 1)
        say.note(f"bench {name}: {elapsed_s[name]:.0f} s")
    total_s = round(sum(elapsed_s.values()), 1)
    say.note(f"all: {total_s:.0f} s")
    return {**results, "elapsed_s": {**elapsed_s, "total": total_s}}


def _run(name: str, arguments: Sequence[str], say: Say) -> Any:
    """Run one program, passing on its progress, and return its document."""
    say.note(f"bench {name} ...")
    command = [sys.executable, "-m", f"bench.{name}", *arguments]
    paths = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    last = ""
    with TemporaryFile("w+") as printed:
        with subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": paths},
            stdout=printed,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if last:
                    say.note(f"  {last}")
                last = line.rstrip()
        if last and process.returncode == 0:
            say.note(f"  {last}")
        printed.seek(0)
        text = printed.read()
    if process.returncode == _BAD_USAGE:
        raise InputError(f"bench {name}", last.split(": ", 1)[-1], "see tocsin bench --help")
    if process.returncode < 0:
        what = f"was stopped by signal {-process.returncode}"
        raise InputError(f"bench {name}", what, "is there memory enough?")
    if process.returncode:
        raise InputError(f"bench {name}", last or "said nothing", "see its program")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"bench {name}", "printed no JSON", "see its program") from error
