"""CoT to a TAK server or to TAK clients: over TCP, TLS or UDP, as XML, by UDP as protobuf too.

The protocol confirms nothing: a message is delivered when it has been handed to an open connection.
What heals is repetition: all shapes in force are sent at each new connection and every `repeat_s`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, cast

from tocsin.contract import ENDINGS, DeliveryStatus, Letter, Tracks, Warnings
from tocsin.serve.cot import CotWriter
from tocsin.serve.outbox import Answer

TRACKS_MAX = 5_000
DATAGRAM_BYTES = 60_000
STALE_PERIODS = 4.0


@dataclass(frozen=True)
class Address:
    """Say where and how.

    Args:
        scheme: tcp, tls or udp.
        host: name or address; of a multicast group for udp, too.
        port: its port.
        tls: whom to trust and what we show, for tls.
    """

    scheme: str
    host: str
    port: int
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class TakConfig:
    """Say what is sent and when.

    Args:
        timeout_s: for handing over one message, and for connecting.
        repeat_s: between repetitions of all that is in force.
        tracks_period_s: between pictures of the tracks; None: no tracks.
        protobuf: turns an XML event into a datagram of TAK protocol 1; None: XML is sent.
    """

    timeout_s: float = 10.0
    repeat_s: float = 60.0
    tracks_period_s: float | None = None
    protobuf: Callable[[bytes], bytes] | None = None


class _Wire(Protocol):
    """Hand events to somebody."""

    async def put(self, events: Sequence[bytes]) -> None:
        """Hand over; waits while the other side does not take them."""

    def idle(self) -> bool:
        """Return whether all that was handed over has left."""

    async def lost(self) -> None:
        """Wait until the connection is lost; raises why."""

    def close(self) -> None:
        """End it at once."""


class Tak:
    """Send warnings, and tracks where wanted, to one address.

    Args:
        address: where to.
        writer: of the events.
        config: what and when.
    """

    def __init__(self, address: Address, writer: CotWriter, config: TakConfig) -> None:
        """Hold the settings; nothing is opened yet."""
        self._address, self._writer, self._config = address, writer, config
        self._open: dict[str, bytes] = {}
        self._picture: tuple[Tracks, int] | None = None
        self._wire: _Wire | None = None
        self._up = asyncio.Event()

    def follow(self, warnings: Warnings) -> None:
        """Take in what the recipient hears of."""
        for row in range(len(warnings)):
            name = str(warnings.warning_id[row])
            if warnings.action[row] in ENDINGS:
                self._open.pop(name, None)
            else:
                self._open[name] = self._writer.warning(warnings, row)

    def watch(self, tracks: Tracks, now_ns: int) -> None:
        """Take in the tracks of now."""
        if self._config.tracks_period_s is not None:
            self._picture = (tracks, now_ns)

    def reachable(self) -> bool:
        """Return whether there is a connection."""
        return self._up.is_set()

    async def keep(self) -> None:
        """Hold a connection while it lasts, and repeat what is in force."""
        async with asyncio.timeout(self._config.timeout_s):
            wire = await _connected(self._address)
        tasks = [asyncio.create_task(one) for one in (wire.lost(), self._repeat(wire))]
        if self._config.tracks_period_s is not None:
            tasks.append(asyncio.create_task(self._show(wire, self._config.tracks_period_s)))
        try:
            self._wire = wire
            self._up.set()
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._up.clear()
            self._wire = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            wire.close()

    async def send(self, letter: Letter) -> Answer:
        """Hand over one message."""
        try:
            async with asyncio.timeout(self._config.timeout_s):
                await self._up.wait()
                await self._put(self._wire, letter.body.split(b"\n"))
        except TimeoutError:
            what = "not taken" if self._up.is_set() else "no connection"
            self._drop()
            text = f"{what} within {self._config.timeout_s:g} s"
            return Answer(DeliveryStatus.QUEUED, error=text)
        except OSError as error:
            return Answer(DeliveryStatus.QUEUED, error=str(error) or type(error).__name__)
        except ValueError as error:
            return Answer(DeliveryStatus.REFUSED, error=str(error))
        return Answer(DeliveryStatus.DELIVERED)

    def _drop(self) -> None:
        """End a connection whose other side takes nothing: what waits in it would only grow."""
        if self._wire is not None:
            self._wire.close()

    async def _put(self, wire: _Wire | None, events: Sequence[bytes]) -> None:
        if wire is None:
            raise ConnectionError("the connection was lost")
        turn = self._config.protobuf
        await wire.put([turn(event) for event in events] if turn else events)

    async def _put_soon(self, wire: _Wire, events: Sequence[bytes]) -> None:
        """Hand over what no letter waits for; a server that does not take it is left."""
        timeout_s = self._config.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                await self._put(wire, events)
        except TimeoutError as error:
            raise ConnectionError(f"nothing taken within {timeout_s:g} s") from error

    async def _repeat(self, wire: _Wire) -> None:
        while True:
            for body in list(self._open.values()):
                with suppress(ValueError):
                    await self._put_soon(wire, body.split(b"\n"))
            await asyncio.sleep(self._config.repeat_s)

    async def _show(self, wire: _Wire, period_s: float) -> None:
        """Send the newest tracks now and then; none while the last ones have not left."""
        while True:
            picture, self._picture = self._picture, None
            if picture is not None and wire.idle():
                tracks, now_ns = picture
                stale_s = STALE_PERIODS * period_s
                events = await asyncio.to_thread(self._writer.tracks, tracks, now_ns, stale_s)
                await self._put_soon(wire, events[:TRACKS_MAX])
            await asyncio.sleep(period_s)


async def _connected(address: Address) -> _Wire:
    if address.scheme == "udp":
        loop = asyncio.get_running_loop()
        remote = (address.host, address.port)
        _, datagrams = await loop.create_datagram_endpoint(_Datagrams, remote_addr=remote)
        return datagrams
    tls = address.tls if address.scheme == "tls" else None
    return _Stream(*await asyncio.open_connection(address.host, address.port, ssl=tls))


class _Stream:
    """Hand events to a TAK server over TCP or TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def put(self, events: Sequence[bytes]) -> None:
        self._writer.write(b"".join(events))
        await self._writer.drain()
        # A connection that is ended from here releases who waits as if all had left.
        if self._writer.transport.is_closing():
            raise ConnectionError("the connection was lost")

    def idle(self) -> bool:
        return self._writer.transport.get_write_buffer_size() == 0

    async def lost(self) -> None:
        # A server sends what others say, too; unread it would stop.
        while await self._reader.read(65_536):
            pass
        raise ConnectionError("the server closed the connection")

    def close(self) -> None:
        self._writer.transport.abort()


class _Datagrams(asyncio.DatagramProtocol):
    """Hand events to an address over UDP, one to a datagram."""

    def __init__(self) -> None:
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # What asyncio makes is one by its methods, and in 3.11 not by its class.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def error_received(self, error: Exception) -> None:
        if not self._lost.done():
            self._lost.set_exception(error)

    async def put(self, events: Sequence[bytes]) -> None:
        large = [len(event) for event in events if len(event) > DATAGRAM_BYTES]
        if large:
            raise ValueError(f"an event of {large[0]} bytes fits into no datagram: use tcp")
        assert self._transport is not None
        for k, event in enumerate(events):
            self._transport.sendto(event)
            if k % 64 == 63:
                await asyncio.sleep(0)

    def idle(self) -> bool:
        return self._transport is not None

    async def lost(self) -> None:
        await self._lost

    def close(self) -> None:
        self._lost.cancel()
        if self._transport is not None:
            self._transport.abort()
