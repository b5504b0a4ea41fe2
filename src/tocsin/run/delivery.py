"""Delivery of warnings to recipients: after the commit, each at its own pace, noted in the ledger.

A tick's messages are noted as waiting, then sent; what became of each attempt is noted after it. So
whatever ends the program, a message that was decided is sent after the next start unless the ledger
says that it is settled; it may then be sent twice, under the same idempotency key. A recipient that
is slow or dead holds up nobody: no tick waits for any, and each has its own queue and connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from tocsin.contract import (
    ENDINGS,
    NS,
    Attempt,
    Deliveries,
    DeliveryStatus,
    Letter,
    ObjectClass,
    Stage,
    Tracks,
    Warnings,
)
from tocsin.record import Ledger, LedgerError
from tocsin.run.recipients import Recipient
from tocsin.serve.outbox import Answer, Outbox, back_off_s

Documents = Mapping[str, bytes]
"""CAP messages by identifier."""
Body = Callable[[Warnings, int, str, Documents], bytes]
"""Warning rows, the place of one, a form, and their CAP messages, to the body of a message."""

SHOWN_NS = 3600 * NS
"""A message that was refused or given up is shown to operators this long."""
GRACE_S = 2.0
"""What is under way when the run ends may end by itself this long."""
RETRY_S = 1.0
UNWRITTEN_MAX = 10_000
LOST_MAX = 10_000
"""Of messages that came to a bad end lately, no more are counted than this."""
_LOST = (DeliveryStatus.REFUSED, DeliveryStatus.GAVE_UP)


class SteadyClock:
    """Tell this machine's time, as it was at the start and evenly from then on."""

    def __init__(self) -> None:
        """Start with the time that it is."""
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def __call__(self) -> int:
        """Return ns UTC."""
        return time.monotonic_ns() + self._offset_ns


@dataclass
class _Line:
    """Hold what goes to one recipient, and how that goes."""

    recipient: Recipient
    outbox: Outbox
    told: set[str] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    lost_ns: dict[DeliveryStatus, deque[int]] = field(default_factory=dict)
    last_error: str = ""
    broken: str = ""

    def wake(self) -> None:
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    async def wait(self, pause_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.changed.wait(), pause_s)

    def hears(self, warnings: Warnings, row: int) -> bool:
        """Say whether a row is for the recipient: by its filter, or since it was told of before."""
        warning_id = str(warnings.warning_id[row])
        stage, threat = Stage(warnings.stage[row]), ObjectClass(warnings.threat_class[row])
        heard = warning_id in self.told or self.recipient.hears(
            str(warnings.zone_id[row]), stage, threat
        )
        if heard:
            self.told.add(warning_id)
        if warnings.action[row] in ENDINGS:
            self.told.discard(warning_id)
        return heard

    def lose(self, status: DeliveryStatus, at_ns: int) -> None:
        """Remember that a message came to a bad end."""
        self.lost_ns.setdefault(status, deque(maxlen=LOST_MAX)).append(at_ns)

    def lost(self, status: DeliveryStatus, since_ns: int) -> int:
        """Return how many messages have come to a bad end lately."""
        times = self.lost_ns.get(status, deque())
        while times and times[0] < since_ns:
            times.popleft()
        return len(times)


