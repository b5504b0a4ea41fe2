"""Requirements as data: a standard is a TOML file that scores are held against.

`docs/reference/requirements.md` describes the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from importlib.resources import files
from math import isfinite
from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import Any

from tocsin.contract import InputError, ObjectClass

STANDARDS = ("early-warning", "surveillance-service")
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {">=": ge, "<=": le, ">": gt, "<": lt}
)
_CLASSES = tuple(kind.name.lower() for kind in ObjectClass)
_OPTIONAL = ("class", "when", "goal")
_PARTS = ("track_scores", "warning_scores", "forecast_scores", "oracle")


class Outcome(Enum):
    """How a requirement came out; what could not be measured has not passed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Condition:
    """Compare one score with a value.

    Args:
        score: path of the score: keys joined by dots.
        comparison: `>=`, `<=`, `>` or `<`.
        value: in the unit of the score.
    """

    score: str
    comparison: str
    value: float

    def holds(self, measured: float) -> bool:
        """Return whether a measured value satisfies the condition."""
        return _COMPARISONS[self.comparison](measured, self.value)


@dataclass(frozen=True)
class Requirement:
    """State one requirement.

    Args:
        requirement_id: unique within its standard.
        text: what is required, in words.
        condition: what the score must satisfy.
        object_class: key below the score, where the score is given by class.
        when: measured only where this holds, so that three plots make no statistic.
        goal: a value better than the required one, which is aimed at; None: the required one.
    """

    requirement_id: str
    text: str
    condition: Condition
    object_class: str | None = None
    when: Condition | None = None
    goal: float | None = None

    @property
    def path(self) -> str:
        """Return the path of the score, the class included."""
        score = self.condition.score
        if self.object_class is None:
            return score
        if "{class}" in score:
            return score.replace("{class}", self.object_class)
        return f"{score}.{self.object_class}"


@dataclass(frozen=True)
class Standard:
    """Hold requirements that belong together."""

    name: str
    about: str
    requirements: tuple[Requirement, ...] = ()
    sources: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Verdict:
    """Say how one requirement came out.

    Args:
        requirement: what was required.
        measured: the score; None: there is none.
        outcome: passed, failed or not measured.
        reason: why it was not measured, else empty.
    """

    requirement: Requirement
    measured: float | None
    outcome: Outcome
    reason: str = ""

    def row(self) -> dict[str, Any]:
        """Return the verdict ready for JSON."""
        wanted, goal = self.requirement.condition, self.requirement.goal
        aim = wanted if goal is None else replace(wanted, value=goal)
        return {
            "id": self.requirement.requirement_id,
            "text": self.requirement.text,
            "score": self.requirement.path,
            "comparison": wanted.comparison,
            "value": wanted.value,
            "goal": goal,
            "measured": self.measured,
            "outcome": self.outcome.value,
            "goal_met": None if self.measured is None else aim.holds(self.measured),
            "reason": self.reason,
        }


