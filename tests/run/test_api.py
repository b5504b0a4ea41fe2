"""Tocsin from Python: the same tracks from every kind of table and site, and clear refusals."""

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tocsin
from tests.support import tocsin as program
from tocsin.contract import (
    MODE_COUNT,
    NS,
    InputError,
    Looks,
    Reports,
    Table,
    Tracks,
    arrow_schema,
    from_arrow,
    read_parquet,
    write_parquet,
)
from tocsin.run.given import looks_of, reports_of
from tocsin.run.site import parse_site

T0_NS = 1_800_000_000 * NS
TURNS = 14
SITE = """
[site]
latitude_deg = 45.0
longitude_deg = -30.0

[[sensor]]
sensor_id = "radar"
kind = "radar"
latitude_deg = 45.0
longitude_deg = -30.0
range_m = 60e3
period_s = 4.0
detection_probability = 0.9
false_plots_per_look = 3.0
range_std_m = 50.0
azimuth_std_deg = 0.1
elevation_std_deg = 0.2
"""
CONTENT = tomllib.loads(SITE)


def scene() -> dict[str, np.ndarray]:
    """Return two aircraft and a false plot a turn, in whole scans."""
    rng = np.random.default_rng(3)
    turn = np.arange(TURNS)
    near = [30e3 - 600.0 * turn, np.full(TURNS, 1.0), np.full(TURNS, 0.1)]
    far = [40e3 + 400.0 * turn, np.full(TURNS, 4.0), np.full(TURNS, 0.2)]
    false = [rng.uniform(1e4, 5e4, TURNS), rng.uniform(2.0, 3.0, TURNS), rng.uniform(0, 0.5, TURNS)]
    range_m, azimuth_rad, elevation_rad = np.stack([near, far, false], axis=-1).reshape(3, -1)
    return {
        "measured_at_ns": T0_NS + np.repeat(turn, 3) * 4 * NS,
        "sensor_id": np.full(3 * TURNS, "radar"),
        "range_m": range_m,
        "azimuth_rad": azimuth_rad,
        "elevation_rad": elevation_rad,
    }


PLOTS = scene()
LOOKS = {
    "sensor_id": "radar",
    "start_ns": T0_NS + np.arange(TURNS) * 4 * NS,
    "end_ns": T0_NS + np.arange(TURNS) * 4 * NS,
    "azimuth_from_rad": 0.0,
    "azimuth_to_rad": 2.0 * np.pi,
}


class Stream:
    """A table of a library that we do not know: it speaks the protocol and nothing else."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def structured() -> np.ndarray:
    rows = np.empty(len(PLOTS["range_m"]), [(name, c.dtype) for name, c in PLOTS.items()])
    for name, column in PLOTS.items():
        rows[name] = column
    return rows


def stamped(unit: str) -> pa.Table:
    """Return the plots with the library's own timestamps and with text in a dictionary."""
    times = pa.array(PLOTS["measured_at_ns"]).cast(pa.timestamp("ns", "UTC"))
    names = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(len(times), np.uint32)), pa.array(["radar"], pa.string_view())
    )
    table = pa.table({**PLOTS, "sensor_id": names})
    return table.set_column(0, "measured_at_ns", times.cast(pa.timestamp(unit, "UTC")))


def same(got: Table, want: Table) -> bool:
    return len(got) == len(want) and all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in zip(got.columns().values(), want.columns().values(), strict=True)
    )


@pytest.fixture(scope="module")
def tracks() -> pa.Table:
    return tocsin.track_plots(PLOTS, CONTENT)


