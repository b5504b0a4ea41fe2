"""MQTT 3.1.1: the state of each zone, retained, and every message as an event.

Below the recipient's topic:

- ``zones/ZONE_ID/state``: JSON, retained: whoever subscribes knows at once how it stands, by the
  newest state, whatever was missed;
- ``warnings``: every message, in order of each warning, quality of service 1;
- ``status``: ``online``, and ``offline`` by our last will, retained.

A message is confirmed when the broker has confirmed it and the state that it leads to (PUBACK).

Source: OASIS, MQTT Version 3.1.1 (2014), sections 3.1.2.5 (will), 3.3.1.3 (retain), 4.3.2 (QoS 1).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import aiomqtt

from tocsin.contract import DeliveryStatus, Letter, Tracks, Warnings
from tocsin.serve.outbox import Answer
from tocsin.serve.zone_states import ZoneStates

KEEPALIVE_S = 30
LAST_WORD_S = 1.0
AT_ONCE = 64
"""States on the way to a broker at once."""
_RESERVED = re.compile(r"[/+#%\0]")


@dataclass(frozen=True)
class Broker:
    """Say where a broker is and who we are to it.

    Args:
        host: its name or address.
        port: its port.
        tls: whom to trust; None: without encryption.
        username: ours; None: none is asked for.
        password: of that name.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    username: str | None = None
    password: str | None = None


def level(name: str) -> str:
    """Return a name as one level of a topic.

    >>> level("north/3 #1")
    'north%2F3 %231'
    """
    return _RESERVED.sub(lambda match: f"%{ord(match[0]):02X}", name)


class Mqtt:
    """Publish states and messages to one broker.

    Args:
        broker: which.
        topic: under which everything is published.
        timeout_s: for the confirmation of one message.
        states: of the zones that the recipient hears of.
    """

    def __init__(self, broker: Broker, topic: str, timeout_s: float, states: ZoneStates) -> None:
        """Hold the settings; nothing is opened yet."""
        self._broker, self._topic, self._timeout_s = broker, topic, timeout_s
        self._states = states
        self._client: aiomqtt.Client | None = None
        self._stale: set[str] = set()
        self._up = asyncio.Event()

    def follow(self, warnings: Warnings) -> None:
        """Take in what the recipient hears of."""
        self._stale.update(self._states.fold(warnings))

    def reachable(self) -> bool:
        """Return whether there is a connection."""
        return self._up.is_set()

    def watch(self, tracks: Tracks, now_ns: int) -> None:
        """Take no notice of tracks."""

    async def keep(self) -> None:
        """Hold a connection while it lasts; all states are published at its beginning."""
        broker, status = self._broker, f"{self._topic}/status"
        client = aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            tls_context=broker.tls,
            will=aiomqtt.Will(status, b"offline", qos=1, retain=True),
            keepalive=KEEPALIVE_S,
            timeout=self._timeout_s,
            max_inflight_messages=2 * AT_ONCE,
        )
        async with client:
            try:
                await self._publish(client, status, b"online", retain=True)
                await self._tell(client, self._states.zone_ids)
                self._client = client
                self._up.set()
                async for _ in client.messages:
                    pass
            except asyncio.CancelledError:
                # A will is for those who vanish; who leaves says so.
                with suppress(aiomqtt.MqttError):
                    await client.publish(status, b"offline", 1, retain=True, timeout=LAST_WORD_S)
                raise
            finally:
                self._client = None
                self._up.clear()

    async def send(self, letter: Letter) -> Answer:
        """Publish one message, and the states that have changed."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._up.wait()
                client = self._client
                if client is None:
                    return Answer(DeliveryStatus.QUEUED, error="the connection was lost")
                await self._tell(client, sorted(self._stale))
                await self._publish(client, f"{self._topic}/warnings", letter.body)
        except TimeoutError:
            what = "no confirmation" if self._up.is_set() else "no connection"
            text = f"{what} within {self._timeout_s:g} s"
            return Answer(DeliveryStatus.QUEUED, error=text)
        except aiomqtt.MqttError as error:
            return Answer(DeliveryStatus.QUEUED, error=str(error))
        return Answer(DeliveryStatus.DELIVERED, acknowledged=True)

    async def _tell(self, client: aiomqtt.Client, zone_ids: Sequence[str]) -> None:
        """Publish the states of zones, the newest there are; those that fail stay to be told."""
        self._stale.update(zone_ids)
        for some in (zone_ids[at : at + AT_ONCE] for at in range(0, len(zone_ids), AT_ONCE)):
            telling = (self._tell_one(client, zone_id) for zone_id in some)
            results = await asyncio.gather(*telling, return_exceptions=True)
            for error in filter(None, results):
                raise error

    async def _tell_one(self, client: aiomqtt.Client, zone_id: str) -> None:
        topic = f"{self._topic}/zones/{level(zone_id)}/state"
        document = self._states.document(zone_id)
        await self._publish(client, topic, document, retain=True)
        if document == self._states.document(zone_id):
            self._stale.discard(zone_id)

    async def _publish(
        self, client: aiomqtt.Client, topic: str, body: bytes, retain: bool = False
    ) -> None:
        await client.publish(topic, body, qos=1, retain=retain)
