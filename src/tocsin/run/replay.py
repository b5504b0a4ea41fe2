"""`tocsin replay`: work a record again; the outputs must be the recorded ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from tocsin import serve
from tocsin.contract import NS
from tocsin.record import LEDGER, digest, read_deliveries
from tocsin.run.bridge import Bridge
from tocsin.run.clock import ClockState, Pace, Received
from tocsin.run.offline import Say
from tocsin.run.outputs import Outputs
from tocsin.run.pipeline import TickOut
from tocsin.run.recording import (
    OUTPUTS,
    Digests,
    Player,
    recorded_site,
    recorded_ticks,
    recorded_zones,
)
from tocsin.run.site import Site
from tocsin.run.site_run import with_token
from tocsin.run.told_files import write_deliveries
from tocsin.run.warm import warm_up


class RecordClock:
    """Tell a record's time, at a pace that clients can change."""

    def __init__(self, speed: float) -> None:
        """Start at a speed; 0 is as fast as possible."""
        self.pace = Pace(speed)
        self.on_change: Callable[[], None] = lambda: None
        self.state = ClockState(0, speed, controllable=True)

    def stamp_ns(self) -> int:
        """Return 0: a replay takes nothing in."""
        return 0

    async def advance(self, now_ns: int) -> None:
        """Wait until a tick is due."""
        step_s = (now_ns - self.state.now_ns) / NS if self.state.now_ns else 0.0
        await self.pace.wait(step_s)
        self.state = replace(self.state, now_ns=now_ns)

    async def ticks(self, received: Received) -> AsyncIterator[int]:
        """Yield nothing: the record has the ticks."""
        return
        yield 0

    async def control(self, speed: float | None, paused: bool | None) -> None:
        """Change speed or pause."""
        wish = {"speed": speed, "paused": paused}
        self.pace.change({key: value for key, value in wish.items() if value is not None})
        self.state = replace(self.state, speed=self.pace.speed, paused=self.pace.paused)


def replay(
    record: Path, speed: float, page: bool, port: int | None, out: Path | None, say: Say
) -> dict[str, Any]:
    """Work a record again and compare each output stream with the recorded one.

    Raises:
        InputError: no record there, or it is damaged.
    """
    site = recorded_site(record)
    warm_up(say.note, site.pipeline_config().sensors)
    outputs = Outputs(out) if out is not None else None
    digests = Digests()
    worked, whole = 0, not page

    def take(result: TickOut) -> None:
        nonlocal worked
        worked += 1
        digests.add(result)
        if outputs is not None:
            outputs.add(result)

    def over() -> None:
        nonlocal whole
        whole = True
        say.note("the record is over; the page stays up until Ctrl-C")

    if page:
        # Ctrl-C ends the page, not the program: what was worked until then is said and written.
        with suppress(KeyboardInterrupt):
            asyncio.run(_show(site, record, speed, port, (take, over), say))
    else:
        for result in say.progress(_work(record), "replaying"):
            take(result)
    if outputs is not None and out is not None:
        outputs.close()
        _copy_ledger(record, out, say)
    hashes = digests.hex()
    recorded = {name: digest(record, name) for name in OUTPUTS} if whole else hashes
    different = [name for name in OUTPUTS if hashes[name] != recorded[name]]
    return {
        "record": str(record),
        "ticks": worked,
        "sha256": hashes,
        "whole": whole,
        "identical": not different if whole else None,
        "different": different,
    }


def _copy_ledger(record: Path, out: Path, say: Say) -> None:
    """Write who was told in the recorded run; a replay tells nobody."""
    if (record / LEDGER).is_file():
        write_deliveries(read_deliveries(record), out)
        say.note("a replay delivers nothing; deliveries.parquet holds the recorded run's")


def _work(record: Path) -> Iterator[TickOut]:
    player = Player(record)
    for tick in recorded_ticks(record):
        yield player.tick(tick)


async def _show(
    site: Site,
    record: Path,
    speed: float,
    port: int | None,
    tell: tuple[Callable[[TickOut], None], Callable[[], None]],
    say: Say,
) -> None:
    """Replay on the page; clients' wishes go to the pace, never into the record."""
    player, clock = Player(record), RecordClock(speed)
    former = recorded_zones(record)
    bridge = Bridge(site, player.pipeline, clock, lambda actions: None, "replay", former=former)
    config = with_token(serve.ServeConfig(port=8080 if port is None else port))
    async with serve.serving(serve.create_app(bridge.hub, config), config) as address:
        say.note(f"page: {address}")
        for tick in recorded_ticks(record):
            await clock.advance(tick.now_ns)
            out = await asyncio.to_thread(player.tick, tick)
            tell[0](out)
            bridge(out)
        bridge.stop()
        tell[1]()
        await asyncio.Event().wait()
