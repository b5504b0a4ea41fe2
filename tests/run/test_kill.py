"""kill -9 at random moments: what anybody was shown is in the journal, and the run goes on."""

import random
import time
from pathlib import Path

from tests.run.feeds import TcpReplay
from tests.run.live import LiveRun
from tocsin.contract import NS, Frames, Tracks, from_ipc
from tocsin.decode import beast, encode_position
from tocsin.record import check, digest, read_journal
from tocsin.run.recording import OUTPUTS, Digests, Player, recorded_ticks

KILLS = 10
ADDRESSES = (0x4B1234, 0x4B5678)


def flight(seconds: float) -> bytes:
    """Return Beast frames of two aircraft, two positions a second each."""
    messages, counters = [], []
    for half in range(int(seconds * 2)):
        for k, address in enumerate(ADDRESSES):
            east = 8.5 + 0.1 * k + half * 0.0012
            messages.append(encode_position(address, 47.3 + 0.1 * k, east, 9000.0, half % 2 == 1))
            counters.append(half * 6_000_000)
    return beast.encode(messages, counters)


def shown_ns(run: LiveRun) -> int:
    """Return the instant of the picture that the interface shows now."""
    at = run.get("/api/v1/tracks")["at"]
    return round(time.mktime(time.strptime(at[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone) * NS


def test_nothing_shown_is_lost_by_kill_9(tmp_path: Path) -> None:
    data = flight(600.0)
    feed = TcpReplay(data, piece=92, pause_s=0.25)
    record, chance = tmp_path / "record", random.Random(9)
    arguments = ("--input", f"tcp://127.0.0.1:{feed.port}", "--origin", "47.3,8.5")
    shown: list[int] = []
    try:
        for _ in range(KILLS):
            run = LiveRun(*arguments, "--record", record)
            run.until(lambda run=run: run.get("/api/v1/summary")["plots"] > 0)
            time.sleep(chance.uniform(0.0, 1.2))
            shown.append(shown_ns(run))
            run.kill()
    finally:
        feed.close()
    assert check(record) == []
    tracks = {e.at_ns // NS for e in read_journal(record, ("tracks",))}
    assert {at // NS for at in shown} <= tracks
    instants = [e.at_ns for e in read_journal(record, ("tick",))]
    assert instants == sorted(instants)
    assert len(set(shown)) == KILLS
    received = [from_ipc(Frames, e.blob) for e in read_journal(record, ("frames",))]
    assert sum(len(f) for f in received) > KILLS
    last = [e for e in read_journal(record, ("tracks",)) if e.rows][-1]
    assert set(from_ipc(Tracks, last.blob).mode_s.tolist()) <= set(ADDRESSES)
    assert replayed(record) == {name: digest(record, name) for name in OUTPUTS}


def replayed(record: Path) -> dict[str, str]:
    """Return the hashes of what the record's ticks give again; the last may lack its outputs."""
    player, digests = Player(record), Digests()
    for tick in recorded_ticks(record):
        out = player.tick(tick)
        if tick.complete:
            digests.add(out)
    return digests.hex()