class Dispatch:
    """Tell recipients of warnings.

    Args:
        recipients: whom.
        ledger: what was told.
        body: makes the bodies of messages.
        now_ns: this machine's time, which never goes back.
    """

    def __init__(
        self,
        recipients: Sequence[Recipient],
        ledger: Ledger,
        body: Body,
        now_ns: Callable[[], int] | None = None,
    ) -> None:
        """Take up what waits in the ledger; nothing is sent before `running`."""
        self._ledger, self._body, self._now_ns = ledger, body, now_ns or SteadyClock()
        self._lines = {r.name: _Line(r, Outbox(r.name, r.patience)) for r in recipients}
        self._counts: Counter[tuple[str, DeliveryStatus]] = Counter(ledger.counts())
        self._marks = ledger.marks()
        self._incoming: list[Letter] = []
        self._upto_ns: dict[str, int] = {}
        self._attempts: list[Attempt] = []
        self._unwritten: deque[Callable[[], None]] = deque()
        self._work = asyncio.Event()
        self.problem = ""
        self._unwritten_lost = 0
        self._closing = False
        self._take_up(ledger.pending())
        self._remember_lost(ledger.newest(1000, undelivered=True))

    # Taking in

    def __call__(self, warnings: Warnings, documents: Documents, now_ns: int) -> None:
        """Take a tick's messages; call it after the tick's commit."""
        if not len(warnings):
            return
        for line in self._lines.values():
            heard = [row for row in range(len(warnings)) if line.hears(warnings, row)]
            self._queue(line, (heard, heard), warnings, documents, now_ns)

    def watch(self, tracks: Tracks, now_ns: int) -> None:
        """Take the tracks of now, for those who want them."""
        for line in self._lines.values():
            line.recipient.sender.watch(tracks, now_ns)

    def recall(self, warnings: Warnings, documents: Documents, now_ns: int) -> None:
        """Take all messages of a resumed record; what was queued before is not queued again.

        A recipient that is new hears of the warnings that are in force.

        Args:
            warnings: all rows of the record, in order.
            documents: their CAP messages.
            now_ns: the run's time.
        """
        latest = {str(name): row for row, name in enumerate(warnings.warning_id)}
        for line in self._lines.values():
            heard = [row for row in range(len(warnings)) if line.hears(warnings, row)]
            mark_ns = self._marks.get(line.recipient.name)
            if mark_ns is None:
                rows = [
                    row
                    for row in heard
                    if latest[str(warnings.warning_id[row])] == row
                    and warnings.action[row] not in ENDINGS
                    and warnings.expires_at_ns[row] > now_ns
                ]
            else:
                rows = [row for row in heard if warnings.decided_at_ns[row] > mark_ns]
            self._queue(line, (heard, rows), warnings, documents, now_ns)

    def _queue(
        self,
        line: _Line,
        chosen: tuple[Sequence[int], Sequence[int]],
        warnings: Warnings,
        documents: Documents,
        now_ns: int,
    ) -> None:
        """Queue rows; `chosen` are those that the recipient hears of, and of them the new ones."""
        recipient, (heard, rows) = line.recipient, chosen
        if len(heard):
            recipient.sender.follow(warnings.take(np.array(heard)))
        self._upto_ns[recipient.name] = now_ns
        for row in rows:
            body = self._body(warnings, row, recipient.form, documents)
            self._incoming.append(self._letter(recipient, warnings, row, body))
        self._work.set()

    def _letter(self, recipient: Recipient, warnings: Warnings, row: int, body: bytes) -> Letter:
        return Letter(
            recipient.name,
            str(warnings.cap_identifier[row]),
            str(warnings.warning_id[row]),
            str(warnings.zone_id[row]),
            int(warnings.action[row]),
            int(warnings.stage[row]),
            int(warnings.decided_at_ns[row]),
            self._now_ns(),
            recipient.form,
            body,
        )

    def _take_up(self, pending: Sequence[Letter]) -> None:
        """Let what waits in the ledger wait here; recipients that are gone are given up."""
        text = "the site file no longer names this recipient"
        for letter in pending:
            line = self._lines.get(letter.recipient)
            if line is not None:
                self._note_all(line.outbox.add([letter]))
            else:
                status = DeliveryStatus.GAVE_UP
                self._note(Attempt(letter, status, letter.attempts, error=text))

    def _remember_lost(self, rows: Deliveries) -> None:
        for k in range(len(rows))[::-1]:
            line = self._lines.get(str(rows.recipient[k]))
            if line is not None and rows.status[k] in _LOST:
                at_ns = max(int(rows.sent_at_ns[k]), int(rows.queued_at_ns[k]))
                line.lose(DeliveryStatus(rows.status[k]), at_ns)
                line.last_error = str(rows.last_error[k] or "")

    # Sending

    @contextlib.asynccontextmanager
    async def running(self) -> Any:
        """Send while the context is open; then let what is under way end, for a moment."""
        keeping = [asyncio.create_task(self._keep(line)) for line in self._lines.values()]
        sending = [
            asyncio.create_task(self._send_on(line))
            for line in self._lines.values()
            for _ in range(line.recipient.parallel)
        ]
        writing = asyncio.create_task(self._write_on())
        try:
            yield self
        finally:
            self._closing = True
            for line in self._lines.values():
                line.wake()
            await asyncio.wait(sending, timeout=GRACE_S)
            for task in (*sending, *keeping):
                task.cancel()
            await asyncio.gather(*sending, *keeping, return_exceptions=True)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await self._write()
            self._ledger.close()

    async def _keep(self, line: _Line) -> None:
        """Keep up the connection to a recipient, where it has one between messages."""
        patience, fruitless = line.recipient.patience, 0
        while True:
            begun_ns = self._now_ns()
            try:
                await line.recipient.sender.keep()
                line.broken = "the connection was lost"
            except Exception as error:  # whatever it is, the other recipients are told
                line.broken = str(error) or type(error).__name__
            lasted = self._now_ns() - begun_ns > patience.most_s * NS
            fruitless = 1 if lasted else fruitless + 1
            await asyncio.sleep(back_off_s(patience, (line.recipient.name, "keep"), fruitless))

    async def _send_on(self, line: _Line) -> None:
        """Send one letter after the other, as the outbox says."""
        while not self._closing:
            letter, pause_s = line.outbox.next(self._now_ns())
            if letter is None:
                await line.wait(pause_s)
                continue
            try:
                answer = await line.recipient.sender.send(letter)
            except Exception as error:  # a fault of ours with one message stops no other
                answer = Answer(DeliveryStatus.QUEUED, error=f"{type(error).__name__}: {error}")
            self._note(line.outbox.settle(letter, answer, self._now_ns()))
            line.wake()

    def _note_all(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            self._note(attempt)

    def _note(self, attempt: Attempt) -> None:
        """Remember what became of a letter, and have it written."""
        name, status = attempt.letter.recipient, attempt.status
        self._attempts.append(attempt)
        self._work.set()
        if status != DeliveryStatus.QUEUED:
            self._counts[name, DeliveryStatus.QUEUED] -= 1
            self._counts[name, status] += 1
        line = self._lines.get(name)
        if line is None:
            return
        if attempt.error and status != DeliveryStatus.SUPERSEDED:
            line.last_error = attempt.error
        if status in _LOST:
            line.lose(status, self._now_ns())

    # Writing

    async def _write_on(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            await self._write()

    async def _write(self) -> None:
        """Note what is new; letters are sent once they are noted."""
        letters, self._incoming = self._incoming, []
        upto_ns, self._upto_ns = self._upto_ns, {}
        if upto_ns:
            self._unwritten.append(partial(self._ledger.queue, letters, upto_ns))
            await self._note_down()
            self._let_wait(letters)
        attempts, self._attempts = self._attempts, []
        if attempts:
            self._unwritten.append(partial(self._ledger.settle, attempts))
        await self._note_down()

    def _let_wait(self, letters: Sequence[Letter]) -> None:
        """Put letters into the outboxes of their recipients."""
        for name, line in self._lines.items():
            own = [letter for letter in letters if letter.recipient == name]
            self._counts[name, DeliveryStatus.QUEUED] += len(own)
            self._note_all(line.outbox.add(own))
            line.wake()

    async def _note_down(self) -> None:
        """Write to the ledger, in order; what cannot be written is tried again later.

        A ledger that cannot be written keeps no warning back.
        """
        while len(self._unwritten) > UNWRITTEN_MAX:
            self._unwritten.popleft()
            self._unwritten_lost += 1
        try:
            while self._unwritten:
                await asyncio.to_thread(self._unwritten[0])
                self._unwritten.popleft()
            self.problem = ""
        except LedgerError as error:
            self.problem = str(error)
            asyncio.get_running_loop().call_later(RETRY_S, self._work.set)

    # Telling operators

    async def newest(self, limit: int, undelivered: bool) -> Deliveries:
        """Return the newest rows of the ledger, newest first."""
        return await asyncio.to_thread(self._ledger.newest, limit, undelivered)

    def counts(self) -> Mapping[tuple[str, DeliveryStatus], int]:
        """Return how many messages each recipient has had of each status."""
        return self._counts

    def undelivered(self) -> list[dict[str, Any]]:
        """Return, of each recipient that lacks messages, how many and why."""
        return list(self._undelivered())

    def _undelivered(self) -> Iterator[dict[str, Any]]:
        since_ns = self._now_ns() - SHOWN_NS
        for name, line in self._lines.items():
            waiting = line.outbox.overdue
            refused, gave_up = (line.lost(status, since_ns) for status in _LOST)
            cut_off = bool(line.broken) and line.recipient.sender.reachable() is False
            if waiting or refused or gave_up or cut_off:
                yield {
                    "recipient": name,
                    "unreachable": cut_off,
                    "waiting": waiting,
                    "refused": refused,
                    "gave_up": gave_up,
                    "last_error": (line.broken if cut_off else line.last_error) or None,
                }
        if self.problem:
            lost = {"waiting": len(self._unwritten), "refused": 0, "gave_up": self._unwritten_lost}
            yield {"recipient": "ledger", "unreachable": True, **lost, "last_error": self.problem}
