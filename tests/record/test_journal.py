"""The journal gives back what was committed: across segments, re-openings and live readers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.contract import InputError, Reports, from_ipc
from tocsin.record import Batch, Journal, JournalError, check, digest, read_journal, read_meta

NOBODY = 65534
batches = st.builds(
    Batch,
    st.sampled_from(("frames", "tick", "tracks")),
    st.integers(-(2**63), 2**63 - 1),
    st.one_of(st.binary(max_size=200), st.binary(min_size=1, max_size=9).map(lambda b: b * 9000)),
    st.integers(0, 2**40),
)


def contents(folder: Path, *streams: str) -> list[Batch]:
    entries = list(read_journal(folder, streams or None))
    return [Batch(e.stream, e.at_ns, e.blob, e.rows) for e in entries]


@settings(max_examples=25)
@given(st.lists(st.lists(st.lists(batches, max_size=4), max_size=5), min_size=1, max_size=3))
def test_what_was_committed_is_read(sessions: list[list[list[Batch]]]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for session in sessions:
            with Journal.open(folder, segment_bytes=20_000, segment_ns=2**62) as journal:
                for group in session:
                    journal.commit(group)
        expected = [batch for session in sessions for group in session for batch in group]
        assert contents(folder) == expected
        assert [e.seq for e in read_journal(folder)] == [*range(1, len(expected) + 1)]
        assert contents(folder, "tick") == [b for b in expected if b.stream == "tick"]
        assert check(folder) == []


def test_a_table_comes_back(tmp_path: Path) -> None:
    table = Reports.build(3, measured_at_ns=[1, 2, 3], sensor_id="r", range_m=[1.0, np.nan, 3.0])
    with Journal.open(tmp_path) as journal:
        journal.commit([Batch.of("reports", 7, table)])
    (entry,) = read_journal(tmp_path)
    assert (entry.stream, entry.at_ns, entry.rows) == ("reports", 7, 3)
    assert from_ipc(Reports, entry.blob).rows()[2]["range_m"] == 3.0


def test_segments_start_by_size_and_by_time(tmp_path: Path) -> None:
    with Journal.open(tmp_path, segment_bytes=1000, segment_ns=100) as journal:
        for at_ns, blob in (
            (0, b"a"),
            (99, os.urandom(1000)),
            (99, b"c"),
            (198, b"d"),
            (199, b"e"),
        ):
            journal.commit([("tick", at_ns, blob)])
    files = sorted(p.name for p in tmp_path.iterdir())
    assert files == [f"journal-{k:06d}.sqlite" for k in (1, 2, 3)] + ["writer.lock"]
    assert [e.at_ns for e in read_journal(tmp_path)] == [0, 99, 99, 198, 199]


def test_reader_follows_a_live_writer_across_segments(tmp_path: Path) -> None:
    with Journal.open(tmp_path, segment_bytes=2000) as journal:
        journal.commit([("tick", 0, b"x")])
        reader = read_journal(tmp_path)
        seen = [next(reader).seq]
        for k in range(200):
            journal.commit([("tick", k, os.urandom(100))])
        seen += [entry.seq for entry in reader]
        assert seen == [*range(1, 202)]
        assert [e.seq for e in read_journal(tmp_path, after_seq=199)] == [200, 201]


def test_meta_is_kept_and_new_facts_start_a_segment(tmp_path: Path) -> None:
    for site in ("one", "one", "two"):
        with Journal.open(tmp_path, {"site": site, "code": "0.1"}) as journal:
            journal.commit([("tick", 0, site.encode())])
    assert read_meta(tmp_path) == {"site": "two", "code": "0.1", "format": "1", "first_seq": "3"}
    assert len(list(tmp_path.glob("*.sqlite"))) == 2
    assert [e.blob for e in read_journal(tmp_path)] == [b"one", b"one", b"two"]


def test_an_empty_last_segment_goes_on_counting(tmp_path: Path) -> None:
    with Journal.open(tmp_path, {"site": "one"}) as journal:
        journal.commit([("tick", 0, b"a"), ("tick", 0, b"b")])
    Journal.open(tmp_path, {"site": "two"}).close()
    with Journal.open(tmp_path, {"site": "two"}) as journal:
        assert journal.last_seq == 2
        assert journal.commit([("tick", 0, b"c")]) == 3
    assert check(tmp_path) == []


def test_digest_is_over_time_length_and_bytes(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        journal.commit([("tracks", 5, b"abc"), ("tick", 6, b"no"), ("tracks", -1, b"")])
    le = (5).to_bytes(8, "little") + (3).to_bytes(8, "little") + b"abc"
    le += b"\xff" * 8 + bytes(8)
    assert digest(tmp_path, "tracks") == sha256(le).hexdigest()
    assert digest(tmp_path, "notices") == sha256(b"").hexdigest()


def test_each_commit_is_synced(tmp_path: Path) -> None:
    """No test can cut the power; what SQLite promises at FULL is what is relied on."""
    with Journal.open(tmp_path) as journal:
        assert journal._open is not None
        connection = journal._open.connection
        assert connection.pragma("journal_mode") == "wal"
        assert connection.pragma("synchronous") == 2


def test_only_one_writer(tmp_path: Path) -> None:
    with Journal.open(tmp_path), pytest.raises(InputError, match="being written by another"):
        Journal.open(tmp_path)
    Journal.open(tmp_path).close()


def test_a_closed_journal_acknowledges_nothing(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.commit([("tick", 0, b"")])


@contextmanager
def as_nobody() -> Iterator[None]:
    """Drop root, to whom no folder is read-only."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_cannot_be_written() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name) / "record"
        with Journal.open(folder) as journal:
            journal.commit([("tick", 1, b"x")])
        for path in (Path(name), folder, *folder.iterdir()):
            path.chmod(0o555)
        with as_nobody():
            with pytest.raises(InputError, match=r"cannot hold a journal .*name a folder"):
                Journal.open(folder)
            with pytest.raises(InputError, match="cannot hold a journal"):
                Journal.open(Path(name) / "other")
            assert [e.blob for e in read_journal(folder)] == [b"x"]
        for path in (Path(name), folder):
            path.chmod(0o700)


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    with pytest.raises(InputError, match="cannot hold a journal"):
        Journal.open(tmp_path / "f")


