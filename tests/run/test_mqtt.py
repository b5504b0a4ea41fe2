"""MQTT against a real broker: retained states, events, the last will, a broker that goes away."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from tests.run.broker import PROGRAM, Broker
from tests.run.test_delivery import CLEAR, ISSUE, UPDATE, statuses
from tests.run.told import T0, ZONES, Telling, rows
from tocsin.contract import NS, Warnings
from tocsin.serve.rows import iso
from tocsin.serve.zone_states import ZoneStates

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists(), reason="no nats-server in the environment: make .venv/.dev"
)
ALL = Warnings.concat([rows("north", [ISSUE, UPDATE]), rows("south", [ISSUE, UPDATE, CLEAR])])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    one = Broker(tmp_path)
    yield one
    one.stop()


def section(broker: Broker, **more: Any) -> dict[str, Any]:
    return {"name": "b", "kind": "mqtt", "url": broker.url, "secret": None, "topic": "t/s", **more}


def delivered(telling: Telling, folder: Path, count: int) -> bool:
    return len(telling.dispatch.counts()) > 0 and (
        [status for _, status, _ in statuses(folder)] == ["DELIVERED"] * count
    )


def test_states_are_retained_and_events_told(tmp_path: Path, broker: Broker) -> None:
    telling = Telling(tmp_path, section(broker))
    events: list[bytes] = []

    async def listen() -> None:
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.subscribe("t/s/warnings", qos=1)
            telling.tell(ALL)
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                events.append(message.payload)

    async def both() -> None:
        listening = asyncio.create_task(listen())
        async with telling.dispatch.running(), asyncio.timeout(15):
            while len(events) < 5 or not delivered(telling, tmp_path, 5):
                await asyncio.sleep(0.02)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    asyncio.run(both())
    told = [json.loads(event) for event in events]
    for name in ("north", "south"):
        own = [one["cap_identifier"] for one in told if one["zone_id"] == name]
        assert own == ALL.cap_identifier[ALL.zone_id == name].tolist()
    retained = broker.heard("t/s/#", lambda said: len(said) == 5)
    assert retained.pop("t/s/status") == [b"offline"]
    states = {topic: json.loads(said[-1]) for topic, said in retained.items()}
    assert {topic: one["stage"] for topic, one in states.items()} == {
        "t/s/zones/county/state": "alert",
        "t/s/zones/north/state": "alert",
        "t/s/zones/south/state": "quiet",
        "t/s/zones/east/state": "quiet",
    }
    north = states["t/s/zones/north/state"]
    assert (north["since"], north["until"]) == (iso(T0), iso(T0 + 900 * NS))
    assert (north["threat_class"], north["arrival_p50"]) == ("one_way_drone", iso(T0 + 200 * NS))
    assert (north["status"], states["t/s/zones/south/state"]["until"]) == ("Exercise", None)


def test_a_broker_that_goes_away_and_comes_back_knows_it_all(
    tmp_path: Path, broker: Broker
) -> None:
    telling = Telling(tmp_path, section(broker))
    telling.tell(rows("north", [ISSUE]))
    step = 0

    def done() -> bool:
        nonlocal step
        if step == 0 and delivered(telling, tmp_path, 1):
            broker.stop()
            telling.tell(rows("north", [ISSUE, UPDATE, CLEAR]).take(slice(1, 3)))
            step = 1
        shown = telling.dispatch.undelivered()
        if step == 1 and shown and shown[0]["unreachable"] and shown[0]["waiting"] == 2:
            broker.start()
            step = 2
        return step == 2 and delivered(telling, tmp_path, 3) and not shown

    telling.run(done, 30.0)
    said = broker.heard("t/s/zones/#", lambda said: len(said) == 4)
    assert json.loads(said["t/s/zones/north/state"][-1])["stage"] == "quiet"


def test_who_vanishes_is_offline_by_the_last_will(tmp_path: Path, broker: Broker) -> None:
    telling = Telling(tmp_path, section(broker))
    sender = next(iter(telling.dispatch._lines.values())).recipient.sender

    async def vanish() -> None:
        async with telling.dispatch.running(), asyncio.timeout(15):
            while not sender.reachable():
                await asyncio.sleep(0.02)
            online = await asyncio.to_thread(
                broker.heard, "t/s/status", lambda said: "t/s/status" in said
            )
            assert online == {"t/s/status": [b"online"]}
            sender._client._client._sock_close()  # as if the cable were cut
            offline = await asyncio.to_thread(
                broker.heard, "t/s/status", lambda said: b"offline" in said["t/s/status"]
            )
            assert b"offline" in offline["t/s/status"]

    asyncio.run(vanish())


def test_a_filter_leaves_the_zones_out(tmp_path: Path, broker: Broker) -> None:
    telling = Telling(tmp_path, section(broker, zones=["east"]))
    telling.tell(Warnings.concat([ALL, rows("east", [ISSUE])]))
    telling.run(lambda: delivered(telling, tmp_path, 1))
    said = broker.heard("t/s/zones/#", lambda said: len(said) == 1)
    assert list(said) == ["t/s/zones/east/state"]


def test_since_is_when_the_stage_began() -> None:
    states = ZoneStates(ZONES, "S", "Exercise")
    assert states.fold(rows("north", [ISSUE, UPDATE])) == ["county", "north"]
    assert states.state("north")["since"] == iso(T0)
    states.fold(rows("north", [ISSUE, UPDATE, CLEAR]).take(slice(2, 3)))
    assert states.state("north")["since"] == iso(T0 + 2 * NS)
    assert (states.state("east")["stage"], states.state("east")["since"]) == ("quiet", None)
