"""Policies: presets that say what they mean, and errors that say what is wrong."""

import tomllib
from dataclasses import fields

import numpy as np
import pytest

from tocsin.contract import InputError, ObjectClass, Stage
from tocsin.warn import PRESETS, Policy, parse_policy, preset, preset_text
from tocsin.warn.decide import threshold


def test_the_default_is_the_balanced_preset():
    assert preset("balanced") == Policy()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_states_and_explains_every_value(name):
    text, policy = preset_text(name), preset(name)
    data = tomllib.loads(text)
    given = {key for v in data.values() for key in (v if isinstance(v, dict) else ())} | set(data)
    assert {f.name for f in fields(Policy)} <= given
    assert policy.name == name
    lines = text.splitlines()
    assert sum(line.startswith("#") for line in lines) > 15


def test_presets_are_ordered_from_early_to_late():
    lasts = np.array([240.0])
    least = [float(threshold(preset(name), lasts, 1.0)[0]) for name in PRESETS]
    assert least == sorted(least)
    assert preset("cautious").window_s > preset("balanced").window_s > preset("quiet").window_s


def test_values_that_are_left_out_keep_their_defaults():
    policy = parse_policy("[harm]\nballistic = 9\n[timing]\nmargin_s = 10")
    assert policy.harm[ObjectClass.BALLISTIC] == 9.0
    assert policy.harm[ObjectClass.FAST_LOW_FLYER] == Policy().harm[ObjectClass.FAST_LOW_FLYER]
    assert (policy.margin_s, policy.window_s) == (10.0, Policy().window_s)


def test_release_is_told_by_stage_and_class_or_by_stage_alone():
    text = "[release]\nalert.ballistic = 'automatic'\npre_alert.one_way_drone = 'operator'\n"
    rules = parse_policy(text + "clear = 'operator'\nunanswered = 'wait'").release
    assert rules.automatic(Stage.ALERT, ObjectClass.BALLISTIC)
    assert not rules.automatic(Stage.PRE_ALERT, ObjectClass.ONE_WAY_DRONE)
    assert rules.automatic(Stage.PRE_ALERT, ObjectClass.BALLISTIC)
    assert not any(rules.automatic(Stage.QUIET, threat) for threat in ObjectClass)
    assert rules.unanswered == "wait"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[cost", "my.toml"),
        ("[cots]\nmissed_min = 1", "cots"),
        ("[cost]\nmised_min = 1", "mised_min"),
        ("[cost]\nmissed_min = 'many'", "cost.missed_min"),
        ("[cost]\nmissed_min = true", "cost.missed_min"),
        ("[cost]\nmissed_min = -1", "cost.missed_min"),
        ("[cost]\nmissed_min = nan", "cost.missed_min"),
        ("[cost]\npre_alert_share = 1.5", "cost.pre_alert_share"),
        ("cost = 3", "cost"),
        ("name = 3", "name"),
        ("tentative_tracks = 'yes'", "tentative_tracks"),
        ("[harm]\nbird = 1", "bird"),
        ("[harm]\nunknown = 0", "harm.unknown"),
        ("[release]\nalarm = 'operator'", "alarm"),
        ("[release]\nalert = 'nobody'", "release.alert"),
        ("[release]\nalert = 3", "release.alert"),
        ("[release]\nalert.bird = 'operator'", "bird"),
        ("[release]\nalert.ballistic = 'me'", "release.alert.ballistic"),
        ("[release]\nunanswered = 'drop'", "release.unanswered"),
        ("[release]\nunanswered_s = -1", "release.unanswered_s"),
        ("[steadiness]\nvalidity_s = 100\nrenew_s = 100", "steadiness.renew_s"),
    ],
)
def test_a_wrong_policy_names_file_and_key(text, place):
    with pytest.raises(InputError) as caught:
        parse_policy(text, "my.toml")
    assert "my.toml" in str(caught.value)
    assert place in str(caught.value)


def test_an_unknown_preset_is_refused():
    with pytest.raises(InputError, match="balanced"):
        preset("bold")
