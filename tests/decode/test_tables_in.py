"""Plots and looks as tables: over a stream and as Parquet files."""

import io
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contract import Frames, InputError, Looks, ReportKind, Reports, Tracks, to_arrow
from tocsin.decode import decode_file, detect, plot_stream, start, step

REPORTS = Reports.build(
    3,
    measured_at_ns=[5, 4, 6],
    sensor_id=["b", "a", "b"],
    kind=[ReportKind.PLOT, ReportKind.SIGHTING, ReportKind.POSITION],
    range_m=[100.0, float("nan"), 3.0],
    mode_s=[1, 0, 0xABCDEF],
    mode_s_valid=[True, False, True],
    callsign=["X", None, None],
)
LOOKS = Looks.build(
    1, sensor_id=["b"], start_ns=1, end_ns=2, azimuth_from_rad=0.0, azimuth_to_rad=6.0
)


def parquet(table):
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


@given(st.lists(st.integers(0, 4000), max_size=6))
def test_plot_stream_from_any_chunks(cuts):
    stream = plot_stream.encode(REPORTS) + plot_stream.encode(LOOKS)
    assert detect(stream) == "plot_stream"
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    state, reports, looks = start("plot_stream", "feed"), [], []
    for begin, end in pairwise(edges):
        frame = Frames.build(1, received_at_ns=[9], source_id=["feed"], payload=[stream[begin:end]])
        state, out = step(state, frame, 9)
        reports += out.reports.rows()
        looks += out.looks.rows()
        assert len(out.faults) == 0
    assert [row["measured_at_ns"] for row in reports] == [4, 5, 6]
    assert [row["sequence"] for row in reports] == [0, 0, 1]
    assert [row["received_at_ns"] for row in reports] == [9, 9, 9]
    assert [row["mode_s_valid"] for row in reports] == [False, True, True]
    assert looks == LOOKS.rows()


def test_plots_parquet():
    decoded = decode_file(parquet(to_arrow(REPORTS)), None, "plots.parquet")
    assert decoded.reports.measured_at_ns.tolist() == [4, 5, 6]
    assert decoded.reports.received_at_ns.tolist() == [4, 5, 6]
    assert decoded.reports.kind.tolist() == [ReportKind.SIGHTING, ReportKind.PLOT, 1]


def test_plots_parquet_of_another_program_needs_few_columns():
    table = pa.table({"measured_at_ns": [1, 2], "sensor_id": ["r", "r"], "range_m": [1, None]})
    decoded = decode_file(parquet(table), None, "theirs.parquet")
    assert decoded.reports.kind.tolist() == [ReportKind.PLOT] * 2
    assert decoded.reports.range_m[0] == 1.0


def test_looks_parquet():
    assert decode_file(parquet(to_arrow(LOOKS)), None, "l.parquet").looks.rows() == LOOKS.rows()


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (pa.table({"sensor_id": ["r"]}), "column measured_at_ns is missing"),
        (pa.table({"measured_at_ns": ["x"], "sensor_id": ["r"]}), "column measured_at_ns"),
        (to_arrow(Tracks.empty()), "column sensor_id is missing"),
    ],
)
def test_wrong_columns_are_one_clear_line(table, what):
    with pytest.raises(InputError, match=what):
        decode_file(parquet(table), None, "wrong.parquet")
