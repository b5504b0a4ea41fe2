"""A real MQTT broker for tests (nats-server, from the development environment), and a listener."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import aiomqtt

from tests.support import free_port

PROGRAM = Path(sys.executable).parent / "nats-server"


class Broker:
    """Run a broker in a folder until closed; it may be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.port, own = free_port(), free_port()
        self._config = folder / "broker.conf"
        self._config.write_text(
            f'server_name: broker\nlisten: "127.0.0.1:{own}"\n'
            f'jetstream {{ store_dir: "{folder}/js", max_mem: 64M, max_file: 256M }}\n'
            f'mqtt {{ listen: "127.0.0.1:{self.port}" }}\n'
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """Return its address."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Run, and wait until it listens."""
        self._process = subprocess.Popen(
            [PROGRAM, "-c", self._config], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.05)

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def heard(
        self, topic: str, enough: Callable[[dict[str, list[bytes]]], bool], wait_s: float = 10.0
    ) -> dict[str, list[bytes]]:
        """Return what a new subscriber hears, by topic, until it is enough."""
        said: dict[str, list[bytes]] = {}

        async def listen() -> None:
            async with (
                asyncio.timeout(wait_s),
                aiomqtt.Client("127.0.0.1", self.port) as client,
            ):
                await client.subscribe(topic, qos=1)
                async for message in client.messages:
                    payload = message.payload
                    assert isinstance(payload, bytes)
                    said.setdefault(str(message.topic), []).append(payload)
                    if enough(said):
                        return

        asyncio.run(listen())
        return said
