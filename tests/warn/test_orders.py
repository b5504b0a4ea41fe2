"""Release and operators' orders: every state with every verb, and any history of both."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warn.support import NOW
from tests.warn.test_lifecycle import POLICY, STEP_S, WANTS, settled, want
from tocsin.contract import NS, Action, ObjectClass, Stage
from tocsin.warn.lifecycle import NOTHING, Entry, Proposal, advance
from tocsin.warn.orders import VERBS, Order, concerns, obey
from tocsin.warn.policy import Policy
from tocsin.warn.release import THREATS, Release
from tocsin.warn.words import reason

QUIET, PRE, ALERT = Stage
ALL = tuple((stage, threat) for stage in Stage for threat in THREATS)
UNTIL = NOW + 30 * NS


def rules(*stages: Stage, unanswered: str = "send") -> Policy:
    """Return the policy under which some stages await an operator."""
    waiting = tuple(rule for rule in ALL if rule[0] in stages)
    return replace(POLICY, release=Release(waiting, unanswered, 40.0, 60.0, 90.0))


def in_state(stage: Stage, proposed: Stage | None) -> Entry:
    """Return a zone in a stage, with a proposal where one is named."""
    entry = settled(stage)
    if proposed is None:
        return entry
    name = entry.warning_id or "zone-p"
    made = Proposal(proposed, want(ALERT), name, NOW - 10 * NS, NOW + 30 * NS)
    return replace(entry, proposal=made, latest=want(ALERT))


STATES = {
    "quiet": (QUIET, None),
    "pre-alert proposed": (QUIET, PRE),
    "alert proposed": (QUIET, ALERT),
    "pre-alert": (PRE, None),
    "pre-alert, alert proposed": (PRE, ALERT),
    "pre-alert, all-clear proposed": (PRE, QUIET),
    "alert": (ALERT, None),
    "alert, easing proposed": (ALERT, PRE),
    "alert, all-clear proposed": (ALERT, QUIET),
}
# (state, verb) -> the message's action and stage, or None; the stage and the proposal after it.
ORDERS = {
    ("quiet", "release"): (None, QUIET, None),
    ("quiet", "hold"): (None, QUIET, None),
    ("quiet", "extend"): (None, QUIET, None),
    ("quiet", "cancel"): (None, QUIET, None),
    ("quiet", "all-clear"): (None, QUIET, None),
    ("pre-alert proposed", "release"): ((Action.ISSUE, PRE), PRE, None),
    ("pre-alert proposed", "hold"): (None, QUIET, PRE),
    ("pre-alert proposed", "extend"): (None, QUIET, PRE),
    ("pre-alert proposed", "cancel"): (None, QUIET, None),
    ("pre-alert proposed", "all-clear"): (None, QUIET, PRE),
    ("alert proposed", "release"): ((Action.ISSUE, ALERT), ALERT, None),
    ("alert proposed", "hold"): (None, QUIET, ALERT),
    ("alert proposed", "extend"): (None, QUIET, ALERT),
    ("alert proposed", "cancel"): (None, QUIET, None),
    ("alert proposed", "all-clear"): (None, QUIET, ALERT),
    ("pre-alert", "release"): (None, PRE, None),
    ("pre-alert", "hold"): ((Action.UPDATE, PRE), PRE, None),
    ("pre-alert", "extend"): ((Action.UPDATE, PRE), PRE, None),
    ("pre-alert", "cancel"): ((Action.CANCEL, QUIET), QUIET, None),
    ("pre-alert", "all-clear"): ((Action.CLEAR, QUIET), QUIET, None),
    ("pre-alert, alert proposed", "release"): ((Action.UPDATE, ALERT), ALERT, None),
    ("pre-alert, alert proposed", "hold"): ((Action.UPDATE, PRE), PRE, ALERT),
    ("pre-alert, alert proposed", "extend"): ((Action.UPDATE, PRE), PRE, ALERT),
    ("pre-alert, alert proposed", "cancel"): ((Action.CANCEL, QUIET), QUIET, None),
    ("pre-alert, alert proposed", "all-clear"): ((Action.CLEAR, QUIET), QUIET, None),
    ("pre-alert, all-clear proposed", "release"): ((Action.CLEAR, QUIET), QUIET, None),
    ("pre-alert, all-clear proposed", "hold"): ((Action.UPDATE, PRE), PRE, QUIET),
    ("pre-alert, all-clear proposed", "extend"): ((Action.UPDATE, PRE), PRE, None),
    ("pre-alert, all-clear proposed", "cancel"): ((Action.CANCEL, QUIET), QUIET, None),
    ("pre-alert, all-clear proposed", "all-clear"): ((Action.CLEAR, QUIET), QUIET, None),
    ("alert", "release"): (None, ALERT, None),
    ("alert", "hold"): ((Action.UPDATE, ALERT), ALERT, None),
    ("alert", "extend"): ((Action.UPDATE, ALERT), ALERT, None),
    ("alert", "cancel"): ((Action.CANCEL, QUIET), QUIET, None),
    ("alert", "all-clear"): ((Action.CLEAR, QUIET), QUIET, None),
    ("alert, easing proposed", "release"): ((Action.UPDATE, PRE), PRE, None),
    ("alert, easing proposed", "hold"): ((Action.UPDATE, ALERT), ALERT, PRE),
    ("alert, easing proposed", "extend"): ((Action.UPDATE, ALERT), ALERT, None),
    ("alert, easing proposed", "cancel"): ((Action.CANCEL, QUIET), QUIET, None),
    ("alert, easing proposed", "all-clear"): ((Action.CLEAR, QUIET), QUIET, None),
    ("alert, all-clear proposed", "release"): ((Action.CLEAR, QUIET), QUIET, None),
    ("alert, all-clear proposed", "hold"): ((Action.UPDATE, ALERT), ALERT, QUIET),
    ("alert, all-clear proposed", "extend"): ((Action.UPDATE, ALERT), ALERT, None),
    ("alert, all-clear proposed", "cancel"): ((Action.CANCEL, QUIET), QUIET, None),
    ("alert, all-clear proposed", "all-clear"): ((Action.CLEAR, QUIET), QUIET, None),
}


def test_the_table_of_orders_is_exhaustive() -> None:
    assert sorted(ORDERS) == sorted(product(STATES, VERBS))


@pytest.mark.parametrize("case", ORDERS, ids=" / ".join)
def test_order(case: tuple[str, str]) -> None:
    before = in_state(*STATES[case[0]])
    order = Order(case[1], "Ann Officer", "a kite", UNTIL)
    after, message = obey(before, order, NOW, rules(PRE, ALERT, QUIET))
    said, stage, proposed = ORDERS[case]
    assert (message and (message.action, message.stage)) == said
    assert (after.stage, after.proposal and after.proposal.stage) == (stage, proposed)
    if message:
        assert (message.released_by, message.note, message.verb) == (
            "Ann Officer",
            "a kite",
            case[1],
        )
        assert message.warning_id == (before.warning_id or "zone-p")
    if case[1] in ("cancel", "all-clear") and after != before:
        assert after.muted == ("T1",)


# (stage, what waits for an operator) -> what goes out at once of an alert, and what is proposed.
RISES = {
    (QUIET, ()): (ALERT, None),
    (QUIET, (PRE,)): (ALERT, None),
    (QUIET, (ALERT,)): (PRE, ALERT),
    (QUIET, (PRE, ALERT)): (QUIET, ALERT),
    (PRE, ()): (ALERT, None),
    (PRE, (PRE,)): (ALERT, None),
    (PRE, (ALERT,)): (PRE, ALERT),
    (PRE, (PRE, ALERT)): (PRE, ALERT),
}
FALLS = {(): (QUIET, None), (QUIET,): (ALERT, QUIET)}


@pytest.mark.parametrize("case", RISES)
def test_what_needs_nobody_goes_out_and_the_rest_is_proposed(case: tuple) -> None:
    stage, waiting = case
    policy = rules(*waiting)
    ripe = replace(settled(stage), pre_since_ns=NOW - 9 * NS, alert_since_ns=NOW - 9 * NS)
    after, message = advance(ripe, want(ALERT), NOW, policy, "zone")
    reached, proposed = RISES[case]
    assert (after.stage, after.proposal and after.proposal.stage) == (reached, proposed)
    assert (message is not None) == (reached != stage)
    if message and after.proposal:
        assert after.proposal.warning_id == message.warning_id


@pytest.mark.parametrize("waiting", FALLS)
def test_an_all_clear_goes_out_or_is_proposed(waiting: tuple[Stage, ...]) -> None:
    calm = replace(settled(ALERT), calm_since_ns=NOW - 30 * NS)
    after, message = advance(calm, NOTHING, NOW, rules(*waiting), "zone")
    assert (after.stage, after.proposal and after.proposal.stage) == FALLS[waiting]
    assert (message is not None) == (after.stage == QUIET)


def play(wants, orders=(), policy=POLICY):
    """Return (ns, entry, message, order) of a history; orders are (step, verb, seconds)."""
    entry, history = Entry(), []
    todo: dict[int, list[tuple[str, int]]] = {}
    for step, verb, seconds in orders:
        todo.setdefault(step, []).append((verb, seconds))
    for k, wanted in enumerate(wants):
        now_ns = NOW + k * STEP_S * NS
        for verb, seconds in todo.get(k, ()):
            order = Order(verb, "Ann", "why", now_ns + seconds * NS)
            entry, message = obey(entry, order, now_ns, policy)
            history.append((now_ns, entry, message, order))
        entry, message = advance(entry, wanted, now_ns, policy, "zone")
        history.append((now_ns, entry, message, None))
    return history


def actions(history):
    return [((at - NOW) // NS, m.action, m.stage, m.released_by) for at, _, m, _ in history if m]


def test_a_proposal_that_nobody_answers_is_sent_or_waits():
    wants = [want(ALERT)] * 40
    sent = actions(play(wants, policy=rules(PRE, ALERT)))
    assert sent[0] == (42, Action.ISSUE, ALERT, "automatic")
    assert actions(play(wants, policy=rules(PRE, ALERT, unanswered="wait"))) == []


def test_a_proposal_lapses_only_when_it_is_not_worth_keeping():
    flicker = [want(QUIET, ALERT), want(ALERT)] * 10
    waiting = play([want(ALERT)] * 3 + flicker, policy=rules(PRE, ALERT))
    assert {e.proposal.since_ns for _, e, _, _ in waiting if e.proposal} == {NOW + 2 * NS}
    gone = play([want(ALERT)] * 3 + [NOTHING], policy=rules(PRE, ALERT))
    assert gone[-1][1].proposal is None


def test_a_declined_proposal_stays_away_and_nobody_is_told():
    history = play([want(ALERT)] * 28, [(3, "cancel", 0)], rules(PRE, ALERT))
    assert actions(history) == []
    assert all(entry.proposal is None for _, entry, _, order in history[5:] if order is None)


def test_a_hold_stops_every_change_and_then_they_go_on():
    rise = play([want(PRE)] * 3 + [want(ALERT)] * 30, [(3, "hold", 40)])
    assert [a[1:3] for a in actions(rise)] == [
        (Action.ISSUE, PRE), (Action.UPDATE, PRE), (Action.UPDATE, ALERT)
    ]  # fmt: skip
    assert actions(rise)[-1][0] == 46
    fall = play([want(ALERT)] * 3 + [NOTHING] * 40, [(3, "hold", 60)])
    assert actions(fall)[-1][0] == 66
    lifted = play([want(ALERT)] * 3 + [NOTHING] * 40, [(3, "hold", 60), (15, "hold", 0)])
    assert actions(lifted)[-1][:2] == (30, Action.CLEAR)


def test_a_hold_on_a_proposal_stops_its_time_out():
    held = play([want(ALERT)] * 40, [(5, "hold", 50)], rules(PRE, ALERT))
    assert actions(held)[0][0] == 60


def test_an_extension_keeps_the_stage_and_lets_it_rise():
    kept = play([want(PRE)] * 3 + [NOTHING] * 60, [(4, "extend", 80)])
    assert actions(kept)[-1][:2] == (88, Action.CLEAR)
    rises = play([want(PRE)] * 3 + [want(ALERT)] * 3, [(3, "extend", 80)])
    assert rises[-1][1].stage == ALERT


def test_what_is_valid_outlasts_a_hold_or_an_extension():
    for verb in ("hold", "extend"):
        policy = replace(POLICY, validity_s=60.0)
        history = play([want(ALERT)] * 4, [(3, verb, 500)], policy)
        at, entry, message, _ = next(row for row in history if row[3])
        until = max(entry.held_until_ns, entry.extended_until_ns)
        assert message.expires_ns == entry.expires_ns > until > at


ORDER = st.tuples(st.integers(0, 120), st.sampled_from(VERBS), st.integers(0, 200))
POLICIES = st.sampled_from(
    [
        POLICY,
        *(rules(*who, unanswered=u) for who in [(ALERT,), (PRE, ALERT), (QUIET,), (PRE, QUIET)]
          for u in ("send", "wait")),
    ]
)  # fmt: skip
RUNS = st.lists(st.tuples(WANTS, st.integers(1, 25)), max_size=12)


@given(runs=RUNS, orders=st.lists(ORDER, max_size=8), policy=POLICIES)
def test_any_history_of_wants_and_orders_is_a_chain_of_whole_warnings(runs, orders, policy):
    wants = [w for w, count in runs for _ in range(count)] + [NOTHING] * 140
    orders = [*orders, (len(wants) - 1, "release", 0)]
    history = play(wants, orders, policy)
    check_chains(history, policy)
    assert history[-1][1].stage == QUIET, "no alert without an end"
    assert play(wants, orders, policy) == history, "a replay gives the same"


def check_chains(history, policy):
    """Hold a history to what must always be true of the warnings of one zone."""
    opened, number, expires, ids, stage, held, extended = None, 0, 0, set(), QUIET, 0, 0
    latest = 0
    for at, entry, message, order in history:
        assert at >= latest, "no time goes back"
        latest = at
        assert opened is None or at < expires, "a warning ran out silently"
        if order and order.verb == "hold":
            assert entry.held_until_ns <= at + policy.release.hold_max_s * NS
        if message is None:
            assert entry.stage == stage, "a stage changed silently"
        else:
            if order is None and message.stage != stage:
                assert at >= held, "a change by itself during a hold"
                assert at >= extended or message.stage > stage, "lowered during an extension"
            if message.action == Action.ISSUE:
                assert opened is None, "two open warnings"
                assert message.warning_id not in ids
                assert message.stage > QUIET
                opened, number = message.warning_id, 0
                ids.add(opened)
            assert opened == message.warning_id, "an end or an update without its alert"
            assert message.number == number + 1, "a reference does not resolve"
            assert message.expires_ns > at
            assert (message.released_by == "Ann") == (order is not None)
            number, expires, stage = message.number, message.expires_ns, message.stage
            assert (message.action in (Action.CLEAR, Action.CANCEL)) == (stage == QUIET)
            opened = opened if stage > QUIET else None
        if entry.proposal is not None:
            assert entry.proposal.stage != entry.stage
            assert concerns(entry, entry.proposal.warning_id)
        held, extended = entry.held_until_ns, entry.extended_until_ns


def test_classes_without_a_rule_follow_the_unknown():
    policy = Release(((ALERT, ObjectClass.UNKNOWN),))
    assert not policy.automatic(ALERT, ObjectClass.BIRD)
    assert policy.automatic(ALERT, ObjectClass.BALLISTIC)


def test_to_decline_a_proposal_mutes_what_it_named_and_not_a_warning_long_over() -> None:
    proposed = in_state(QUIET, ALERT)
    old = replace(proposed, said=replace(want(ALERT), track_ids=("T9",)))
    after, message = obey(old, Order("cancel", "ann"), NOW, rules(ALERT))
    assert message is None
    assert "T9" not in after.muted
    assert set(after.muted) == set(old.latest.track_ids)


def test_a_hold_that_ends_now_names_no_time() -> None:
    entry = in_state(ALERT, None)
    _, message = obey(entry, Order("hold", "ann", until_ns=NOW), NOW, POLICY)
    assert message is not None
    assert message.until_ns == 0
    assert reason(message, None).startswith("hold ended by ann")
    _, message = obey(entry, Order("hold", "ann", until_ns=UNTIL), NOW, POLICY)
    assert message is not None
    assert message.until_ns > NOW
    assert reason(message, None).startswith("held by ann until ")
