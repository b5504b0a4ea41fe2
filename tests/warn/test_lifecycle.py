"""The life of a warning: every transition, and any history at all."""

from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warn.support import NOW
from tocsin.contract import NS, Action, ObjectClass, Stage
from tocsin.warn.lifecycle import NOTHING, Entry, Want, advance, safe, stamp
from tocsin.warn.orders import Order, obey
from tocsin.warn.policy import Policy

POLICY = Policy(
    confirm_s=2.0, quiet_s=20.0, min_pre_alert_s=10.0, min_alert_s=10.0, validity_s=100.0,
    renew_s=20.0, update_gap_s=8.0, update_arrival_s=30.0, cancel_holdoff_s=60.0,
)  # fmt: skip
STEP_S = 2


def want(enter, keep=None, threat=ObjectClass.ONE_WAY_DRONE, arrival_s=300, tracks=("T1",)):
    arrival = tuple(NOW + (arrival_s + k) * NS for k in (-30, 0, 30))
    return Want(enter, enter if keep is None else keep, threat, 0.5, arrival, tracks)


def live(wants, cancels=()):
    """Return (second, entry after, message) of a history with a decision every two seconds."""
    entry, history = Entry(), []
    for k, wanted in enumerate(wants):
        now_ns = NOW + k * STEP_S * NS
        if k in cancels:
            entry, message = obey(entry, Order("cancel", "officer"), now_ns, POLICY)
            history.append((k * STEP_S, entry, message))
        entry, message = advance(entry, wanted, now_ns, POLICY, "zone")
        history.append((k * STEP_S, entry, message))
    return history


def actions(history):
    return [(at, m.action, m.stage) for at, _, m in history if m]


def settled(stage):
    """Return an entry that has been in a stage for long, and says so."""
    if stage == Stage.QUIET:
        return Entry()
    now_ns = NOW - 50 * NS
    said = want(stage)
    return Entry(stage, "zone-x", 1, now_ns, now_ns, NOW + 50 * NS, said)


TRANSITIONS = {
    # (stage, stage worth starting, stage worth keeping) -> action and stage at once.
    (Stage.QUIET, Stage.QUIET, Stage.QUIET): None,
    (Stage.QUIET, Stage.QUIET, Stage.PRE_ALERT): None,
    (Stage.QUIET, Stage.QUIET, Stage.ALERT): None,
    (Stage.QUIET, Stage.PRE_ALERT, Stage.PRE_ALERT): (Action.ISSUE, Stage.PRE_ALERT),
    (Stage.QUIET, Stage.PRE_ALERT, Stage.ALERT): (Action.ISSUE, Stage.PRE_ALERT),
    (Stage.QUIET, Stage.ALERT, Stage.ALERT): (Action.ISSUE, Stage.ALERT),
    (Stage.PRE_ALERT, Stage.QUIET, Stage.QUIET): (Action.CLEAR, Stage.QUIET),
    (Stage.PRE_ALERT, Stage.QUIET, Stage.PRE_ALERT): None,
    (Stage.PRE_ALERT, Stage.QUIET, Stage.ALERT): None,
    (Stage.PRE_ALERT, Stage.PRE_ALERT, Stage.PRE_ALERT): None,
    (Stage.PRE_ALERT, Stage.PRE_ALERT, Stage.ALERT): None,
    (Stage.PRE_ALERT, Stage.ALERT, Stage.ALERT): (Action.UPDATE, Stage.ALERT),
    (Stage.ALERT, Stage.QUIET, Stage.QUIET): (Action.CLEAR, Stage.QUIET),
    (Stage.ALERT, Stage.QUIET, Stage.PRE_ALERT): (Action.UPDATE, Stage.PRE_ALERT),
    (Stage.ALERT, Stage.QUIET, Stage.ALERT): None,
    (Stage.ALERT, Stage.PRE_ALERT, Stage.PRE_ALERT): (Action.UPDATE, Stage.PRE_ALERT),
    (Stage.ALERT, Stage.PRE_ALERT, Stage.ALERT): None,
    (Stage.ALERT, Stage.ALERT, Stage.ALERT): None,
}


def test_the_table_is_exhaustive():
    possible = [t for t in product(Stage, Stage, Stage) if t[1] <= t[2]]
    assert sorted(possible) == sorted(TRANSITIONS)


@pytest.mark.parametrize("case", TRANSITIONS)
def test_transition(case):
    stage, enter, keep = case
    wanted = want(enter, keep) if keep else NOTHING
    ripe = replace(
        settled(stage),
        pre_since_ns=NOW - 30 * NS if enter >= Stage.PRE_ALERT else 0,
        alert_since_ns=NOW - 30 * NS if enter >= Stage.ALERT else 0,
        calm_since_ns=NOW - 30 * NS if keep < stage else 0,
    )
    after, message = advance(ripe, wanted, NOW, POLICY, "zone")
    assert (message and (message.action, message.stage)) == TRANSITIONS[case]
    assert after.stage == (message.stage if message else stage)


