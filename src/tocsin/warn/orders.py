"""What operators order about one zone's warning: release, hold, extend, cancel, all-clear.

An order is about an open warning or about a proposal, by its id. What was published gets a message
that says so; an order about a proposal that nobody was told of leaves nothing but its journal line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tocsin.contract import NS, Action, Stage
from tocsin.warn.lifecycle import Entry, Message, Want, move, say, settled
from tocsin.warn.policy import Policy

VERBS = ("release", "hold", "extend", "cancel", "all-clear")


@dataclass(frozen=True)
class Order:
    """Hold what an operator ordered.

    Args:
        verb: one of `VERBS`.
        author: who.
        note: why.
        until_ns: end of a hold or an extension; a hold that ends now is lifted.
    """

    verb: str
    author: str
    note: str = ""
    until_ns: int = 0


Outcome = tuple[Entry, Message | None]


def obey(entry: Entry, order: Order, now_ns: int, policy: Policy) -> Outcome:
    """Return a zone's state after an order, and the message it sends; one that is void does none.

    Args:
        entry: with the warning or the proposal that the order is about.
        order: whose verb is one of `VERBS`.
        now_ns: the step's time.
        policy: with the limits of holds and extensions.
    """
    return _DEEDS[order.verb](entry, order, now_ns, policy)


def concerns(entry: Entry, subject: str) -> bool:
    """Return whether an id names a zone's open warning or its proposal."""
    if entry.stage > Stage.QUIET:
        return entry.warning_id == subject
    return entry.proposal is not None and entry.proposal.warning_id == subject


def _release(entry: Entry, order: Order, now_ns: int, policy: Policy) -> Outcome:
    """Send what is proposed, as it is wanted now."""
    made = entry.proposal
    if made is None:
        return entry, None
    after, message = move(entry, made.stage, made.want, now_ns, policy, made.warning_id)
    return settled(after), _signed(message, order)


def _hold(entry: Entry, order: Order, now_ns: int, policy: Policy) -> Outcome:
    """Let nothing change by itself until some time, and be valid until then."""
    limit = now_ns + int(policy.release.hold_max_s * NS)
    until = max(min(order.until_ns, limit), now_ns)
    held = replace(entry, held_until_ns=until)
    if held.proposal is not None:
        due = held.proposal.due_ns
        held = replace(held, proposal=replace(held.proposal, due_ns=due and max(due, until)))
    return _renewed(held, order, until, now_ns, policy)


def _extend(entry: Entry, order: Order, now_ns: int, policy: Policy) -> Outcome:
    """Keep the stage at least until some time; a proposal to lower it is off."""
    if entry.stage == Stage.QUIET:
        return entry, None
    limit = now_ns + int(policy.release.extend_max_s * NS)
    until = max(min(order.until_ns, limit), now_ns)
    kept = replace(entry, extended_until_ns=until)
    if kept.proposal is not None and kept.proposal.stage < kept.stage:
        kept = replace(kept, proposal=None)
    return _renewed(kept, order, until, now_ns, policy)


def _renewed(entry: Entry, order: Order, until_ns: int, now_ns: int, policy: Policy) -> Outcome:
    """Return an open warning told again, valid beyond an instant."""
    if entry.stage == Stage.QUIET:
        return entry, None
    after, message = say(entry, Action.UPDATE, entry.stage, _now(entry), now_ns, policy)
    expires = max(message.expires_ns, until_ns + int(policy.renew_s * NS))
    ahead = until_ns if until_ns > now_ns else 0
    message = replace(message, expires_ns=expires, until_ns=ahead)
    return replace(after, expires_ns=expires), _signed(message, order)


def _cancel(entry: Entry, order: Order, now_ns: int, policy: Policy) -> Outcome:
    """Take back a warning that is false, or decline a proposal."""
    return _end(entry, Action.CANCEL, order, now_ns, policy)


def _all_clear(entry: Entry, order: Order, now_ns: int, policy: Policy) -> Outcome:
    """End a warning that was right, before it would end by itself."""
    if entry.stage == Stage.QUIET:
        return entry, None
    return _end(entry, Action.CLEAR, order, now_ns, policy)


def _end(entry: Entry, action: Action, order: Order, now_ns: int, policy: Policy) -> Outcome:
    """Return a quiet zone whose tracks are muted for a while."""
    if entry.stage == Stage.QUIET and entry.proposal is None:
        return entry, None
    # What a quiet zone said last is of a warning that is over; its tracks are nobody's concern.
    told = () if entry.stage == Stage.QUIET else entry.said.track_ids
    known = (*told, *entry.latest.track_ids)
    quiet = replace(
        entry,
        muted_until_ns=now_ns + int(policy.cancel_holdoff_s * NS),
        muted=tuple(dict.fromkeys(known)),
        pre_since_ns=0,
        alert_since_ns=0,
    )
    if entry.stage == Stage.QUIET:
        return settled(quiet), None
    said = replace(entry.said, enter=Stage.QUIET, keep=Stage.QUIET)
    after, message = say(quiet, action, Stage.QUIET, said, now_ns, policy)
    return settled(after), _signed(message, order)


def _now(entry: Entry) -> Want:
    """Return what is known now, or what was said where nothing threatens any more."""
    return entry.latest if entry.latest.arrival_ns[1] else entry.said


def _signed(message: Message, order: Order) -> Message:
    return replace(message, released_by=order.author, note=order.note, verb=order.verb)


_DEEDS: dict[str, Callable[[Entry, Order, int, Policy], Outcome]] = {
    "release": _release,
    "hold": _hold,
    "extend": _extend,
    "cancel": _cancel,
    "all-clear": _all_clear,
}
