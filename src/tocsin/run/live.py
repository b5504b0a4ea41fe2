"""A running site: inputs, clock, journal, pipeline and clients around one loop.

A tick's inputs are committed to the journal before they are worked, its outputs before anybody
hears of them. After a crash the journal's inputs lead to the same state again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar

from tocsin import sense
from tocsin.contract import NS, Frames, OperatorActions
from tocsin.record import JournalError
from tocsin.run.clock import Clock, Received
from tocsin.run.pipeline import Pipeline, TickOut
from tocsin.run.recording import Recording
from tocsin.run.site import InputSection
from tocsin.run.told import tell

P = ParamSpec("P")
T = TypeVar("T")
Sink = Callable[[TickOut], None]


INBOX_BYTES = 256 * 1024 * 1024
"""What may wait for a tick; more is dropped and counted, by source."""


class Inbox:
    """Collect frames and operator actions between ticks, in bounded room."""

    def __init__(self, stamp_ns: Callable[[], int]) -> None:
        """Name the clock that stamps what arrives."""
        self._stamp_ns = stamp_ns
        self._frames: list[tuple[int, str, bytes | None]] = []
        self._lost: dict[str, str] = {}
        self._actions: list[OperatorActions] = []
        self._waiting_bytes = 0
        self.overflows: dict[str, int] = {}
        self.received = Received()

    def deliver(self, source_id: str, payload: bytes) -> None:
        """Take bytes from a source."""
        self.received.add(source_id, len(payload))
        if self._waiting_bytes + len(payload) > INBOX_BYTES:
            total = self.overflows[source_id] = self.overflows.get(source_id, 0) + len(payload)
            self._lost[source_id] = f"{total} bytes dropped in all: more came than a tick can hold"
            return
        self._waiting_bytes += len(payload)
        self._frames.append((self._stamp_ns(), source_id, payload))

    def state(self, source_id: str, state: str) -> None:
        """Take a listener's word.

        A new connection is marked by a frame without bytes: what was cut off stays cut off. What
        the system dropped is marked once a tick.
        """
        if state == "connected":
            self._frames.append((self._stamp_ns(), source_id, None))
        elif state.startswith("overflow: "):
            told = self._lost[source_id] = state.removeprefix("overflow: ")
            self.overflows[f"{source_id} datagrams"] = int(told.split()[0])

    def act(self, actions: OperatorActions) -> None:
        """Take operator actions."""
        self._actions.append(actions)

    def drain(self, now_ns: int) -> tuple[Frames, OperatorActions]:
        """Return and forget what came; what has no time of its own gets the tick's."""
        frames, self._frames, self._waiting_bytes = self._frames, [], 0
        actions, self._actions = self._actions, []
        lost, self._lost = self._lost, {}
        table = Frames.build(
            len(frames) + len(lost),
            received_at_ns=[
                *(min(at or now_ns, now_ns) for at, _, _ in frames),
                *[now_ns] * len(lost),
            ],
            source_id=[*(source for _, source, _ in frames), *lost],
            payload=[*(payload for _, _, payload in frames), *[b""] * len(lost)],
            lost=[*[None] * len(frames), *lost.values()],
        )
        return table, OperatorActions.concat(actions)


async def run_live(
    inputs: Sequence[InputSection],
    clock: Clock,
    pipeline: Pipeline,
    recording: Recording,
    inbox: Inbox,
    sinks: Sequence[Sink],
    warn: Callable[[str], None],
) -> None:
    """Run until the clock ends or the task is cancelled.

    Args:
        inputs: where to listen.
        clock: gives the ticks.
        pipeline: works them.
        recording: keeps them.
        inbox: where inputs arrive.
        sinks: told of each tick once it is recorded.
        warn: tells people what cannot go by the record.
    """
    tasks = [
        asyncio.create_task(
            sense.listen(
                item.url,
                item.source_id,
                partial(inbox.deliver, item.source_id),
                partial(inbox.state, item.source_id),
            )
        )
        for item in inputs
    ]
    ticking = asyncio.create_task(_tick(clock, pipeline, recording, inbox, sinks, warn))
    try:
        await _first_end(ticking, tasks)
    finally:
        for task in (ticking, *tasks):
            task.cancel()
        await asyncio.gather(ticking, *tasks, return_exceptions=True)


async def _first_end(ticking: asyncio.Task[None], tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for the ticks to end; a listener's error ends the run, its quiet end does not."""
    pending: set[asyncio.Task[None]] = {ticking, *tasks}
    while ticking in pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


async def _tick(
    clock: Clock,
    pipeline: Pipeline,
    recording: Recording,
    inbox: Inbox,
    sinks: Sequence[Sink],
    warn: Callable[[str], None],
) -> None:
    """Work each tick; one that cannot be recorded is tried again with the next, and none skipped.

    Meanwhile what comes in waits in the inbox, and nobody is shown what is not in the record.
    """
    held: _Held | None = None
    stuck_ns = 0
    async for now_ns in clock.ticks(inbox.received):
        held = held or _Held(*inbox.drain(now_ns))
        try:
            out = await _whole(held.work, pipeline, recording, now_ns)
        except JournalError as error:
            if not recording.may_recover:
                raise
            if not stuck_ns:
                warn(f"Nothing is worked until the record can be written again: {error}")
            stuck_ns = stuck_ns or now_ns
            continue
        held = None
        if stuck_ns:
            lost_s = (now_ns - stuck_ns) / NS
            text = f"The record could not be written for {lost_s:.0f} s; nothing was decided then."
            inbox.act(tell("record", text, now_ns))
            stuck_ns = 0
        for sink in sinks:
            sink(out)


@dataclass
class _Held:
    """Hold one tick until all of it is recorded."""

    frames: Frames
    actions: OperatorActions
    out: TickOut | None = None

    def work(self, pipeline: Pipeline, recording: Recording, now_ns: int) -> TickOut:
        """Record the inputs, work them, record the outputs: as far as that was not done yet."""
        if self.out is None:
            recording.inputs(self.frames, self.actions, now_ns)
            self.out = pipeline.tick(self.frames, self.actions, now_ns)
        recording.outputs(self.out, pipeline)
        return self.out


async def _whole(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run something in a thread; when cancelled, wait until it is over."""
    working = asyncio.create_task(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.gather(working, return_exceptions=True)
        raise
