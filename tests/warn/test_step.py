"""The room as a whole: ticks of tracks in, warnings out."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.warn.support import NOW, REGION, grid, tracks
from tocsin import warn
from tocsin.contract import (
    NS,
    Action,
    ObjectClass,
    OperatorActions,
    Stage,
    Tracks,
    Warnings,
    from_ipc,
    to_ipc,
)
from tocsin.warn.words import compass

ZONES = grid(4, 3, 5e3, low=(8e3, -7.5e3), shelter_s=90.0)
# Coarser than in earnest, so that nights of many ticks stay short.
CONFIG = warn.WarnConfig(ZONES, REGION, particles=128, decision_period_s=4.0)
START = warn.start(CONFIG)


def drone_at(second, start_m=(-20e3, -1e3), speed=45.0, height=120.0, end_s=760, name="T1"):
    if second > end_s:
        return Tracks.empty()
    place = [start_m[0] + speed * second, start_m[1], height]
    return tracks([place], [speed, 0, 0], at_ns=NOW + int(second * NS), ids=[name])


def run(seen, until_s=1100, step_s=4.0, state=START, actions=None):
    """Return the warnings of a run; ``seen`` maps seconds to tracks."""
    rows = []
    for second in np.arange(0.0, until_s, step_s):
        at_ns = NOW + int(second * NS)
        todo = (actions or {}).get(second, OperatorActions.empty())
        state, out = warn.step(state, seen(second), at_ns, todo)
        rows.append(out.warnings)
    return Warnings.concat(rows)


def chains(warnings):
    return {i: warnings.take(warnings.warning_id == i) for i in dict.fromkeys(warnings.warning_id)}


NIGHT = run(drone_at)


def test_a_low_drone_warns_the_zones_on_its_course_in_time_and_clears_them():
    course = {f"Z{i:02d}-01" for i in range(3)}
    alerts = NIGHT.take(NIGHT.stage == Stage.ALERT)
    assert course <= set(alerts.zone_id)
    for zone in ZONES[4:7]:
        first = alerts.decided_at_ns[alerts.zone_id == zone.zone_id][0]
        index = int(zone.zone_id[1:3])
        arrives_s = (28e3 + index * 5e3) / 45.0
        lead_s = arrives_s - (first - NOW) / NS
        assert zone.time_to_shelter_s < lead_s < zone.time_to_shelter_s + 180.0
    for chain in chains(NIGHT).values():
        assert chain.action[0] == Action.ISSUE
        assert chain.action[-1] == Action.CLEAR


def test_the_alert_moves_with_the_threat():
    first = [NIGHT.zone_id[k] for k in np.flatnonzero(NIGHT.stage == Stage.ALERT)]
    order = [z for z in dict.fromkeys(first) if z.endswith("-01")]
    assert order == sorted(order)
    cleared = NIGHT.take(NIGHT.action == Action.CLEAR)
    nearest = cleared.decided_at_ns[cleared.zone_id == "Z00-01"][0]
    assert nearest < NOW + 1000 * NS


def test_silence_is_input_and_ends_every_warning():
    rows = run(lambda second: drone_at(second, end_s=500), until_s=900)
    assert {int(c.action[-1]) for c in chains(rows).values()} == {Action.CLEAR}
    last = rows.decided_at_ns[-1]
    assert last <= NOW + 700 * NS


def test_no_tracks_and_harmless_tracks_warn_nobody():
    assert len(run(lambda _: Tracks.empty(), until_s=60)) == 0
    assert len(run(lambda s: drone_at(s).replace(hazardous=[False]), until_s=60)) == 0


def test_the_same_input_gives_the_same_bytes():
    assert to_ipc(run(drone_at)) == to_ipc(NIGHT)


def test_ticks_between_decisions_change_nothing():
    fine = run(lambda s: drone_at(4.0 * (s // 4.0)), step_s=1.0, until_s=500)
    coarse = run(drone_at, until_s=500)
    assert to_ipc(fine) == to_ipc(coarse)


def test_row_order_of_the_tracks_does_not_matter():
    def several(second):
        return Tracks.concat([drone_at(second, (-20e3, y), name=f"T{y}") for y in (0, 1, 900)])

    def reverse(second):
        table = several(second)
        return table.take(np.arange(len(table))[::-1])

    assert to_ipc(run(several, 600)) == to_ipc(run(reverse, 600))


def test_a_false_alert_is_cancelled_by_one_action():
    alert = NIGHT.take(NIGHT.stage == Stage.ALERT)
    second = (int(alert.decided_at_ns[0]) - NOW) / NS + 1.0
    action = OperatorActions.build(
        1,
        received_at_ns=NOW,
        author="officer.two",
        verb="cancel",
        subject=alert.warning_id[0],
        detail='{"reason": "own aircraft"}',
    )
    rows = run(drone_at, 700, step_s=1.0, actions={second: action})
    chain = chains(rows)[alert.warning_id[0]]
    assert chain.action[-1] == Action.CANCEL
    assert chain.decided_at_ns[-1] == NOW + int(second * NS)
    assert (chain.released_by[-1], chain.stage[-1]) == ("officer.two", Stage.QUIET)
    assert "own aircraft" in chain.reason[-1]
    again = rows.take((rows.zone_id == alert.zone_id[0]) & (rows.action == Action.ISSUE))
    assert len(again) == 1, "the same track must not warn the zone again"


def ordered(verb, subject, detail='{"reason": "seen by the watch", "role": "operator"}'):
    return OperatorActions.build(
        1, received_at_ns=NOW, author="Ann", verb=verb, subject=subject, detail=detail
    )


def test_what_awaits_release_is_shown_until_an_operator_releases_it():
    policy = replace(warn.Policy(), release=warn.Release(((Stage.ALERT, ObjectClass.ONE_WAY_DRONE),
                     (Stage.PRE_ALERT, ObjectClass.ONE_WAY_DRONE))))  # fmt: skip
    state, waiting = warn.start(replace(CONFIG, policy=policy)), []
    for second in range(300, 330, 4):
        state, out = warn.step(state, drone_at(second), NOW + second * NS)
        assert len(out.warnings) == 0
        waiting.append(out.pending)
    shown = waiting[-1]
    assert "Z00-01" in shown.zone_id
    first = shown.take(shown.zone_id == "Z00-01")
    assert (first.stage[0], first.proposed_stage[0] > Stage.QUIET) == (Stage.QUIET, True)
    assert first.due_at_ns[0] == first.proposed_at_ns[0] + 60 * NS
    assert "one-way drone" in first.reason[0]
    action = ordered("release", first.warning_id[0])
    state, out = warn.step(state, drone_at(329), NOW + 329 * NS, action)
    row = out.warnings
    assert (len(row), row.warning_id[0], row.action[0]) == (1, first.warning_id[0], Action.ISSUE)
    assert row.released_by[0] == "Ann"
    assert row.reason[0].startswith("released by Ann: seen by the watch. 1 one-way drone")
    assert "Z00-01" not in out.pending.zone_id


@pytest.mark.parametrize(("verb", "word"), [("hold", "held by Ann"), ("extend", "extended by Ann")])
def test_a_hold_and_an_extension_are_rows_and_stay_visible(verb, word):
    opened = NIGHT.take(slice(0, 1))
    second = (int(opened.decided_at_ns[0]) - NOW) // NS
    until_ns = int(opened.decided_at_ns[0]) + 400 * NS
    action = ordered(verb, opened.warning_id[0], f'{{"reason": "smoke", "until_ns": {until_ns}}}')
    state = START
    for k in range(0, second + 8, 4):
        at_ns = NOW + k * NS
        todo = action if k == second + 4 else OperatorActions.empty()
        state, out = warn.step(state, drone_at(k), at_ns, todo)
    row = out.warnings.take(out.warnings.warning_id == opened.warning_id[0])
    assert (row.action[0], row.released_by[0]) == (Action.UPDATE, "Ann")
    assert row.reason[0].startswith(word)
    assert ": smoke. " in row.reason[0]
    shown = out.pending.take(out.pending.zone_id == opened.zone_id[0])
    assert max(shown.held_until_ns[0], shown.extended_until_ns[0]) == until_ns


@pytest.mark.parametrize(("verb", "subject"), [("cancel", "nothing"), ("clock", "x")])
def test_other_actions_are_left_alone(verb, subject):
    action = OperatorActions.build(
        1, received_at_ns=NOW, author="a", verb=verb, subject=subject, detail="not json"
    )
    assert to_ipc(run(drone_at, 600, actions={4.0: action})) == to_ipc(run(drone_at, 600))


def test_reasons_are_plain_words():
    alert = NIGHT.reason[np.flatnonzero(NIGHT.stage == Stage.ALERT)[0]]
    assert re.match(r"1 one-way drone from the west, expected \d\d:\d\d to \d\d:\d\d UTC ", alert)
    assert alert.endswith("track T1")
    many = run(lambda s: Tracks.concat([drone_at(s, (-20e3, 99.0 * k), name=f"T{k}") for k in
                                        range(7)]), 400)  # fmt: skip
    assert "7 one-way drones from the west" in many.reason[0]
    assert "and 2 more" in many.reason[0]


@given(east=st.floats(-1e5, 1e5), north=st.floats(-1e5, 1e5))
def test_compass_is_within_half_a_point(east, north):
    names = ["north", "north-east", "east", "south-east", "south", "south-west", "west"]
    names.append("north-west")
    off = np.degrees(np.arctan2(east, north)) - 45.0 * names.index(compass(east, north))
    assert abs((off + 180.0) % 360.0 - 180.0) <= 22.5 + 1e-9


def test_forecasts_are_made_once_per_decision_and_only_then():
    state, first = warn.step(START, drone_at(300.0), NOW)
    _, second = warn.step(state, drone_at(300.0), NOW + NS)
    assert len(first.forecasts) > 0
    assert len(second.forecasts) == 0
    assert (first.forecasts.probability <= 1.0).all()
    assert (first.forecasts.arrival_p10_ns <= first.forecasts.arrival_p50_ns).all()
    assert (first.forecasts.arrival_p50_ns <= first.forecasts.arrival_p90_ns).all()
    assert first.forecasts.validate() is first.forecasts


def test_warnings_survive_the_journal():
    assert to_ipc(from_ipc(Warnings, to_ipc(NIGHT))) == to_ipc(NIGHT)
    assert NIGHT.validate() is NIGHT
    assert len(set(NIGHT.cap_identifier)) == len(NIGHT)


def test_a_step_does_not_change_the_state_it_was_given():
    state, _ = warn.step(START, drone_at(400.0), NOW)
    entries = dict(state.entries)
    one = warn.step(state, drone_at(404.0), NOW + 4 * NS)[1]
    two = warn.step(state, drone_at(404.0), NOW + 4 * NS)[1]
    assert len(one.warnings) > 0
    assert dict(state.entries) == entries
    assert to_ipc(one.warnings) == to_ipc(two.warnings)


FLIGHTS = st.lists(
    st.tuples(
        st.floats(-15e3, 15e3),
        st.floats(-10e3, 10e3),
        st.integers(0, 25),
        st.integers(1, 30),
        st.sampled_from([ObjectClass.ONE_WAY_DRONE, ObjectClass.FAST_LOW_FLYER]),
    ),
    max_size=4,
)


@settings(max_examples=6)
@given(flights=FLIGHTS, cancel_at=st.integers(0, 40))
def test_any_traffic_gives_whole_chains_with_one_open_warning_a_zone(flights, cancel_at):
    state, open_by_zone, seen = START, {}, {}
    for k in range(100):
        now_ns = NOW + k * 8 * NS
        present = [
            tracks([[x + 400.0 * (k - a), y, 90.0]], [50, 0, 0], c, now_ns, ids=[f"F{i}"])
            for i, (x, y, a, n, c) in enumerate(flights)
            if a <= k < a + n
        ]
        todo = OperatorActions.empty()
        if k == cancel_at and open_by_zone:
            subject = next(iter(open_by_zone.values()))
            todo = OperatorActions.build(
                1, received_at_ns=now_ns, author="o", verb="cancel", subject=subject, detail=None
            )
        state, out = warn.step(state, Tracks.concat(present), now_ns, todo)
        for row in out.warnings.rows():
            zone, warning = row["zone_id"], row["warning_id"]
            if row["action"] == Action.ISSUE:
                assert zone not in open_by_zone
                open_by_zone[zone] = warning
            assert open_by_zone[zone] == warning
            if row["action"] in (Action.CLEAR, Action.CANCEL):
                del open_by_zone[zone]
            number = seen.get(warning, 0) + 1
            assert row["cap_identifier"] == f"{warning}-{number}"
            seen[warning] = number
    assert not open_by_zone, "every warning ends once nothing is left"
