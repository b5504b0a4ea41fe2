"""The demo's world is not closed: what changes outside changes what comes out."""

from tests.run.world import completeness, outcome
from tocsin.contract import Action, Stage


def test_the_demo_holds_its_floor() -> None:
    result = outcome("as it is")
    assert completeness("as it is") > 0.95
    assert result["scores"]["pod"] > 0.9
    assert result["scores"]["never_cleared"] == 0


def test_without_a_radar_completeness_falls() -> None:
    assert completeness("without radar-2") < completeness("as it is") - 0.01


def test_civil_traffic_alone_is_never_warned_of() -> None:
    assert len(outcome("civil traffic only")["warnings"]) == 0
    assert completeness("civil traffic only") > 0.95


def test_each_zone_goes_through_its_stages_in_order() -> None:
    warnings = outcome("as it is")["warnings"]
    assert {Action.ISSUE, Action.CLEAR} <= {Action(a) for a in warnings.action.tolist()}
    for warning_id in dict.fromkeys(warnings.warning_id.tolist()):
        mine = warnings.take(warnings.warning_id == warning_id)
        assert mine.action[0] == Action.ISSUE
        assert mine.action[-1] in (Action.CLEAR, Action.CANCEL), warning_id
        assert mine.stage[-1] == Stage.QUIET
