"""What waits for one recipient, and when it is sent: in order, with back-off, in bounded room.

Messages of one warning go in their order, one at a time: an all-clear never overtakes its alert.
Other warnings do not wait for one that a recipient cannot take. A recipient that fails is left
alone for a while, longer each time, and then tried with the message that was tried least often.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from tocsin.contract import NS, Attempt, DeliveryStatus, Letter, Tracks, Warnings

IDLE_S = 3600.0
RETRY_AFTER_MOST_S = 3600.0
"""A recipient that asks for a longer pause than this is asked again after this."""


@dataclass(frozen=True)
class Patience:
    """Say how often and how long a message is tried.

    Args:
        first_s: pause after the first failure; doubled after each further one.
        most_s: longest pause.
        give_up_s: a message whose attempt fails later than this after it was queued is given up.
        waiting_max: messages that may wait; beyond it the oldest is given up, and counted.
        newest_only: a later message of a warning takes the place of those that still wait.
    """

    first_s: float = 1.0
    most_s: float = 60.0
    give_up_s: float = 86_400.0
    waiting_max: int = 10_000
    newest_only: bool = False


@dataclass(frozen=True)
class Answer:
    """Say how a recipient took a message.

    Args:
        status: DELIVERED, REFUSED (never try again) or QUEUED (try again).
        acknowledged: whether the recipient itself confirmed it.
        error: why not.
        retry_after_s: how long the recipient asks to be left alone.
    """

    status: DeliveryStatus
    acknowledged: bool = False
    error: str = ""
    retry_after_s: float = 0.0


class Sender(Protocol):
    """Bring messages to one recipient."""

    def follow(self, warnings: Warnings) -> None:
        """Take in the rows that the recipient hears of, before their messages are sent."""

    def reachable(self) -> bool | None:
        """Return whether there is a connection; None: only sending shows."""

    def watch(self, tracks: Tracks, now_ns: int) -> None:
        """Take in the tracks of now."""

    async def keep(self) -> None:
        """Keep up what there is between messages, such as a connection, until it is lost.

        Ends, or raises what the network raises, where it has to begin again.
        """

    async def send(self, letter: Letter) -> Answer:
        """Bring one message; never raises for what the recipient or the network does."""


def back_off_s(patience: Patience, key: Sequence[str], failures: int) -> float:
    """Return the pause after so many failures in a row: doubled each time, and spread.

    The spread is drawn from the name of what is sent, not from a generator: recipients that failed
    together are not tried together, and the same run always waits the same.

    >>> [round(back_off_s(Patience(), ("m-1", "r"), n), 2) for n in (1, 2, 3, 20)]
    [0.94, 1.44, 2.64, 31.59]
    """
    text = "\n".join((*key, str(failures)))
    share = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
    longest = min(patience.first_s * 2.0 ** min(failures - 1, 30), patience.most_s)
    return longest * (0.5 + 0.5 * share)


@dataclass
class _Waiting:
    """Hold a letter, its place among all, and when it is due."""

    letter: Letter
    order: int
    due_ns: int = 0


class Outbox:
    """Hold what waits for one recipient; the caller sends, and says how it went."""

    def __init__(self, recipient: str, patience: Patience) -> None:
        """Start empty."""
        self.recipient, self.patience = recipient, patience
        self.overflows = 0
        self._warnings: dict[str, deque[_Waiting]] = {}
        self._busy: set[str] = set()
        self._tried: set[tuple[str, str]] = set()
        # The first of each warning is in one of them; an entry that no longer fits is passed over.
        self._ready: list[tuple[int, int, str]] = []
        self._later: list[tuple[int, int, str]] = []
        self._orders = count()
        self._failures = 0
        self._paused_until_ns = 0
        self._waiting = 0

    def __len__(self) -> int:
        """Return how many letters wait, those under way included."""
        return self._waiting

    @property
    def overdue(self) -> int:
        """Return how many letters wait because sending failed."""
        return self._waiting if self._failures else len(self._tried)

    def add(self, letters: Iterable[Letter]) -> list[Attempt]:
        """Take letters; return what is settled by that: superseded, or given up for want of room.

        Args:
            letters: of this recipient, in order.
        """
        settled: list[Attempt] = []
        for letter in letters:
            if self.patience.newest_only:
                settled += self._supersede(letter.warning_id)
            queue = self._warnings.setdefault(letter.warning_id, deque())
            queue.append(_Waiting(letter, next(self._orders)))
            self._waiting += 1
            if len(queue) == 1:
                self._offer(queue[0])
        while self._waiting > self.patience.waiting_max and (oldest := self._drop_oldest()):
            settled.append(oldest)
        return settled

    def next(self, now_ns: int) -> tuple[Letter | None, float]:
        """Return the letter to send now, or None and the seconds after which to ask again.

        A letter that is returned is under way until `settle` is called with it. After a failure one
        at a time asks whether the recipient is back.
        """
        if now_ns < self._paused_until_ns:
            return None, (self._paused_until_ns - now_ns) / NS
        if self._failures and self._busy:
            return None, IDLE_S
        while self._later and self._later[0][0] <= now_ns:
            _, order, name = heappop(self._later)
            if one := self._first(name, order):
                heappush(self._ready, (one.letter.attempts, order, name))
        while self._ready:
            _, order, name = heappop(self._ready)
            if one := self._first(name, order):
                self._busy.add(name)
                return one.letter, 0.0
        return None, (self._later[0][0] - now_ns) / NS if self._later else IDLE_S

    def settle(self, letter: Letter, answer: Answer, now_ns: int) -> Attempt:
        """Take in how a letter went; return what became of it."""
        self._busy.discard(letter.warning_id)
        attempts = letter.attempts + 1
        status, error = answer.status, answer.error
        if status != DeliveryStatus.QUEUED:
            self._failures = 0
        else:
            # What was under way together fails together: within a pause that is the same failure.
            if not self._failures or now_ns >= self._paused_until_ns:
                self._failures += 1
            self._pause(letter, answer, attempts, now_ns)
            if now_ns - letter.queued_at_ns >= self.patience.give_up_s * NS:
                status, error = DeliveryStatus.GAVE_UP, f"tried for too long: {error}"
        if status != DeliveryStatus.QUEUED:
            self._remove_first(letter.warning_id)
        acknowledged_ns = now_ns if answer.acknowledged else 0
        return Attempt(letter, status, attempts, now_ns, acknowledged_ns, error)

    def _pause(self, letter: Letter, answer: Answer, attempts: int, now_ns: int) -> None:
        asked_s = min(answer.retry_after_s, RETRY_AFTER_MOST_S)
        own_s = max(back_off_s(self.patience, letter.key, attempts), asked_s)
        all_s = max(back_off_s(self.patience, (self.recipient,), self._failures), asked_s)
        self._paused_until_ns = max(self._paused_until_ns, now_ns + int(all_s * NS))
        self._tried.add(letter.key)
        one = self._warnings[letter.warning_id][0]
        one.letter = replace(letter, attempts=attempts)
        one.due_ns = now_ns + int(own_s * NS)
        self._offer(one)

    def _offer(self, one: _Waiting) -> None:
        """Put the first letter of a warning where `next` finds it."""
        name = one.letter.warning_id
        if one.due_ns:
            heappush(self._later, (one.due_ns, one.order, name))
        else:
            heappush(self._ready, (one.letter.attempts, one.order, name))

    def _first(self, warning_id: str, order: int) -> _Waiting | None:
        """Return the first letter of a warning if it is the one meant, and not under way."""
        queue = self._warnings.get(warning_id)
        fits = queue and queue[0].order == order and warning_id not in self._busy
        return queue[0] if queue and fits else None

    def _remove_first(self, warning_id: str) -> Letter:
        queue = self._warnings[warning_id]
        letter = queue.popleft().letter
        self._tried.discard(letter.key)
        self._waiting -= 1
        if queue:
            self._offer(queue[0])
        else:
            del self._warnings[warning_id]
        return letter

    def _supersede(self, warning_id: str) -> list[Attempt]:
        """Take out what waits of a warning and is not under way."""
        queue = self._warnings.get(warning_id, deque())
        kept = 1 if warning_id in self._busy else 0
        gone = [queue.pop().letter for _ in range(len(queue) - kept)][::-1]
        self._waiting -= len(gone)
        self._tried -= {one.key for one in gone}
        text = "a later message of the warning took its place"
        return [Attempt(one, DeliveryStatus.SUPERSEDED, one.attempts, error=text) for one in gone]

    def _drop_oldest(self) -> Attempt | None:
        """Give up the oldest letter that is not under way."""
        heads = [
            (queue[0].order, name)
            for name, queue in self._warnings.items()
            if name not in self._busy
        ]
        if not heads:
            return None
        letter = self._remove_first(min(heads)[1])
        self.overflows += 1
        text = f"more than {self.patience.waiting_max} messages waited"
        return Attempt(letter, DeliveryStatus.GAVE_UP, letter.attempts, error=text)
