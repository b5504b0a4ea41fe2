"""`tocsin track --smooth --lag`: the same tracks, seen from later, in files of their own."""

import json
from pathlib import Path

import numpy as np

from tests.support import tocsin
from tocsin.contract import NS, ReportKind, Reports, Tracks, read_parquet, write_parquet

T0_NS = 1_900_000_000 * NS


def flight(path: Path) -> None:
    rng = np.random.default_rng(8)
    at_s = np.arange(0.0, 60.0, 2.0)
    at_ns = T0_NS + (at_s * NS).astype(np.int64)
    metre = 1.0 / 111_000.0
    write_parquet(
        Reports.build(
            len(at_s),
            measured_at_ns=at_ns,
            received_at_ns=at_ns,
            sensor_id="receiver",
            kind=int(ReportKind.POSITION),
            latitude_deg=10.0 + metre * (100.0 * at_s + rng.normal(0.0, 50.0, len(at_s))),
            longitude_deg=-40.0 + metre * rng.normal(0.0, 50.0, len(at_s)),
            height_wgs84_m=3000.0 + rng.normal(0.0, 50.0, len(at_s)),
            horizontal_std_m=50.0,
            vertical_std_m=50.0,
        ),
        path,
    )


def test_smoothed_and_lagged_tracks_are_files_of_their_own(tmp_path: Path) -> None:
    flight(tmp_path / "plots.parquet")
    arguments = ("track", tmp_path / "plots.parquet", "--at", "1", "--smooth", "--lag")
    done = tocsin(*arguments, "-o", tmp_path, "--json", timeout_s=300)
    assert done.returncode == 0, done.stderr
    names = [Path(path).name for path in json.loads(done.stdout)["smoothed"]]
    assert names == ["tracks_smoothed.parquet", "tracks_lagged.parquet"]
    filtered, smoothed, lagged = (
        read_parquet(Tracks, tmp_path / name) for name in ("tracks.parquet", *names)
    )
    assert len(filtered) == len(smoothed) == len(lagged) > 40
    assert (filtered.track_id == smoothed.track_id).all()
    spread = [part.state_cov_m_mps[:-1, 0].mean() for part in (filtered, lagged, smoothed)]
    assert spread[2] < spread[1] < spread[0]
    off = [np.abs(part.longitude_deg + 40.0).mean() for part in (filtered, smoothed)]
    assert off[1] < off[0]
