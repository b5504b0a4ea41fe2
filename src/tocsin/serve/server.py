"""The server itself: uvicorn in the caller's event loop, on a socket that is bound beforehand."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from tocsin.contract import InputError
from tocsin.serve.config import ServeConfig, address, check_bind

STOP_S = 2
_WHY = {
    errno.EADDRINUSE: ("port {port} is in use", "choose another with --port"),
    errno.EACCES: ("port {port} may not be used by this user", "choose one above 1023 with --port"),
}


class _Server(uvicorn.Server):
    """Leave signals to `run`, which owns the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@asynccontextmanager
async def serving(app: ASGIApp, config: ServeConfig) -> AsyncIterator[str]:
    """Serve an application while the context is open; yield its address.

    >>> async def example(app: ASGIApp) -> None:
    ...     async with serving(app, ServeConfig(port=0)) as url:
    ...         print(url)  # http://127.0.0.1:41234

    Raises:
        InputError: the bind is refused, or the port or address cannot be used.
    """
    check_bind(config)
    bound = bind(config)
    server = _Server(_uvicorn_config(app))
    running = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        await _started(server, running)
        yield url_of(bound)
    finally:
        server.should_exit = True
        await running
        bound.close()


def bind(config: ServeConfig) -> socket.socket:
    """Return the bound socket; port 0 takes any free port.

    Raises:
        InputError: the port is in use, or the address is not this machine's.
    """
    host = config.host.strip("[]")
    parsed = address(host)
    family = socket.AF_INET6 if parsed is not None and parsed.version == 6 else socket.AF_INET
    try:
        return socket.create_server((host, config.port), family=family, backlog=1024)
    except OSError as error:
        reason = error.strerror or str(error)
        other = (f"{host}:{config.port} cannot be used: {reason}", "choose another host or port")
        what, mend = _WHY.get(error.errno or 0, other)
        raise InputError("page", what.format(port=config.port), mend) from error


def url_of(bound: socket.socket) -> str:
    """Return the address that a browser on this machine opens."""
    host, port = bound.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


def _uvicorn_config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        # Who forwards is the site's business; nothing here trusts an address.
        proxy_headers=False,
        # Deflating a frame costs more than sending it, once per client.
        ws_per_message_deflate=False,
        ws_max_size=4096,
        timeout_graceful_shutdown=STOP_S,
    )


async def _started(server: uvicorn.Server, running: asyncio.Task[None]) -> None:
    while not server.started and not running.done():
        await asyncio.sleep(0.005)
    if running.done():
        await running