@pytest.mark.parametrize(
    "given",
    [
        pa.table(PLOTS),
        Stream(pa.table(PLOTS)),
        pa.table(PLOTS).to_reader(),
        structured(),
        {**PLOTS, "sensor_id": "radar"},
        {name: column.tolist() for name, column in PLOTS.items()},
        {**PLOTS, "measured_at_ns": PLOTS["measured_at_ns"].astype("M8[ns]").astype("M8[s]")},
        stamped("s"),
        Stream(stamped("us")),
        {**PLOTS, "mode_s": np.nan, "callsign": None, "mine": 7},
        reports_of(PLOTS),
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_kind_of_table_is_the_same_plots(given: object) -> None:
    assert same(reports_of(given), reports_of(PLOTS))


def test_missing_whole_numbers_are_missing_not_zero() -> None:
    reports = reports_of({**PLOTS, "mode_s": np.where(PLOTS["range_m"] > 35e3, 77.0, np.nan)})
    assert (reports.mode_s_valid == (PLOTS["range_m"] > 35e3)).all()
    assert set(reports.mode_s[reports.mode_s_valid].tolist()) == {77}


def test_the_tracks_are_those_of_the_command(tracks: pa.Table, tmp_path: Path) -> None:
    site, plots = tmp_path / "site.toml", tmp_path / "plots.parquet"
    site.write_text(SITE)
    pq.write_table(pa.table(PLOTS), plots)
    looks = tmp_path / "looks.parquet"
    write_parquet(looks_of(LOOKS), looks)
    for more, given in (([], None), (["--looks", looks], LOOKS)):
        done = program("track", plots, "--site", site, *more, "-o", tmp_path)
        assert done.returncode == 0, done.stderr
        written = read_parquet(Tracks, tmp_path / "tracks.parquet")
        ours = tocsin.track_plots(plots, site, given)
        assert same(from_arrow(Tracks, ours), written)
        assert tocsin.track_plots(PLOTS, parse_site(SITE, site), looks=given).equals(ours)
    assert tocsin.track_plots(PLOTS, str(site)).equals(tracks)


def test_two_aircraft_are_two_tracks_in_the_interchange_form(tracks: pa.Table) -> None:
    assert tracks.schema.equals(arrow_schema(Tracks), check_metadata=True)
    rows = from_arrow(Tracks, tracks)
    assert len(set(rows.number[rows.status == 1].tolist())) == 2
    assert set(np.unique(rows.measured_at_ns)) <= set(PLOTS["measured_at_ns"].tolist())
    assert rows.mode_probability.shape == (len(rows), MODE_COUNT)
    np.testing.assert_allclose(rows.mode_probability.sum(axis=1), 1.0)


def test_the_spacing_of_the_output_can_be_chosen() -> None:
    times = tocsin.track_plots(PLOTS, CONTENT, output_period_s=2.0)["measured_at_ns"]
    assert set(np.diff(np.unique(times.to_numpy())).tolist()) == {2 * NS}


def test_a_tracker_fed_scan_by_scan_gives_the_same_tracks(tracks: pa.Table) -> None:
    tracker, parts = tocsin.Tracker(CONTENT, output_period_s=None), []
    for now_ns in np.unique(PLOTS["measured_at_ns"]):
        mine = PLOTS["measured_at_ns"] == now_ns
        parts.append(tracker.step({n: c[mine] for n, c in PLOTS.items()}, now_ns))
    assert pa.concat_tables(parts).equals(tracks)
    assert tracker.faults == {}


def test_silence_ends_the_tracks_and_time_does_not_go_back() -> None:
    tracker = tocsin.Tracker(CONTENT)
    end_ns = int(PLOTS["measured_at_ns"][-1])
    assert "confirmed" in tracker.step(PLOTS, end_ns)["status"].to_pylist()
    tracker.step(None, end_ns + 300 * NS)
    assert tracker.step(None, end_ns + 301 * NS).num_rows == 0
    with pytest.raises(InputError, match=r"^now_ns: is before the last step's; step in the order"):
        tracker.step(None, end_ns)


def test_what_cannot_be_used_is_told() -> None:
    twice = reports_of(PLOTS)
    wrong = twice.replace(range_m=np.where(np.arange(len(twice)) == 4, -5.0, twice.range_m))
    with pytest.warns(UserWarning, match=r"could not be used was left out: .* 1$"):
        tocsin.track_plots(wrong, CONTENT)
    tracker = tocsin.Tracker(CONTENT)
    tracker.step(wrong, int(wrong.measured_at_ns[-1]))
    assert sum(tracker.faults.values()) == 1


def test_nothing_in_nothing_out() -> None:
    assert tocsin.track_plots(Reports.empty()).schema.equals(arrow_schema(Tracks))
    assert len(looks_of(None)) == 0
    assert len(looks_of(LOOKS)) == TURNS
    assert isinstance(looks_of(LOOKS), Looks)


@pytest.mark.parametrize(
    ("plots", "site", "said"),
    [
        (7, CONTENT, "plots: is no table but of type int; give"),
        ({"sensor_id": "radar", "range_m": [1.0]}, CONTENT, "plots: column measured_at_ns is miss"),
        ({**PLOTS, "range_m": ["far"]}, CONTENT, "plots, column range_m: cannot be read: .*; use"),
        ({**PLOTS, "range_m": [1.0, 2.0]}, CONTENT, "plots: columns differ in length: .*range_m 2"),
        ({**PLOTS, "range_m": np.ones((42, 42))}, CONTENT, "plots, column range_m: is a matrix; g"),
        ({**PLOTS, "kind": "plott"}, CONTENT, "plots, column kind: .*'plott'.*; use"),
        ({"measured_at_ns": [1], "sensor_id": "radar", "range": 1e4}, CONTENT,
         "plots: has no row with a position; give range_m and azimuth_rad, or latitude_deg"),
        ({**PLOTS, "measured_at_ns": np.asarray(PLOTS["measured_at_ns"]) // NS}, CONTENT,
         "plots, column measured_at_ns: lies in .* 1970: are these seconds.; give nanoseconds"),
        ({**PLOTS, "measured_at_ns": np.asarray(PLOTS["measured_at_ns"]) // 1000}, CONTENT,
         "plots, column measured_at_ns: lies in .* 1970: are these microseconds.; give nanosec"),
        (PLOTS, None, "plots, column sensor_id: the place of 'radar', .*; give it in the site"),
        ({**PLOTS, "sensor_id": "other"}, CONTENT, "plots, column sensor_id: the place of 'other'"),
        (PLOTS, 7, "site: is of type int; give the path"),
        (PLOTS, "no-such-site.toml", "no-such-site.toml: no such file; check the path"),
        (PLOTS, {"site": {}}, r"site, site.latitude_deg: field required"),
        (PLOTS, {**CONTENT, "sensors": []}, "site, sensors: is not a known key; remove"),
        ("no-such-plots.parquet", None, "no-such-plots.parquet: no such file; check the path"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_line_with_place_and_mend(plots: object, site: object, said: str) -> None:
    with pytest.raises(tocsin.InputError, match=f"^{said}") as refused:
        tocsin.track_plots(plots, site)
    assert "\n" not in str(refused.value)


def test_the_order_of_rows_means_nothing() -> None:
    """Three targets in each scan: their plots share an instant and a sensor."""
    apart = np.repeat([0.0, 0.05, 0.1], len(PLOTS["range_m"]))
    many = {k: np.tile(v, 3) if np.ndim(v) else v for k, v in PLOTS.items()}
    many["azimuth_rad"] = np.asarray(many["azimuth_rad"]) + apart
    shuffled = np.random.default_rng(71).permutation(len(apart))
    mixed = {k: np.asarray(v)[shuffled] if np.ndim(v) else v for k, v in many.items()}
    assert tocsin.track_plots(mixed, CONTENT).equals(tocsin.track_plots(many, CONTENT))


def test_a_tracker_needs_a_site() -> None:
    with pytest.raises(InputError, match=r"^site: is missing; give the path"):
        tocsin.Tracker(None)


def test_the_import_loads_nothing_heavy_and_all_names_lead_somewhere() -> None:
    script = """
import sys, time
begin = time.process_time()
import tocsin
spent_s = time.process_time() - begin
heavy = {"numpy", "numba", "pyarrow", "scipy", "pydantic", "tocsin.run"} & set(sys.modules)
assert not heavy, heavy
assert set(tocsin.__all__) <= set(dir(tocsin))
assert not hasattr(tocsin, "no_such_name")
assert all(getattr(tocsin, name) for name in tocsin.__all__)
print(spent_s)
"""
    command = [sys.executable, "-c", script]
    best_s = min(
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    )
    assert best_s < 0.3
