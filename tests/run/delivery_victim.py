"""A run in small, to be killed: it commits a warning, tells it, and goes on with the next.

Usage: delivery_victim.py RECORD URL COUNT. Ends when COUNT warnings are recorded and delivered.
"""

import asyncio
import sys
import time
from pathlib import Path

from tests.run.told import Telling, rows
from tocsin.contract import Action, DeliveryStatus, Warnings, from_ipc
from tocsin.record import Batch, Journal, read_deliveries, read_journal


def recorded(folder: Path) -> Warnings:
    """Return all warnings that the journal has."""
    entries = read_journal(folder, ("warnings",))
    return Warnings.concat([from_ipc(Warnings, entry.blob) for entry in entries])


def message(k: int) -> Warnings:
    """Return the k-th message: each warning has three."""
    whole = rows(f"w{k // 3}", [Action.ISSUE, Action.UPDATE, Action.CLEAR])
    return whole.take(slice(k % 3, k % 3 + 1)).replace(zone_id=["north"])


async def work(folder: Path, url: str, count: int) -> None:
    """Go on where the record ends."""
    journal = Journal.open(folder)
    before = recorded(folder)
    section = {"name": "r", "kind": "webhook", "url": url, "retry_most_s": 0.1}
    telling = Telling(folder, section)
    telling.recall(before, time.time_ns())
    async with telling.dispatch.running():
        for k in range(len(before), count):
            now_ns = time.time_ns()
            warnings = message(k).replace(decided_at_ns=now_ns)
            journal.commit([Batch.of("warnings", now_ns, warnings)])
            telling.tell(warnings)
            await asyncio.sleep(0.02)
        while not _all_told(folder, count):
            await asyncio.sleep(0.2)
    journal.close()


def _all_told(folder: Path, count: int) -> bool:
    table = read_deliveries(folder)
    return len(table) == count and bool((table.status == DeliveryStatus.DELIVERED).all())


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
