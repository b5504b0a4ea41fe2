"""The time of a run never goes back, whatever happens to this machine's clock."""

import asyncio

import pytest

from tocsin.contract import NS, InputError
from tocsin.run.clock import ClockState, FedClock, Received, WallClock

T0 = 1_790_000_000 * NS


class Machine:
    """A machine's clocks, to be set."""

    def __init__(self) -> None:
        self.wall_ns, self.elapsed_ns = T0, 5 * NS
        self.told: list[str] = []
        self.clock = WallClock(1.0, lambda: self.wall_ns, lambda: self.elapsed_ns)
        self.clock.on_step = self.told.append

    def after(self, seconds: float, set_s: float = 0.0) -> float:
        """Let time pass, with the wall clock set by some seconds; return the run's time."""
        self.elapsed_ns += round(seconds * NS)
        self.wall_ns += round((seconds + set_s) * NS)
        return (self.clock.stamp_ns() - T0) / NS


def test_time_goes_on_while_the_clock_is_an_hour_back_and_follows_it_again_then() -> None:
    machine = Machine()
    assert machine.after(10.0) == 10.0
    assert machine.after(1.0, set_s=-3600.0) == 11.0
    assert machine.after(100.0) == 111.0
    assert len(machine.told) == 1
    assert "set back by 3600 s" in machine.told[0]
    assert machine.after(1.0, set_s=3600.0) == 112.0
    assert machine.after(1.0) == 113.0
    assert len(machine.told) == 1


def test_a_clock_put_right_by_a_little_is_waited_for() -> None:
    machine = Machine()
    assert machine.after(10.0) == 10.0
    assert machine.after(0.1, set_s=-0.5) == 10.0
    assert machine.after(1.0) == pytest.approx(10.6)
    assert machine.told == []


def test_a_clock_set_ahead_is_followed_with_a_word() -> None:
    machine = Machine()
    assert machine.after(1.0, set_s=600.0) == 601.0
    assert machine.after(1.0) == 602.0
    assert [text for text in machine.told if "600 s" in text] == machine.told != []


def test_time_does_not_go_back_behind_a_record() -> None:
    machine = Machine()
    machine.clock.state = ClockState(T0 + 50 * NS)
    assert machine.after(1.0) == 50.0
    assert machine.after(1.0) == 51.0
    assert len(machine.told) == 1


def test_ticks_follow_one_another_over_a_step_back(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()

    async def sleep(seconds: float) -> None:
        machine.after(seconds)

    async def four() -> list[int]:
        seen: list[int] = []
        async for tick_ns in machine.clock.ticks(Received()):
            seen.append(tick_ns)
            machine.after(0.0, set_s=-3600.0 if len(seen) == 2 else 0.0)
            if len(seen) == 4:
                break
        return seen

    monkeypatch.setattr(asyncio, "sleep", sleep)
    assert [(at - T0) / NS for at in asyncio.run(four())] == [1.0, 2.0, 3.0, 4.0]


def test_a_feed_that_goes_back_is_refused() -> None:
    async def ticks() -> list[int]:
        async def feed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for tick in (T0 + NS, T0):
                words = f'{{"tick": {tick}, "sent": {{}}, "speed": 0, "paused": false}}\n'
                writer.write(words.encode())
            await reader.read()
            writer.close()
            await writer.wait_closed()
            over.set()

        over = asyncio.Event()
        server = await asyncio.start_server(feed, "127.0.0.1", 0)
        clock = FedClock(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        seen = []
        try:
            async for tick_ns in clock.ticks(Received()):
                seen.append(tick_ns)
        finally:
            assert clock._writer is not None
            clock._writer.close()
            await clock._writer.wait_closed()
            await over.wait()
            server.close()
            await server.wait_closed()
        return seen

    with pytest.raises(InputError, match="went back by 1 s"):
        asyncio.run(ticks())
