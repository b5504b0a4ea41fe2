"""The journal's writer: a batch is acknowledged when `commit` has returned."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from tocsin.contract import InputError
from tocsin.record import segment
from tocsin.record.segment import Batch, Row

SEGMENT_BYTES = 256 * 1024 * 1024
SEGMENT_NS = 3_600 * 1_000_000_000
MINIMUM_FREE_BYTES = 64 * 1024 * 1024
_INSERT = "insert into entry values(?, ?, ?, ?, ?, ?, ?)"


class JournalError(RuntimeError):
    """Report that a batch could not be made durable; it is not acknowledged."""


@dataclass
class _Open:
    """Hold the segment being written."""

    path: Path
    connection: apsw.Connection
    stored_bytes: int
    first_at_ns: int | None


class Journal:
    """Write batches durably, in one order, as the only writer of a folder."""

    def __init__(
        self,
        folder: Path,
        meta: Mapping[str, str],
        segment_bytes: int,
        segment_ns: int,
    ) -> None:
        """Hold the settings; use `Journal.open`."""
        self._folder, self._meta = folder, dict(meta)
        self._segment_bytes, self._segment_ns = segment_bytes, segment_ns
        self._lock = -1
        self._broken = ""
        self._last_seq = 0
        self._open: _Open | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        meta: Mapping[str, str] | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        segment_ns: int = SEGMENT_NS,
    ) -> Self:
        """Open or continue the journal in a folder, which is made where absent.

        Args:
            folder: record folder.
            meta: facts that each segment carries: site configuration text, code version, lock
                hash; other facts than the last segment's start a new segment.
            segment_bytes: stored bytes after which a new segment starts.
            segment_ns: time between the first and the last batch of a segment.

        Raises:
            InputError: the folder cannot be written, is full, is damaged, or has a writer already.
        """
        journal = cls(folder, meta or {}, segment_bytes, segment_ns)
        try:
            journal._start()
        except (apsw.Error, OSError) as error:
            journal.close()
            mend = "name a folder on a disk that can be written and has room"
            raise InputError(folder, f"cannot hold a journal ({_plain(error)})", mend) from error
        except InputError:
            journal.close()
            raise
        return journal

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def last_seq(self) -> int:
        """Return the sequence number of the last acknowledged batch, 0 for none."""
        return self._last_seq

    @property
    def may_recover(self) -> bool:
        """Return whether a later commit may succeed: the disk was full, and nothing else."""
        return not self._broken

    def commit(self, entries: Sequence[Batch | tuple[str, int, bytes]]) -> int:
        """Make entries durable in one transaction, all or none.

        Args:
            entries: (stream, at_ns, bytes) each, in their order.

        Returns:
            The sequence number of the last one.

        Raises:
            JournalError: none of them is durable; nothing may be acknowledged.
        """
        if self._broken:
            raise JournalError(f"{self._folder}: {self._broken}; open the journal again")
        batches = [entry if isinstance(entry, Batch) else Batch(*entry) for entry in entries]
        if not batches:
            return self._last_seq
        rows = [Row.of(self._last_seq + 1 + k, batch) for k, batch in enumerate(batches)]
        try:
            target = self._segment_for(batches[0].at_ns)
            _transact(target.connection, rows)
        except (apsw.Error, OSError) as error:
            # A full disk may get room again. After any other failure, a failed fsync above all,
            # nobody knows what is on the disk until it has been opened and read again.
            if not isinstance(error, apsw.FullError):
                self._broken = f"an earlier write failed ({_plain(error)})"
            raise JournalError(f"{self._folder}: not durable ({_plain(error)})") from error
        target.stored_bytes += sum(len(row.blob) for row in rows)
        self._last_seq = rows[-1].seq
        return self._last_seq

    def close(self) -> None:
        """Finish the last segment and give the folder free; harmless when repeated."""
        self._finish()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        self._broken = self._broken or "it is closed"

    def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        if shutil.disk_usage(self._folder).free < MINIMUM_FREE_BYTES:
            least = f"free at least {MINIMUM_FREE_BYTES // 2**20} MiB or name another folder"
            raise InputError(self._folder, "is on a disk that is full", least)
        existing = segment.segments(self._folder)
        if existing:
            self._continue(existing[-1])
        else:
            self._roll()

    def _take_lock(self) -> None:
        handle = os.open(self._folder / "writer.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            mend = "stop the other program or name another folder"
            raise InputError(self._folder, "is being written by another program", mend) from error
        self._lock = handle

    def _continue(self, path: Path) -> None:
        connection = segment.open_for_writing(path)
        facts = segment.facts(connection, path)
        if facts.get("format") != segment.FORMAT:
            connection.close()
            mend = f"this program writes format {segment.FORMAT}: name another folder"
            raise InputError(path, f"has format {facts.get('format')}", mend)
        query = "select max(seq), min(at_ns), total(length(blob)) from entry"
        last, first_at, stored = segment.select(connection, query)[0]
        self._last_seq = int(last or int(facts["first_seq"]) - 1)
        self._open = _Open(path, connection, int(stored), first_at)
        if {**facts, **self._meta} != facts:
            self._roll()

    def _segment_for(self, at_ns: int) -> _Open:
        current = self._open
        if current is None or self._is_full(current, at_ns):
            current = self._roll()
        if current.first_at_ns is None:
            current.first_at_ns = at_ns
        return current

    def _is_full(self, current: _Open, at_ns: int) -> bool:
        first = at_ns if current.first_at_ns is None else current.first_at_ns
        return current.stored_bytes >= self._segment_bytes or at_ns - first >= self._segment_ns

    def _roll(self) -> _Open:
        existing = segment.segments(self._folder)
        number = int(existing[-1].stem[-6:]) + 1 if existing else 1
        path = segment.create(self._folder, number, self._last_seq + 1, self._meta)
        self._finish()
        self._open = _Open(path, segment.open_for_writing(path), 0, None)
        return self._open

    def _finish(self) -> None:
        if self._open is None:
            return
        # A reader may hold the WAL; then it stays, whole, and its last user removes it.
        with suppress(apsw.Error):
            self._open.connection.set_busy_timeout(0)
            self._open.connection.pragma("journal_mode", "delete")
        self._open.connection.close()
        self._open = None


def _transact(connection: apsw.Connection, rows: Sequence[Row]) -> None:
    connection.execute("begin immediate")
    try:
        connection.executemany(_INSERT, rows)
        connection.execute("commit")
    except BaseException:
        with suppress(apsw.Error):
            connection.execute("rollback")
        raise


def _plain(error: Exception) -> str:
    return str(error) or type(error).__name__
