"""`tocsin bench`: the programs in the repository's `bench` folder, each printing JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tocsin.contract import InputError
from tocsin.run.offline import Say


def run(case: str | None, say: Say) -> dict[str, Any]:
    """Run one benchmark or all; return what each measured.

    Raises:
        InputError: no such benchmark, or this is no checkout of the repository.
    """
    folder = Path(__file__).parents[3] / "bench"
    cases = sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))
    if not cases:
        raise InputError("bench", "no benchmarks here", "run it in a checkout of the repository")
    if case is not None and case not in cases:
        raise InputError("bench", f"no case {case!r}", f"use one of {', '.join(cases)}")
    results = {}
    for name in [case] if case else cases:
        say.note(f"bench {name} ...")
        command = [sys.executable, str(folder / f"{name}.py")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise InputError(f"bench {name}", done.stderr.strip()[-300:], "see its program")
        results[name] = json.loads(done.stdout)
    return results
