"""The reason of a decision in plain words, for a duty officer."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, degrees

from tocsin.contract import NS, Action, ObjectClass, Stage
from tocsin.warn.lifecycle import Message

_NAMES = {
    ObjectClass.UNKNOWN: ("unidentified object", "unidentified objects"),
    ObjectClass.ONE_WAY_DRONE: ("one-way drone", "one-way drones"),
    ObjectClass.FAST_LOW_FLYER: ("fast low flyer", "fast low flyers"),
    ObjectClass.BALLISTIC: ("ballistic object", "ballistic objects"),
}
_POINTS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_SHOWN_TRACKS = 5


def reason(message: Message, now_ns: int, bearing_m: tuple[float, float] | None) -> str:
    """Return why a message was sent.

    Args:
        message: the message.
        now_ns: when it was decided.
        bearing_m: east and north from the zone to the threat; None: unknown.
    """
    if message.action == Action.CANCEL:
        if message.released_by == "automatic":
            return f"withdrawn: {message.note}"
        note = f": {message.note}" if message.note else ""
        return f"cancelled by {message.released_by}, the warning was false{note}"
    if message.action == Action.CLEAR:
        return f"danger past: nothing comes near any more (P {message.want.probability:.2f})"
    eased = message.action == Action.UPDATE and message.want.keep < Stage.ALERT
    head = "no immediate danger, more may come: " if eased and message.number > 1 else ""
    return head + threat_words(message, now_ns, bearing_m)


def threat_words(message: Message, now_ns: int, bearing_m: tuple[float, float] | None) -> str:
    """Return what comes, from where, when first, how probably, and by which tracks."""
    want = message.want
    count = len(want.track_ids)
    name = _NAMES.get(want.threat, _NAMES[ObjectClass.UNKNOWN])[count != 1]
    where = f" from the {compass(*bearing_m)}" if bearing_m else ""
    first = f"first {arrival_words(want.arrival_ns[0] - now_ns)} " if want.arrival_ns[0] else ""
    return f"{count} {name}{where}, {first}(P {want.probability:.2f}); {_tracks(want.track_ids)}"


def arrival_words(delay_ns: int) -> str:
    """Return a delay in words.

    >>> arrival_words(370 * NS), arrival_words(20 * NS), arrival_words(0)
    ('in 6 min', 'in 20 s', 'now')
    """
    seconds = delay_ns / NS
    if seconds < 5.0:
        return "now"
    if seconds < 90.0:
        return f"in {5 * round(seconds / 5.0)} s"
    return f"in {round(seconds / 60.0)} min"


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
