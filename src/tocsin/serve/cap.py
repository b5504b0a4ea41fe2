"""Warnings as Common Alerting Protocol messages.

How a warning's rows become messages:

- *issue* is an Alert; *update* an Update that references all messages of the warning before it, so
  that a receiver that missed one still finds what is replaced.
- *clear* is an Update whose response type is AllClear, not a Cancel. To cancel is to revoke: many
  receivers only take the message down then, and people in shelter would be told nothing. The danger
  was real and has ended, and that is news (CAP 1.2, 3.2.2 responseType: "the subject event no
  longer poses a threat"; public alert hubs ask for the same).
- *cancel* is a Cancel: the warning was false. It still carries an info block that says so.

Pre-alert, alert, all-clear, cancellation and withdrawal have different events and event codes, so
that a receiver that sounds sirens by event never confuses them. CAP polygons have no holes: a hole
in a zone is warned with the zone.

Source: OASIS, Common Alerting Protocol 1.2 (2010), sections 3.2 and 3.3.1.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from lxml import etree

from tocsin.contract import NS, Action, InputError, ObjectClass, Stage, Warnings, Zone
from tocsin.serve.wording import languages, message_texts

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
LANGUAGES = ("en", "de")
_FORBIDDEN = frozenset(" ,<&\t\r\n")
_MESSAGE_TYPE = {
    Action.ISSUE: "Alert",
    Action.UPDATE: "Update",
    Action.CLEAR: "Update",
    Action.CANCEL: "Cancel",
}


@dataclass(frozen=True)
class CapConfig:
    """Say who speaks, how seriously, and in which languages.

    Args:
        sender: who sends, unique in the world; no blanks, commas, ``<`` or ``&``.
        sender_name: the same for people.
        status: one of `STATUSES`; Exercise until a site says otherwise.
        languages: of the info blocks, in order.
        time_zone: of clock times in texts, by its IANA name.
        web: address under which messages and the feed are served; empty: none is named.
        sign: returns a message's root, signed; None: messages are not signed.
    """

    sender: str = "tocsin@example.invalid"
    sender_name: str = "Tocsin"
    status: str = "Exercise"
    languages: tuple[str, ...] = LANGUAGES
    time_zone: str = "UTC"
    web: str = ""
    sign: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        """Refuse what would make every message invalid."""
        if not self.sender or _FORBIDDEN & set(self.sender):
            raise InputError("CAP sender", f"is {self.sender!r}", "use no blanks, commas, < or &")
        if self.status not in STATUSES:
            mend = f"use one of {', '.join(STATUSES)}"
            raise InputError("CAP status", f"is {self.status!r}", mend)
        if not self.languages or len(set(self.languages)) < len(self.languages):
            mend = f"name each once, some of {', '.join(languages())}"
            raise InputError("CAP languages", f"are {self.languages}", mend)
        for language in self.languages:
            message_texts(language)
        _zone_info(self.time_zone)


@dataclass(frozen=True)
class Kind:
    """Say how one kind of message is classified."""

    text: str
    code: str
    responses: tuple[str, ...]
    urgency: str
    severity: str


_ALERT = Kind("alert", "air-alert", ("Shelter",), "Immediate", "Extreme")
_PRE_ALERT = Kind("pre_alert", "air-pre-alert", ("Prepare", "Monitor"), "Expected", "Severe")
_CLEAR = Kind("clear", "air-all-clear", ("AllClear",), "Past", "Minor")
_WITHDRAWN = Kind("withdrawn", "air-warning-withdrawn", ("Monitor",), "Unknown", "Unknown")
_CANCEL = Kind("cancel", "air-alert-cancelled", ("AllClear",), "Past", "Minor")


def chain_of(warnings: Warnings, row: int) -> Warnings:
    """Return the messages of a row's warning up to and including the row, oldest first."""
    same = warnings.warning_id[: row + 1] == warnings.warning_id[row]
    return warnings.take(np.flatnonzero(same))


