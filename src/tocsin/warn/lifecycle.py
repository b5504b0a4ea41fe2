"""The life of a zone's warning: quiet, pre-alert, alert, and back, one step at a time.

A zone has at most one open warning, whatever the class of the threat: people take the same shelter,
and two open warnings for one place would contradict each other. When another class becomes the
worst, the open warning is updated. Each warning ends by a row of its own, clear or cancel; its
expiry is only the safety net of receivers that lose us, and is renewed before it is reached.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tocsin.contract import NS, Action, ObjectClass, Stage
from tocsin.warn.policy import Policy


@dataclass(frozen=True)
class Want:
    """Say what a decision wants for one zone.

    Args:
        enter: highest stage worth starting.
        keep: highest stage worth keeping.
        threat: worst class.
        probability: that the zone is affected within the horizon.
        arrival_ns: quantiles 10, 50 and 90 %; zeros: nothing arrives.
        track_ids: contributing tracks, strongest first.
    """

    enter: Stage = Stage.QUIET
    keep: Stage = Stage.QUIET
    threat: ObjectClass = ObjectClass.UNKNOWN
    probability: float = 0.0
    arrival_ns: tuple[int, int, int] = (0, 0, 0)
    track_ids: tuple[str, ...] = ()


NOTHING = Want()


@dataclass(frozen=True)
class Entry:
    """Hold what is known of one zone between decisions.

    Args:
        stage: stage that is published.
        warning_id: of the open warning, or of the last one.
        messages: messages of that warning so far.
        stage_since_ns: when the stage began.
        message_ns: when the latest message was decided.
        expires_ns: until when it is valid.
        said: what the latest message said.
        pre_since_ns: since when a stage has been wanted without a break; 0: it is not.
        alert_since_ns: likewise for an alert.
        calm_since_ns: since when the stage has no longer been worth keeping; 0: it still is.
        muted_until_ns: until when the muted tracks do not count.
        muted: tracks of a warning that was cancelled.
    """

    stage: Stage = Stage.QUIET
    warning_id: str = ""
    messages: int = 0
    stage_since_ns: int = 0
    message_ns: int = 0
    expires_ns: int = 0
    said: Want = NOTHING
    pre_since_ns: int = 0
    alert_since_ns: int = 0
    calm_since_ns: int = 0
    muted_until_ns: int = 0
    muted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """Hold one message of a warning; becomes a row of the warnings table."""

    action: Action
    stage: Stage
    want: Want
    warning_id: str
    number: int
    expires_ns: int
    released_by: str = "automatic"
    note: str = ""


def advance(
    entry: Entry, want: Want, now_ns: int, policy: Policy, zone_id: str
) -> tuple[Entry, Message | None]:
    """Return a zone's state after one decision, and the message it sends, if any."""
    want = _spoken(entry, _audible(entry, want, now_ns))
    entry = _timed(entry, want, now_ns)
    risen = _risen(entry, now_ns, policy)
    if entry.stage == Stage.QUIET:
        return _issue(entry, risen, want, now_ns, policy, zone_id) if risen else (entry, None)
    if risen > entry.stage:
        return _say(entry, Action.UPDATE, risen, want, now_ns, policy)
    if _calm(entry, now_ns, policy):
        if want.keep >= Stage.PRE_ALERT:
            return _say(entry, Action.UPDATE, Stage.PRE_ALERT, want, now_ns, policy)
        return _say(entry, Action.CLEAR, Stage.QUIET, want, now_ns, policy)
    if _news(entry, want, now_ns, policy):
        return _say(entry, Action.UPDATE, entry.stage, want, now_ns, policy)
    return entry, None


def cancel(
    entry: Entry, now_ns: int, policy: Policy, author: str, note: str = ""
) -> tuple[Entry, Message | None]:
    """Return a zone's state after an operator declared its warning false; mutes its tracks."""
    if entry.stage == Stage.QUIET:
        return entry, None
    tracks = entry.said.track_ids
    said = replace(entry.said, enter=Stage.QUIET, keep=Stage.QUIET)
    after, message = _say(entry, Action.CANCEL, Stage.QUIET, said, now_ns, policy)
    until = now_ns + int(policy.cancel_holdoff_s * NS)
    quiet = replace(after, muted_until_ns=until, muted=tracks, pre_since_ns=0, alert_since_ns=0)
    return quiet, replace(message, released_by=author, note=note)


def idle(entry: Entry, now_ns: int) -> bool:
    """Return whether a zone without risk needs no attention."""
    timers = entry.pre_since_ns or entry.alert_since_ns
    return entry.stage == Stage.QUIET and not timers and now_ns >= entry.muted_until_ns


