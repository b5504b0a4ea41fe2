"""Datagrams over UDP, unicast or multicast.

The system's queue is the only one; what it had to drop is told to `on_state`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
import sys
from collections.abc import Callable

from tocsin.contract import InputError
from tocsin.sense.binding import bind_error

_LONGEST = 65_536
_QUEUE_BYTES = 4 << 20
_AT_ONCE = 256
# Linux, asm-generic/socket.h: with each datagram, how many the full queue has dropped so far.
_SO_RXQ_OVFL = 40


async def receive(
    where: str,
    host: str,
    port: int,
    deliver: Callable[[bytes], None],
    on_state: Callable[[str], None],
) -> None:
    """Deliver every datagram to a port, or of a multicast group, until cancelled.

    Raises:
        InputError: the port cannot be opened or the group not joined.
    """
    try:
        opened = _open(where, host, port)
    except OSError as error:
        raise bind_error(where, host, port, error) from error
    dropped = 0

    def ready() -> None:
        nonlocal dropped
        for _ in range(_AT_ONCE):
            try:
                data, extra, _, _ = opened.recvmsg(_LONGEST, socket.CMSG_SPACE(4))
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                on_state(f"lost: {error}")
                return
            now = _dropped(extra)
            if now > dropped:
                on_state(f"overflow: {now} datagrams dropped in all")
                dropped = now
            if data:
                deliver(data)

    loop = asyncio.get_running_loop()
    loop.add_reader(opened, ready)
    on_state("listening")
    try:
        await asyncio.Event().wait()
    finally:
        loop.remove_reader(opened)
        opened.close()


def _open(where: str, host: str, port: int) -> socket.socket:
    """Return a bound socket that is a member of the group where the host is one."""
    family, _, _, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _QUEUE_BYTES)
        if sys.platform == "linux":
            opened.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        group = ipaddress.ip_address(str(target[0]))
        if group.is_multicast and family == socket.AF_INET6:
            raise InputError(where, "is an IPv6 group, which is not supported", "use IPv4")
        if group.is_multicast:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(target)
        if group.is_multicast:
            member = group.packed + socket.inet_aton("0.0.0.0")
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    except BaseException:
        opened.close()
        raise
    return opened


def _dropped(extra: list[tuple[int, int, bytes]]) -> int:
    for level, kind, value in extra:
        if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL and len(value) >= 4:
            return int(struct.unpack("=I", value[:4])[0])
    return 0
