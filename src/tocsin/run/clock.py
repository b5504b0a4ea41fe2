"""Where the time of a run comes from: this machine's clock, or a feed of scenario time.

A feed is a TCP connection that carries JSON lines. It sends ``{"tick": now_ns, "sent": {source:
bytes}}``; the run waits until it holds just those bytes, works the tick, and answers
``{"done": now_ns}``. So a tick holds the same data however fast or slow the machine is.
Towards the feed go ``{"speed": x}`` and ``{"paused": true}`` too; it answers each of them with
``{"control": true}``. All its messages say its speed and whether it is paused.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tocsin.contract import NS, InputError

STEP_NS = NS
"""By more than this, a clock that goes back was put back, and is no longer followed."""
SLEPT_NS = 5 * NS
"""By more than this, a clock that goes ahead is worth a word."""


@dataclass(frozen=True)
class ClockState:
    """Describe the clock as clients see it; speed 0 is as fast as possible."""

    now_ns: int
    speed: float = 1.0
    paused: bool = False
    controllable: bool = False


class Received:
    """Count the bytes received per source, and wake who waits for them."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.totals: dict[str, int] = {}
        self._changed = asyncio.Event()

    def add(self, source_id: str, count: int) -> None:
        """Count bytes of a source."""
        self.totals[source_id] = self.totals.get(source_id, 0) + count
        self._changed.set()

    async def reach(self, sent: Mapping[str, int]) -> None:
        """Wait until at least ``sent`` bytes have come from each source."""
        while any(self.totals.get(source, 0) < count for source, count in sent.items()):
            self._changed.clear()
            await self._changed.wait()


class Clock(Protocol):
    """Give time and ticks to a run."""

    state: ClockState
    on_change: Callable[[], None]

    def stamp_ns(self) -> int:
        """Return the receive time of bytes that arrive now."""

    def ticks(self, received: Received) -> AsyncIterator[int]:
        """Yield the time of each tick once its data are there; end when time ends."""

    async def control(self, speed: float | None, paused: bool | None) -> None:
        """Change speed or pause, where the clock can be controlled."""


def _nothing() -> None:
    """Tell nobody."""


def _say_nothing(text: str) -> None:
    """Tell nobody."""


