"""Nothing acknowledged is lost: kill -9, a torn WAL, a disk that stops taking bytes."""

import random
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.record.writer import payload
from tocsin.record import Batch, Journal, check, read_journal

WRITER = Path(__file__).with_name("writer.py")


def run_and_kill(folder: Path, after_s: float) -> int:
    """Give the last sequence number that a writer, killed after a while, had acknowledged."""
    child = subprocess.Popen([sys.executable, WRITER, folder], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    acknowledged = int(child.stdout.readline().split()[1])
    time.sleep(after_s)
    child.kill()
    for line in child.stdout.read().splitlines(keepends=True):
        if line.endswith("\n"):
            acknowledged = int(line.split()[1])
    child.stdout.close()
    child.wait()
    return acknowledged


def verify(folder: Path) -> int:
    """Give the number of batches in a journal, each of them whole and in its place."""
    count = 0
    for count, entry in enumerate(read_journal(folder), 1):
        assert (entry.seq, entry.rows, entry.blob) == (count, count, payload(count))
    return count


def test_kill_loses_nothing_acknowledged(tmp_path: Path) -> None:
    moments = random.Random(4)
    for _ in range(10):
        acknowledged = run_and_kill(tmp_path, moments.uniform(0.0, 0.15))
        found = verify(tmp_path)
        assert acknowledged <= found <= acknowledged + 3
    assert check(tmp_path) == []
    assert found > 30
    assert len(list(tmp_path.glob("*.sqlite"))) > 1


def test_another_process_reads_while_the_writer_writes(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, WRITER, tmp_path], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        acknowledged = 0
        for _ in range(8):
            for _ in range(5):
                acknowledged = int(child.stdout.readline().split()[1])
            assert verify(tmp_path) >= acknowledged
        assert acknowledged > 30
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a record folder as a kill leaves it: a segment and its WAL with 12 transactions."""
    live, copy = tmp_path_factory.mktemp("live"), tmp_path_factory.mktemp("copy")
    with Journal.open(live) as journal:
        for seq in range(1, 13):
            journal.commit([Batch("frames", seq, payload(seq), seq)])
        for path in live.glob("*.sqlite*"):
            if not path.name.endswith("-shm"):
                shutil.copy(path, copy)
    assert (copy / "journal-000001.sqlite-wal").stat().st_size > 100_000
    return copy


@pytest.mark.parametrize("share", [0.0, 0.1, 0.33, 0.5, 0.9, 0.999, 1.0])
@pytest.mark.parametrize("damage", ["cut", "flip"])
def test_a_torn_wal_gives_what_stands_before_the_tear(
    crashed: Path, tmp_path: Path, share: float, damage: str
) -> None:
    folder = shutil.copytree(crashed, tmp_path / "record")
    wal = folder / "journal-000001.sqlite-wal"
    data = bytearray(wal.read_bytes())
    place = min(int(len(data) * share), len(data) - 1)
    if damage == "cut":
        data = data[:place]
    else:
        data[place] ^= 0x55
    wal.write_bytes(data)
    before = verify(folder)
    assert before <= 12
    assert (before == 0) == (share == 0.0)
    with Journal.open(folder) as journal:
        assert journal.last_seq == before
        journal.commit([Batch("frames", 0, payload(before + 1), before + 1)])
    assert verify(folder) == before + 1
    assert check(folder) == []


LIMITED = """
import sys, os
from pathlib import Path
from tocsin.record import Journal, JournalError
journal = Journal.open(Path(sys.argv[1]))
try:
    while True:
        journal.commit([("frames", 0, os.urandom(50_000))])
        print(journal.last_seq, flush=True)
except JournalError as error:
    print(error, file=sys.stderr)
try:
    journal.commit([("frames", 0, b"once more")])
except JournalError as error:
    print(error, file=sys.stderr)
    sys.exit(7)
"""


def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    """A file-size limit makes real writes fail; what was acknowledged before is there."""
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 7, run.stderr
    assert "not durable" in run.stderr
    assert "an earlier write failed" in run.stderr
    acknowledged = int(run.stdout.split()[-1])
    found = [entry.seq for entry in read_journal(tmp_path)]
    assert found == [*range(1, acknowledged + 1)]
    assert check(tmp_path) == []
