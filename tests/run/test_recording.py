"""Recorded ticks: each holds its own inputs and nobody else's."""

from pathlib import Path

from tocsin.contract import NS, Frames, OperatorActions
from tocsin.record import Batch, Journal
from tocsin.run.recording import Recording, recorded_ticks


def test_a_silent_tick_does_not_get_the_frames_before_it(tmp_path: Path) -> None:
    frames = Frames.build(1, received_at_ns=[NS], source_id=["a"], payload=[b"heard once"])
    actions = OperatorActions.build(1, received_at_ns=NS, author=["me"], verb=["clock"])
    with Journal.open(tmp_path) as journal:
        recording = Recording(journal)
        recording.inputs(frames, actions, NS)
        journal.commit([Batch("tracks", NS, b"", 0)])
        recording.inputs(Frames.empty(), OperatorActions.empty(), 2 * NS)
    first, second = recorded_ticks(tmp_path)
    assert first.frames.payload.tolist() == [b"heard once"]
    assert (len(first.actions), first.complete) == (1, True)
    assert (second.now_ns, len(second.frames), len(second.actions)) == (2 * NS, 0, 0)
    assert not second.complete
