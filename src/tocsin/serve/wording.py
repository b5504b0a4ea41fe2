"""What public messages say: templates by language, checked before the first of them is sent."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from tocsin.contract import InputError

KINDS = ("pre_alert", "alert", "clear", "cancel", "withdrawn")
THREATS = ("unknown", "one_way_drone", "fast_low_flyer", "ballistic")
FIELDS = frozenset({"zone", "threat", "first", "last"})
_TOP = ("language", "reviewed", "exercise", "exercise_note")
_SAYS = ("event", "headline", "description", "arrival", "instruction")


def languages() -> tuple[str, ...]:
    """Return the languages that there are templates for."""
    found = files("tocsin.serve").joinpath("texts").iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in found if f.name.endswith(".toml")))


@cache
def message_texts(language: str) -> Mapping[str, Any]:
    """Return the templates of a language.

    Raises:
        InputError: there are none, or they are not whole: what is missing.
    """
    if language not in languages():
        mend = f"use some of {', '.join(languages())}"
        raise InputError("CAP languages", f"has no texts for {language!r}", mend)
    text = files("tocsin.serve").joinpath("texts", f"{language}.toml").read_text("utf-8")
    return checked(tomllib.loads(text), f"texts/{language}.toml")


def checked(texts: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """Return the templates of a language if every message can be written from them.

    Args:
        texts: as read.
        where: the file, for errors.

    Raises:
        InputError: a key is missing, a field is not known, or two kinds share an event.
    """
    _whole(texts, where, "", _TOP)
    for table in ("threat", "act.pre_alert", "act.alert"):
        _whole(_table(texts, where, table), where, f"{table}.", THREATS)
    for kind in KINDS:
        says = _table(texts, where, kind)
        _whole(says, where, f"{kind}.", _SAYS)
        for name in _SAYS:
            _fields(says[name], f"{where}, {kind}.{name}")
    events = [texts[kind]["event"] for kind in KINDS]
    if len(set(events)) < len(events):
        what = f"repeats an event: {', '.join(events)}"
        raise InputError(where, what, "give each kind its own: sirens sound by event")
    return texts


def _table(texts: Mapping[str, Any], where: str, name: str) -> Mapping[str, Any]:
    found: Any = texts
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise InputError(where, f"has no [{name}]", "translate it as in texts/en.toml")
    return found


def _whole(table: Mapping[str, Any], where: str, prefix: str, names: tuple[str, ...]) -> None:
    missing = [prefix + name for name in names if name not in table]
    if missing:
        what = f"lacks {', '.join(missing)}"
        raise InputError(where, what, "translate it as in texts/en.toml")


def _fields(template: str, where: str) -> None:
    known = ", ".join(f"{{{name}}}" for name in sorted(FIELDS))
    try:
        used = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise InputError(where, f"is no template: {error}", f"use {known}") from error
    if used - FIELDS:
        raise InputError(where, f"uses {{{min(used - FIELDS)}}}", f"use {known}")
