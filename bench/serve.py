"""Measure what it costs to send the air picture to many clients, as a share of one core.

python bench/serve.py [clients] [tracks] [seconds]

The server publishes all tracks once a second. Clients live in a process of their own and read as
fast as they can; the server's own processor time is counted, that of the kernel for it included.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import resource
import sys
import time
from urllib.parse import urlsplit

import numpy as np

from tocsin.contract import NS, Origin, Tracks, TrackStatus
from tocsin.serve import Clock, Hub, ServeConfig, SiteInfo, Snapshot, create_app, serving

START_NS = 1_900_000_000 * NS
HANDSHAKE = (
    "GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n"
)


def picture(count: int) -> Tracks:
    """Return tracks spread over the map."""
    k = np.arange(count)
    return Tracks.build(
        count,
        measured_at_ns=START_NS,
        track_id=[f"T{n:05d}" for n in k],
        number=k,
        status=TrackStatus.CONFIRMED,
        existence_probability=0.99,
        latitude_deg=50.0 + (k * 0.618) % 1.0,
        longitude_deg=-30.0 + (k * 0.7549) % 1.0,
        height_wgs84_m=1000.0,
        velocity_east_mps=50.0,
        velocity_north_mps=50.0,
        velocity_up_mps=0.0,
    )


def read_all(url: str, clients: int, counted: multiprocessing.Queue[int]) -> None:
    """Read on many connections until the server ends; put the bytes read."""

    async def one() -> int:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(HANDSHAKE.encode())
        total = 0
        while data := await reader.read(1 << 20):
            total += len(data)
        writer.close()
        return total

    async def every() -> int:
        return sum(await asyncio.gather(*(one() for _ in range(clients))))

    counted.put(asyncio.run(every()))


def processor_s() -> float:
    """Return the processor time of this process, the kernel's for it included."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(clients: int, count: int, seconds: int) -> dict[str, float]:
    """Return the measurement."""
    hub = Hub(SiteInfo("bench", "live", "Test", Origin(50.0, -30.0)))
    tracks, config = picture(count), ServeConfig(port=0)
    counted: multiprocessing.Queue[int] = multiprocessing.Queue()
    async with serving(create_app(hub, config), config) as url:
        reading = multiprocessing.Process(target=read_all, args=(url, clients, counted))
        reading.start()
        while hub.clients < clients:
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.0)
        before, sent, began = processor_s(), frames(hub), time.perf_counter()
        for k in range(seconds):
            hub.publish(Snapshot(Clock(START_NS + k * NS), tracks, plots=count))
            await asyncio.sleep(max(0.0, began + k + 1 - time.perf_counter()))
        elapsed, used = time.perf_counter() - began, processor_s() - before
        sent = frames(hub) - sent
    total = await asyncio.to_thread(counted.get)
    reading.join()
    return {
        "clients": clients,
        "tracks": count,
        "seconds": round(elapsed, 2),
        "core_share": round(used / elapsed, 3),
        "frames_per_client_s": round(sent / clients / elapsed, 3),
        "received_mb": round(total / 1e6, 1),
    }


def frames(hub: Hub) -> float:
    """Return the track frames sent so far."""
    return hub.metrics.registry.get_sample_value("tocsin_track_frames_total") or 0.0


if __name__ == "__main__":
    chosen = [int(text) for text in sys.argv[1:]] + [1000, 10_000, 10][len(sys.argv) - 1 :]
    # Each connection is a file at both ends.
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    multiprocessing.set_start_method("spawn")
    print(json.dumps(asyncio.run(measure(*chosen))))
