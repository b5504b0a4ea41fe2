"""Small vectors of every format, invalid ones included: each says what must come out."""

import math
import tomllib
from pathlib import Path

import pytest

from tocsin.contract import Frames
from tocsin.decode import DecodeConfig, decode_file, detect, start, step, summary
from tocsin.decode.step import finish

FOLDER = Path(__file__).parent / "vectors"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FOLDER.glob("*.toml"))
    for case in tomllib.loads(path.read_text("utf-8"))["case"]
]


def data_of(case):
    return bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode()


def check(row, expected):
    for name, value in expected.items():
        if isinstance(value, float) and math.isnan(value):
            assert math.isnan(row[name]), name
        elif isinstance(value, float):
            tight = 1e-4 if name.startswith(("latitude", "longitude")) else 1e-2
            assert row[name] == pytest.approx(value, abs=tight, rel=1e-6), name
        elif value == "":
            assert row[name] is None, name
        else:
            assert row[name] == value, name
            if f"{name}_valid" in row:
                assert row[f"{name}_valid"], name


@pytest.mark.parametrize("case", CASES)
def test_vector(case):
    decoded = decode_file(data_of(case), case["format"], "feed")
    said = summary(decoded)
    assert said["units"] == case.get("units", {})
    assert said["faults"] == case.get("faults", {})
    rows, looks = case.get("report", []), case.get("look", [])
    assert len(decoded.reports) == len(rows)
    assert len(decoded.looks) == len(looks)
    for row, expected in zip(decoded.reports.rows(), rows, strict=True):
        check(row, expected)
    for row, expected in zip(decoded.looks.rows(), looks, strict=True):
        check(row, expected)


@pytest.mark.parametrize("case", [c for c in CASES if "invalid" not in c.values[0]["name"]])
def test_format_is_detected(case):
    case = case if isinstance(case, dict) else case.values[0]
    if case["format"] != "plot_stream":
        assert detect(data_of(case)) == case["format"]


@pytest.mark.parametrize("case", CASES)
def test_chunks_may_be_cut_anywhere(case):
    data = data_of(case)
    whole = decode_file(data, case["format"], "feed")
    now_ns = DecodeConfig().recorded_on_ns
    state = start(case["format"], "feed")
    reports, faults = [], []
    for at in range(0, len(data), 7):
        frame = Frames.build(
            1, received_at_ns=[now_ns], source_id=["feed"], payload=[data[at : at + 7]]
        )
        state, part = step(state, frame, now_ns)
        reports += part.reports.rows()
        faults += part.faults.kind.tolist()
    last = finish(state, now_ns)
    reports += last.reports.rows()
    faults += last.faults.kind.tolist()
    assert len(reports) == len(whole.reports)
    if case["format"] != "beast":  # garbage is one fault per run and chunk
        assert sorted(faults) == sorted(whole.faults.kind.tolist())
    key = ("kind", "latitude_deg", "range_m", "callsign", "mode_s")
    assert sorted(str([row[k] for k in key]) for row in reports) == sorted(
        str([row[k] for k in key]) for row in whole.reports.rows()
    )
