"""The WebSocket of the page: events in order, everything else newest-only."""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket, WebSocketDisconnect

from tocsin.serve.hub import Hub, LaggedError

INTERVAL_S = 0.04
"""Shortest time between two track frames to one client: faster than any eye, and bounded."""


async def stream(websocket: WebSocket, hub: Hub, clients_max: int) -> None:
    """Serve one client until it goes, or lags so far that events are lost to it."""
    if hub.clients >= clients_max:
        await websocket.close(1013, "too many clients")
        return
    await websocket.accept()
    hub.clients += 1
    hub.metrics.clients.set(hub.clients)
    reading = asyncio.create_task(_read(websocket))
    writing = asyncio.create_task(_write(websocket, hub))
    try:
        await asyncio.wait((reading, writing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.clients -= 1
        hub.metrics.clients.set(hub.clients)
        for task in (reading, writing):
            task.cancel()
        await asyncio.gather(reading, writing, return_exceptions=True)


async def _read(websocket: WebSocket) -> None:
    """Read, only to learn that the client has gone; what it says is ignored."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _write(websocket: WebSocket, hub: Hub) -> None:
    cursor = hub.cursor()
    try:
        await websocket.send_text(hub.hello())
        while True:
            while (message := hub.next_message(cursor)) is not None:
                await _send(websocket, hub, message)
            await hub.changed.wait()
            await asyncio.sleep(INTERVAL_S)
    except LaggedError:
        hub.metrics.lagged.inc()
        await websocket.close(1013, "too slow: events were lost, connect again")
    except WebSocketDisconnect:
        pass


async def _send(websocket: WebSocket, hub: Hub, message: str | bytes) -> None:
    if isinstance(message, bytes):
        await websocket.send_bytes(message)
        hub.metrics.frames.inc()
    else:
        await websocket.send_text(message)