def _audible(entry: Entry, want: Want, now_ns: int) -> Want:
    """Return the want, or nothing where only muted tracks stand behind it."""
    muted = now_ns < entry.muted_until_ns and all(t in entry.muted for t in want.track_ids)
    return replace(want, enter=Stage.QUIET, keep=Stage.QUIET) if muted else want


def _spoken(entry: Entry, want: Want) -> Want:
    """Return the want; while nothing threatens, an open warning goes on to name what did."""
    if want.probability > 0.0 or entry.stage == Stage.QUIET:
        return want
    return replace(want, threat=entry.said.threat, track_ids=entry.said.track_ids)


def _timed(entry: Entry, want: Want, now_ns: int) -> Entry:
    """Return the entry with its three timers started, kept or reset."""
    return replace(
        entry,
        pre_since_ns=(entry.pre_since_ns or now_ns) if want.enter >= Stage.PRE_ALERT else 0,
        alert_since_ns=(entry.alert_since_ns or now_ns) if want.enter >= Stage.ALERT else 0,
        calm_since_ns=(entry.calm_since_ns or now_ns) if want.keep < entry.stage else 0,
    )


def _risen(entry: Entry, now_ns: int, policy: Policy) -> Stage:
    """Return the highest stage wanted for long enough."""
    due = now_ns - int(policy.confirm_s * NS)
    if entry.alert_since_ns and entry.alert_since_ns <= due:
        return Stage.ALERT
    if entry.pre_since_ns and entry.pre_since_ns <= due:
        return Stage.PRE_ALERT
    return Stage.QUIET


def _calm(entry: Entry, now_ns: int, policy: Policy) -> bool:
    """Return whether the stage has lasted long enough, and has not been worth it for a while."""
    least_s = policy.min_alert_s if entry.stage == Stage.ALERT else policy.min_pre_alert_s
    lasted = now_ns - entry.stage_since_ns >= least_s * NS
    calm = entry.calm_since_ns > 0 and now_ns - entry.calm_since_ns >= policy.quiet_s * NS
    return lasted and calm


def _news(entry: Entry, want: Want, now_ns: int, policy: Policy) -> bool:
    """Return whether the open warning must be renewed, or what it says has changed."""
    if now_ns >= entry.expires_ns - policy.renew_s * NS:
        return True
    if now_ns - entry.message_ns < policy.update_gap_s * NS or want.keep < entry.stage:
        return False
    shift = abs(want.arrival_ns[1] - entry.said.arrival_ns[1])
    later = want.arrival_ns[1] > 0 and shift >= policy.update_arrival_s * NS
    return want.threat != entry.said.threat or later


def _issue(
    entry: Entry, stage: Stage, want: Want, now_ns: int, policy: Policy, zone_id: str
) -> tuple[Entry, Message]:
    fresh = replace(entry, warning_id=f"{safe(zone_id)}-{stamp(now_ns)}", messages=0)
    return _say(fresh, Action.ISSUE, stage, want, now_ns, policy)


def _say(
    entry: Entry, action: Action, stage: Stage, want: Want, now_ns: int, policy: Policy
) -> tuple[Entry, Message]:
    number, expires = entry.messages + 1, now_ns + int(policy.validity_s * NS)
    changed = stage != entry.stage
    after = replace(
        entry,
        stage=stage,
        messages=number,
        message_ns=now_ns,
        expires_ns=expires,
        said=want,
        stage_since_ns=now_ns if changed else entry.stage_since_ns,
        calm_since_ns=0 if changed else entry.calm_since_ns,
    )
    return after, Message(action, stage, want, entry.warning_id, number, expires)


def safe(name: str) -> str:
    """Return a name as part of a CAP identifier: other characters become ``~`` and their code.

    CAP forbids blanks, commas and markup in identifiers. Different names stay different.

    >>> safe("Nord, 1")
    'Nord~2c~~20~1'
    """
    plain = [c.isascii() and (c.isalnum() or c in "._-") for c in name]
    return "".join(c if ok else f"~{ord(c):x}~" for c, ok in zip(name, plain, strict=True))


def stamp(now_ns: int) -> str:
    """Return an instant as digits, to the millisecond, for ids that stay unique after a restart.

    >>> stamp(1_000_000_000_123_456_789)
    '20010909T014640.123'
    """
    seconds, rest = divmod(now_ns, NS)
    text = str(np.datetime64(seconds, "s")).replace("-", "").replace(":", "")
    return f"{text}.{rest // 1_000_000:03d}"