def cap_xml(chain: Warnings, zone: Zone, config: CapConfig) -> bytes:
    """Return the CAP 1.2 message of a warning's latest row.

    Args:
        chain: all messages of one warning so far, oldest first, the one to render last.
        zone: the warned zone.
        config: who speaks.

    Raises:
        InputError: the chain is empty, mixes warnings, or does not begin with an issue.
    """
    _check_chain(chain)
    last = len(chain) - 1
    action = Action(int(chain.action[last]))
    alert = new_root(CAP, "alert")
    _add(alert, "identifier", chain.cap_identifier[last])
    _add(alert, "sender", config.sender)
    _add(alert, "sent", cap_time(int(chain.decided_at_ns[last])))
    _add(alert, "status", config.status)
    _add(alert, "msgType", _MESSAGE_TYPE[action])
    _add(alert, "scope", "Public")
    if config.status != "Actual":
        _add(alert, "note", message_texts(config.languages[0])["exercise_note"])
    if last:
        _add(alert, "references", " ".join(_reference(chain, k, config) for k in range(last)))
    _add(alert, "incidents", chain.warning_id[last])
    for language in config.languages:
        alert.append(_info(chain, last, zone, config, language))
    if config.sign is None:
        return xml_bytes(alert)
    # Laid out before it is signed: afterwards not a blank may change.
    etree.indent(alert)
    signed: bytes = etree.tostring(config.sign(alert), xml_declaration=True, encoding="UTF-8")
    return signed


def _check_chain(chain: Warnings) -> None:
    ids = set(chain.warning_id.tolist())
    if len(ids) != 1 or int(chain.action[0]) != Action.ISSUE:
        what = f"holds messages of {sorted(map(str, ids))}" if len(ids) != 1 else "has no issue"
        raise InputError("warning chain", what, "give all messages of one warning, from its issue")


def _reference(chain: Warnings, row: int, config: CapConfig) -> str:
    sent = cap_time(int(chain.decided_at_ns[row]))
    return f"{config.sender},{chain.cap_identifier[row]},{sent}"


def message_kind(chain: Warnings, row: int) -> Kind:
    """Return how a row's message is classified."""
    action, stage = Action(int(chain.action[row])), Stage(int(chain.stage[row]))
    if action == Action.CANCEL:
        # Nobody found it false: the site only warns this zone no more.
        return _WITHDRAWN if chain.released_by[row] == "automatic" else _CANCEL
    if action == Action.CLEAR:
        return _CLEAR
    return _ALERT if stage == Stage.ALERT else _PRE_ALERT


def _info(chain: Warnings, row: int, zone: Zone, config: CapConfig, language: str) -> Any:
    kind, texts = message_kind(chain, row), message_texts(language)
    says = texts[kind.text]
    info = etree.Element(f"{{{CAP}}}info")
    _add(info, "language", language)
    _add(info, "category", "Safety")
    _add(info, "event", says["event"])
    for response in kind.responses:
        _add(info, "responseType", response)
    _add(info, "urgency", kind.urgency)
    _add(info, "severity", kind.severity)
    _add(info, "certainty", _certainty(kind, float(chain.probability[row])))
    _named(info, "eventCode", "tocsin:event", kind.code)
    _times(info, chain, row, kind)
    _add(info, "senderName", config.sender_name)
    filled = _filled(chain, row, zone, config, texts)
    mark = f"{texts['exercise']}: " if config.status != "Actual" else ""
    _add(info, "headline", mark + says["headline"].format_map(filled))
    description = (says["description"] + " " + _arrival(says, filled)).format_map(filled)
    _add(info, "description", mark + description.strip())
    _add(info, "instruction", mark + _instruction(chain, row, kind, texts).format_map(filled))
    if config.web:
        _add(info, "web", f"{config.web}/cap/{chain.cap_identifier[row]}.xml")
    _parameters(info, chain, row, texts)
    info.append(_area(zone))
    return info


def _instruction(chain: Warnings, row: int, kind: Kind, texts: Mapping[str, Any]) -> str:
    """Return what to do: what is right for all, then what is for this class of threat."""
    name = ObjectClass(int(chain.threat_class[row])).name.lower()
    by_class = texts["act"].get(kind.text, {})
    more = by_class.get(name, by_class.get("unknown", ""))
    return f"{texts[kind.text]['instruction']} {more}".strip()


