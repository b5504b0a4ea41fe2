"""One file of the journal: a SQLite database in WAL mode, one row per batch.

A record folder holds `journal-000001.sqlite`, `journal-000002.sqlite` and so on; `seq` counts
through all of them without a gap. Finished segments are plain databases without a WAL.

Source: https://www.sqlite.org/wal.html; https://www.sqlite.org/pragma.html#pragma_synchronous
(FULL: the WAL is synced at each COMMIT).
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import apsw
import pyarrow as pa

from tocsin.contract import InputError, Table, to_ipc

FORMAT = "1"
INPUT_STREAMS = ("frames", "tick", "operator_actions")
"""What a replay needs."""
OUTPUT_STREAMS = (
    "reports",
    "looks",
    "plots",
    "track_updates",
    "tracks",
    "warnings",
    "notices",
    "faults",
)
"""What a replay must give again."""

# Measured on batches of 1k reports (215 kB of Arrow IPC): LZ4 takes 0.04 ms and leaves 57 kB, zstd
# level 1 takes 0.13 ms and leaves 49 kB. Pages of 16 kB commit 1.4 times as fast as 4 kB ones, and
# a checkpoint each 4 MB keeps the 99th percentile of a commit low.
_CODEC = pa.Codec("lz4_raw")
_PAGE_BYTES = 16_384
_CHECKPOINT_PAGES = 250

_SCHEMA = """
create table meta(key text primary key, value text not null) strict;
create table entry(
    seq integer primary key,   -- counts through all segments
    stream text not null,
    at_ns integer not null,    -- scenario or wall time, ns UTC
    rows integer not null,     -- table rows in the batch
    size integer not null,     -- bytes of the batch; blob is LZ4 where it is shorter
    crc32 integer not null,    -- of the batch
    blob blob not null
) strict;
"""


class Batch(NamedTuple):
    """Hold what is to be journalled: a stream's name, its time, its bytes."""

    stream: str
    at_ns: int
    blob: bytes
    rows: int = 0

    @classmethod
    def of(cls, stream: str, at_ns: int, table: Table) -> Self:
        """Return a table as a batch of Arrow IPC bytes."""
        return cls(stream, at_ns, to_ipc(table), len(table))


class Entry(NamedTuple):
    """Hold one batch as it stands in the journal."""

    seq: int
    stream: str
    at_ns: int
    rows: int
    blob: bytes


class Row(NamedTuple):
    """Hold one row of the table `entry`."""

    seq: int
    stream: str
    at_ns: int
    rows: int
    size: int
    crc32: int
    blob: bytes

    @classmethod
    def of(cls, seq: int, batch: Batch) -> Self:
        """Return a batch as it is stored."""
        short = _CODEC.compress(batch.blob, asbytes=True) if batch.blob else b""
        stored = short if len(short) < len(batch.blob) else batch.blob
        size, crc = len(batch.blob), zlib.crc32(batch.blob)
        return cls(seq, batch.stream, batch.at_ns, batch.rows, size, crc, stored)

    def entry(self) -> Entry:
        """Return the batch that was stored.

        Raises:
            ValueError: the bytes are not those that were committed.
        """
        blob = self.blob
        if len(blob) != self.size:
            try:
                blob = _CODEC.decompress(blob, self.size, asbytes=True)
            except (pa.ArrowException, OSError) as error:
                raise ValueError(f"batch {self.seq} cannot be unpacked") from error
        if zlib.crc32(blob) != self.crc32:
            raise ValueError(f"batch {self.seq} has a wrong checksum")
        return Entry(self.seq, self.stream, self.at_ns, self.rows, blob)


def segments(folder: Path) -> list[Path]:
    """Return a record folder's segments, oldest first."""
    return sorted(folder.glob("journal-[0-9][0-9][0-9][0-9][0-9][0-9].sqlite"))


def create(folder: Path, number: int, first_seq: int, meta: Mapping[str, str]) -> Path:
    """Make an empty segment; it appears under its name only when it is whole.

    Raises:
        apsw.Error, OSError: the folder cannot be written.
    """
    path = folder / f"journal-{number:06d}.sqlite"
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    connection = apsw.Connection(str(draft))
    try:
        connection.pragma("page_size", _PAGE_BYTES)
        connection.execute(_SCHEMA)
        facts = {**meta, "format": FORMAT, "first_seq": str(first_seq)}
        connection.executemany("insert into meta values(?, ?)", list(facts.items()))
    finally:
        connection.close()
    draft.rename(path)
    sync_folder(folder)
    return path


def sync_folder(folder: Path) -> None:
    """Make new and renamed files of a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_for_writing(path: Path) -> apsw.Connection:
    """Open a segment in WAL mode; what a killed writer had committed is recovered here.

    Raises:
        apsw.Error: the segment cannot be opened or written.
    """
    connection = apsw.Connection(str(path), apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(5_000)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.pragma("wal_autocheckpoint", _CHECKPOINT_PAGES)
    return connection


def open_for_reading(path: Path) -> apsw.Connection:
    """Open a segment beside its writer, after a crash, or on read-only media.

    Raises:
        InputError: it is no segment of a journal that this program reads.
    """
    connection = _first_that_opens(path)
    found = facts(connection, path).get("format")
    if found != FORMAT:
        connection.close()
        raise InputError(path, f"has format {found}", f"this program reads format {FORMAT}")
    return connection


def _first_that_opens(path: Path) -> apsw.Connection:
    plain = f"file:{_quoted(path)}"
    # A reader alone in a folder that it may not write cannot make the WAL's index; a segment
    # without a WAL needs none.
    tries = [f"{plain}?mode=ro", f"{plain}?mode=rw"]
    if not path.with_name(path.name + "-wal").exists():
        tries.append(f"{plain}?mode=ro&immutable=1")
    for uri in tries:
        connection = None
        try:
            flags = apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_READWRITE
            connection = apsw.Connection(uri, flags)
            connection.set_busy_timeout(5_000)
            connection.execute("select count(*) from meta").fetchall()
            return connection
        except apsw.Error as error:
            if connection is not None:
                connection.close()
            reason = error
    raise InputError(path, f"is no readable journal segment ({reason})", "restore it from a copy")


def _quoted(path: Path) -> str:
    return path.absolute().as_uri().removeprefix("file://")


def facts(connection: apsw.Connection, path: Path) -> dict[str, str]:
    """Return a segment's meta table.

    Raises:
        InputError: it has none.
    """
    try:
        return dict(select(connection, "select key, value from meta order by key"))
    except apsw.Error as error:
        what = f"is no journal segment ({error})"
        raise InputError(path, what, "name a record folder") from error


def select(
    connection: apsw.Connection, query: str, values: Sequence[str | int] = ()
) -> list[tuple[Any, ...]]:
    """Return all rows of a query; the tables are STRICT, so their types are the declared ones."""
    return list(connection.execute(query, tuple(values)))
