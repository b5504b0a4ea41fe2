"""Webhooks and the ledger: receivers that fail in every way, and a ledger that says how it went."""

import hashlib
import hmac
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run.receiver import Receiver
from tests.run.told import T0, Telling, rows
from tocsin.contract import (
    NS,
    Action,
    Deliveries,
    DeliveryStatus,
    Stage,
    Warnings,
    read_parquet,
)
from tocsin.record import read_deliveries
from tocsin.serve.cap_check import check_messages

ISSUE, UPDATE, CLEAR, CANCEL = Action
DRONE = rows("north", [ISSUE, UPDATE, CLEAR])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def statuses(folder: Path) -> list[tuple[str, str, int]]:
    """Return recipient, status and attempts of each row of the ledger."""
    table = read_deliveries(folder)
    names = [DeliveryStatus(s).name for s in table.status]
    return list(zip(table.recipient, names, table.attempts.tolist(), strict=True))


def test_each_message_is_told_once_in_order_and_signed(tmp_path: Path, receiver: Receiver) -> None:
    telling = Telling(tmp_path, {"name": "r", "kind": "webhook", "url": receiver.url})
    telling.tell(DRONE)
    telling.run(lambda: len(receiver.told) == 3)
    assert receiver.keys() == DRONE.cap_identifier.tolist()
    assert statuses(tmp_path) == [("r", "DELIVERED", 1)] * 3
    for told in receiver.told:
        signed = told.headers["Tocsin-Timestamp"].encode() + b"." + told.body
        digest = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
        assert told.headers["Tocsin-Signature"] == f"v1={digest}"
        assert abs(int(told.headers["Tocsin-Timestamp"]) - time.time()) < 30
        assert told.headers["Content-Type"] == "application/cap+xml"
    checked = check_messages({one.key: one.body for one in receiver.told})
    assert [one.faults for one in checked.values()] == [()] * 3
    table = read_deliveries(tmp_path)
    assert (table.queued_at_ns <= table.sent_at_ns).all()
    assert (table.acknowledged_at_ns == table.sent_at_ns).all()


