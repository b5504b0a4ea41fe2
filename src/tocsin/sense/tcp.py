"""Streams over TCP: as client with reconnection, or as server for one client at a time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine

from tocsin.sense.binding import bind_error

_CHUNK = 1 << 16
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 10.0
_CONNECT_S = 10.0
# A peer that vanishes without a word is noticed after 10 + 3 x 5 s.
_KEEPALIVE = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))


async def connect(
    host: str, port: int, deliver: Callable[[bytes], None], on_state: Callable[[str], None]
) -> None:
    """Connect, deliver what comes, and connect again, waiting longer after each fruitless try."""
    wait_s = _FIRST_WAIT_S

    def take(data: bytes) -> None:
        nonlocal wait_s
        wait_s = _FIRST_WAIT_S
        deliver(data)

    while True:
        on_state("connecting")
        try:
            opening = asyncio.open_connection(host, port, limit=_CHUNK)
            reader, writer = await asyncio.wait_for(opening, _CONNECT_S)
            on_state("connected")
            await _read(reader, writer, take)
            reason = "closed by the other side"
        except (OSError, TimeoutError) as error:
            reason = str(error) or "no answer"
        on_state(f"lost: {reason}; again in {wait_s:g} s")
        await asyncio.sleep(wait_s)
        wait_s = min(2.0 * wait_s, _LONGEST_WAIT_S)


async def accept(
    where: str,
    host: str,
    port: int,
    deliver: Callable[[bytes], None],
    on_state: Callable[[str], None],
) -> None:
    """Deliver what the latest client sends; a new client ends the one before.

    Raises:
        InputError: the port cannot be opened.
    """
    clients: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for before in clients:
            before.close()
        clients[:] = [writer]
        on_state("connected")
        try:
            await _read(reader, writer, lambda data: deliver(data) if writer in clients else None)
        except OSError as error:
            on_state(f"lost: {error}")
        if writer in clients:
            clients.remove(writer)
            on_state("listening")

    await _serve_forever(where, host, port, serve, on_state)
    for client in clients:
        client.close()


async def _serve_forever(
    where: str,
    host: str,
    port: int,
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]],
    on_state: Callable[[str], None],
) -> None:
    try:
        server = await asyncio.start_server(serve, host, port, limit=_CHUNK)
    except OSError as error:
        raise bind_error(where, host, port, error) from error
    on_state("listening")
    async with server:
        await server.serve_forever()


async def _read(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deliver: Callable[[bytes], None]
) -> None:
    """Deliver until the stream ends."""
    _keep_alive(writer)
    try:
        while data := await reader.read(_CHUNK):
            deliver(data)
    finally:
        writer.close()


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
