"""Measure the journal: plots per second, durable, in batches of 1,000; how fast it reopens.

Run as `python bench/record.py [BATCHES] [FOLDER]`; prints one JSON document.
"""

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tocsin.contract import Reports
from tocsin.record import Batch, Journal, read_journal

ROWS = 1_000


def polar_reports(count: int) -> Reports:
    """Make radar reports with spread digits, which compress no better than real ones."""
    spread = np.modf(np.outer(np.sqrt([2.0, 3.0, 5.0, 7.0, 11.0]), np.arange(count)))[0]
    return Reports.build(
        count,
        measured_at_ns=np.arange(count) * 4 * 10**6,
        received_at_ns=4 * 10**9,
        sensor_id="radar-1",
        sequence=np.arange(count),
        range_m=1e3 + 2e5 * spread[0],
        azimuth_rad=2.0 * np.pi * spread[1],
        elevation_rad=0.5 * spread[2],
        range_rate_mps=400.0 * spread[3] - 200.0,
        snr_db=5.0 + 35.0 * spread[4],
    )


def measure(folder: Path, count: int) -> dict[str, float]:
    """Return the figures of `count` commits of one batch each."""
    batches = [Batch.of("reports", k, polar_reports(ROWS)) for k in range(4)]
    took_s = []
    with Journal.open(folder) as journal:
        for k in range(count):
            start = time.perf_counter()
            journal.commit([batches[k % 4]])
            took_s.append(time.perf_counter() - start)
    start = time.perf_counter()
    read = sum(entry.rows for entry in read_journal(folder))
    read_s = time.perf_counter() - start
    start = time.perf_counter()
    Journal.open(folder).close()
    return {
        "rows_per_batch": ROWS,
        "bytes_per_batch": len(batches[0].blob),
        "stored_bytes_per_batch": sum(p.stat().st_size for p in folder.glob("*.sqlite*")) / count,
        "durable_plots_per_s": ROWS * count / sum(took_s),
        "commit_p50_ms": float(np.quantile(took_s, 0.5) * 1e3),
        "commit_p99_ms": float(np.quantile(took_s, 0.99) * 1e3),
        "read_plots_per_s": read / read_s,
        "reopen_s": time.perf_counter() - start,
    }


if __name__ == "__main__":
    batch_count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    parent = sys.argv[2] if len(sys.argv) > 2 else None
    with TemporaryDirectory(dir=parent) as name:
        print(json.dumps(measure(Path(name), batch_count), indent=1))
