"""Write batches until killed; print the last sequence number after each commit.

Run as `python writer.py FOLDER`; batch `seq` holds what `payload(seq)` gives.
"""

import sys
from hashlib import shake_256
from pathlib import Path

from tocsin.record import Batch, Journal


def payload(seq: int) -> bytes:
    """Give bytes that depend on the sequence number alone, some long, some short."""
    return shake_256(str(seq).encode()).digest(32 * (seq * 97 % 700))


def main(folder: Path) -> None:
    """Commit one to three batches at a time, small segments, forever."""
    with Journal.open(folder, segment_bytes=200_000) as journal:
        print(f"open {journal.last_seq}", flush=True)
        while True:
            first = journal.last_seq + 1
            group = range(first, first + 1 + first % 3)
            journal.commit([Batch("frames", seq * 1000, payload(seq), seq) for seq in group])
            print(f"done {journal.last_seq}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
