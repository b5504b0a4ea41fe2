"""GOSPA on the published benchmark's own truth and plots, against one padded assignment."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.optimize import linear_sum_assignment

from tocsin.evaluate import gospa

CUTOFF = 10.0


@pytest.fixture(scope="module")
def golden(shared: Path) -> Path:
    folder = shared.parent / "golden" / "williams15"
    if not folder.is_dir():
        pytest.skip("the golden set williams15 is not beside the recordings")
    return folder


def columns(path: Path) -> dict[str, np.ndarray]:
    table = pq.read_table(path)
    return {name: table.column(name).to_numpy() for name in table.column_names}


def points(table: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    return np.column_stack([table["x"][rows], table["y"][rows]])


def padded(truth: np.ndarray, estimates: np.ndarray) -> float:
    """GOSPA squared by its textbook form: dummies at c²/2 for both sides, one assignment."""
    n, m = len(truth), len(estimates)
    cost = np.full((n + m, n + m), CUTOFF**2 / 2)
    cost[n:, m:] = 0.0
    cost[:n, :m] = ((truth[:, None] - estimates[None]) ** 2).sum(axis=2)
    return float(cost[linear_sum_assignment(cost)].sum())


@pytest.mark.shared
def test_gospa_of_the_plots_taken_as_estimates(golden: Path) -> None:
    truth = columns(golden / "truth.parquet")
    plots = columns(golden / "plots.parquet")
    ours, theirs = [], []
    for run in (0, 7, 19):
        for scan in range(81):
            true = points(truth, truth["scan"] == scan)
            seen = points(plots, (plots["run"] == run) & (plots["scan"] == scan))
            ours.append(gospa(true, seen, CUTOFF).total)
            theirs.append(padded(true, seen))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    # About ten false plots a scan, half a c² each, are nearly all of it.
    assert 20.0 < np.sqrt(np.mean(ours)) < 26.0


@pytest.mark.shared
def test_gospa_of_the_truth_and_of_nothing(golden: Path) -> None:
    truth = columns(golden / "truth.parquet")
    for scan, alive in ((0, 4), (39, 4), (40, 3), (80, 3)):
        true = points(truth, truth["scan"] == scan)
        assert gospa(true, true, CUTOFF).total == 0.0
        nothing = gospa(true, np.zeros((0, 2)), CUTOFF)
        assert nothing == (50.0 * alive, 0.0, 50.0 * alive, 0.0)
