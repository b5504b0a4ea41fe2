"""The WebSocket over a real socket: order, newest-only, bounds, access."""

import asyncio
import json
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.serve.support import NOW_NS, TOKEN, busy_hub, health, notice, snapshot, tracks, warning
from tests.support import free_port
from tocsin.contract import NS, Action, InputError, NoticeKind, SensorState, Stage
from tocsin.serve import Clock, Hub, ServeConfig, create_app, serving
from tocsin.serve.hub import RING

Body = Callable[[str], Awaitable[None]]


def with_server(hub: Hub, body: Body, config: ServeConfig | None = None) -> None:
    """Run a test's body against a real server."""

    async def run() -> None:
        chosen = config or ServeConfig(port=0, token=TOKEN)
        async with asyncio.timeout(60), serving(create_app(hub, chosen), chosen) as url:
            await body(url.replace("http", "ws") + "/api/v1/stream")

    asyncio.run(run())


async def texts(socket: ClientConnection, count: int) -> list[dict[str, Any]]:
    """Return the next text messages; binary ones between are left out."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        message = await socket.recv()
        if isinstance(message, str):
            found.append(json.loads(message))
    return found


async def frame(socket: ClientConnection) -> tuple[int, int]:
    """Return time and number of tracks of the next binary frame."""
    while not isinstance(message := await socket.recv(), bytes):
        pass
    at_ns, count = struct.unpack_from("<qI", message, 8)
    assert len(message) == 32 + 24 * count
    return at_ns, count


def test_a_new_client_gets_the_whole_state_at_once() -> None:
    async def body(url: str) -> None:
        async with connect(url) as socket:
            kinds = [row["type"] for row in await texts(socket, 4)]
            assert kinds == ["hello", "clock", "sensors", "summary"]
            assert await frame(socket) == (NOW_NS, 3)

    with_server(busy_hub(), body)


def test_events_come_before_the_picture_they_explain() -> None:
    hub = busy_hub()

    async def body(url: str) -> None:
        async with connect(url) as socket:
            await frame(socket)
            hub.publish(
                snapshot(
                    clock=Clock(NOW_NS + NS),
                    warnings=warning("z2", "w2", Action.ISSUE, Stage.PRE_ALERT),
                    notices=notice("coverage-north-1", NoticeKind.COVERAGE_LOST),
                    health=health(SensorState.SILENT, SensorState.NEVER),
                )
            )
            rows = await texts(socket, 7)
            assert [row["type"] for row in rows] == [
                *("warning", "zones", "notice"),
                *("clock", "sensors", "summary", "coverage_changed"),
            ]
            assert rows[1]["changed"][0]["stage"] == "pre_alert"
            assert await frame(socket) == (NOW_NS + NS, 3)

    with_server(hub, body)


def test_a_client_that_does_not_read_gets_the_newest_frame_and_no_backlog() -> None:
    hub, ticks, many = busy_hub(), 150, tracks(10_000)

    async def body(url: str) -> None:
        async with connect(url, max_queue=1, close_timeout=0.1) as socket:
            await frame(socket)
            for k in range(1, ticks + 1):
                hub.publish(snapshot(tracks=many, clock=Clock(NOW_NS + k * NS)))
                await asyncio.sleep(0.005)
            received = []
            while not received or received[-1] < NOW_NS + ticks * NS:
                received.append((await frame(socket))[0])
            # Socket buffers hold some frames; all others were never sent to this client.
            assert len(received) < ticks / 3
            assert received == sorted(received)

    with_server(hub, body)


def test_a_slow_client_still_gets_every_event_in_order() -> None:
    hub, many = busy_hub(), tracks(5000)

    async def body(url: str) -> None:
        async with connect(url, max_queue=1, close_timeout=0.1) as socket:
            await frame(socket)
            for k in range(200):
                row = warning("z1", f"w{k:03}", Action.ISSUE, Stage.ALERT)
                hub.publish(snapshot(tracks=many, warnings=row))
            got: list[str] = []
            while len(got) < 200:
                [row] = await texts(socket, 1)
                got += [row["warning_id"]] if row["type"] == "warning" else []
            assert got == [f"w{k:03}" for k in range(200)]

    with_server(hub, body)


def test_a_client_that_lost_events_is_told_to_connect_again() -> None:
    hub = busy_hub()

    async def body(url: str) -> None:
        async with connect(url) as socket:
            await frame(socket)
            for k in range(RING + 1):
                hub.publish(snapshot(notices=notice(f"n{k}", NoticeKind.OVERFLOW)))
            with pytest.raises(ConnectionClosed) as closed:
                await texts(socket, RING + 1)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1013

    with_server(hub, body)
    assert b"tocsin_clients_lagged_total 1.0" in hub.metrics.text()


def test_a_frame_is_encoded_once_for_all_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, made = busy_hub(), []
    make = hub._make_tracks
    monkeypatch.setattr(hub, "_make_tracks", lambda: made.append(1) or make())

    async def body(url: str) -> None:
        sockets = [await connect(url) for _ in range(5)]
        assert [await frame(socket) for socket in sockets] == [(NOW_NS, 3)] * 5
        hub.publish(snapshot(clock=Clock(NOW_NS + NS)))
        assert [await frame(socket) for socket in sockets] == [(NOW_NS + NS, 3)] * 5
        for socket in sockets:
            await socket.close()

    with_server(hub, body)
    assert len(made) == 2


def test_clients_are_counted_and_bounded() -> None:
    hub, config = busy_hub(), ServeConfig(port=0, clients_max=1)

    async def body(url: str) -> None:
        async with connect(url) as socket:
            await frame(socket)
            assert b"tocsin_clients 1.0" in hub.metrics.text()
            with pytest.raises(InvalidStatus):
                await connect(url)
        while hub.clients:
            await asyncio.sleep(0.01)
        async with connect(url) as socket:
            await frame(socket)

    with_server(hub, body, config)


def test_other_origins_are_refused() -> None:
    async def body(url: str) -> None:
        for origin in ("http://evil.example", "null"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(url, origin=origin)
            assert refused.value.response.status_code == 403
        own = url.replace("ws:", "http:").removesuffix("/api/v1/stream")
        async with connect(url, origin=own) as socket:
            await frame(socket)

    with_server(busy_hub(), body)


def test_off_loopback_the_stream_needs_the_token() -> None:
    async def body(url: str) -> None:
        for attempt in (url, f"{url}?token=wrong"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(attempt)
            assert refused.value.response.status_code == 403
        async with connect(f"{url}?token={TOKEN}") as socket:
            await frame(socket)

    with_server(busy_hub(), body, ServeConfig("0.0.0.0", 0, TOKEN))


def test_stopping_closes_open_streams() -> None:
    async def run() -> None:
        config = ServeConfig(port=0)
        async with asyncio.timeout(10):
            async with serving(create_app(busy_hub(), config), config) as url:
                socket = await connect(url.replace("http", "ws") + "/api/v1/stream")
            with pytest.raises(ConnectionClosed):
                await texts(socket, 99)

    asyncio.run(run())


def test_a_busy_port_is_one_clear_line() -> None:
    async def run() -> None:
        config = ServeConfig(port=free_port())
        app = create_app(busy_hub(), config)
        async with serving(app, config):
            with pytest.raises(InputError) as error:
                async with serving(app, config):
                    pass
            assert str(error.value) == (
                f"page: port {config.port} is in use; choose another with --port"
            )
        async with serving(app, config) as url:
            assert url == f"http://127.0.0.1:{config.port}"

    asyncio.run(run())


def test_an_address_of_another_machine_is_refused() -> None:
    async def run() -> None:
        config = ServeConfig("192.0.2.1", 0, TOKEN)
        with pytest.raises(InputError, match=r"192\.0\.2\.1:0 cannot be used"):
            async with serving(create_app(busy_hub(), config), config):
                pass

    asyncio.run(run())
