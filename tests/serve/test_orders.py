"""Operators' orders over HTTP: who may give which, what they must say, what is refused."""

from typing import Any

import pytest

from tests.serve.support import NOW_NS, TOKEN, Client, busy_hub, pending, snapshot, warning
from tocsin.contract import NS, Action, InputError, Stage
from tocsin.serve import Access, Hub, OperatorRequest, Role, ServeConfig, check_bind
from tocsin.serve.routes import OPERATIONS, Operation

VIEW, OPERATE, SUPERVISE = "view-token-0123456", "operate-token-0123", "supervise-token-01"
CONFIG = ServeConfig(
    tokens=(
        Access(VIEW, Role.VIEWER),
        Access(OPERATE, Role.OPERATOR, "Desk 1"),
        Access(SUPERVISE, Role.SUPERVISOR),
    )
)
ORDERS = [operation for operation in OPERATIONS if "{warning_id}" in operation.path]
LONG = "x" * 501


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def ask(
    verb: str,
    body: Any = None,
    token: str = OPERATE,
    warning_id: str = "w1",
    hub: Hub | None = None,
) -> tuple[int, str, list[OperatorRequest]]:
    """Return status, sentence, and what the run was asked for."""
    asked: list[OperatorRequest] = []
    client = Client(hub or busy_hub(asked), CONFIG)
    path = f"/api/v1/warnings/{warning_id}/{verb}"
    answer = client.post(path, json=body or {"reason": "why"}, headers=bearer(token))
    return answer.status_code, answer.json().get("error", ""), asked


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.writes], ids=lambda o: o.path)
def test_each_write_names_its_role_and_refuses_those_below(operation: Operation) -> None:
    path = operation.path.format(warning_id="w1", track_id="1")
    for token, role in ((VIEW, "viewer"), (OPERATE, "operator")):
        asked: list[OperatorRequest] = []
        answer = Client(busy_hub(asked), CONFIG).post(path, json={}, headers=bearer(token))
        needed = operation.role
        assert needed is not None
        if Role[role.upper()] < needed:
            word = needed.name.lower()
            said = f"this needs the role {word}; this token has the role {role}"
            assert (answer.status_code, answer.json()["error"], asked) == (403, said, [])
        else:
            assert answer.status_code != 403


def test_the_description_says_which_role_a_write_needs() -> None:
    described = Client(busy_hub(), CONFIG).get("/openapi.json").json()["paths"]
    roles = {o.path: described[o.path]["post"]["description"] for o in OPERATIONS if o.writes}
    assert roles["/api/v1/warnings/{warning_id}/all-clear"] == "Needs the role supervisor."
    assert roles["/api/v1/warnings/{warning_id}/cancel"] == "Needs the role operator."
    ids = [one["operationId"] for path in described.values() for one in path.values()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (VIEW, {"role": "viewer", "name": None}),
        (OPERATE, {"role": "operator", "name": "Desk 1"}),
        ("", {"role": None, "name": None}),
    ],
)
def test_a_token_can_ask_what_it_allows(token: str, said: dict[str, Any]) -> None:
    assert Client(busy_hub(), CONFIG).get("/api/v1/access", headers=bearer(token)).json() == said


def test_a_single_token_is_of_the_highest_role() -> None:
    client = Client(busy_hub(), ServeConfig(token=TOKEN))
    assert client.get("/api/v1/access", headers=bearer(TOKEN)).json()["role"] == "supervisor"


def test_every_token_must_be_long_where_others_can_connect() -> None:
    with pytest.raises(InputError, match="guessed"):
        check_bind(ServeConfig("10.1.2.3", tokens=(Access("short", Role.VIEWER),)))
    check_bind(ServeConfig("10.1.2.3", tokens=CONFIG.tokens))


def test_an_order_carries_author_role_and_reason() -> None:
    body = {"reason": "a kite\n over  the ridge", "author": "Bea"}
    _, _, [wish] = ask("cancel", body)
    detail = {"reason": "a kite over the ridge", "role": "operator"}
    assert wish == OperatorRequest("Desk 1", "cancel", "w1", detail)
    _, _, [wish] = ask("all-clear", body, SUPERVISE)
    assert (wish.author, wish.verb, wish.detail["role"]) == ("Bea", "all-clear", "supervisor")


