"""The simulator as a process of its own: it speaks Beast and plot streams like real sensors.

Each sensor is a TCP server on loopback. The control connection carries the scenario's time (see
`clock`). What truly happened is written to the output folder at the end, for the scorer alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tocsin import simulate
from tocsin.contract import Effects, InputError, Origins, Reports, SensorKind, Truth, write_parquet
from tocsin.decode import plot_stream
from tocsin.run.beast_feed import BeastFeed
from tocsin.run.clock import Pace

WAIT_S = 180
"""How long a scenario waits for its listener."""
Encoder = Callable[[simulate.SimStep], bytes]


class Feed:
    """Serve one sensor's bytes to the client that connects."""

    def __init__(self, encode: Encoder) -> None:
        """Name how a step becomes bytes."""
        self._encode = encode
        self._writer: asyncio.StreamWriter | None = None
        self.connected = asyncio.Event()
        self.sent = 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a client; the newest one gets the data."""
        self._writer = writer
        self.connected.set()

    async def send(self, step: simulate.SimStep) -> None:
        """Send what the sensor says in one step."""
        data = self._encode(step)
        if data and self._writer is not None:
            self._writer.write(data)
            await self._writer.drain()
            self.sent += len(data)


class Control:
    """Serve scenario time to one client and take its wishes."""

    def __init__(self, pace: Pace) -> None:
        """Name whose pace the client may change."""
        self._pace = pace
        self._done: asyncio.Queue[int] = asyncio.Queue()
        self._writer: asyncio.StreamWriter | None = None
        self.connected = asyncio.Event()
        self.lost = asyncio.Event()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read a client's answers until it leaves."""
        self._writer = writer
        self.connected.set()
        try:
            while line := await reader.readline():
                await self._take(json.loads(line))
        except (ConnectionError, asyncio.CancelledError):
            pass  # The listener left, or the scenario is over: either way nobody answers any more.
        self.lost.set()
        self._pace.change({"paused": False, "speed": 0.0})  # A paused feed must notice it too.

    async def _take(self, message: dict[str, Any]) -> None:
        if "done" in message:
            self._done.put_nowait(int(message["done"]))
        else:
            self._pace.change(message)
            await self.send({"control": True})

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message with the pace that holds now."""
        if self._writer is not None and not self._writer.is_closing():
            state = {**message, "speed": self._pace.speed, "paused": self._pace.paused}
            self._writer.write(json.dumps(state).encode() + b"\n")
            await self._writer.drain()

    async def tick(self, now_ns: int, sent: dict[str, int]) -> None:
        """Announce a tick and wait until the client has worked it, or left."""
        await self.send({"tick": now_ns, "sent": sent})
        done = asyncio.ensure_future(self._done.get())
        lost = asyncio.ensure_future(self.lost.wait())
        await asyncio.wait({done, lost}, return_when=asyncio.FIRST_COMPLETED)
        for task in (done, lost):
            task.cancel()


def _plots_of(sensor_id: str) -> Encoder:
    def encode(step: simulate.SimStep) -> bytes:
        reports = step.reports.take(step.reports.sensor_id == sensor_id)
        looks = step.looks.take(step.looks.sensor_id == sensor_id)
        chunks = [plot_stream.encode(table) for table in (reports, looks) if len(table)]
        return b"".join(chunks)

    return encode


def _beast_of(sensor_id: str, start_ns: int) -> Encoder:
    feed = BeastFeed(start_ns)

    def encode(step: simulate.SimStep) -> bytes:
        return feed.encode(step.reports.take(step.reports.sensor_id == sensor_id))

    return encode


class _Truths:
    """Collect what truly happened, and write it once the scenario is over."""

    def __init__(self) -> None:
        self._truth: list[Truth] = []
        self._reports: list[Reports] = []
        self._origins: list[Origins] = []

    def add(self, step: simulate.SimStep) -> None:
        self._truth.append(step.truth)
        self._reports.append(step.reports)
        self._origins.append(step.origins)

    def write(self, scenario: simulate.Scenario, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        truth = Truth.concat(self._truth)
        effects: Effects = simulate.effects(scenario, truth)
        write_parquet(truth, folder / "truth.parquet")
        write_parquet(Reports.concat(self._reports), folder / "plots.parquet")
        write_parquet(Origins.concat(self._origins), folder / "origins.parquet")
        write_parquet(effects, folder / "effects.parquet")


async def speak(scenario: simulate.Scenario, out: Path, speed: float) -> None:
    """Speak a scenario on loopback until it ends or the listener leaves.

    Prints one JSON line with the site file once everything listens.

    Args:
        scenario: what happens.
        out: folder that gets the site (at the start) and ``truth/`` (at the end).
        speed: scenario seconds per second; 0 as fast as possible.
    """
    pace = Pace(speed)
    control = Control(pace)
    feeds = {
        sensor.sensor_id: Feed(
            _beast_of(sensor.sensor_id, scenario.start_ns)
            if sensor.kind is SensorKind.ADSB_RECEIVER
            else _plots_of(sensor.sensor_id)
        )
        for sensor in scenario.sensors
    }
    ports = {name: await _serve(feed.accept) for name, feed in feeds.items()}
    clock_port = await _serve(control.accept)
    site = simulate.write_site(scenario, out)
    with site.open("a", encoding="utf-8") as file:
        file.write(_addresses(ports, clock_port))
    print(json.dumps({"ready": True, "site": str(site)}), flush=True)
    listeners = [control.connected, *(feed.connected for feed in feeds.values())]
    try:
        await asyncio.wait_for(asyncio.gather(*(each.wait() for each in listeners)), WAIT_S)
    except TimeoutError as error:
        mend = f"run the site file {site}"
        raise InputError("simulate --speak", f"nobody listened for {WAIT_S} s", mend) from error
    await _speak_steps(scenario, feeds, control, pace, out)


async def _speak_steps(
    scenario: simulate.Scenario, feeds: dict[str, Feed], control: Control, pace: Pace, out: Path
) -> None:
    truths = _Truths()
    for step in simulate.steps(scenario):
        await pace.wait(scenario.tick_s)
        if control.lost.is_set():
            return
        truths.add(step)
        await asyncio.gather(*(feed.send(step) for feed in feeds.values()))
        await control.tick(step.now_ns, {name: feed.sent for name, feed in feeds.items()})
    truths.write(scenario, out / "truth")
    await control.send({"end": True})


async def _serve(accept: Callable[..., Any]) -> int:
    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    return int(server.sockets[0].getsockname()[1])


def _addresses(ports: dict[str, int], clock_port: int) -> str:
    """Return the site file's part that says where the simulator listens."""
    inputs = "".join(
        f'\n[[input]]\nsource_id = "{name}"\nurl = "tcp://127.0.0.1:{port}"\n'
        for name, port in ports.items()
    )
    return f'{inputs}\n[clock]\nfeed = "tcp://127.0.0.1:{clock_port}"\n'
