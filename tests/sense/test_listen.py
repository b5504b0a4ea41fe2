"""Listeners on loopback: what is sent arrives, losses heal, and errors are one clear line."""

import asyncio
import gzip
import os
import socket
import struct

import pytest

from tests.support import free_port
from tocsin.contract import InputError
from tocsin.sense import listen, parse_address, read_input
from tocsin.sense import tcp as tcp_module


class Heard:
    def __init__(self):
        self.chunks, self.states = [], []

    @property
    def data(self):
        return b"".join(self.chunks)

    def task(self, url):
        return asyncio.create_task(listen(url, "feed", self.chunks.append, self.states.append))

    async def until(self, true, seconds=5.0):
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.005)


async def stop(*tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_tcp_client_connects_again_after_a_loss(monkeypatch):
    monkeypatch.setattr(tcp_module, "_FIRST_WAIT_S", 0.01)
    port = free_port()
    visits = []

    async def serve(_, writer):
        visits.append(1)
        writer.write(b"visit %d;" % len(visits))
        await writer.drain()
        writer.close()

    async def scene():
        heard = Heard()
        task = heard.task(f"tcp://127.0.0.1:{port}")
        await heard.until(lambda: any(s.startswith("lost") for s in heard.states))
        async with await asyncio.start_server(serve, "127.0.0.1", port):
            await heard.until(lambda: b"visit 3;" in heard.data)
            await stop(task)
        return heard

    heard = asyncio.run(scene())
    assert heard.data.startswith(b"visit 1;visit 2;visit 3;")
    assert heard.states.count("connected") >= 3
    assert "lost: closed by the other side; again in 0.01 s" in heard.states


def test_a_feed_that_delivers_and_is_then_reset_is_tried_again_soon(monkeypatch):
    monkeypatch.setattr(tcp_module, "_FIRST_WAIT_S", 0.01)

    async def serve(_, writer):
        writer.write(b"data;")
        await writer.drain()
        await asyncio.sleep(0.02)
        plug = writer.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def scene():
        heard = Heard()
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            task = heard.task(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
            await heard.until(lambda: sum(s.startswith("lost") for s in heard.states) >= 4)
            await stop(task)
        return heard

    lost = [state for state in asyncio.run(scene()).states if state.startswith("lost")]
    assert all("reset" in state and state.endswith("again in 0.01 s") for state in lost)


def test_tcp_server_hears_the_latest_client_only():
    port = free_port()

    async def scene():
        heard = Heard()
        task = heard.task(f"tcp-listen://127.0.0.1:{port}")
        await heard.until(lambda: "listening" in heard.states)
        answers, first = await asyncio.open_connection("127.0.0.1", port)
        first.write(b"one")
        await heard.until(lambda: heard.data == b"one")
        _, second = await asyncio.open_connection("127.0.0.1", port)
        await heard.until(lambda: heard.states.count("connected") == 2)
        async with asyncio.timeout(5.0):
            assert await answers.read() == b""  # the first was closed
        second.write(b" two")
        await heard.until(lambda: heard.data == b"one two")
        first.close()
        second.close()
        await heard.until(lambda: heard.states[-1] == "listening")
        await stop(task)

    asyncio.run(scene())


def test_udp_keeps_datagrams_apart():
    port = free_port(socket.SOCK_DGRAM)

    async def scene():
        heard = Heard()
        task = heard.task(f"udp://127.0.0.1:{port}")
        await heard.until(lambda: "listening" in heard.states)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for k in range(50):
                sender.sendto(b"datagram %d" % k, ("127.0.0.1", port))
        await heard.until(lambda: len(heard.chunks) == 50)
        await stop(task)
        return heard

    assert asyncio.run(scene()).chunks == [b"datagram %d" % k for k in range(50)]


def test_udp_tells_what_the_full_queue_dropped():
    port = free_port(socket.SOCK_DGRAM)

    async def scene():
        heard = Heard()
        task = heard.task(f"udp://127.0.0.1:{port}")
        await heard.until(lambda: "listening" in heard.states)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(1500):  # 60 MB, none of it read meanwhile
                sender.sendto(bytes(40_000), ("127.0.0.1", port))
            await heard.until(lambda: len(heard.chunks) > 10)
            await asyncio.sleep(0.05)
            sender.sendto(b"end", ("127.0.0.1", port))
            await heard.until(lambda: heard.chunks[-1] == b"end")
        await stop(task)
        return heard

    heard = asyncio.run(scene())
    last = [state for state in heard.states if state.startswith("overflow")][-1]
    assert last == f"overflow: {1501 - len(heard.chunks)} datagrams dropped in all"


def test_udp_joins_a_multicast_group():
    group, port = "239.255.77.1", free_port(socket.SOCK_DGRAM)

    async def scene():
        heard = Heard()
        task = heard.task(f"udp://{group}:{port}")
        await heard.until(lambda: task.done() or "listening" in heard.states)
        if task.done():
            pytest.skip(f"no multicast on this machine: {task.exception()}")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            loop = struct.pack("=b", 1)
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, loop)
            try:
                sender.sendto(b"to all", (group, port))
                await heard.until(lambda: heard.chunks == [b"to all"], 2.0)
            except (OSError, TimeoutError) as error:
                pytest.skip(f"no multicast route on this machine: {error!r}")
            finally:
                await stop(task)

    asyncio.run(scene())


def test_a_file_is_delivered_whole_and_ends(tmp_path):
    data = bytes(range(256)) * 1000
    path = tmp_path / "recording.bin"
    path.write_bytes(data)

    async def scene():
        heard = Heard()
        await heard.task(str(path))
        return heard

    heard = asyncio.run(scene())
    assert heard.data == data
    assert heard.states == ["connected", "ended"]


@pytest.mark.parametrize("kind", ["tcp-listen", "udp"])
def test_a_busy_port_is_one_clear_line(kind):
    stream = socket.SOCK_STREAM if kind == "tcp-listen" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, stream) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == "tcp-listen":
            taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} is already in use; stop the other"):
            asyncio.run(listen(f"{kind}://127.0.0.1:{port}", "feed", print))


