"""Listen to one input until cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tocsin.sense.address import parse_address
from tocsin.sense.files import read_input
from tocsin.sense.tcp import accept, connect
from tocsin.sense.udp import receive

_CHUNK = 1 << 16


async def listen(
    url: str,
    source_id: str,
    deliver: Callable[[bytes], None],
    on_state: Callable[[str], None] = lambda _: None,
) -> None:
    """Hand on what an input says until cancelled; a file ends by itself.

    Args:
        url: `tcp://HOST:PORT` (connects, and again after a loss), `tcp-listen://HOST:PORT`,
            `udp://HOST:PORT` (joins the group where HOST is one), or a file.
        source_id: name of the input, for errors.
        deliver: takes a piece of a stream, or one datagram.
        on_state: takes "connected" when a stream begins anew, and other words for people.

    Raises:
        InputError: the address is wrong, the port is taken, or the file cannot be read.
    """
    address = parse_address(url)
    where = f"{source_id} ({url})" if source_id and source_id != url else url
    if address.scheme == "tcp":
        await connect(address.host, address.port, deliver, on_state)
    elif address.scheme == "tcp-listen":
        await accept(where, address.host, address.port, deliver, on_state)
    elif address.scheme == "udp":
        await receive(where, address.host, address.port, deliver, on_state)
    else:
        await _replay(address.path, deliver, on_state)


async def _replay(
    path: str, deliver: Callable[[bytes], None], on_state: Callable[[str], None]
) -> None:
    data = await asyncio.to_thread(read_input, path)
    on_state("connected")
    for at in range(0, len(data), _CHUNK):
        deliver(data[at : at + _CHUNK])
        await asyncio.sleep(0)
    on_state("ended")
