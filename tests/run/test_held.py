"""A record that cannot be written for a while: the run waits, and nothing is lost or skipped."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from tests.run.test_resume import replayed, site
from tests.run.test_ticks import T0, heard
from tocsin.contract import NS, Frames, NoticeKind, OperatorActions, from_ipc
from tocsin.decode import plot_stream
from tocsin.record import Batch, Journal, JournalError, check, read_journal
from tocsin.run.clock import ClockState, Received
from tocsin.run.live import Inbox, run_live
from tocsin.run.pipeline import Pipeline, TickOut
from tocsin.run.recording import Recording, site_meta

TICKS = 9


class Steps:
    """A clock of some ticks a second apart, each with a plot delivered before it."""

    def __init__(self, ticks: int = TICKS) -> None:
        self.state, self.on_change = ClockState(T0), lambda: None
        self._ticks = ticks
        self.deliver: Callable[[str, bytes], None] = lambda source, payload: None
        self.sent: list[bytes] = []

    def stamp_ns(self) -> int:
        return self.state.now_ns

    async def ticks(self, received: Received) -> AsyncIterator[int]:
        for second in range(1, self._ticks + 1):
            self.state = ClockState(T0 + second * NS)
            self.sent.append(plot_stream.encode(heard(range(second, second + 1))[0]))
            self.deliver("in", self.sent[-1])
            yield self.state.now_ns

    async def control(self, speed: float | None, paused: bool | None) -> None:
        raise AssertionError


def run(pipeline: Pipeline, recording: Recording, clock: Steps) -> tuple[list[TickOut], list[str]]:
    """Run live over the clock's ticks; return what was shown, and said beside the record."""
    inbox = Inbox(clock.stamp_ns)
    clock.deliver = inbox.deliver
    shown: list[TickOut] = []
    said: list[str] = []
    work = run_live((), clock, pipeline, recording, inbox, [shown.append], said.append)
    asyncio.run(asyncio.wait_for(work, 60.0))
    return shown, said


def failing(
    monkeypatch: pytest.MonkeyPatch, journal: Journal, calls: range, broken: str = ""
) -> None:
    """Let some commits of a journal fail as they do on a full disk."""
    count, commit = 0, journal.commit

    def sometimes(entries: Sequence[Batch | tuple[str, int, bytes]]) -> int:
        nonlocal count
        count += 1
        if count in calls:
            monkeypatch.setattr(journal, "_broken", broken)
            raise JournalError("not durable (database or disk is full)")
        return commit(entries)

    monkeypatch.setattr(journal, "commit", sometimes)


# Each tick commits its inputs, then its outputs: 7 and 8 are those of the fourth.
@pytest.mark.parametrize("calls", [range(7, 10), range(8, 10)], ids=["inputs", "outputs"])
def test_a_full_disk_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: range
) -> None:
    journal = Journal.open(tmp_path, site_meta(site(2)))
    failing(monkeypatch, journal, calls)
    clock = Steps()
    shown, said = run(Pipeline(site(2).pipeline_config()), Recording(journal), clock)
    journal.close()
    assert check(tmp_path) == []
    assert len(said) == 1
    assert "disk is full" in said[0]
    instants = [out.now_ns for out in shown]
    assert instants == sorted(set(instants))
    assert len(instants) == TICKS - len(calls)
    assert instants == [e.at_ns for e in read_journal(tmp_path, ("tick",))]
    assert instants == [e.at_ns for e in read_journal(tmp_path, ("tracks",))]
    frames = [from_ipc(Frames, e.blob) for e in read_journal(tmp_path, ("frames",))]
    assert [p for f in frames for p in f.payload.tolist()] == clock.sent
    notices = [out.notices for out in shown if NoticeKind.RUN in out.notices.kind]
    assert len(notices) == 1
    assert f"for {len(calls)} s" in notices[0].text[0]
    assert replayed(tmp_path) == []


def test_a_broken_disk_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.open(tmp_path, site_meta(site(2)))
    failing(monkeypatch, journal, range(7, 8), broken="an earlier write failed")
    with pytest.raises(JournalError):
        run(Pipeline(site(2).pipeline_config()), Recording(journal), Steps())
    journal.close()


def test_a_tick_that_is_being_worked_ends_before_the_run_does() -> None:
    begun, ended = asyncio.Event(), []

    class Slow(Pipeline):
        def tick(self, frames: Frames, actions: OperatorActions, now_ns: int) -> TickOut:
            loop.call_soon_threadsafe(begun.set)
            time.sleep(0.3)
            out = super().tick(frames, actions, now_ns)
            ended.append(now_ns)
            return out

    async def stop() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        slow, clock = Slow(site(2).pipeline_config()), Steps()
        inbox = Inbox(clock.stamp_ns)
        running = asyncio.create_task(
            run_live((), clock, slow, Recording(None), inbox, [], lambda text: None)
        )
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert ended == [T0 + NS]

    loop: asyncio.AbstractEventLoop
    asyncio.run(stop())
