"""The reason of a decision in plain words, for a duty officer."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, degrees

from tocsin.contract import NS, Action, ObjectClass, Stage
from tocsin.warn.lifecycle import AUTOMATIC, Message, Want

_NAMES = {
    ObjectClass.UNKNOWN: ("unidentified object", "unidentified objects"),
    ObjectClass.ONE_WAY_DRONE: ("one-way drone", "one-way drones"),
    ObjectClass.FAST_LOW_FLYER: ("fast low flyer", "fast low flyers"),
    ObjectClass.BALLISTIC: ("ballistic object", "ballistic objects"),
}
_POINTS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_SHOWN_TRACKS = 5
_DONE = {"release": "released", "hold": "held", "extend": "extended"}
_UNDONE = {"hold": "hold ended", "extend": "extension ended"}


def reason(message: Message, bearing_m: tuple[float, float] | None) -> str:
    """Return why a message was sent; it names instants, so that it does not age.

    Args:
        message: the message.
        bearing_m: east and north from the zone to the threat; None: unknown.
    """
    note = f": {message.note}" if message.note else ""
    if message.action == Action.CANCEL:
        if message.released_by == AUTOMATIC:
            return f"withdrawn{note}"
        return f"cancelled by {message.released_by}, the warning was false{note}"
    if message.action == Action.CLEAR:
        return _past(message, note)
    eased = message.action == Action.UPDATE and message.want.keep < Stage.ALERT
    head = "no immediate danger, more may come: " if eased and message.number > 1 else ""
    return _ordered(message, note) + head + threat_words(message.want, bearing_m)


def _past(message: Message, note: str) -> str:
    """Return why all is clear."""
    past = f"danger past: nothing comes near any more (P {message.want.probability:.2f})"
    if message.verb == "all-clear":
        return f"all clear by {message.released_by}{note}"
    return f"{past}; released by {message.released_by}{note}" if message.verb else past


def _ordered(message: Message, note: str) -> str:
    """Return what an operator did, as the head of a reason; nothing where nobody did anything."""
    if not message.verb:
        return ""
    if message.verb in _UNDONE and not message.until_ns:
        return f"{_UNDONE[message.verb]} by {message.released_by}{note}. "
    until = f" until {clock(message.until_ns)} UTC" if message.until_ns else ""
    return f"{_DONE[message.verb]} by {message.released_by}{until}{note}. "


def threat_words(want: Want, bearing_m: tuple[float, float] | None = None) -> str:
    """Return what comes, from where, when, how probably, and by which tracks."""
    count = len(want.track_ids)
    name = _NAMES.get(want.threat, _NAMES[ObjectClass.UNKNOWN])[count != 1]
    where = f" from the {compass(*bearing_m)}" if bearing_m else ""
    when = f"{arrival_words(want.arrival_ns)} " if want.arrival_ns[0] else ""
    return f"{count} {name}{where}, {when}(P {want.probability:.2f}); {_tracks(want.track_ids)}"


def arrival_words(arrival_ns: tuple[int, int, int]) -> str:
    """Return when something is expected, in the time of the page.

    >>> arrival_words((370 * NS, 400 * NS, 520 * NS)), arrival_words((370 * NS, 0, 390 * NS))
    ('expected 00:06 to 00:08 UTC', 'expected 00:06 UTC')
    """
    first, last = clock(arrival_ns[0]), clock(arrival_ns[2])
    return f"expected {first} UTC" if first == last else f"expected {first} to {last} UTC"


def clock(at_ns: int) -> str:
    """Return the hour and minute of an instant, UTC.

    >>> clock(3_723 * NS)
    '01:02'
    """
    minutes = at_ns // NS // 60
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def compass(east_m: float, north_m: float) -> str:
    """Return the point of the compass of a direction.

    >>> compass(-1.0, -1.0)
    'south-west'
    """
    return _POINTS[round(degrees(atan2(east_m, north_m)) / 45.0) % 8]


def _tracks(track_ids: Sequence[str]) -> str:
    more = f" and {len(track_ids) - _SHOWN_TRACKS} more" if len(track_ids) > _SHOWN_TRACKS else ""
    word = "track" if len(track_ids) == 1 else "tracks"
    return f"{word} {', '.join(track_ids[:_SHOWN_TRACKS])}{more}"