@pytest.mark.parametrize("verb", ["hold", "extend"])
def test_a_time_is_given_as_seconds_or_as_an_instant(verb: str) -> None:
    for end in ({"duration_s": 300}, {"until": "2031-05-08T09:51:40+00:00"}):
        _, _, [wish] = ask(verb, {"reason": "smoke"} | end)
        assert wish.detail["until_ns"] // NS == (NOW_NS + 300 * NS) // NS


@pytest.mark.parametrize(
    ("verb", "body", "status", "words"),
    [
        ("cancel", {"reason": ""}, 400, "say why"),
        ("cancel", {"author": "Bea"}, 400, "say why"),
        ("cancel", {"reason": 3}, 400, "no text"),
        ("cancel", {"reason": LONG}, 400, "500"),
        ("cancel", {"reason": "x", "duration_s": 3}, 400, "not known"),
        ("hold", {"reason": "x"}, 400, "names no end"),
        ("hold", {"reason": "x", "duration_s": -1}, 400, "duration_s"),
        ("hold", {"reason": "x", "duration_s": True}, 400, "duration_s"),
        ("hold", {"reason": "x", "duration_s": 1e9}, 400, "duration_s"),
        ("hold", {"reason": "x", "duration_s": 1, "until": "now"}, 400, "or two"),
        ("extend", {"reason": "x", "until": "soon"}, 400, "until"),
        ("extend", {"reason": "x", "until": "2031-05-08T09:51:40"}, 400, "zone"),
        ("extend", {"reason": "x", "until": "2031-05-08T09:40:00Z"}, 400, "to come"),
        ("extend", {"reason": "x", "until": 7}, 400, "until"),
        ("release", {"reason": "x"}, 409, "nothing awaits"),
    ],
)
def test_what_cannot_be_done_is_said(verb: str, body: Any, status: int, words: str) -> None:
    found, sentence, asked = ask(verb, body)
    assert (found, words in sentence, asked) == (status, True, [])


@pytest.mark.parametrize(
    ("verb", "status"), [("release", 200), ("hold", 200), ("cancel", 200), ("extend", 409)]
)
def test_orders_about_a_proposal(verb: str, status: int) -> None:
    more = {"duration_s": 60} if verb in ("hold", "extend") else {}
    assert ask(verb, {"reason": "x"} | more, warning_id="w2")[0] == status


@pytest.mark.parametrize("operation", ORDERS, ids=lambda o: o.path)
def test_an_order_about_nothing_is_404(operation: Operation) -> None:
    status, sentence, _ = ask(operation.path.rsplit("/")[-1], None, SUPERVISE, "w9")
    assert (status, "'w9'" in sentence) == (404, True)


def test_what_awaits_release_is_seen_and_goes() -> None:
    hub = busy_hub()
    client = Client(hub)

    def z2() -> dict[str, Any]:
        rows = [f["properties"] for f in client.get("/api/v1/zones").json()["features"]]
        return next(row for row in rows if row["zone_id"] == "z2")

    assert (z2()["stage"], z2()["proposal"]["stage"]) == ("quiet", "alert")
    assert z2()["proposal"]["due_at"] == "2031-05-08T09:47:40.250Z"
    hub.publish(snapshot())
    assert z2()["proposal"] is not None, "a tick that says nothing of it leaves it"
    held = pending(Stage.ALERT, proposed_at_ns=0, held_until_ns=NOW_NS + 90 * NS)
    hub.publish(snapshot(warnings=warning("z2", "w2", Action.ISSUE, Stage.ALERT), pending=held))
    assert (z2()["stage"], z2()["proposal"]) == ("alert", None)
    assert z2()["held_until"] == "2031-05-08T09:48:10.250Z"
    hub.publish(snapshot(pending=held.take(slice(0))))
    assert z2()["held_until"] is None


def test_a_replay_takes_no_orders() -> None:
    async def refuse(request: OperatorRequest) -> None:
        raise InputError("a replay", "decides as it was recorded", "give orders to a live run")

    hub = busy_hub()
    hub._on_action = refuse
    status, sentence, _ = ask("cancel", hub=hub)
    assert (status, sentence.startswith("a replay: decides as it was recorded")) == (409, True)
