"""The decision: thresholds that follow from costs, and what hysteresis is for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warn.support import REGION, box
from tocsin.contract import ObjectClass, Stage
from tocsin.warn import Policy, WarnConfig
from tocsin.warn.decide import decide, threshold
from tocsin.warn.forecast import Risk, build_model, instants_s

MODEL = build_model(WarnConfig((box("town", 0, 0, 5e3, 5e3),), REGION, particles=64))
SECONDS = instants_s(900.0, 60)
LEAD_S = np.array([165.0])


def wants(probability, arrival_s, policy=None, lead_s=LEAD_S, threat=ObjectClass.ONE_WAY_DRONE):
    """Return the decision for a zone that is affected at about one instant, if ever."""
    curve = probability * np.clip((SECONDS - arrival_s + 5.0) / 10.0, 0.0, 1.0)[None]
    risk = Risk(np.array([0]), np.array([int(threat)]), curve)
    chosen = replace(MODEL, config=replace(MODEL.config, policy=policy or Policy()))
    found = decide(chosen, risk, lead_s)
    return Stage(int(found.enter[0])), Stage(int(found.keep[0]))


def test_what_is_sure_and_near_is_an_alert_and_what_is_sure_and_later_a_pre_alert():
    assert wants(0.9, 200.0)[0] == Stage.ALERT
    assert wants(0.9, 500.0)[0] == Stage.PRE_ALERT
    assert wants(0.9, 850.0)[0] == Stage.QUIET


def test_a_zone_far_from_shelter_is_alerted_earlier():
    assert wants(0.9, 400.0)[0] == Stage.PRE_ALERT
    assert wants(0.9, 400.0, lead_s=np.array([400.0]))[0] == Stage.ALERT


def test_the_threshold_is_where_harm_and_alarm_weigh_the_same():
    policy = Policy()
    minutes = (200.0 + policy.quiet_s) / 60.0
    least = (policy.fixed_min + minutes) / policy.missed_min
    assert wants(1.02 * least, 200.0)[0] == Stage.ALERT
    assert wants(0.98 * least, 200.0)[0] == Stage.PRE_ALERT


def test_a_stage_is_kept_below_the_probability_that_starts_it():
    policy = Policy(leave_ratio=0.5)
    least = (policy.fixed_min + (200.0 + policy.quiet_s) / 60.0) / policy.missed_min
    assert wants(0.6 * least, 200.0, policy)[1] == Stage.ALERT
    assert wants(0.4 * least, 200.0, policy)[1] < Stage.ALERT
    assert wants(0.6 * least, 200.0, replace(policy, leave_ratio=1.0))[1] < Stage.ALERT


def test_a_worse_class_is_warned_of_at_a_lower_probability():
    least = float(threshold(Policy(), np.array([290.0]), 1.0)[0])
    assert wants(0.6 * least, 200.0)[0] < Stage.ALERT
    assert wants(0.6 * least, 200.0, threat=ObjectClass.BALLISTIC)[0] == Stage.ALERT


@given(
    probability=st.floats(0.0, 1.0),
    arrival_s=st.floats(0.0, 900.0),
    more=st.floats(0.0, 1.0),
    missed_min=st.floats(5.0, 500.0),
)
def test_keeping_is_never_harder_than_starting_and_more_risk_never_means_less(
    probability, arrival_s, more, missed_min
):
    policy = Policy(missed_min=missed_min)
    enter, keep = wants(probability, arrival_s, policy)
    assert keep >= enter
    assert wants(max(probability, more), arrival_s, policy)[0] >= enter


def test_nothing_at_risk_is_legal():
    none = Risk(np.empty(0, int), np.empty(0, int), np.empty((0, len(SECONDS))))
    found = decide(MODEL, none, np.empty(0))
    assert len(found.enter) == len(found.probability) == 0


def test_costs_give_the_documented_threshold():
    assert threshold(Policy(), np.array([180.0]), 1.0)[0] == pytest.approx((5 + 3) / 50)