def test_a_full_disk_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.record.journal.MINIMUM_FREE_BYTES", 2**62)
    with pytest.raises(InputError, match="full; free at least"):
        Journal.open(tmp_path)
    monkeypatch.undo()
    Journal.open(tmp_path).close()


def test_a_full_disk_acknowledges_nothing_and_recovers(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal.commit([("tick", 1, b"kept")])
    assert journal._open is not None
    connection = journal._open.connection
    pages = connection.pragma("max_page_count")
    connection.pragma("max_page_count", connection.pragma("page_count"))
    with pytest.raises(JournalError, match="full"):
        journal.commit([("tick", 2, b"small"), ("tick", 3, os.urandom(100_000))])
    assert journal.last_seq == 1
    assert [e.blob for e in read_journal(tmp_path)] == [b"kept"]
    connection.pragma("max_page_count", pages)
    assert journal.commit([("tick", 4, b"room again")]) == 2
    journal.close()
    assert [e.blob for e in read_journal(tmp_path)] == [b"kept", b"room again"]


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        journal.commit([("tick", 1, os.urandom(20_000))])
    (path,) = tmp_path.glob("*.sqlite")
    data = bytearray(path.read_bytes())
    data[-5000] ^= 1
    path.write_bytes(data)
    assert [p for p in check(tmp_path) if "batch 1 has a wrong checksum" in p]
    with pytest.raises(InputError, match=r"is damaged .*checksum"):
        list(read_journal(tmp_path))


def test_a_lost_segment_is_found(tmp_path: Path) -> None:
    with Journal.open(tmp_path, segment_bytes=1) as journal:
        for k in range(3):
            journal.commit([("tick", k, b"x")])
    (tmp_path / "journal-000002.sqlite").unlink()
    (problem,) = check(tmp_path)
    assert problem.endswith("journal-000003.sqlite: starts at batch 3, expected 2")


def test_what_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no journal"):
        list(read_journal(tmp_path))
    path = tmp_path / "journal-000001.sqlite"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(InputError, match="is no readable journal segment"):
        list(read_journal(tmp_path))
    with pytest.raises(InputError, match="cannot hold a journal"):
        Journal.open(tmp_path)
    assert len(check(tmp_path)) == 1


def test_another_format_is_refused(tmp_path: Path) -> None:
    Journal.open(tmp_path).close()
    connection = apsw.Connection(str(tmp_path / "journal-000001.sqlite"))
    connection.execute("update meta set value = '2' where key = 'format'")
    connection.close()
    with pytest.raises(InputError, match="has format 2; this program reads format 1"):
        list(read_journal(tmp_path))
    with pytest.raises(InputError, match="has format 2; this program writes format 1"):
        Journal.open(tmp_path)
