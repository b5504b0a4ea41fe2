"""Who lets a decision out: by itself, or an operator; per stage and class of threat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.contract import InputError, ObjectClass, Stage

MODES = ("automatic", "operator")
UNANSWERED = ("send", "wait")
THREATS = (
    ObjectClass.UNKNOWN,
    ObjectClass.ONE_WAY_DRONE,
    ObjectClass.FAST_LOW_FLYER,
    ObjectClass.BALLISTIC,
)
_STAGES = {"pre_alert": Stage.PRE_ALERT, "alert": Stage.ALERT, "clear": Stage.QUIET}
_LIMITS = {"unanswered_s": 3600.0, "hold_max_s": 7200.0, "extend_max_s": 86_400.0}


@dataclass(frozen=True)
class Release:
    """Hold what waits for an operator, and how long.

    Args:
        by_operator: stages and classes that an operator releases; stage quiet is the all-clear, and
            the easing of an alert.
        unanswered: what becomes of a proposal that nobody answers: ``send`` or ``wait``.
        unanswered_s: after how long it is sent.
        hold_max_s: longest hold; a longer one is cut to this.
        extend_max_s: longest extension; likewise.
    """

    by_operator: tuple[tuple[Stage, ObjectClass], ...] = ()
    unanswered: str = "send"
    unanswered_s: float = 60.0
    hold_max_s: float = 900.0
    extend_max_s: float = 7200.0

    def automatic(self, stage: Stage, threat: ObjectClass) -> bool:
        """Return whether a stage goes out by itself; classes without a rule follow unknown."""
        ruled = threat if threat in THREATS else ObjectClass.UNKNOWN
        return (stage, ruled) not in self.by_operator


def parse_release(where: object, given: Mapping[str, Any]) -> Release:
    """Return the rules in a policy's ``[release]``.

    Args:
        where: name of the file, for errors.
        given: the table.

    Raises:
        InputError: an unknown key or value.

    >>> rules = parse_release("policy", {"alert": {"ballistic": "operator"}})
    >>> rules.automatic(Stage.ALERT, ObjectClass.BALLISTIC)
    False
    """
    place = f"{where}, [release]"
    _known(place, given, (*_STAGES, "unanswered", *_LIMITS))
    values: dict[str, Any] = {
        name: _seconds(f"{where}, release.{name}", given[name], most)
        for name, most in _LIMITS.items()
        if name in given
    }
    if "unanswered" in given:
        values["unanswered"] = _one_of(f"{where}, release.unanswered", given, UNANSWERED)
    waiting = [
        (stage, threat)
        for name, stage in _STAGES.items()
        for threat in _waiting(f"{where}, release.{name}", given.get(name, {}))
    ]
    return Release(tuple(waiting), **values)


def _waiting(where: str, given: Any) -> list[ObjectClass]:
    """Return the classes of one stage that an operator releases; one word is for all classes."""
    names = {threat.name.lower(): threat for threat in THREATS}
    table = dict.fromkeys(names, given) if isinstance(given, str) else given
    if not isinstance(table, dict):
        raise InputError(where, f"is {given!r}", f"give {' or '.join(MODES)}, or a table by class")
    _known(where, table, tuple(names))
    return [names[n] for n in table if _one_of(f"{where}.{n}", table, MODES) == "operator"]


def _one_of(where: str, table: Mapping[str, Any], words: tuple[str, ...]) -> str:
    value = table[where.rsplit(".", 1)[1]]
    if value not in words:
        raise InputError(where, f"is {value!r}", f"use {' or '.join(words)}")
    return str(value)


def _seconds(where: str, value: Any, most: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0.0 <= value <= most:
        raise InputError(where, f"is {value!r}", f"give seconds from 0 to {most:g}")
    return float(value)


def _known(where: object, given: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for key in given:
        if key not in names:
            raise InputError(where, f"unknown key {key!r}", f"use one of {', '.join(names)}")
