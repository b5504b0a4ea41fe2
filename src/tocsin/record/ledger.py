"""The delivery ledger: who was told what when, one row for each message and recipient.

It lies beside the journal's segments, in a file of its own, because it is written at other times:
a tick's messages are queued once the journal has its outputs, and what became of each attempt is
known whenever a recipient answers. A message waits here, body and all, until it is settled.

Source: https://www.sqlite.org/pragma.html#pragma_synchronous (FULL: synced at each COMMIT).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from tocsin.contract import Attempt, Deliveries, DeliveryStatus, InputError, Letter

LEDGER = "deliveries.sqlite"
FORMAT = "1"
UNDELIVERED = (DeliveryStatus.QUEUED, DeliveryStatus.REFUSED, DeliveryStatus.GAVE_UP)

_SCHEMA = """
create table if not exists meta(key text primary key, value text not null) strict;
create table if not exists recipient(
    name text primary key,
    upto_ns integer not null   -- messages decided up to then are queued or not its business
) strict;
create table if not exists message(
    cap_identifier text not null,
    form text not null,
    body blob not null,        -- kept while somebody waits for it
    primary key(cap_identifier, form)
) strict;
create table if not exists delivery(
    seq integer primary key,
    decided_at_ns integer not null,
    queued_at_ns integer not null,
    sent_at_ns integer not null default 0,
    acknowledged_at_ns integer not null default 0,
    cap_identifier text not null,
    warning_id text not null,
    zone_id text not null,
    action integer not null,
    stage integer not null,
    recipient text not null,
    form text not null,
    status integer not null default 0,
    attempts integer not null default 0,
    last_error text,
    unique(cap_identifier, recipient)
) strict;
create index if not exists delivery_status on delivery(status, seq);
"""
_COLUMNS = tuple(Deliveries.schema())
_QUEUE = """
insert or ignore into delivery(decided_at_ns, queued_at_ns, cap_identifier, warning_id, zone_id,
    action, stage, recipient, form) values(?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SETTLE = """
update delivery set status = ?, attempts = ?, sent_at_ns = max(sent_at_ns, ?),
    acknowledged_at_ns = ?, last_error = ? where cap_identifier = ? and recipient = ?
"""
_FORGET = """
delete from message where cap_identifier = ? and form = ? and not exists(
    select 1 from delivery d where d.cap_identifier = message.cap_identifier
    and d.form = message.form and d.status = 0)
"""
_PENDING = """
select d.recipient, d.cap_identifier, d.warning_id, d.zone_id, d.action, d.stage, d.decided_at_ns,
    d.queued_at_ns, d.form, m.body, d.attempts
from delivery d join message m on m.cap_identifier = d.cap_identifier and m.form = d.form
where d.status = 0 order by d.seq
"""


class LedgerError(RuntimeError):
    """Report that the ledger could not be written; what was to be written may be tried again."""


class Ledger:
    """Write and read the ledger; may be used from several threads."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Hold the connection; use `Ledger.open`."""
        self._connection, self._lock = connection, threading.Lock()

    @classmethod
    def open(cls, folder: Path | None) -> Ledger:
        """Open or begin the ledger of a record folder; None: one that is lost with the program.

        Raises:
            InputError: it cannot be used.
        """
        path = ":memory:" if folder is None else str(folder / LEDGER)
        try:
            connection = apsw.Connection(path)
            connection.set_busy_timeout(5_000)
            connection.pragma("journal_mode", "wal")
            connection.pragma("synchronous", "full")
            connection.execute(_SCHEMA)
            connection.execute("insert or ignore into meta values('format', ?)", (FORMAT,))
            _check_format(connection, path)
        except apsw.Error as error:
            what, mend = f"cannot hold a ledger ({error})", "restore or move it, or free the disk"
            raise InputError(path, what, mend) from error
        return cls(connection)

    def queue(self, letters: Sequence[Letter], upto_ns: Mapping[str, int]) -> None:
        """Note letters that wait, and up to when each recipient's messages are queued.

        Letters that were noted before are left as they are.

        Raises:
            LedgerError: nothing was written.
        """
        bodies = {(one.cap_identifier, one.form): one.body for one in letters}
        with self._transaction() as write:
            write.executemany(
                "insert or ignore into message values(?, ?, ?)",
                [(*key, body) for key, body in bodies.items()],
            )
            write.executemany(_QUEUE, [_queued(one) for one in letters])
            write.executemany(
                "insert into recipient values(?, ?) on conflict(name) do update set "
                "upto_ns = max(upto_ns, excluded.upto_ns)",
                list(upto_ns.items()),
            )

    def settle(self, attempts: Sequence[Attempt]) -> None:
        """Note what became of letters; bodies that nobody waits for any more are let go.

        Raises:
            LedgerError: nothing was written.
        """
        over = [a.letter for a in attempts if a.status != DeliveryStatus.QUEUED]
        with self._transaction() as write:
            write.executemany(_SETTLE, [_settled(attempt) for attempt in attempts])
            write.executemany(_FORGET, [(one.cap_identifier, one.form) for one in over])

    def marks(self) -> dict[str, int]:
        """Return up to when each recipient's messages are queued, ns UTC of their decision."""
        return dict(self._select("select name, upto_ns from recipient order by name"))

    def pending(self) -> list[Letter]:
        """Return all letters that wait, in the order in which they were queued."""
        return [Letter(*row) for row in self._select(_PENDING)]

    def newest(self, limit: int, undelivered: bool = False) -> Deliveries:
        """Return the newest rows, newest first."""
        return _table(self._select(_query(undelivered, "desc"), (limit,)))

    def counts(self) -> dict[tuple[str, DeliveryStatus], int]:
        """Return how many rows each recipient has of each status."""
        query = "select recipient, status, count(*) from delivery group by 1, 2 order by 1, 2"
        return {(name, DeliveryStatus(s)): count for name, s, count in self._select(query)}

    def close(self) -> None:
        """Finish the file; harmless when repeated."""
        with self._lock:
            self._connection.close()

    def _select(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return list(self._connection.execute(query, tuple(values)))

    @contextmanager
    def _transaction(self) -> Iterator[apsw.Connection]:
        with self._lock:
            try:
                self._connection.execute("begin immediate")
                yield self._connection
                self._connection.execute("commit")
            except (apsw.Error, OSError) as error:
                with suppress(apsw.Error):
                    self._connection.execute("rollback")
                raise LedgerError(f"the delivery ledger cannot be written ({error})") from error


def read_deliveries(folder: Path, undelivered: bool = False) -> Deliveries:
    """Return a record's ledger, in the order in which messages were queued.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    path = folder / LEDGER
    if not path.is_file():
        mend = "name the record of a run whose site has a [[delivery]]"
        raise InputError(folder, "holds no delivery ledger", mend)
    try:
        connection = apsw.Connection(str(path), apsw.SQLITE_OPEN_READWRITE)
        try:
            connection.set_busy_timeout(5_000)
            _check_format(connection, path)
            return _table(list(connection.execute(_query(undelivered, "asc"), (-1,))))
        finally:
            connection.close()
    except apsw.Error as error:
        raise InputError(path, f"cannot be read ({error})", "restore it from a copy") from error


def _query(undelivered: bool, order: str) -> str:
    chosen = f"where status in ({', '.join(str(int(s)) for s in UNDELIVERED)})"
    names = ", ".join(_COLUMNS)
    return (
        f"select {names} from delivery {chosen if undelivered else ''} order by seq {order} limit ?"
    )


def _table(rows: Sequence[tuple[Any, ...]]) -> Deliveries:
    columns = zip(*rows, strict=True) if rows else [()] * len(_COLUMNS)
    return Deliveries.build(len(rows), **dict(zip(_COLUMNS, map(list, columns), strict=True)))


def _queued(letter: Letter) -> tuple[Any, ...]:
    return (
        letter.decided_at_ns,
        letter.queued_at_ns,
        letter.cap_identifier,
        letter.warning_id,
        letter.zone_id,
        letter.action,
        letter.stage,
        letter.recipient,
        letter.form,
    )


def _settled(attempt: Attempt) -> tuple[Any, ...]:
    times = (attempt.sent_at_ns, attempt.acknowledged_at_ns)
    return (
        int(attempt.status),
        attempt.attempts,
        *times,
        attempt.error or None,
        *attempt.letter.key,
    )


def _check_format(connection: apsw.Connection, path: object) -> None:
    found = dict(connection.execute("select key, value from meta")).get("format")
    if found != FORMAT:
        raise InputError(path, f"has format {found}", f"this program reads format {FORMAT}")
