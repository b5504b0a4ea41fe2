"""The ASTERIX cutter against libasterix: on real blocks, on damaged ones, and its tables.

libasterix takes some ten seconds to import, so everything that needs it is in this file.
"""

import importlib.util
import random
import struct
from pathlib import Path

import pytest

from tests.support import NO_RECORDINGS, ROOT, shared_data
from tocsin.decode.asterix_records import parse_block, subitems
from tocsin.decode.asterix_tables import TABLES
from tocsin.decode.out import Out
from tocsin.decode.recorders import final_frames, gps_blocks

SPEC = importlib.util.spec_from_file_location(
    "make_asterix_tables", ROOT / "scripts" / "make_asterix_tables.py"
)
assert SPEC is not None


@pytest.fixture(scope="module")
def maker():
    module = importlib.util.module_from_spec(SPEC)
    SPEC.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def oracle(maker):
    """Return a function: category, edition and body to items by name, or None where it fails."""
    base = __import__("asterix.base", fromlist=["base"])
    specs = {
        (category, ".".join(map(str, spec.cv_edition))): spec
        for category in TABLES
        for spec in maker.specifications.manifest["CATS"][category]
    }

    def parse(category, edition, body):
        found = specs[category, edition].cv_uap.parse(base.Bits.from_bytes(body))
        return None if isinstance(found, ValueError) else found

    return parse


def items_of(record):
    return {name: item.unparse().to_bytes() for name, item in record.items_regular.items()}


def blocks_of(folder: Path):
    """Return (category, body) of real blocks: all small files, and the start of the large one."""
    payloads = []
    capture = (folder / "asterix_croatiacontrol" / "cat_034_048.pcap").read_bytes()
    at = 24
    while at < len(capture):
        size = struct.unpack_from("<I", capture, at + 8)[0]
        payloads.append(capture[at + 58 : at + 16 + size])
        at += 16 + size
    for name in ("cat048.raw", "cat062cat065.raw", "cat21_re.ast"):
        payloads.append((folder / "asterix_croatiacontrol" / name).read_bytes())
    payloads.append((folder / "asterix_other" / "goasterix_sample.ast").read_bytes())
    gps = (folder / "asterix_croatiacontrol" / "parsegps.gps").read_bytes()
    payloads += [piece.payload for piece in gps_blocks(gps, Out(""))]
    large = next((folder / "asterix_jade").glob("final*.ff")).read_bytes()[:60_000]
    payloads += [piece.payload for piece in final_frames(large, Out(""))]
    found = []
    for payload in payloads:
        at = 0
        while at + 3 <= len(payload):
            size = int.from_bytes(payload[at + 1 : at + 3], "big")
            if payload[at] in TABLES:
                found.append((payload[at], payload[at + 3 : at + size]))
            at += max(size, 3)
    return found


def test_tables_are_those_of_libasterix(maker):
    expected = {category: tuple(rows) for category, rows in maker.tables().items()}
    assert expected == TABLES


@pytest.mark.shared
def test_real_blocks_are_cut_as_libasterix_cuts_them(oracle):
    folder = shared_data()
    if folder is None:
        pytest.skip(NO_RECORDINGS)
    blocks = blocks_of(folder)
    assert len(blocks) > 300
    assert {category for category, _ in blocks} == set(TABLES)
    for category, body in blocks:
        ours = parse_block(category, body)
        theirs = oracle(category, ours.edition, body)
        assert not ours.problem
        assert ours.records == [items_of(record) for record in theirs]


@pytest.mark.shared
def test_parts_of_compound_items_are_those_of_libasterix(oracle):
    folder = shared_data()
    if folder is None:
        pytest.skip(NO_RECORDINGS)
    checked = 0
    for category, body in blocks_of(folder):
        if category != 62:
            continue
        ours = parse_block(category, body)
        for record, theirs in zip(ours.records, oracle(62, ours.edition, body), strict=True):
            for name in ("380", "500"):
                if name in record:
                    parts = theirs.get_item(name).variation.arg
                    expected = {key: part.unparse().to_bytes() for key, part in parts.items()}
                    assert subitems(62, ours.edition, name, record[name]) == expected
                    checked += 1
    assert checked > 100


@pytest.mark.shared
def test_damaged_blocks_fail_where_libasterix_fails(oracle):
    folder = shared_data()
    if folder is None:
        pytest.skip(NO_RECORDINGS)
    rng = random.Random(7)
    judged = {True: 0, False: 0}
    for category, body in rng.sample(blocks_of(folder), 250):
        damaged = bytearray(body)
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        ours = parse_block(category, bytes(damaged))
        if "cannot be" in ours.problem:  # a sense that libasterix does not look for
            continue
        theirs = oracle(category, ours.edition, bytes(damaged))
        assert bool(ours.problem) == (theirs is None)
        if theirs is not None:
            assert ours.records == [items_of(record) for record in theirs]
        judged[theirs is None] += 1
    assert min(judged.values()) > 10