class WallClock:
    """Tick with this machine's clock, or on from where it was before the clock went back.

    Args:
        tick_s: the tick's length.
        wall_ns: this machine's time.
        elapsed_ns: a clock that nobody sets.
    """

    def __init__(
        self,
        tick_s: float,
        wall_ns: Callable[[], int] = time.time_ns,
        elapsed_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Start with the time that it is."""
        self._tick_ns = round(tick_s * NS)
        self._wall_ns, self._elapsed_ns = wall_ns, elapsed_ns
        self._stamp_ns, self._stamped_ns = wall_ns(), elapsed_ns()
        self._behind_ns = 0
        self.on_change: Callable[[], None] = _nothing
        self.on_step: Callable[[str], None] = _say_nothing
        self.state = ClockState(self._stamp_ns)

    def stamp_ns(self) -> int:
        """Return the time now; it never goes back, also not behind where a record ended."""
        elapsed_ns = self._elapsed_ns()
        latest_ns = max(self._stamp_ns, self.state.now_ns)
        expected_ns = max(self._stamp_ns + elapsed_ns - self._stamped_ns, latest_ns)
        wall_ns = self._wall_ns()
        behind_ns = expected_ns - wall_ns
        # One that is put right by a little is waited for; one put back by more is left behind.
        now_ns = expected_ns if behind_ns > STEP_NS else max(wall_ns, latest_ns)
        self._tell(behind_ns)
        self._stamp_ns, self._stamped_ns = now_ns, elapsed_ns
        return now_ns

    def _tell(self, behind_ns: int) -> None:
        """Say once that the clock was set back or ahead."""
        step_ns = behind_ns - self._behind_ns
        self._behind_ns = behind_ns if behind_ns > STEP_NS else 0
        if step_ns > STEP_NS:
            self.on_step(
                f"This machine's clock was set back by {step_ns / NS:.0f} s; time here goes on "
                "until the clock has caught up. Check the clock."
            )
        elif behind_ns < -SLEPT_NS:
            self.on_step(
                f"This machine slept, or its clock was set ahead, by {-behind_ns / NS:.0f} s."
            )

    async def ticks(self, received: Received) -> AsyncIterator[int]:
        """Yield at every whole multiple of the tick."""
        while True:
            due = (self.stamp_ns() // self._tick_ns + 1) * self._tick_ns
            while (left_ns := due - self.stamp_ns()) > 0:
                await asyncio.sleep(left_ns / NS)
            self.state = replace(self.state, now_ns=due)
            yield due

    async def control(self, speed: float | None, paused: bool | None) -> None:
        """Refuse: real time cannot be controlled."""
        raise InputError("clock", "real time cannot be paused or sped up", "use a demo or a replay")


class FedClock:
    """Tick as a feed says."""

    def __init__(self, address: str) -> None:
        """Name the feed, ``tcp://HOST:PORT``."""
        self._address = address
        self._writer: asyncio.StreamWriter | None = None
        self._wishes = 0
        self.on_change: Callable[[], None] = _nothing
        self.state = ClockState(0, controllable=True)

    def stamp_ns(self) -> int:
        """Return 0: bytes of a fed run get the time of the tick that uses them."""
        return 0

    async def ticks(self, received: Received) -> AsyncIterator[int]:
        """Yield each tick of the feed when its bytes are there, then tell the feed it is done."""
        host, _, port = self._address.removeprefix("tcp://").rpartition(":")
        reader, self._writer = await asyncio.open_connection(host, int(port))
        while line := await reader.readline():
            message = json.loads(line)
            self._take_pace(message)
            if message.get("end"):
                return
            if "tick" in message:
                await received.reach(message["sent"])
                self._check(int(message["tick"]))
                self.state = replace(self.state, now_ns=int(message["tick"]))
                yield self.state.now_ns
                await self._send({"done": self.state.now_ns})

    def _check(self, tick_ns: int) -> None:
        """Refuse a tick that goes back.

        Raises:
            InputError: the feed is behind the latest tick, or behind the end of the record.
        """
        if tick_ns < self.state.now_ns:
            late_s = (self.state.now_ns - tick_ns) / NS
            mend = "name another record folder, or start both anew"
            raise InputError(self._address, f"its time went back by {late_s:.0f} s", mend)

    def _take_pace(self, message: Mapping[str, Any]) -> None:
        """Take the feed's pace, unless it was said before the feed knew of our latest wish."""
        self._wishes -= "control" in message
        if self._wishes == 0:
            speed, paused = float(message["speed"]), bool(message["paused"])
            self.state = replace(self.state, speed=speed, paused=paused)
            if "control" in message:
                self.on_change()

    async def control(self, speed: float | None, paused: bool | None) -> None:
        """Ask the feed for another speed or a pause."""
        self._wishes += 1
        wish = {"speed": speed, "paused": paused}
        await self._send({key: value for key, value in wish.items() if value is not None})
        if speed is not None:
            self.state = replace(self.state, speed=speed)
        if paused is not None:
            self.state = replace(self.state, paused=paused)

    async def _send(self, message: dict[str, Any]) -> None:
        if self._writer is not None:
            self._writer.write(json.dumps(message).encode() + b"\n")
            await self._writer.drain()


class Pace:
    """Hold a feed to a speed; the feed's side of `FedClock`."""

    def __init__(self, speed: float) -> None:
        """Start running at a speed; 0 is as fast as possible."""
        self.speed, self.paused = speed, False
        self._changed = asyncio.Event()
        self._due = time.monotonic()

    def change(self, message: Mapping[str, Any]) -> None:
        """Take a client's wish for a speed or a pause."""
        self.speed = max(0.0, float(message.get("speed", self.speed)))
        self.paused = bool(message.get("paused", self.paused))
        self._changed.set()

    async def wait(self, step_s: float) -> None:
        """Wait until the next step of ``step_s`` scenario seconds is due."""
        started = time.monotonic()
        while self.paused or (self.speed > 0 and time.monotonic() < self._due):
            left = None if self.paused else self._due - time.monotonic()
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
                self._due = min(self._due, time.monotonic() + step_s / (self.speed or 1e9))
            except TimeoutError:
                break
        # A late step is not made up for: time then runs a little slower instead of jumping.
        length = step_s / self.speed if self.speed > 0 else 0.0
        self._due = max(self._due + length, started)
