"""The journal's readers: in order across segments, while a writer is live."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw

from tocsin.contract import InputError
from tocsin.record import segment
from tocsin.record.segment import Entry, Row

# A reader never holds a snapshot while its caller works: that would keep the WAL from shrinking.
_ROWS_AT_ONCE = 64


def read_journal(
    folder: Path, streams: Sequence[str] | None = None, after_seq: int = 0
) -> Iterator[Entry]:
    """Yield the entries of a record folder in order, to the last one committed when it gets there.

    Args:
        folder: record folder.
        streams: names of the streams wanted, None for all.
        after_seq: entries up to this sequence number are left out.

    Raises:
        InputError: no journal there, or a segment that is damaged.
    """
    paths = _existing(folder)
    while paths:
        for path in paths:
            for entry in _read(path, streams, after_seq):
                after_seq = entry.seq
                yield entry
        # A writer may have filled the last segment after it was read, and begun another one.
        later = [path for path in segment.segments(folder) if path >= paths[-1]]
        paths = later if len(later) > 1 else []


def digest(folder: Path, stream: str) -> str:
    """Return the SHA-256 of a stream: of each batch its time, its length and its bytes.

    Raises:
        InputError: no journal there, or a segment that is damaged.
    """
    total = hashlib.sha256()
    for entry in read_journal(folder, (stream,)):
        total.update(entry.at_ns.to_bytes(8, "little", signed=True))
        total.update(len(entry.blob).to_bytes(8, "little"))
        total.update(entry.blob)
    return total.hexdigest()


def read_meta(folder: Path) -> dict[str, str]:
    """Return the facts that the last segment carries.

    Raises:
        InputError: no journal there.
    """
    path = _existing(folder)[-1]
    connection = segment.open_for_reading(path)
    try:
        return segment.facts(connection, path)
    finally:
        connection.close()


def read_metas(folder: Path) -> list[tuple[int, dict[str, str]]]:
    """Return the facts that each segment carries, with the sequence number that it starts at.

    Raises:
        InputError: no journal there.
    """
    metas = []
    for path in _existing(folder):
        connection = segment.open_for_reading(path)
        try:
            facts = segment.facts(connection, path)
        finally:
            connection.close()
        metas.append((int(facts["first_seq"]), facts))
    return metas


def newest(folder: Path, stream: str) -> Entry | None:
    """Return the last entry of a stream, reading no other one; None: there is none.

    Raises:
        InputError: no journal there, or a segment that is damaged.
    """
    query = "select * from entry where stream = ? order by seq desc limit 1"
    for path in reversed(_existing(folder)):
        connection = segment.open_for_reading(path)
        try:
            for values in segment.select(connection, query, (stream,)):
                return Row(*values).entry()
        except (apsw.Error, ValueError) as error:
            raise InputError(
                path, f"is damaged ({error})", "see `check`, restore a copy"
            ) from error
        finally:
            connection.close()
    return None


def check(folder: Path) -> list[str]:
    """Return what is wrong with a journal, one line each: structure, gaps, checksums.

    Raises:
        InputError: no journal there.
    """
    problems: list[str] = []
    expected = 1
    for path in _existing(folder):
        try:
            connection = segment.open_for_reading(path)
        except InputError as error:
            problems.append(str(error))
            continue
        try:
            found, expected = _check_segment(connection, path, expected)
        finally:
            connection.close()
        problems += found
    return problems


def _check_segment(connection: apsw.Connection, path: Path, expected: int) -> tuple[list[str], int]:
    problems = []
    try:
        lines = [line for (line,) in segment.select(connection, "pragma integrity_check")]
        problems += [f"{path}: {line}" for line in lines if line != "ok"]
        first = int(segment.facts(connection, path)["first_seq"])
        if first != expected:
            problems.append(f"{path}: starts at batch {first}, expected {expected}")
        expected = first
        for row in _rows(connection, None, 0):
            problems += [f"{path}: {line}" for line in _faults(row, expected)]
            expected = row.seq + 1
    except apsw.Error as error:
        problems.append(f"{path}: {error}")
    return problems, expected


def _faults(row: Row, expected: int) -> list[str]:
    faults = [] if row.seq == expected else [f"batches {expected} to {row.seq - 1} are missing"]
    try:
        row.entry()
    except ValueError as error:
        faults.append(str(error))
    return faults


def _existing(folder: Path) -> list[Path]:
    paths = segment.segments(folder)
    if not paths:
        raise InputError(folder, "holds no journal", "name a record folder")
    return paths


def _read(path: Path, streams: Sequence[str] | None, after_seq: int) -> Iterator[Entry]:
    connection = segment.open_for_reading(path)
    try:
        for row in _rows(connection, streams, after_seq):
            yield row.entry()
    except (apsw.Error, ValueError) as error:
        raise InputError(path, f"is damaged ({error})", "see `check`, restore a copy") from error
    finally:
        connection.close()


def _rows(
    connection: apsw.Connection, streams: Sequence[str] | None, after_seq: int
) -> Iterator[Row]:
    wanted = tuple(streams or ())
    chosen = "" if streams is None else f"and stream in ({','.join('?' * len(wanted))})"
    query = f"select * from entry where seq > ? {chosen} order by seq limit {_ROWS_AT_ONCE}"
    while rows := segment.select(connection, query, (after_seq, *wanted)):
        after_seq = rows[-1][0]
        yield from (Row(*values) for values in rows)
