"""Decoders never raise: random bytes, real files mutated, and cut at every 97th byte."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decode.test_vectors import CASES, data_of
from tests.support import NO_RECORDINGS, shared_data
from tocsin.contract import Frames, InputError, Reports, to_ipc
from tocsin.decode import FORMATS, decode_file, detect, plot_stream, start, step
from tocsin.sense import read_input

STREAMS = [name for name in FORMATS if name != "plots_parquet"]
SMALL = [
    "adsb/sample_dump1090.bin",
    "asterix_croatiacontrol/cat_034_048.pcap",
    "asterix_croatiacontrol/cat_062_065.pcap",
    "asterix_croatiacontrol/cat062cat065.raw",
    "asterix_croatiacontrol/parsegps.gps",
    "asterix_jade/NATS_CAT048_119bytes_TCAS.ff",
    "asterix_other/goasterix_sample.ast",
]
VECTORS = [(c.values[0]["format"], data_of(c.values[0])) for c in CASES]


def stepped(fmt, data, size):
    state = start(fmt, "feed")
    rows = 0
    for at in range(0, len(data), size):
        frame = Frames.build(
            1, received_at_ns=[10**18], source_id=["feed"], payload=[data[at : at + size]]
        )
        state, out = step(state, frame, 10**18)
        rows += len(out.reports)
        assert np.isin(out.reports.kind, range(6)).all()
    return rows


@pytest.mark.parametrize("fmt", STREAMS)
@given(st.binary(max_size=300), st.integers(1, 300))
def test_random_bytes(fmt, data, size):
    decode_file(data or b"\0", fmt)
    stepped(fmt, data, size)


@given(st.sampled_from(VECTORS), st.data())
def test_mutated_vectors(vector, data):
    fmt, good = vector
    bad = bytearray(good)
    for _ in range(data.draw(st.integers(1, 6))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    decode_file(bytes(bad), fmt)


@given(st.binary(max_size=400), st.sampled_from(["", "a.ast", "a.pcap", "a.jsonl", "a.parquet"]))
def test_detecting_never_raises_and_reading_gives_rows_or_one_line(data, name):
    fmt = detect(data, name)
    assert fmt is None or fmt in FORMATS
    if fmt in (None, "plots_parquet"):
        with pytest.raises(InputError, match=r"^[^\n]+$"):
            decode_file(data, None, name or "x")
    else:
        assert isinstance(decode_file(data, None, name or "x").reports, Reports)


@pytest.mark.shared
@pytest.mark.parametrize("name", SMALL)
def test_real_files_cut_and_mutated(name):
    folder = shared_data()
    if folder is None:
        pytest.skip(NO_RECORDINGS)
    data = read_input(folder / name)
    fmt = detect(data, name)
    whole = len(decode_file(data, fmt).reports)
    counts = [len(decode_file(data[:end], fmt).reports) for end in range(1, len(data), 97)]
    assert counts == sorted(counts)  # more bytes, no fewer good records
    assert max(counts, default=0) <= whole
    rng = random.Random(3)
    for _ in range(30):
        bad = bytearray(data)
        for _ in range(8):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        decode_file(bytes(bad), fmt)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "is empty"),
        (bytes(range(256)) * 8, "is of no known format"),
        (b"\x0a\x0d\x0d\x0a" + bytes(40), "is a pcapng capture; convert it: editcap"),
        (b"hello\nworld\n", "is of no known format"),
        (b"PAR1 but no more", "is no readable Parquet file"),
    ],
)
def test_unreadable_files_are_one_clear_line(data, what):
    with pytest.raises(InputError, match=what):
        decode_file(data, None, "file.ast")


def test_unknown_format_name():
    with pytest.raises(InputError, match="no format 'bea'; use one of beast,"):
        start("bea", "feed")


def test_a_dead_plot_stream_stays_dead():
    good = plot_stream.encode(Reports.build(1, measured_at_ns=1, sensor_id="r", range_m=1.0))
    assert stepped("plot_stream", good, len(good)) == 1
    assert stepped("plot_stream", bytes(4) + good, 1 << 20) == 0


SIGHTING = {
    "observer": {"latitude_deg": 50.0, "longitude_deg": 10.0},
    "observed_at": "2031-05-04T02:13:20Z",
    "grade": "B2",
    "kind": "unknown",
    "origin_id": "ranger",
}
VALUES = st.one_of(
    st.text(),
    st.sampled_from(["\ud800", "a\ud83dz", "0001-01-01T00:00:00+14:00", "9999-12-31T00:00:00Z"]),
    st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.integers(), max_size=2),
)
FIELDS = (*SIGHTING, "relayed_from", "bearing_deg", "range_m", "height_m")


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3))
def test_a_sighting_whatever_it_says_is_one_report_or_one_fault_and_can_be_stored(said):
    out = decode_file(json.dumps(SIGHTING | said).encode(), "sightings")
    assert len(out.reports) + len(out.faults) == 1
    assert to_ipc(out.reports)
    assert to_ipc(out.faults)


@pytest.mark.parametrize("at", ["9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_time_that_no_table_holds_is_a_fault(at):
    out = decode_file(json.dumps(SIGHTING | {"observed_at": at}).encode(), "sightings")
    assert out.faults.kind.tolist() == ["bad_sighting"]
    assert "between 1970 and 2255" in out.faults.detail[0]


TABLE = plot_stream.encode(
    Reports.build(
        3,
        measured_at_ns=[1, 2, 3],
        sensor_id=["r", "s", "r"],
        kind=[0, 3, 1],
        callsign=["A", None, "B"],
    )
)


@given(st.data())
def test_a_mutated_table_spoils_no_other_message(data):
    bad = bytearray(TABLE)
    for _ in range(data.draw(st.integers(1, 4))):
        bad[data.draw(st.integers(4, len(bad) - 1))] = data.draw(
            st.sampled_from([0, 1, 127, 128, 255])
        )
    frames = Frames.build(
        2, received_at_ns=[1, 1], source_id=["f"] * 2, payload=[bytes(bad), TABLE]
    )
    out = step(start("plot_stream", "f"), frames, 1)[1]
    assert len(out.reports) >= 3
    assert to_ipc(out.reports)
    assert to_ipc(out.faults)


def test_an_error_that_no_decoder_foresaw_is_a_counted_fault_and_the_input_goes_on():
    def feed(_, chunk, out):
        if chunk == b"bad":
            raise ZeroDivisionError("\ud800")
        out.report({"measured_at_ns": 10**30 if chunk == b"odd" else 1})

    state = start("sightings", "f")
    state.format = replace(state.format, feed=feed)
    payload = [b"a", b"bad", b"odd", b"b"]
    frames = Frames.build(4, received_at_ns=[1] * 4, source_id=["f"] * 4, payload=payload)
    out = step(state, frames, 1)[1]
    assert len(out.reports) == 2
    assert out.faults.kind.tolist() == ["decoder_error", "impossible_value"]
    assert to_ipc(out.faults)
