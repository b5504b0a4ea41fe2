"""Plots stay with the objects they came from, though rows are dropped and sorted anew."""

from pathlib import Path

import numpy as np

from tests.run.test_sight import SITE, site
from tocsin.contract import Origins, ReportKind, Reports, write_parquet
from tocsin.run.origins import known_plots, plot_places


def test_origins_follow_their_plots(tmp_path: Path) -> None:
    range_m = np.array([40_000.0, 30_000.0, 20_000.0, 10_000.0])
    reports = Reports.build(
        4,
        measured_at_ns=np.array([4, 3, 2, 1]) * 10**9,
        received_at_ns=np.array([4, 3, 2, 1]) * 10**9,
        sensor_id=["R1", "nobody's", "R1", "R1"],
        kind=int(ReportKind.PLOT),
        range_m=range_m,
        azimuth_rad=0.0,
        elevation_rad=0.05,
    )
    write_parquet(reports, tmp_path / "plots.parquet")
    write_parquet(
        Origins.build(4, target_id=["40", "30", None, "10"]), tmp_path / "origins.parquet"
    )
    known = known_plots([tmp_path], site(SITE))
    assert known.target_id.tolist() == ["10", None, "40"]
    away_m = np.linalg.norm(known.plots.position_m, axis=1)
    np.testing.assert_allclose(away_m, [10_000.0, 20_000.0, 40_000.0], rtol=0.01)
    places, at_ns = plot_places([tmp_path], site(SITE), None)
    assert at_ns.tolist() == [10**9, 2 * 10**9, 4 * 10**9]
    assert np.all(np.diff(places[:, 1]) > 0.0)