def test_an_address_of_another_machine_cannot_be_bound():
    with pytest.raises(InputError, match=r"192\.0\.2\.1 is no address of this machine"):
        asyncio.run(listen("udp://192.0.2.1:40000", "feed", print))


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://a:1", "no such kind of input 'http'"),
        ("tcp://a", "names no host and port"),
        ("tcp://:30005", "names no host and port"),
        ("udp://a:99999", "is no address"),
        ("udp://a:x", "is no address"),
        ("tcp://a:1/path", "has more than a host and a port"),
    ],
)
def test_a_wrong_address_is_one_clear_line(url, what):
    with pytest.raises(InputError, match=what) as caught:
        parse_address(url)
    assert "\n" not in str(caught.value)
    assert url in str(caught.value)


def test_ipv6_host():
    assert parse_address("tcp://[::1]:30005").host == "::1"


def test_gzip_is_unpacked_also_in_parts_and_cut_off(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"one\n" * 9999) + gzip.compress(b"two\n"))
    assert read_input(path) == b"one\n" * 9999 + b"two\n"
    incompressible = bytes(k * k * 7919 % 251 for k in range(100_000))
    packed = gzip.compress(incompressible)
    path.write_bytes(packed[: len(packed) // 2])
    part = read_input(path)
    assert part
    assert incompressible.startswith(part)


def test_files_that_cannot_be_read_are_one_clear_line(tmp_path):
    empty, damaged = tmp_path / "empty", tmp_path / "damaged.gz"
    empty.touch()
    packed = bytearray(gzip.compress(bytes(k * 7919 % 251 for k in range(5000))))
    packed[30:60] = bytes(30)
    damaged.write_bytes(packed)
    cases = {
        tmp_path / "missing": "no such file; check the path",
        tmp_path: "is a folder; name the files in it",
        empty: "is empty; record it again",
        damaged: "is damaged gzip",
    }
    for path, what in cases.items():
        with pytest.raises(InputError, match=what):
            read_input(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission_is_one_clear_line(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(InputError, match="may not be read"):
        read_input(path)