def test_nothing_is_said_before_it_is_confirmed():
    flash = [want(Stage.ALERT), NOTHING] * 5
    assert actions(live(flash)) == []
    assert actions(live([want(Stage.ALERT)] * 2)) == [(2, Action.ISSUE, Stage.ALERT)]


def test_flapping_within_the_hysteresis_says_nothing():
    wants = [want(Stage.ALERT)] * 2 + [want(Stage.QUIET, Stage.ALERT), want(Stage.ALERT)] * 10
    assert len(actions(live(wants))) == 1


def test_a_gap_shorter_than_the_quiet_time_does_not_clear():
    wants = [want(Stage.ALERT)] * 8 + [NOTHING] * 9 + [want(Stage.ALERT)] * 4
    assert len(actions(live(wants))) == 1
    assert actions(live([*wants[:8], *[NOTHING] * 12]))[-1][1:] == (Action.CLEAR, Stage.QUIET)


def test_shortest_alert_is_kept():
    history = actions(live([want(Stage.ALERT)] * 2 + [NOTHING] * 30))
    assert history[-1][0] - history[0][0] >= max(POLICY.min_alert_s, POLICY.quiet_s)


def test_a_long_alert_is_renewed_before_it_expires():
    history = live([want(Stage.ALERT)] * 300)
    messages = [(at, m) for at, _, m in history if m]
    assert len(messages) > 5
    for (_, before), (at, after) in pairwise(messages):
        assert NOW + at * NS < before.expires_ns
        assert after.action == Action.UPDATE
        assert after.warning_id == before.warning_id


def test_another_class_updates_the_open_warning():
    fast = want(Stage.ALERT, threat=ObjectClass.FAST_LOW_FLYER)
    history = [m for _, _, m in live([want(Stage.ALERT)] * 3 + [fast] * 20) if m]
    assert [m.action for m in history] == [Action.ISSUE, Action.UPDATE]
    assert history[1].want.threat == ObjectClass.FAST_LOW_FLYER
    assert history[0].warning_id == history[1].warning_id


def test_cancelled_tracks_are_silent_but_others_are_heard():
    same = live([want(Stage.ALERT)] * 25, cancels=(5,))
    assert [a for _, a, _ in actions(same)] == [Action.ISSUE, Action.CANCEL]
    other = want(Stage.ALERT, tracks=("T1", "T9"))
    heard = live([want(Stage.ALERT)] * 8 + [other] * 4, cancels=(5,))
    assert [a for _, a, _ in actions(heard)] == [Action.ISSUE, Action.CANCEL, Action.ISSUE]
    later = live([want(Stage.ALERT)] * 40, cancels=(5,))
    assert [a for _, a, _ in actions(later)][-1] == Action.ISSUE


STAGES = st.tuples(st.sampled_from(Stage), st.sampled_from(Stage)).map(sorted)
WANTS = st.one_of(
    st.just(NOTHING),
    st.builds(
        lambda stages, threat, arrival, track: want(*stages, threat, arrival, (track,)),
        STAGES,
        st.sampled_from([ObjectClass.ONE_WAY_DRONE, ObjectClass.BALLISTIC]),
        st.integers(0, 600),
        st.sampled_from(["T1", "T2"]),
    ),
)
RUNS = st.lists(st.tuples(WANTS, st.integers(1, 25)), max_size=15)


@given(runs=RUNS, cancels=st.sets(st.integers(0, 100), max_size=4))
def test_any_history_is_a_chain_of_whole_warnings(runs, cancels):
    wants = [w for w, count in runs for _ in range(count)] + [NOTHING] * 30
    history = live(wants, cancels)
    open_id, open_stage, expires, ids, number = None, Stage.QUIET, 0, [], 0
    for at, entry, message in history:
        now_ns = NOW + at * NS
        assert open_id is None or now_ns < expires, "a warning ran out silently"
        if message is None:
            assert entry.stage == open_stage
            continue
        if message.action == Action.ISSUE:
            assert open_id is None
            assert message.stage > Stage.QUIET
            open_id, number = message.warning_id, 0
            ids.append(open_id)
        assert message.warning_id == open_id
        assert message.number == number + 1
        assert message.want.threat != ObjectClass.UNKNOWN
        open_stage, expires, number = message.stage, message.expires_ns, message.number
        if message.action in (Action.CLEAR, Action.CANCEL):
            assert message.stage == Stage.QUIET
            open_id = None
        else:
            assert message.stage > Stage.QUIET
    assert open_id is None, "no alert without an end"
    assert len(set(ids)) == len(ids)


@given(a=st.text(max_size=8), b=st.text(max_size=8))
def test_identifiers_are_allowed_in_cap_and_stay_different(a, b):
    assert (safe(a) == safe(b)) == (a == b)
    assert not set(f"{safe(a)}-{stamp(NOW)}") & set(" ,<&\n\t")
