"""Requirements are data: every one is judged, and what was not measured never passes."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluate.world import ORIGIN, tracks_like, truth_of
from tocsin.contract import InputError, Tracks
from tocsin.evaluate import (
    STANDARDS,
    Outcome,
    judge,
    met,
    parse_standard,
    score_tracks,
    standard_text,
)

ONE = """
name = "one"
about = "a test"
[[requirement]]
id = "R1"
text = "most are seen"
score = "track_scores.completeness"
comparison = ">="
value = 0.9
"""


def outcome_of(value: object, text: str = ONE) -> Outcome:
    return judge(parse_standard(text), {"track_scores": {"completeness": value}})[0].outcome


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.95, Outcome.PASSED),
        (0.9, Outcome.PASSED),
        (1, Outcome.PASSED),
        (0.89, Outcome.FAILED),
        (0, Outcome.FAILED),
        (None, Outcome.NOT_MEASURED),
        (nan, Outcome.NOT_MEASURED),
        (inf, Outcome.NOT_MEASURED),
        (True, Outcome.NOT_MEASURED),
        ("0.95", Outcome.NOT_MEASURED),
        ({}, Outcome.NOT_MEASURED),
    ],
)
def test_outcome_of_a_value(value: object, expected: Outcome) -> None:
    assert outcome_of(value) is expected


def test_a_standard_is_met_only_where_something_was_measured_and_nothing_failed() -> None:
    two = ONE + ONE[ONE.index("[[") :].replace("R1", "R2").replace("completeness", "ospa_m")
    standard = parse_standard(two)
    assert not met(judge(standard, {}))
    assert met(judge(standard, {"track_scores": {"completeness": 1.0}}))
    assert not met(judge(standard, {"track_scores": {"completeness": 1.0, "ospa_m": 0.1}}))


@given(st.sampled_from([">=", "<=", ">", "<"]), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_comparisons_mean_what_they_say(comparison: str, wanted: float, measured: float) -> None:
    text = ONE.replace(">=", comparison).replace("0.9", repr(wanted))
    passed = eval(f"{measured!r} {comparison} {wanted!r}")  # the language's own meaning
    assert (outcome_of(measured, text) is Outcome.PASSED) is passed


def test_class_and_condition() -> None:
    text = ONE.replace("track_scores.completeness", "track_scores.completeness_by_class")
    text += 'class = "bird"\n'
    text += 'when = { score = "track_scores.flight_h", comparison = ">", value = 2 }\n'
    standard = parse_standard(text)

    def verdict(flight_h: float | None, share: dict[str, float]) -> tuple[Outcome, str]:
        scores = {"track_scores": {"flight_h": flight_h, "completeness_by_class": share}}
        found = judge(standard, scores)[0]
        return found.outcome, found.reason

    assert verdict(3.0, {"bird": 0.95})[0] is Outcome.PASSED
    assert verdict(3.0, {"bird": 0.5, "airliner": 1.0})[0] is Outcome.FAILED
    assert verdict(3.0, {"airliner": 1.0}) == (
        Outcome.NOT_MEASURED,
        "no track_scores.completeness_by_class.bird in these scores",
    )
    assert "which is 1" in verdict(1.0, {"bird": 0.95})[1]
    assert "which is absent" in verdict(None, {"bird": 0.95})[1]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("0.9", '"much"'), "value: is 'much'; give a number"),
        (("0.9", "nan"), "value: is nan"),
        (("0.9", "true"), "value: is True"),
        ((">=", "=>"), "comparison: is '=>'; use one of >=, <=, >, <"),
        (("value", "valeu"), "unknown key 'valeu'"),
        (('text = "most are seen"\n', ""), "'text' is missing"),
        (("track_scores.", "tracks."), "begin the path with"),
        (('"one"', "1"), "name: is 1; give a text"),
        (("[[requirement]]", "[requirement]"), "requirement is no list"),
        (("name", "nom"), "unknown key 'nom'"),
        (('about = "a test"', "about ="), "is no TOML"),
        (('about = "a test"', 'about = "a test"\nsources = 3'), "give a list of texts"),
    ],
)
def test_wrong_files_say_what_is_wrong(change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_standard(ONE.replace(*change), "my.toml")
    assert str(refused.value).startswith("my.toml")
    assert complaint in str(refused.value)


def test_wrong_class_condition_and_repeated_id() -> None:
    for extra, complaint in (
        ('class = "dragon"', "use one of unknown, airliner"),
        ('when = { score = "track_scores.x" }', "'comparison' is missing"),
        ("when = 3", "give a table"),
        (ONE[ONE.index("[[") :], "occurs twice"),
    ):
        with pytest.raises(InputError, match=complaint):
            parse_standard(ONE + extra)
    with pytest.raises(InputError, match="early-warning, surveillance-service"):
        standard_text("perfection")


@pytest.mark.parametrize("name", STANDARDS)
def test_every_score_that_a_standard_names_exists(name: str) -> None:
    """A path with a typing error would never be measured and never be missed."""
    standard = parse_standard(standard_text(name), name)
    truth = truth_of({"a": (0, 0, 900, 50, 0)}, range(60))
    tracks = score_tracks(truth, tracks_like(truth, 20.0), ORIGIN)
    tracks["by_class"] = {
        w.object_class: dict(next(iter(tracks["by_class"].values()))) for w in standard.requirements
    }
    nothing = score_tracks(truth, Tracks.empty(), ORIGIN)
    names = [w.condition.score for w in standard.requirements if "{class}" not in w.condition.score]
    known = [key for key in nothing if isinstance(nothing[key], int | float | None)]
    warned = ("event_pod_usable_lead", "false_area_ratio", "never_cleared")
    for score in names:
        part, key = score.split(".")
        assert key in (known if part == "track_scores" else warned)
    assert len(standard.requirements) >= 8
    for verdict in judge(standard, {"track_scores": tracks}):
        if verdict.requirement.path.startswith("track_scores.by_class"):
            assert verdict.outcome is not Outcome.NOT_MEASURED or verdict.requirement.when
