"""What operators may ask, checked before it is handed on: the bodies of all writes."""

from __future__ import annotations

import json
from typing import Any

from tocsin.contract import Designation, InputError
from tocsin.serve.snapshot import OperatorRequest

BODY_MAX_BYTES = 10_000
SPEED_MAX = 1000.0
AUTHOR_MAX = 80
REASON_MAX = 500


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
        InputError: no such designation.
    """
    data = read_body(body, ("designation", "author"))
    names = [member.name.lower() for member in Designation]
    wanted = data.get("designation")
    if wanted not in names:
        raise InputError("body, designation", f"{wanted!r} is none", f"use {', '.join(names)}")
    return OperatorRequest(_author(data), "designate", track_id, {"designation": wanted})


def cancel_request(body: bytes, warning_id: str) -> OperatorRequest:
    """Return the request to cancel a false warning.

    Raises:
        InputError: no author or reason that can be published.
    """
    data = read_body(body or b"{}", ("reason", "author"))
    reason = data.get("reason", "")
    if not isinstance(reason, str) or len(reason) > REASON_MAX:
        raise InputError("body, reason", "is no text", f"use up to {REASON_MAX} characters")
    return OperatorRequest(_author(data), "cancel", warning_id, {"reason": reason})


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
