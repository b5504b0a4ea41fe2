"""The interface says who was told what when, and what was not delivered."""

from collections.abc import Mapping
from typing import Any

from tests.serve.support import Client, breaches, site, snapshot
from tocsin.contract import NS, Action, Deliveries, DeliveryStatus, Stage
from tocsin.serve import Hub
from tocsin.serve.openapi import describe
from tocsin.serve.routes import OPERATIONS

LACKING = {
    "recipient": "sirens",
    "unreachable": False,
    "waiting": 2,
    "refused": 0,
    "gave_up": 1,
    "last_error": "answered 503",
}


class Told:
    """A ledger of one row."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, bool]] = []

    async def newest(self, limit: int, undelivered: bool) -> Deliveries:
        self.asked.append((limit, undelivered))
        return Deliveries.build(
            1,
            decided_at_ns=NS,
            queued_at_ns=2 * NS,
            sent_at_ns=3 * NS,
            acknowledged_at_ns=0,
            cap_identifier=["m-1"],
            warning_id=["m"],
            zone_id=["z1"],
            action=int(Action.ISSUE),
            stage=int(Stage.ALERT),
            recipient=["sirens"],
            status=int(DeliveryStatus.QUEUED),
            attempts=3,
            last_error=["answered 503"],
        )

    def counts(self) -> Mapping[tuple[str, DeliveryStatus], int]:
        return {("sirens", DeliveryStatus.QUEUED): 2, ("sirens", DeliveryStatus.DELIVERED): 40}

    def undelivered(self) -> list[dict[str, Any]]:
        return [LACKING]


def asked(path: str) -> tuple[Any, Told]:
    """Return the answer at a path, and the ledger that was asked."""
    told = Told()
    hub = Hub(site(), None, told)
    hub.publish(snapshot())
    answer = Client(hub).get(path)
    return answer, told


def test_the_list_is_as_described() -> None:
    answer, told = asked("/api/v1/deliveries?limit=7&undelivered=true")
    assert told.asked == [(7, True)]
    description = describe(OPERATIONS, "1")
    schema = {"$ref": "#/components/schemas/Deliveries"}
    assert breaches(answer.json(), schema, description) == []
    (row,) = answer.json()["deliveries"]
    assert (row["status"], row["attempts"], row["acknowledged_at"]) == ("queued", 3, None)
    assert row["sent_at"] == "1970-01-01T00:00:03.000Z"


def test_bounds_and_words_are_checked() -> None:
    assert asked("/api/v1/deliveries?limit=many")[0].status_code == 400
    assert asked("/api/v1/deliveries?undelivered=perhaps")[0].status_code == 400
    assert asked("/api/v1/deliveries?limit=999999999")[1].asked == [(10_000, False)]


def test_summary_and_metrics_say_it_too() -> None:
    answer, _ = asked("/api/v1/summary")
    assert answer.json()["undelivered"] == [LACKING]
    description = describe(OPERATIONS, "1")
    schema = {"$ref": "#/components/schemas/Summary"}
    assert breaches(answer.json(), schema, description) == []
    text = asked("/metrics")[0].text
    assert 'tocsin_deliveries{recipient="sirens",status="queued"} 2.0' in text
    assert 'tocsin_deliveries{recipient="sirens",status="delivered"} 40.0' in text


def test_where_nobody_is_told_the_list_is_empty() -> None:
    hub = Hub(site())
    hub.publish(snapshot())
    assert Client(hub).get("/api/v1/deliveries").json() == {"deliveries": []}
    assert Client(hub).get("/api/v1/summary").json()["undelivered"] == []
