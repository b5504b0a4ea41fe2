"""What operators may ask, checked before it is handed on: the bodies of all writes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tocsin.contract import NS, Designation, InputError
from tocsin.serve.snapshot import OperatorRequest

BODY_MAX_BYTES = 10_000
SPEED_MAX = 1000.0
AUTHOR_MAX = 80
REASON_MAX = 500
DURATION_MAX_S = 86_400
TIMED = ("hold", "extend")
_TIMES = ("duration_s", "until")


def read_body(body: bytes, allowed: tuple[str, ...]) -> dict[str, Any]:
    """Return the JSON object in a body.

    Raises:
        InputError: too long, no JSON object, or an unknown key.
    """
    try:
        data = json.loads(body) if len(body) <= BODY_MAX_BYTES else None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        mend = f"send one with any of {', '.join(allowed)}"
        raise InputError("body", "is no JSON object of reasonable size", mend)
    unknown = [key for key in data if key not in allowed]
    if unknown:
        raise InputError(f"body, {unknown[0][:40]!r}", "is not known", f"use {', '.join(allowed)}")
    return data


def clock_request(body: bytes) -> OperatorRequest:
    """Return the request to change speed or pause.

    Raises:
        InputError: what is asked cannot be done by any clock.
    """
    data = read_body(body, ("speed", "paused", "author"))
    detail: dict[str, Any] = {}
    if "speed" in data:
        detail["speed"] = _speed(data["speed"])
    if "paused" in data:
        if not isinstance(data["paused"], bool):
            raise InputError("body, paused", "is no boolean", "use true or false")
        detail["paused"] = data["paused"]
    if not detail:
        raise InputError("body", "asks for nothing", "give speed or paused")
    return OperatorRequest(_author(data), "clock", "", detail)


def designation_request(body: bytes, track_id: str) -> OperatorRequest:
    """Return the request to designate a track.

    Raises:
        InputError: no such designation, or no reason for one.
    """
    data = read_body(body, ("designation", "reason", "author"))
    names = [member.name.lower() for member in Designation]
    wanted = data.get("designation")
    if wanted not in names:
        raise InputError("body, designation", f"{wanted!r} is none", f"use {', '.join(names)}")
    detail = {"designation": wanted, "reason": _reason(data, needed=wanted != "none")}
    return OperatorRequest(_author(data), "designate", track_id, detail)


def order_request(body: bytes, verb: str, warning_id: str, now_ns: int) -> OperatorRequest:
    """Return an operator's order about a warning or a proposal.

    Args:
        body: of the request.
        verb: release, hold, extend, cancel or all-clear.
        warning_id: which.
        now_ns: time of the picture; durations count from it.

    Raises:
        InputError: no reason, no author that can be published, or no time where one is needed.
    """
    timed = verb in TIMED
    data = read_body(body or b"{}", ("reason", "author", *(_TIMES if timed else ())))
    detail: dict[str, Any] = {"reason": _reason(data, needed=verb != "release")}
    if timed:
        detail["until_ns"] = _until_ns(data, now_ns)
    return OperatorRequest(_author(data), verb, warning_id, detail)


def _reason(data: dict[str, Any], *, needed: bool) -> str:
    reason = data.get("reason", "")
    if not isinstance(reason, str) or len(reason) > REASON_MAX:
        raise InputError("body, reason", "is no text", f"use up to {REASON_MAX} characters")
    # It is published and read out: one line, whatever was typed.
    line = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    if needed and not line:
        raise InputError("body, reason", "is missing", "say why, in a few words")
    return line


def _until_ns(data: dict[str, Any], now_ns: int) -> int:
    """Return the end of a hold or an extension: so many seconds from now, or a time."""
    given = [name for name in _TIMES if name in data]
    if len(given) != 1:
        raise InputError("body", "names no end, or two", f"give one of {', '.join(_TIMES)}")
    value = data[given[0]]
    if given == ["duration_s"]:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0.0 <= value <= DURATION_MAX_S:
            mend = f"give seconds from 0 to {DURATION_MAX_S}"
            raise InputError("body, duration_s", "is no usable duration", mend)
        return now_ns + int(value * NS)
    return _moment_ns(value, now_ns)


def _moment_ns(value: Any, now_ns: int) -> int:
    try:
        moment = datetime.fromisoformat(value)
        until_ns = int(moment.timestamp()) * NS if moment.tzinfo else 0
    except (TypeError, ValueError, OverflowError):
        until_ns = 0
    if not now_ns <= until_ns <= now_ns + DURATION_MAX_S * NS:
        mend = "give a time to come, within a day and with its zone: 2031-05-04T02:30:00Z"
        raise InputError("body, until", "is no usable time", mend)
    return until_ns


def _speed(value: Any) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not 0.0 <= value <= SPEED_MAX:
        mend = f"use 0 (as fast as possible) to {SPEED_MAX:.0f}"
        raise InputError("body, speed", "is no usable speed", mend)
    return float(value)


def _author(data: dict[str, Any]) -> str:
    author = data.get("author", "operator")
    if not isinstance(author, str) or not 0 < len(author) <= AUTHOR_MAX or not author.isprintable():
        raise InputError(
            "body, author", "is no name", f"use 1 to {AUTHOR_MAX} printable characters"
        )
    return author
