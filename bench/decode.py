"""Decoding beside peers on the same bytes in the same run; prints JSON.

ASTERIX: ours goes from bytes to the table of reports; libasterix only cuts the items out. Mode S:
ours frames, decodes, resolves positions and builds the table; rs1090, which it uses for the fields,
only decodes the messages. So the ratios flatter the peers.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from typing import Any

import rs1090

from tocsin.contract import NS, Frames
from tocsin.decode import (
    beast,
    encode_position,
    encode_velocity,
    start,
    step,
)

ROOT = Path(__file__).parents[1]
RECORDS, BLOCKS = 100, 20
AIRCRAFT, ROUNDS = 200, 40


def cpu_s(work: Callable[[], Any]) -> float:
    """Return the processor time of a piece of work."""
    begin = process_time()
    work()
    return process_time() - begin


def mode_s() -> dict[str, float]:
    """Measure Beast frames of many aircraft."""
    messages, counters = [], []
    for k in range(ROUNDS):
        for a in range(AIRCRAFT):
            latitude, longitude = 47.0 + a * 0.01, 8.0 + a * 0.005 + k * 0.001
            messages += [
                encode_position(0x400000 + a, latitude, longitude, 9000.0, k % 2 == 1),
                encode_velocity(0x400000 + a, 180.0, 30.0, 0.0),
            ]
            counters += [k * 6_000_000 + a * 20_000] * 2
    data = beast.encode(messages, counters)
    frames = Frames.build(1, received_at_ns=[ROUNDS * NS], source_id=["b"], payload=[data])
    ours = cpu_s(lambda: step(start("beast", "b"), frames, ROUNDS * NS))
    words, times = [m.hex() for m in messages], [c / 12e6 for c in counters]
    theirs = cpu_s(lambda: rs1090.decode(words, times))
    return {
        "messages_per_s": len(messages) / ours,
        "rs1090_messages_per_s": len(messages) / theirs,
        "ratio_to_rs1090": theirs / ours,
    }


def blocks() -> dict[int, bytes]:
    """Return one record of each category from the decoder's own test vectors, repeated."""
    cases = tomllib.loads((ROOT / "tests/decode/vectors/asterix.toml").read_text())["case"]
    bodies: dict[int, bytes] = {}
    for case in cases:
        data = bytes.fromhex(case["hex"])
        if case["units"].get(f"cat{data[0]:03d} records") == 1:
            bodies.setdefault(data[0], data[3:] * RECORDS)
    return bodies


def _work(frames: Frames) -> object:
    return step(start("asterix", "a"), frames, 0)


def _peer(category: int, body: bytes) -> object:
    base, specifications = import_module("asterix.base"), import_module("asterix.generated")
    newest = specifications.manifest["CATS"][category][-1]
    return newest.cv_uap.parse(base.Bits.from_bytes(body))


def asterix() -> dict[str, dict[str, float]]:
    """Measure each category that has a vector; libasterix beside it where it is installed."""
    peer = find_spec("asterix") is not None
    if peer:
        import_module("asterix.generated")  # now, as it takes long: not the peer's time
    result = {}
    for category, body in blocks().items():
        block = bytes([category]) + (len(body) + 3).to_bytes(2, "big") + body
        count = RECORDS * len(range(BLOCKS))
        # Each block differs in nothing, so duplicates are told apart by their receive times.
        frames = Frames.build(
            BLOCKS,
            received_at_ns=[k * 10 * NS for k in range(BLOCKS)],
            source_id=["a"] * BLOCKS,
            payload=[block] * BLOCKS,
        )
        ours = cpu_s(partial(_work, frames))
        row = {"records_per_s": count / ours}
        if peer:
            theirs = cpu_s(partial(_peer, category, body))
            row["libasterix_records_per_s"] = RECORDS / theirs
            row["ratio_to_libasterix"] = count / ours * theirs / RECORDS
        result[f"cat{category:03d}"] = row
    return result


def main() -> None:
    """Print what was measured."""
    print(json.dumps({"mode_s": mode_s(), "asterix": asterix()}, indent=1))


if __name__ == "__main__":
    main()
