"""`tocsin demo`: the simulator in one process, a live site in this one, the scorer at the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
import time
import webbrowser
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin import serve
from tocsin.contract import Action, InputError, Stage
from tocsin.run.outputs import Outputs
from tocsin.run.pipeline import TickOut
from tocsin.run.scoring import score_folder
from tocsin.run.simulated import choose
from tocsin.run.site import read_site
from tocsin.run.site_run import operate
from tocsin.run.warm import warm_up

Note = Callable[[str], None]


@dataclass(frozen=True)
class DemoOptions:
    """Hold what was asked for on the command line; speed 0 is as fast as possible."""

    speed: float = 5.0
    headless: bool = False
    browser: bool = True
    seed: int | None = None
    without_sensors: tuple[str, ...] = ()
    civil_only: bool = False
    mirrored: bool = False
    port: int | None = None
    out: Path | None = None
    scenario: Path | None = None
    minutes: float | None = None


class Tally:
    """Count what a run did, and write its files."""

    def __init__(self, outputs: Outputs) -> None:
        """Name the files."""
        self.outputs = outputs
        self._started = time.perf_counter()
        self._numbers: set[int] = set()
        self._confirmed: set[int] = set()
        self._warnings: Counter[str] = Counter()
        self._plots = self._ticks = self._external = 0
        self._faults: Counter[str] = Counter()
        self._work_s = 0.0

    def __call__(self, out: TickOut) -> None:
        """Take one tick."""
        self.outputs.add(out)
        self._ticks += 1
        self._plots += len(out.plots)
        self._confirmed.update(out.tracks.number[out.tracks.status == 1].tolist())
        self._numbers.update(out.tracks.number.tolist())
        self._faults.update(out.faults.kind.tolist())
        rows = zip(out.warnings.action.tolist(), out.warnings.stage.tolist(), strict=True)
        self._warnings.update(
            f"{Action(action).name.lower()} {Stage(stage).name.lower()}" for action, stage in rows
        )

    def result(self) -> dict[str, Any]:
        """Return the counts."""
        elapsed = time.perf_counter() - self._started
        return {
            "plots": self._plots,
            "plots_per_s": round(self._plots / elapsed, 1),
            "elapsed_s": round(elapsed, 1),
            "ticks": self._ticks,
            "tracks": len(self._numbers),
            "tracks_confirmed": len(self._confirmed),
            "warnings": dict(sorted(self._warnings.items())),
            "faults": dict(sorted(self._faults.items())),
        }


def demo(options: DemoOptions, note: Note) -> dict[str, Any]:
    """Run the demo; return what happened and how good it was.

    Raises:
        InputError: something asked for cannot be had.
    """
    choose(
        options.scenario,
        options.seed,
        options.without_sensors,
        options.civil_only,
        options.mirrored,
        options.minutes,
    )
    with contextlib.ExitStack() as stack:
        if options.out is None:
            out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-demo-")))
        else:
            out = options.out
            if (out / "record").exists():
                raise InputError(out, "holds the record of another run", "choose another -o")
        config = None if options.headless else serve.ServeConfig(port=_port(options))
        return asyncio.run(_demo(options, config, out, note))


def _port(options: DemoOptions) -> int:
    return 8080 if options.port is None else options.port


async def _demo(
    options: DemoOptions, config: serve.ServeConfig | None, out: Path, note: Note
) -> dict[str, Any]:
    # Compiled before anybody waits for us.
    warm_up(note)
    note("starting the simulator ...")
    process = await asyncio.create_subprocess_exec(
        *_simulator(options, out), stdin=DEVNULL, stdout=PIPE
    )
    result: dict[str, Any] = {}
    tally: Tally | None = None
    try:
        site = read_site(await _site_file(process))
        tally = Tally(Outputs(out))

        async def finish() -> None:
            assert tally is not None
            tally.outputs.close()
            await process.wait()
            scores = score_folder(out, out / "truth", out / "zones.geojson", None)
            result.update({"out": str(out), **tally.result(), **scores})
            if config is not None:
                note("the scenario is over; the page stays up until Ctrl-C")
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()

        ready = _open_browser if options.browser and config is not None else None
        running = operate(site, config, out / "record", (tally,), "demo", note, ready, finish)
        await _while_simulated(running, process)
    finally:
        if process.returncode is None:
            process.kill()
        if tally is not None and not result:
            tally.outputs.close()
            kept = f"; what there was is in {out}" if options.out is not None else ""
            note(f"stopped before its end, so nothing is scored{kept}")
    return result


async def _while_simulated(running: Coroutine[Any, Any, None], process: Process) -> None:
    """Await the run; end it where the simulator fails, which nobody else would notice."""
    site, simulator = asyncio.ensure_future(running), asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait({site, simulator}, return_when=asyncio.FIRST_COMPLETED)
        if simulator.done() and simulator.result() != 0 and not site.done():
            what = f"ended with exit {simulator.result()}"
            raise InputError("simulator", what, "see its message above")
        await site
    finally:
        for task in (site, simulator):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await site


def _simulator(options: DemoOptions, out: Path) -> list[str]:
    """Return the command line of the simulator's process."""
    command = [sys.executable, "-m", "tocsin", "simulate", "--speak", "-o", str(out)]
    if options.scenario is not None:
        command.insert(4, str(options.scenario))
    command += ["--speed", str(options.speed) if options.speed else "max"]
    command += [] if options.seed is None else ["--seed", str(options.seed)]
    for sensor_id in options.without_sensors:
        command += ["--without-sensor", sensor_id]
    command += ["--civil-only"] if options.civil_only else []
    command += [] if options.minutes is None else ["--minutes", str(options.minutes)]
    return command + (["--mirrored"] if options.mirrored else [])


async def _site_file(process: Process) -> Path:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise InputError("simulator", "ended before it was ready", "see its message above")
    return Path(json.loads(line)["site"])


def _open_browser(address: str) -> None:
    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(address)
