"""What waits for one recipient: how failures are counted, and who goes where room is short."""

import pytest

from tocsin.contract import NS, Action, DeliveryStatus, Letter, Stage
from tocsin.serve.outbox import Answer, Outbox, Patience
from tocsin.serve.webhook import retry_after_s

NOW_NS = 1_900_000_000 * NS
FAILED = Answer(DeliveryStatus.QUEUED, error="no connection")
TAKEN = Answer(DeliveryStatus.DELIVERED, acknowledged=True)


def letter(name: str, number: int = 1) -> Letter:
    """Return a message of a warning."""
    key, action, stage = f"{name}-{number}", int(Action.ISSUE), int(Stage.ALERT)
    return Letter("r", key, name, "north", action, stage, NOW_NS, NOW_NS, "json", b"{}")


def taken(outbox: Outbox, now_ns: int) -> Letter:
    """Return the letter that is sent now."""
    one, _ = outbox.next(now_ns)
    assert one is not None
    return one


def test_an_outage_with_many_under_way_is_one_failure() -> None:
    outbox = Outbox("r", Patience(first_s=1.0, most_s=60.0))
    outbox.add(letter(f"w{k}") for k in range(8))
    for one in [taken(outbox, NOW_NS) for _ in range(8)]:
        outbox.settle(one, FAILED, NOW_NS)
    pause_s = outbox.next(NOW_NS)[1]
    assert 0.5 <= pause_s <= 1.0
    # What fails after the pause is a further failure, and doubles it.
    later_ns = NOW_NS + 2 * NS
    outbox.settle(taken(outbox, later_ns), FAILED, later_ns)
    assert 1.0 <= outbox.next(later_ns)[1] <= 2.0


def test_a_failure_after_a_success_within_the_pause_counts() -> None:
    outbox = Outbox("r", Patience(first_s=1.0, most_s=60.0))
    outbox.add(letter(f"w{k}") for k in range(3))
    first, second, third = (taken(outbox, NOW_NS) for _ in range(3))
    outbox.settle(first, FAILED, NOW_NS)
    outbox.settle(second, TAKEN, NOW_NS)
    assert outbox.overdue == 1
    outbox.settle(third, FAILED, NOW_NS)
    assert outbox.overdue == len(outbox) == 2
    assert 0.5 <= outbox.next(NOW_NS)[1] <= 1.0


def test_where_room_is_short_the_oldest_goes_of_all_warnings() -> None:
    outbox = Outbox("r", Patience(waiting_max=3))
    outbox.add([letter("a", 1), letter("b", 1), letter("c", 1)])
    outbox.settle(taken(outbox, NOW_NS), TAKEN, NOW_NS)
    outbox.add([letter("d", 1)])
    # `a` came first and is done; a message that follows it is the newest of all.
    assert [one.letter.cap_identifier for one in outbox.add([letter("a", 2)])] == ["b-1"]
    settled = outbox.add([letter("a", 3), letter("e", 1)])
    assert [one.letter.cap_identifier for one in settled] == ["c-1", "d-1"]


def test_where_a_followed_warning_is_older_by_name_only_its_message_stays() -> None:
    outbox = Outbox("r", Patience(waiting_max=3))
    outbox.add([letter("a", 1)])
    one = taken(outbox, NOW_NS)
    outbox.add([letter("b", 1), letter("a", 2)])
    outbox.settle(one, TAKEN, NOW_NS)
    settled = outbox.add([letter("c", 1), letter("d", 1)])
    assert [gone.letter.cap_identifier for gone in settled] == ["b-1"]


@pytest.mark.parametrize(
    ("text", "pause_s"), [("5", 5.0), (" 5 ", 5.0), ("\u00b2", 0.0), ("soon", 0.0), (None, 0.0)]
)
def test_the_pause_that_an_answer_asks_for(text: str | None, pause_s: float) -> None:
    assert retry_after_s(text, NOW_NS) == pause_s
