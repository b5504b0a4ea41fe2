"""The life of a zone's warning: quiet, pre-alert, alert, and back, one step at a time.

A zone has at most one open warning, whatever the class of the threat: people take the same shelter,
and two open warnings for one place would contradict each other. When another class becomes the
worst, the open warning is updated. Each warning ends by a row of its own, clear or cancel; its
expiry is only the safety net of receivers that lose us, and is renewed before it is reached.

What a decision wants goes out by itself, or becomes a proposal that an operator releases, as the
policy says. Operators' own orders are in `orders`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tocsin.contract import NS, Action, ObjectClass, Stage
from tocsin.warn.policy import Policy

AUTOMATIC = "automatic"


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
class Proposal:
    """Hold a change that awaits its release.

    Args:
        stage: that the zone would be in; lower than now: an all-clear, or easing.
        want: the decision behind it, the latest.
        warning_id: of the open warning, or that the warning will have.
        since_ns: since when something has been proposed in this direction.
        due_ns: when it goes out by itself; 0: it waits.
    """

    stage: Stage
    want: Want
    warning_id: str
    since_ns: int
    due_ns: int


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
        latest: what the latest decision wanted.
        proposal: what awaits its release.
        held_until_ns: until when nothing changes by itself.
        extended_until_ns: until when the stage is not lowered by itself.
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
    latest: Want = NOTHING
    proposal: Proposal | None = None
    held_until_ns: int = 0
    extended_until_ns: int = 0


@dataclass(frozen=True)
class Message:
    """Hold one message of a warning; becomes a row of the warnings table.

    Args:
        action: what it does.
        stage: after it.
        want: what it says.
        warning_id: which warning.
        number: of the message within the warning, from 1.
        expires_ns: until when it is valid.
        released_by: an operator, or automatic.
        note: the operator's reason.
        verb: the operator's order, or empty.
        until_ns: until when a hold or an extension lasts.
    """

    action: Action
    stage: Stage
    want: Want
    warning_id: str
    number: int
    expires_ns: int
    released_by: str = AUTOMATIC
    note: str = ""
    verb: str = ""
    until_ns: int = 0


def advance(
    entry: Entry, want: Want, now_ns: int, policy: Policy, zone_id: str
) -> tuple[Entry, Message | None]:
    """Return a zone's state after one decision, and the message it sends, if any."""
    want = _spoken(entry, _audible(entry, want, now_ns))
    entry = _timed(replace(entry, latest=want), want, now_ns)
    target = _target(entry, want, now_ns, policy)
    if target == entry.stage:
        return _renewed(settled(entry), want, now_ns, policy)
    made = _proposed(entry, target, want, now_ns, policy, zone_id)
    reached = _released(entry, made, now_ns, policy)
    if reached == entry.stage:
        return _renewed(replace(entry, proposal=made), want, now_ns, policy)
    after, message = move(entry, reached, want, now_ns, policy, made.warning_id)
    return (settled(after) if reached == target else replace(after, proposal=made)), message


def _renewed(entry: Entry, want: Want, now_ns: int, policy: Policy) -> tuple[Entry, Message | None]:
    """Return a zone's state in the same stage, and the message where there is news."""
    if entry.stage == Stage.QUIET or not _news(entry, want, now_ns, policy):
        return entry, None
    return say(entry, Action.UPDATE, entry.stage, want, now_ns, policy)


def settled(entry: Entry) -> Entry:
    """Return an entry to which nothing is proposed; with its warning, orders about it end too."""
    if entry.stage == Stage.QUIET:
        return replace(entry, proposal=None, held_until_ns=0, extended_until_ns=0)
    return replace(entry, proposal=None)


def move(
    entry: Entry, stage: Stage, want: Want, now_ns: int, policy: Policy, warning_id: str
) -> tuple[Entry, Message]:
    """Return a zone's state in another stage, and the message that says so."""
    if entry.stage == Stage.QUIET:
        entry = replace(entry, warning_id=warning_id, messages=0)
        return say(entry, Action.ISSUE, stage, want, now_ns, policy)
    action = Action.CLEAR if stage == Stage.QUIET else Action.UPDATE
    return say(entry, action, stage, want, now_ns, policy)


def idle(entry: Entry, now_ns: int) -> bool:
    """Return whether a zone without risk needs no attention."""
    timers = entry.pre_since_ns or entry.alert_since_ns or entry.proposal
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


def _target(entry: Entry, want: Want, now_ns: int, policy: Policy) -> Stage:
    """Return the stage that the decisions so far ask for, released or not."""
    risen = _risen(entry, now_ns, policy)
    if entry.proposal and entry.proposal.stage > entry.stage:
        # Like a stage itself, a proposal is kept longer than it is started.
        risen = max(risen, min(entry.proposal.stage, want.keep))
    if risen > entry.stage or entry.stage == Stage.QUIET:
        return risen
    if _calm(entry, now_ns, policy) and now_ns >= entry.extended_until_ns:
        return Stage.PRE_ALERT if want.keep >= Stage.PRE_ALERT else Stage.QUIET
    return entry.stage


def _proposed(
    entry: Entry, target: Stage, want: Want, now_ns: int, policy: Policy, zone_id: str
) -> Proposal:
    """Return the change that a target asks for; it keeps the time and name of the one before."""
    before = entry.proposal
    goes_on = before is not None and (before.stage > entry.stage) == (target > entry.stage)
    since = before.since_ns if before and goes_on else now_ns
    named = entry.warning_id
    if entry.stage == Stage.QUIET:
        named = before.warning_id if before else f"{safe(zone_id)}-{stamp(now_ns)}"
    return Proposal(target, want, named, since, _due_ns(entry, target, want, since, policy))


def _due_ns(entry: Entry, target: Stage, want: Want, since_ns: int, policy: Policy) -> int:
    """Return when a change goes out by itself; 0: never."""
    rules, step = policy.release, target if target > entry.stage else Stage.QUIET
    if rules.automatic(step, want.threat):
        return max(since_ns, entry.held_until_ns)
    if rules.unanswered == "wait":
        return 0
    return max(since_ns + int(rules.unanswered_s * NS), entry.held_until_ns)


def _released(entry: Entry, made: Proposal, now_ns: int, policy: Policy) -> Stage:
    """Return how far a change goes now: all of it, a lower stage that needs nobody, or nothing."""
    if made.stage == entry.stage or now_ns < entry.held_until_ns:
        return entry.stage
    if made.due_ns and now_ns >= made.due_ns:
        return made.stage
    between = made.stage == Stage.ALERT and entry.stage == Stage.QUIET
    if between and policy.release.automatic(Stage.PRE_ALERT, made.want.threat):
        return Stage.PRE_ALERT
    return entry.stage


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
    if now_ns < entry.held_until_ns:
        return False
    shift = abs(want.arrival_ns[1] - entry.said.arrival_ns[1])
    later = want.arrival_ns[1] > 0 and shift >= policy.update_arrival_s * NS
    return want.threat != entry.said.threat or later


def say(
    entry: Entry, action: Action, stage: Stage, want: Want, now_ns: int, policy: Policy
) -> tuple[Entry, Message]:
    """Return a zone's state after one more message of its warning, and the message."""
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
