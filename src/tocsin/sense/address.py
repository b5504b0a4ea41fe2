"""Addresses of inputs: `tcp://HOST:PORT`, `tcp-listen://HOST:PORT`, `udp://HOST:PORT`, a file."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tocsin.contract import InputError

SCHEMES = ("tcp", "tcp-listen", "udp")
_MEND = "use tcp://HOST:PORT, tcp-listen://HOST:PORT, udp://HOST:PORT or a file"


@dataclass(frozen=True)
class Address:
    """Hold one input's address.

    Args:
        url: as given.
        scheme: "tcp", "tcp-listen", "udp" or "file".
        host: to connect to, or to listen at; a multicast group is joined.
        port: 1 to 65535.
        path: of the file.
    """

    url: str
    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""


def parse_address(url: str) -> Address:
    """Return an input's address; what has no scheme is a file.

    Raises:
        InputError: no such scheme, or no host and port.

    >>> parse_address("udp://239.1.2.3:20124").port
    20124
    """
    if "://" not in url:
        return Address(url, "file", path=url)
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError as error:
        raise InputError(url, f"is no address: {error}", _MEND) from error
    if scheme == "file":
        return Address(url, "file", path=url.removeprefix("file://"))
    if scheme not in SCHEMES:
        raise InputError(url, f"no such kind of input {scheme!r}", _MEND)
    if not host or not port:
        raise InputError(url, "names no host and port", _MEND)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise InputError(url, "has more than a host and a port", _MEND)
    return Address(url, scheme, host, port)
