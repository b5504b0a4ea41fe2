"""kill -9 between the commit and the sending: everything is told, again under the same key."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.run.delivery_victim import message, recorded
from tests.run.receiver import Receiver
from tests.support import ROOT
from tocsin.contract import DeliveryStatus
from tocsin.record import read_deliveries

KILLS, COUNT = 4, 150


def start(record: Path, url: str) -> "subprocess.Popen[bytes]":
    """Run the victim."""
    command = [sys.executable, "-m", "tests.run.delivery_victim", record, url, str(COUNT)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


def test_nothing_committed_goes_untold_by_kill_9(tmp_path: Path) -> None:
    chance = random.Random(5)
    # Now and then it says no to what it took, as one does whose own database failed.
    receiver = Receiver(lambda told, before: 500 if chance.random() < 0.2 else 204)
    try:
        for _ in range(KILLS):
            told, process = len(receiver.told), start(tmp_path, receiver.url)
            end = time.monotonic() + 60
            while len(receiver.told) == told:
                assert process.poll() is None, process.communicate()[1].decode()[-2000:]
                assert time.monotonic() < end
                time.sleep(0.01)
            time.sleep(chance.uniform(0.0, 0.5))
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        process = start(tmp_path, receiver.url)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()[-2000:]
    finally:
        receiver.close()
    committed = recorded(tmp_path).cap_identifier.tolist()
    assert committed == [str(message(k).cap_identifier[0]) for k in range(COUNT)]
    assert sorted(set(receiver.keys())) == sorted(committed)
    bodies = {(one.key, one.body) for one in receiver.told}
    assert len(bodies) == COUNT  # what came twice came as it was
    ledger = read_deliveries(tmp_path)
    assert ledger.cap_identifier.tolist() == committed
    assert set(ledger.status.tolist()) == {DeliveryStatus.DELIVERED}
    assert (ledger.acknowledged_at_ns > 0).all()
