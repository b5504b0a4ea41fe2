"""Where the page is served, who may read it and who may write."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from tocsin.contract import InputError
from tocsin.serve.roles import LEAST_LETTERS, Access, Role


@dataclass(frozen=True)
class ServeConfig:
    """Set up the server.

    Args:
        host: address to bind; loopback unless a token is set.
        port: to bind; 0: any free one.
        token: of the highest role; None: there is none.
        hosts: names, beside loopback and bare addresses, that a request's Host may have.
        inject_token: put the token into the page (demo); never done on a bind that is not loopback.
        clients_max: WebSocket clients at once.
        tokens: of other roles. Writes need one, and reads too where the bind is not loopback.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    token: str | None = None
    hosts: tuple[str, ...] = ()
    inject_token: bool = False
    clients_max: int = 2000
    tokens: tuple[Access, ...] = ()

    @property
    def accesses(self) -> tuple[Access, ...]:
        """Return all tokens with their roles."""
        highest = (Access(self.token, Role.SUPERVISOR),) if self.token else ()
        return (*highest, *self.tokens)

    @property
    def loopback(self) -> bool:
        """Return whether only this machine can connect."""
        return is_loopback(self.host)

    @property
    def injects(self) -> bool:
        """Return whether the page carries the token."""
        return self.inject_token and self.loopback and bool(self.token)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine only."""
    name = address(host)
    return host.lower() == "localhost" if name is None else name.is_loopback


def address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a host is written as, or None where it is a name."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def check_bind(config: ServeConfig) -> None:
    """Refuse a bind that would let strangers in.

    Raises:
        InputError: the bind is not loopback and there is no token, or the token is too short.
    """
    if config.loopback:
        return
    if not config.accesses:
        mend = "set a token (access.token in the site file), or bind 127.0.0.1"
        raise InputError(
            f"host {config.host}", "other machines could connect without a token", mend
        )
    if any(len(access.token) < LEAST_LETTERS for access in config.accesses):
        mend = f"use at least {LEAST_LETTERS} characters"
        raise InputError(f"host {config.host}", "the token is short enough to be guessed", mend)
