"""The warning policy: what a duty officer weighs and times, read from a commented TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from math import inf
from types import MappingProxyType
from typing import Any

from tocsin.contract import InputError, ObjectClass
from tocsin.warn.release import Release, parse_release

PRESETS = ("cautious", "balanced", "quiet")
_HARM: Mapping[ObjectClass, float] = MappingProxyType(
    {
        ObjectClass.UNKNOWN: 1.0,
        ObjectClass.ONE_WAY_DRONE: 1.0,
        ObjectClass.FAST_LOW_FLYER: 2.0,
        ObjectClass.BALLISTIC: 4.0,
    }
)


@dataclass(frozen=True)
class Policy:
    """Hold a policy; the defaults are the balanced one, and the TOML files explain each value.

    Args:
        name: for people.
        missed_min: minutes of alarm for one person that weigh as much as not warning one person.
        fixed_min: minutes of alarm that one more alarm weighs in itself.
        pre_alert_share: how heavy a minute of pre-alert is beside a minute of alert.
        harm: how much worse a class is than a one-way drone.
        margin_s: from the decision until people act, beyond their time to shelter.
        window_s: an alert counts what may arrive up to this long after the last useful moment.
        pre_alert_ahead_s: how much further ahead a pre-alert looks.
        leave_ratio: a stage is kept down to this share of the probability that starts it.
        confirm_s: how long a decision must hold before it is published.
        quiet_s: how long a zone must be free of danger before a stage ends.
        min_pre_alert_s: shortest pre-alert.
        min_alert_s: shortest alert.
        validity_s: how long a message is valid; renewed before.
        renew_s: how long before its end a message is renewed.
        update_gap_s: shortest time between updates of content.
        update_arrival_s: a change of the expected arrival that is worth an update.
        cancel_holdoff_s: how long tracks of a cancelled warning cannot warn that zone again.
        tentative_tracks: whether tracks that are not confirmed count.
        release: what goes out by itself, and what waits for an operator.
    """

    name: str = "balanced"
    missed_min: float = 50.0
    fixed_min: float = 5.0
    pre_alert_share: float = 0.3
    harm: Mapping[ObjectClass, float] = field(default_factory=lambda: _HARM)
    margin_s: float = 45.0
    window_s: float = 90.0
    pre_alert_ahead_s: float = 300.0
    leave_ratio: float = 0.5
    confirm_s: float = 2.0
    quiet_s: float = 90.0
    min_pre_alert_s: float = 120.0
    min_alert_s: float = 120.0
    validity_s: float = 900.0
    renew_s: float = 180.0
    update_gap_s: float = 60.0
    update_arrival_s: float = 180.0
    cancel_holdoff_s: float = 900.0
    tentative_tracks: bool = False
    release: Release = field(default_factory=Release)


_SECTIONS: Mapping[str, Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "cost": {"missed_min": (0.1, inf), "fixed_min": (0.0, inf), "pre_alert_share": (0.0, 1.0)},
        "timing": {
            "margin_s": (0.0, 3600.0),
            "window_s": (0.0, 3600.0),
            "pre_alert_ahead_s": (0.0, 3600.0),
        },
        "steadiness": {
            "leave_ratio": (0.0, 1.0),
            "confirm_s": (0.0, 600.0),
            "quiet_s": (0.0, 7200.0),
            "min_pre_alert_s": (0.0, 7200.0),
            "min_alert_s": (0.0, 7200.0),
            "validity_s": (60.0, 86_400.0),
            "renew_s": (10.0, 43_200.0),
            "update_gap_s": (0.0, 7200.0),
            "update_arrival_s": (0.0, 7200.0),
        },
        "operator": {"cancel_holdoff_s": (0.0, 86_400.0)},
    }
)
_TOP = ("name", "tentative_tracks", "harm", "release")


def parse_policy(text: str, where: object = "policy") -> Policy:
    r"""Return the policy in a TOML text; values it leaves out keep their defaults.

    Args:
        text: TOML.
        where: name of the file, for errors.

    Raises:
        InputError: no TOML, an unknown key, a value of the wrong type or out of range.

    >>> parse_policy("[cost]\nmissed_min = 30").missed_min
    30.0
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(where, f"is no TOML: {error}", "see the preset policies") from error
    _known(where, data, (*_TOP, *_SECTIONS))
    values: dict[str, Any] = {}
    for section, keys in _SECTIONS.items():
        given = _table(where, section, data.get(section, {}))
        _known(f"{where}, [{section}]", given, tuple(keys))
        for key, number in given.items():
            values[key] = _number(f"{where}, {section}.{key}", number, keys[key])
    values |= _top(where, data)
    return _consistent(where, Policy(**values))


def _top(where: object, data: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "name" in data:
        values["name"] = _typed(f"{where}, name", data["name"], str, "a text")
    if "tentative_tracks" in data:
        place = f"{where}, tentative_tracks"
        values["tentative_tracks"] = _typed(place, data["tentative_tracks"], bool, "true or false")
    if "release" in data:
        values["release"] = parse_release(where, _table(where, "release", data["release"]))
    if "harm" in data:
        values["harm"] = _harm(where, _table(where, "harm", data["harm"]))
    return values


def _harm(where: object, given: Mapping[str, Any]) -> Mapping[ObjectClass, float]:
    by_name = {item.name.lower(): item for item in _HARM}
    _known(f"{where}, [harm]", given, tuple(by_name))
    chosen = {by_name[k]: _number(f"{where}, harm.{k}", v, (0.01, 1e6)) for k, v in given.items()}
    return MappingProxyType({**_HARM, **chosen})


def _consistent(where: object, policy: Policy) -> Policy:
    if policy.renew_s >= policy.validity_s:
        mend = f"make it less than validity_s ({policy.validity_s:g})"
        raise InputError(f"{where}, steadiness.renew_s", f"is {policy.renew_s:g}", mend)
    return policy


def _known(where: object, given: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for key in given:
        if key not in names:
            raise InputError(where, f"unknown key {key!r}", f"use one of {', '.join(names)}")


def _table(where: object, section: str, value: Any) -> Mapping[str, Any]:
    table: Mapping[str, Any] = _typed(f"{where}, {section}", value, dict, f"a table [{section}]")
    return table


def _typed(where: str, value: Any, kind: type, words: str) -> Any:
    if not isinstance(value, kind):
        raise InputError(where, f"is {value!r}", f"give {words}")
    return value


def _number(where: str, value: Any, bounds: tuple[float, float]) -> float:
    low, high = bounds
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(where, f"is {value!r}", f"give a number from {low:g} to {high:g}")
    return float(value)


def preset_text(name: str) -> str:
    """Return the commented TOML of a preset.

    Raises:
        InputError: no such preset.
    """
    if name not in PRESETS:
        raise InputError(f"policy {name!r}", "is no preset", f"use one of {', '.join(PRESETS)}")
    return files("tocsin.warn").joinpath("policies", f"{name}.toml").read_text("utf-8")


def preset(name: str) -> Policy:
    """Return a preset policy: cautious, balanced or quiet."""
    return parse_policy(preset_text(name), f"policies/{name}.toml")