def test_what_fails_for_a_while_is_tried_again(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answering = lambda told, before: (500, 503, 429, 408, 204)[min(before, 4)]
    telling = Telling(tmp_path, {"name": "r", "kind": "webhook", "url": receiver.url})
    telling.tell(rows("north", [ISSUE]))
    telling.run(lambda: len(receiver.told) == 5)
    assert statuses(tmp_path) == [("r", "DELIVERED", 5)]
    assert len({one.body for one in receiver.told}) == 1
    assert [one.headers["Tocsin-Attempt"] for one in receiver.told] == list("12345")


def test_retry_after_is_honoured(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answering = lambda told, before: 200 if before else (503, {"Retry-After": "1"})
    telling = Telling(tmp_path, {"name": "r", "kind": "webhook", "url": receiver.url})
    telling.tell(rows("north", [ISSUE]))
    telling.run(lambda: len(receiver.told) == 2)
    assert receiver.told[1].at_s - receiver.told[0].at_s >= 1.0


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
def test_what_is_refused_is_shown_and_not_tried_again(
    tmp_path: Path, receiver: Receiver, status: int
) -> None:
    receiver.answering = lambda told, before: status if told.key.startswith("north") else 204
    telling = Telling(tmp_path, {"name": "r", "kind": "webhook", "url": receiver.url})
    telling.tell(Warnings.concat([rows("north", [ISSUE]), rows("south", [ISSUE])]))
    telling.run(lambda: len(receiver.told) == 2)
    assert statuses(tmp_path) == [("r", "REFUSED", 1), ("r", "DELIVERED", 1)]
    (shown,) = telling.dispatch.undelivered()
    assert (shown["recipient"], shown["waiting"], shown["refused"]) == ("r", 0, 1)
    assert shown["last_error"] == f"answered {status}: as the test wants it"


def test_one_message_that_is_not_taken_holds_up_its_own_warning_only(
    tmp_path: Path, receiver: Receiver
) -> None:
    bad = rows("north", [ISSUE]).cap_identifier[0]
    receiver.answering = lambda told, before: 500 if told.key == bad and before < 3 else 204
    telling = Telling(tmp_path, {"name": "r", "kind": "webhook", "url": receiver.url})
    telling.tell(Warnings.concat([DRONE, rows("south", [ISSUE, CLEAR])]))
    telling.run(lambda: len(receiver.told) == 8)
    keys = receiver.keys()
    assert keys.index(f"south-{T0 // NS}-2") < keys.index(f"north-{T0 // NS}-2")
    assert [key for key in keys if key.startswith("north")][3:] == DRONE.cap_identifier.tolist()


def test_a_receiver_that_hangs_delays_nobody_else(tmp_path: Path, receiver: Receiver) -> None:
    hanging = Receiver(lambda told, before: 60.0)
    telling = Telling(
        tmp_path,
        {"name": "slow", "kind": "webhook", "url": hanging.url, "parallel": 1},
        {"name": "quick", "kind": "webhook", "url": receiver.url},
    )
    telling.tell(DRONE)
    begun = time.monotonic()
    telling.run(lambda: len(receiver.told) == 3 and len(hanging.told) == 1)
    assert time.monotonic() - begun < 1.0 + 2.0  # the grace at the end is for what hangs
    hanging.close()
    by_name = {name: status for name, status, _ in statuses(tmp_path)}
    assert by_name == {"slow": "QUEUED", "quick": "DELIVERED"}


def test_a_receiver_that_dies_and_comes_back_misses_nothing(
    tmp_path: Path, receiver: Receiver
) -> None:
    telling = Telling(tmp_path, {"name": "r", "kind": "webhook", "url": receiver.url})
    receiver.close()
    telling.tell(DRONE)
    reopened = False

    def done() -> bool:
        nonlocal reopened
        (shown,) = telling.dispatch.undelivered() or [{"waiting": 0}]
        if shown["waiting"] == 3 and not reopened:
            receiver.reopen()
            reopened = True
        return reopened and len(receiver.told) == 3

    telling.run(done)
    assert receiver.keys() == DRONE.cap_identifier.tolist()
    assert telling.dispatch.undelivered() == []
    assert {status for _, status, _ in statuses(tmp_path)} == {"DELIVERED"}


def test_after_a_while_it_is_given_up(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answering = lambda told, before: 500
    section = {"name": "r", "kind": "webhook", "url": receiver.url, "give_up_s": 0.3}
    telling = Telling(tmp_path, section)
    telling.tell(rows("north", [ISSUE]))
    telling.run(
        lambda: (
            bool(telling.dispatch.undelivered()[0:1])
            and bool(telling.dispatch.undelivered()[0]["gave_up"])
        )
    )
    ((_, status, attempts),) = statuses(tmp_path)
    assert (status, attempts > 1) == ("GAVE_UP", True)
    assert "tried for too long" in read_deliveries(tmp_path).last_error[0]


def test_what_finds_no_room_is_given_up_and_counted(tmp_path: Path) -> None:
    dead = {"name": "r", "kind": "webhook", "url": "http://127.0.0.1:9/", "waiting_max": 5}
    telling = Telling(tmp_path, dead)
    for k in range(20):
        telling.tell(rows("north", [ISSUE], T0 + k * NS))
    telling.run(lambda: bool(telling.dispatch.undelivered()))
    counts = [status for _, status, _ in statuses(tmp_path)]
    assert counts == ["GAVE_UP"] * 15 + ["QUEUED"] * 5
    assert telling.dispatch.undelivered()[0]["gave_up"] == 15


def test_filters_follow_a_warning_to_its_end(tmp_path: Path, receiver: Receiver) -> None:
    other = Receiver()
    telling = Telling(
        tmp_path,
        {"name": "alerts", "kind": "webhook", "url": receiver.url, "stages": ["alert"]},
        {"name": "county", "kind": "webhook", "url": other.url, "zones": ["county"]},
    )
    pre, alert = Stage.PRE_ALERT, Stage.ALERT
    rising = rows("north", [ISSUE, UPDATE, UPDATE, CLEAR], stages=[pre, alert, pre, Stage.QUIET])
    never = rows("east", [ISSUE, CLEAR], stages=[pre, Stage.QUIET])
    telling.tell(Warnings.concat([rising, never]))
    telling.run(lambda: len(receiver.told) == 3 and len(other.told) == 4)
    other.close()
    assert receiver.keys() == rising.cap_identifier.tolist()[1:]
    assert other.keys() == rising.cap_identifier.tolist()


def test_json_says_what_the_row_says(tmp_path: Path, receiver: Receiver) -> None:
    import json

    section = {"name": "r", "kind": "webhook", "url": receiver.url, "format": "json"}
    telling = Telling(tmp_path, section)
    telling.tell(rows("north", [ISSUE]))
    telling.run(lambda: len(receiver.told) == 1)
    said = json.loads(receiver.told[0].body)
    assert receiver.told[0].headers["Content-Type"] == "application/json"
    assert (said["status"], said["site"], said["zone_name"]) == ("Exercise", "S", "North")
    assert (said["action"], said["stage"], said["cap_identifier"]) == (
        "issue",
        "alert",
        receiver.told[0].key,
    )


# After a restart


def test_a_restart_sends_what_waited_under_the_same_keys(
    tmp_path: Path, receiver: Receiver
) -> None:
    section = {"name": "r", "kind": "webhook", "url": receiver.url}
    receiver.answering = lambda told, before: 500
    first = Telling(tmp_path, section)
    first.tell(DRONE)
    first.run(lambda: len(receiver.told) >= 2)
    bodies = {one.key: one.body for one in receiver.told}
    receiver.answering = lambda told, before: 204
    receiver.told.clear()
    again = Telling(tmp_path, section)
    again.recall(DRONE, T0 + 10 * NS)
    again.run(lambda: len(receiver.told) == 3)
    assert receiver.keys() == DRONE.cap_identifier.tolist()
    assert bodies.items() <= {one.key: one.body for one in receiver.told}.items()
    assert {status for _, status, _ in statuses(tmp_path)} == {"DELIVERED"}
    settled = Telling(tmp_path, section)
    settled.recall(DRONE, T0 + 20 * NS)
    settled.run(lambda: True)
    assert len(receiver.told) == 3


def test_what_was_committed_and_not_yet_queued_is_sent_after_a_restart(
    tmp_path: Path, receiver: Receiver
) -> None:
    section = {"name": "r", "kind": "webhook", "url": receiver.url}
    first = Telling(tmp_path, section)
    first.tell(DRONE.take(slice(0, 1)))
    first.run(lambda: len(receiver.told) == 1)
    again = Telling(tmp_path, section)
    again.recall(DRONE, T0 + 10 * NS)
    again.run(lambda: len(receiver.told) == 3)
    assert receiver.keys() == DRONE.cap_identifier.tolist()


def test_a_new_recipient_hears_what_is_in_force_and_a_former_one_is_given_up(
    tmp_path: Path, receiver: Receiver
) -> None:
    old = {"name": "old", "kind": "webhook", "url": "http://127.0.0.1:9/"}
    first = Telling(tmp_path, old)
    opened = rows("south", [ISSUE, UPDATE])
    first.tell(Warnings.concat([DRONE, opened]))
    first.run(lambda: bool(first.dispatch.undelivered()))
    again = Telling(tmp_path, {"name": "new", "kind": "webhook", "url": receiver.url})
    again.recall(Warnings.concat([DRONE, opened]), T0 + 10 * NS)
    again.run(lambda: len(receiver.told) == 1)
    assert receiver.keys() == [opened.cap_identifier[1]]
    by_name = {name: status for name, status, _ in statuses(tmp_path)}
    assert by_name == {"old": "GAVE_UP", "new": "DELIVERED"}


def test_a_ledger_that_cannot_be_written_keeps_no_warning_back(receiver: Receiver) -> None:
    telling = Telling(None, {"name": "r", "kind": "webhook", "url": receiver.url})
    ledger = telling.dispatch._ledger
    ledger._connection.execute("drop table delivery")
    telling.tell(DRONE)
    telling.run(lambda: len(receiver.told) == 3)
    assert receiver.keys() == DRONE.cap_identifier.tolist()
    (shown,) = telling.dispatch.undelivered()
    assert shown["recipient"] == "ledger"
    assert "delivery" in shown["last_error"]


def test_a_replay_tells_nobody(tmp_path: Path, receiver: Receiver) -> None:
    from tests.run.test_resume import run, site
    from tocsin.cli.console import Say
    from tocsin.run.replay import replay

    record, out = tmp_path / "record", tmp_path / "out"
    outs, _ = run(record, site(2), range(60))
    warned = Warnings.concat([tick.warnings for tick in outs])
    assert len(warned)
    section = {"name": "r", "kind": "webhook", "url": receiver.url, "give_up_s": 0.0}
    receiver.answering = lambda told, before: 500
    telling = Telling(record, section)
    telling.dispatch(warned, dict.fromkeys(warned.cap_identifier, b"<alert/>"), 1)
    telling.run(lambda: bool(telling.dispatch.undelivered()))
    before, ledger = len(receiver.told), read_deliveries(record)
    assert replay(record, 0.0, False, None, out, Say(True))["identical"]
    assert len(receiver.told) == before
    assert read_parquet(Deliveries, out / "deliveries.parquet").rows() == ledger.rows()
    assert read_deliveries(record).rows() == ledger.rows()
