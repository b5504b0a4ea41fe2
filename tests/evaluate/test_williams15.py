"""GOSPA on the published benchmark's own truth and plots, against one padded assignment."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.optimize import linear_sum_assignment

from tests.evaluate.test_oracle import detected
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


def oracle_gospa(truth: dict, plots: dict, run: int) -> list[float]:
    """GOSPA squared per scan of a textbook Kalman filter that is told what everybody else seeks.

    It knows which plot is whose and who exists; the model is the benchmark's own: constant velocity
    with Q of 0.01, R = I, each target from the mean and covariance of births.
    """
    step = np.kron(np.eye(2), [[1.0, 1.0], [0.0, 1.0]])
    noise = 0.01 * np.kron(np.eye(2), [[1 / 3, 1 / 2], [1 / 2, 1.0]])
    look = np.eye(4)[[0, 2]]
    state = np.tile([100.0, 0.0, 100.0, 0.0], (4, 1))
    cov = np.tile(np.diag([150.0, 1.0, 150.0, 1.0]) ** 2, (4, 1, 1))
    found = []
    for scan in range(81):
        there = truth["target"][truth["scan"] == scan]
        true = points(truth, truth["scan"] == scan)
        seen = points(plots, (plots["run"] == run) & (plots["scan"] == scan))
        if scan:
            state, cov = state @ step.T, step @ cov @ step.T + noise
        for plot, target in zip(seen, there[list(detected(true, seen))], strict=False):
            gain = cov[target] @ look.T @ np.linalg.inv(look @ cov[target] @ look.T + np.eye(2))
            state[target] += gain @ (plot - look @ state[target])
            cov[target] -= gain @ look @ cov[target]
        found.append(gospa(true, state[there] @ look.T, CUTOFF).total)
    return found


@pytest.mark.shared
def test_gospa_of_the_known_association_oracle(golden: Path) -> None:
    truth, plots = (columns(golden / f"{name}.parquet") for name in ("truth", "plots"))
    every = [oracle_gospa(truth, plots, run) for run in range(20)]
    # The file does not say whose a plot is; where the likeliest guess errs, it errs to our favour.
    assert np.sqrt(np.mean(every)) == pytest.approx(1.90, abs=0.005)
