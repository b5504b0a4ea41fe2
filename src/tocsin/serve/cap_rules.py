"""What a CAP 1.2 message may hold: its elements in order, how often each, the form of each text.

Source: OASIS, Common Alerting Protocol 1.2 (2010), sections 3.2 (elements), 3.3 (their forms) and
3.4 (schema).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

Form = Callable[[str], str]
"""Returns what is wrong with a text, nothing if it is right."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_FORBIDDEN = re.compile(r"[\s,<&]")
MANY = 1_000_000


class Part(NamedTuple):
    """Say what one element may be.

    Args:
        name: of the element.
        least: how often it must be there.
        most: how often it may be there.
        form: of its text.
        parts: what it holds, in order; none: a text.
    """

    name: str
    least: int
    most: int
    form: Form
    parts: tuple[Part, ...] = ()


def _text(value: str) -> str:
    return "" if value.strip() else "is empty"


def _anything(value: str) -> str:
    return ""


def _one_of(*values: str) -> Form:
    def form(value: str) -> str:
        return "" if value in values else f"is {value!r}, not one of {', '.join(values)}"

    return form


def _name(value: str) -> str:
    found = _FORBIDDEN.search(value)
    if not value:
        return "is empty"
    return f"has {found.group()!r}: blanks, commas, < and & are not allowed" if found else ""


def instant(value: str) -> datetime | None:
    """Return an instant; None where it has another form than CAP asks for.

    >>> instant("2031-04-10T18:00:00Z") is None
    True
    """
    if not _TIME.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _time(value: str) -> str:
    if value.endswith("Z"):
        return f"is {value!r}: UTC is written -00:00, not Z"
    if not _TIME.fullmatch(value):
        return f"is {value!r}, not of the form 2031-04-10T18:00:00-00:00"
    return "" if instant(value) else f"is {value!r}: there is no such instant"


def _language(value: str) -> str:
    return "" if _LANGUAGE.fullmatch(value) else f"is {value!r}, not a language tag such as en-GB"


def _uri(value: str) -> str:
    return "" if _URI.fullmatch(value) else f"is {value!r}, not an absolute address"


def _mime(value: str) -> str:
    return "" if re.fullmatch(r"[\w.+-]+/[\w.+-]+.*", value) else f"is {value!r}, not a MIME type"


def _size(value: str) -> str:
    return "" if re.fullmatch(r"\d+", value) else f"is {value!r}, not a number of bytes"


def _digest(value: str) -> str:
    right = re.fullmatch(r"[0-9A-Fa-f]{40}", value)
    return "" if right else f"is {value!r}, not the 40 digits of a SHA-1"


def _base64(value: str) -> str:
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return "is not base64"
    return ""


def number(value: str) -> float | None:
    """Return a decimal number; None where it is none."""
    return float(value) if re.fullmatch(r"\s*[-+]?(\d+(\.\d*)?|\.\d+)\s*", value) else None


def _decimal(value: str) -> str:
    return "" if number(value) is not None else f"is {value!r}, not a number"


def _named(name: str) -> Part:
    parts = (Part("valueName", 1, 1, _text), Part("value", 1, 1, _anything))
    return Part(name, 0, MANY, _anything, parts)


_RESOURCE = (
    Part("resourceDesc", 1, 1, _text),
    Part("mimeType", 1, 1, _mime),
    Part("size", 0, 1, _size),
    Part("uri", 0, 1, _text),
    Part("derefUri", 0, 1, _base64),
    Part("digest", 0, 1, _digest),
)
_AREA = (
    Part("areaDesc", 1, 1, _text),
    # The forms of places are checked with what they mean, in `cap_check`.
    Part("polygon", 0, MANY, _text),
    Part("circle", 0, MANY, _text),
    _named("geocode"),
    Part("altitude", 0, 1, _decimal),
    Part("ceiling", 0, 1, _decimal),
)
_CATEGORIES = (
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra",
    "CBRNE", "Other",
)  # fmt: skip
_RESPONSES = (
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None",
)  # fmt: skip
_INFO = (
    Part("language", 0, 1, _language),
    Part("category", 1, MANY, _one_of(*_CATEGORIES)),
    Part("event", 1, 1, _text),
    Part("responseType", 0, MANY, _one_of(*_RESPONSES)),
    Part("urgency", 1, 1, _one_of("Immediate", "Expected", "Future", "Past", "Unknown")),
    Part("severity", 1, 1, _one_of("Extreme", "Severe", "Moderate", "Minor", "Unknown")),
    Part("certainty", 1, 1, _one_of("Observed", "Likely", "Possible", "Unlikely", "Unknown")),
    Part("audience", 0, 1, _text),
    _named("eventCode"),
    Part("effective", 0, 1, _time),
    Part("onset", 0, 1, _time),
    Part("expires", 0, 1, _time),
    Part("senderName", 0, 1, _text),
    Part("headline", 0, 1, _text),
    Part("description", 0, 1, _text),
    Part("instruction", 0, 1, _text),
    Part("web", 0, 1, _uri),
    Part("contact", 0, 1, _text),
    _named("parameter"),
    Part("resource", 0, MANY, _anything, _RESOURCE),
    Part("area", 0, MANY, _anything, _AREA),
)
ALERT = (
    Part("identifier", 1, 1, _name),
    Part("sender", 1, 1, _name),
    Part("sent", 1, 1, _time),
    Part("status", 1, 1, _one_of("Actual", "Exercise", "System", "Test", "Draft")),
    Part("msgType", 1, 1, _one_of("Alert", "Update", "Cancel", "Ack", "Error")),
    Part("source", 0, 1, _text),
    Part("scope", 1, 1, _one_of("Public", "Restricted", "Private")),
    Part("restriction", 0, 1, _text),
    Part("addresses", 0, 1, _text),
    Part("code", 0, MANY, _text),
    Part("note", 0, 1, _text),
    Part("references", 0, 1, _text),
    Part("incidents", 0, 1, _text),
    Part("info", 0, MANY, _anything, _INFO),
)