def _certainty(kind: Kind, probability: float) -> str:
    """Return CAP's word for a probability (3.2.2 certainty: Likely is above about a half)."""
    if kind is _WITHDRAWN:
        return "Unknown"
    if kind in (_CLEAR, _CANCEL):
        return "Unlikely"
    return "Likely" if probability > 0.5 else "Possible"


def _times(info: Any, chain: Warnings, row: int, kind: Kind) -> None:
    decided = int(chain.decided_at_ns[row])
    _add(info, "effective", cap_time(decided))
    onset = int(chain.arrival_p10_ns[row])
    if onset and kind in (_ALERT, _PRE_ALERT):
        _add(info, "onset", cap_time(max(onset, decided)))
    _add(info, "expires", cap_time(int(chain.expires_at_ns[row])))


def _parameters(info: Any, chain: Warnings, row: int, texts: Mapping[str, Any]) -> None:
    threat = ObjectClass(int(chain.threat_class[row]))
    _named(info, "parameter", "tocsin:warning_id", chain.warning_id[row])
    _named(info, "parameter", "tocsin:threat_class", threat.name.lower())
    _named(info, "parameter", "tocsin:probability", f"{float(chain.probability[row]):.2f}")
    if not texts["reviewed"]:
        _named(info, "parameter", "tocsin:translation", "unreviewed")


def _area(zone: Zone) -> Any:
    area = etree.Element(f"{{{CAP}}}area")
    _add(area, "areaDesc", zone.name)
    for polygon in zone.polygons:
        points = [f"{y:.6f},{_longitude(x):.6f}" for x, y in polygon[0]]
        _add(area, "polygon", " ".join(points))
    _named(area, "geocode", "tocsin:zone_id", zone.zone_id)
    return area


def _longitude(degrees: float) -> float:
    return degrees if -180.0 <= degrees <= 180.0 else (degrees + 180.0) % 360.0 - 180.0


def _filled(
    chain: Warnings, row: int, zone: Zone, config: CapConfig, texts: Mapping[str, Any]
) -> dict[str, str]:
    name = ObjectClass(int(chain.threat_class[row])).name.lower()
    return {
        "zone": zone.name,
        "threat": texts["threat"].get(name, texts["threat"]["unknown"]),
        "first": _clock(int(chain.arrival_p10_ns[row]), config.time_zone),
        "last": _clock(int(chain.arrival_p90_ns[row]), config.time_zone),
    }


def _arrival(says: Mapping[str, str], filled: Mapping[str, str]) -> str:
    return says["arrival"] if filled["first"] else ""


def _clock(at_ns: int, time_zone: str) -> str:
    """Return a clock time for people; empty where there is none."""
    if at_ns == 0:
        return ""
    return datetime.fromtimestamp(at_ns // NS, _zone_info(time_zone)).strftime("%H:%M %Z")


@cache
def _zone_info(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError("CAP time zone", f"is {name!r}", "use an IANA name") from error


def cap_time(at_ns: int) -> str:
    """Return an instant in CAP's form: whole seconds, and never ``Z`` (CAP 1.2, 3.3.2).

    >>> cap_time(1_000_000_000 * NS)
    '2001-09-09T01:46:40-00:00'
    """
    return f"{datetime.fromtimestamp(at_ns // NS, UTC):%Y-%m-%dT%H:%M:%S}-00:00"


def _add(parent: Any, name: str, text: object) -> None:
    etree.SubElement(parent, f"{{{CAP}}}{name}").text = clean(text)


def _named(parent: Any, name: str, key: str, value: object) -> None:
    element = etree.SubElement(parent, f"{{{CAP}}}{name}")
    _add(element, "valueName", key)
    _add(element, "value", value)


def new_root(namespace: str, name: str) -> Any:
    """Return a document's root in a default namespace."""
    prefixes: Any = {None: namespace}
    return etree.Element(f"{{{namespace}}}{name}", nsmap=prefixes)


def clean(text: object) -> str:
    """Return a text without the control characters that XML cannot hold."""
    plain = str(text)
    if plain.isprintable():
        return plain
    return "".join(c if unicodedata.category(c) != "Cc" else " " for c in plain)


def xml_bytes(root: Any) -> bytes:
    """Return a document as UTF-8."""
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written