def judge(standard: Standard, scores: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """Return a verdict on every requirement, in the standard's order.

    Args:
        standard: what is required.
        scores: `track_scores` and, where there are any, `warning_scores` and `oracle`.

    >>> wanted = Requirement("R1", "seen", Condition("track_scores.completeness", ">=", 0.9))
    >>> judge(Standard("s", "", (wanted,)), {"track_scores": {"completeness": None}})[0].outcome
    <Outcome.NOT_MEASURED: 'not measured'>
    """
    return tuple(_verdict(wanted, scores) for wanted in standard.requirements)


def met(verdicts: Sequence[Verdict]) -> bool:
    """Return whether nothing failed and anything at all was measured."""
    outcomes = [verdict.outcome for verdict in verdicts]
    return Outcome.FAILED not in outcomes and Outcome.PASSED in outcomes


def _verdict(wanted: Requirement, scores: Mapping[str, Any]) -> Verdict:
    if wanted.when is not None:
        present = _found(scores, wanted.when.score)
        if present is None or not wanted.when.holds(present):
            shown = "absent" if present is None else f"{present:g}"
            condition = f"{wanted.when.score} {wanted.when.comparison} {wanted.when.value:g}"
            return Verdict(
                wanted, None, Outcome.NOT_MEASURED, f"asked for where {condition}, which is {shown}"
            )
    measured = _found(scores, wanted.path)
    if measured is None:
        return Verdict(wanted, None, Outcome.NOT_MEASURED, f"no {wanted.path} in these scores")
    passed = wanted.condition.holds(measured)
    return Verdict(wanted, measured, Outcome.PASSED if passed else Outcome.FAILED)


def _found(scores: Mapping[str, Any], path: str) -> float | None:
    value: Any = scores
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return float(value) if number else None


def standard_text(name: str) -> str:
    """Return the commented TOML of a standard that comes with the program.

    Raises:
        InputError: no such standard.
    """
    if name not in STANDARDS:
        mend = f"use one of {', '.join(STANDARDS)}, or a TOML file"
        raise InputError(f"standard {name!r}", "is not known", mend)
    return files("tocsin.evaluate").joinpath("standards", f"{name}.toml").read_text("utf-8")


def parse_standard(text: str, where: object = "standard") -> Standard:
    r"""Return the standard in a TOML text.

    Args:
        text: TOML.
        where: name of the file, for errors.

    Raises:
        InputError: no TOML, an unknown or missing key, a wrong value, an id that occurs twice.

    >>> parse_standard('name = "empty"\nabout = "nothing"').requirements
    ()
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(where, f"is no TOML: {error}", "mend the line it names") from error
    _keys(where, data, ("name", "about"), ("sources", "requirement"))
    rows = data.get("requirement", [])
    if not isinstance(rows, list):
        raise InputError(where, "requirement is no list", "write [[requirement]]")
    requirements = tuple(_requirement(where, k, row) for k, row in enumerate(rows, 1))
    ids = [wanted.requirement_id for wanted in requirements]
    for number, name in enumerate(ids):
        if name in ids[:number]:
            raise InputError(f"{where}, requirement {name!r}", "occurs twice", "make ids unique")
    sources = data.get("sources", [])
    if not isinstance(sources, list):
        raise InputError(f"{where}, sources", f"is {sources!r}", "give a list of texts")
    return Standard(
        _text(where, "name", data["name"]),
        _text(where, "about", data["about"]),
        requirements,
        tuple(_text(where, "sources", source) for source in sources),
    )


def _requirement(where: object, number: int, row: Any) -> Requirement:
    if not isinstance(row, dict):
        raise InputError(f"{where}, requirement", "is no table", "write [[requirement]]")
    place = f"{where}, requirement {row.get('id', number)!r}"
    _keys(place, row, ("id", "text", "score", "comparison", "value"), _OPTIONAL)
    kind = row.get("class")
    if kind is not None and kind not in _CLASSES:
        raise InputError(f"{place}, class", f"is {kind!r}", f"use one of {', '.join(_CLASSES)}")
    when = row.get("when")
    if when is not None:
        _keys(f"{place}, when", when, ("score", "comparison", "value"), ())
    return Requirement(
        _text(place, "id", row["id"]),
        _text(place, "text", row["text"]),
        _condition(place, row),
        kind,
        None if when is None else _condition(f"{place}, when", when),
        None if "goal" not in row else _number(f"{place}, goal", row["goal"]),
    )


def _condition(place: str, row: Mapping[str, Any]) -> Condition:
    score = _text(place, "score", row["score"])
    if score.split(".")[0] not in _PARTS:
        mend = f"begin the path with {', '.join(_PARTS[:-1])} or {_PARTS[-1]}"
        raise InputError(f"{place}, score", f"is {score!r}", mend)
    if row["comparison"] not in _COMPARISONS:
        mend = f"use one of {', '.join(_COMPARISONS)}"
        raise InputError(f"{place}, comparison", f"is {row['comparison']!r}", mend)
    return Condition(score, row["comparison"], _number(f"{place}, value", row["value"]))


def _number(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise InputError(where, f"is {value!r}", "give a number")
    return float(value)


def _keys(where: object, row: Any, needed: Sequence[str], optional: Sequence[str]) -> None:
    if not isinstance(row, dict):
        raise InputError(where, f"is {row!r}", "give a table")
    for key in row:
        if key not in (*needed, *optional):
            mend = f"use one of {', '.join((*needed, *optional))}"
            raise InputError(where, f"unknown key {key!r}", mend)
    for key in needed:
        if key not in row:
            raise InputError(where, f"{key!r} is missing", "add it")


def _text(where: object, key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InputError(f"{where}, {key}", f"is {value!r}", "give a text")
    return value
