"""NEES, NIS and their bounds against scipy, numpy and draws; OSPA(2) with weights."""

import numpy as np
import pytest
from scipy.stats import chi2

from tests.evaluate.world import NS, ORIGIN, START_NS, tracks_like, truth_of
from tocsin.contract import Innovations
from tocsin.evaluate import TrackScoring, chi2_band, innovation_scores, score_tracks
from tocsin.evaluate.consistency import mahalanobis
from tocsin.evaluate.matching import match
from tocsin.evaluate.moments import instants, track_moments, truth_moments
from tocsin.evaluate.ospa2 import Windows, ospa2


def covariances(draw: np.random.Generator, count: int, size: int) -> np.ndarray:
    root = draw.normal(size=(count, size, size))
    return root @ np.swapaxes(root, 1, 2) + 0.1 * np.eye(size)


@pytest.mark.parametrize("size", [1, 2, 4, 6])
def test_mahalanobis_is_that_of_a_solver(size: int) -> None:
    draw = np.random.default_rng(size)
    cov, error = covariances(draw, 50, size), draw.normal(size=(50, size))
    theirs = [e @ np.linalg.solve(P, e) for e, P in zip(error, cov, strict=True)]
    np.testing.assert_allclose(mahalanobis(error, cov), theirs, rtol=1e-9)


def test_what_is_no_covariance_gives_nothing() -> None:
    bad = np.array([[[1.0, 2.0], [2.0, 1.0]], [[0.0, 0.0], [0.0, 1.0]], [[np.nan, 0], [0, 1.0]]])
    negative_twice = -np.eye(2)[None]
    found = mahalanobis(np.ones((4, 2)), np.concatenate([bad, negative_twice]))
    assert np.all(np.isnan(found))


def test_the_band_holds_nineteen_means_of_twenty() -> None:
    draw = np.random.default_rng(4)
    for count, size in ((1, 4), (20, 6), (300, 2)):
        low, high = chi2_band(count, size)
        mean = draw.chisquare(size, (4_000, count)).mean(axis=1)
        assert np.mean((mean > low) & (mean < high)) == pytest.approx(0.95, abs=0.012)
    several = chi2_band(np.array([1, 20]), 6)
    assert several[0][1] == pytest.approx(chi2.ppf(0.025, 120) / 20)


def innovations_of(distance2: np.ndarray, dimension: object, **columns: object) -> Innovations:
    given = {"sensor_id": "a", "probability": 1.0, "measured_at_ns": START_NS, **columns}
    return Innovations.build(
        len(distance2), distance2=distance2, dimension=dimension, track_id="T", **given
    )


def test_innovations_of_several_dimensions_add_up() -> None:
    draw = np.random.default_rng(9)
    dimension = np.tile([1, 2, 3], 2_000)
    fair = draw.chisquare(dimension)
    scores = innovation_scores(innovations_of(fair, dimension))
    assert scores["nis_dimension"] == 2.0
    assert scores["nis_mean"] == pytest.approx(fair.mean())
    assert scores["nis_mean_low"] == pytest.approx(chi2.ppf(0.025, 12_000) / 6_000)
    assert scores["nis_mean_low"] < scores["nis_mean"] < scores["nis_mean_high"]
    assert scores["nis_share_in_95"] == pytest.approx(0.95, abs=0.01)
    for factor in (0.9, 1.1):
        off = innovation_scores(innovations_of(factor * fair, dimension))
        assert not off["nis_mean_low"] < off["nis_mean"] < off["nis_mean_high"]


def test_nineteen_means_of_twenty_lie_within_the_bounds_of_innovations() -> None:
    draw = np.random.default_rng(3)
    inside = 0
    for _ in range(800):
        scores = innovation_scores(innovations_of(draw.chisquare(2, 30), 2))
        inside += scores["nis_mean_low"] < scores["nis_mean"] < scores["nis_mean_high"]
    assert inside / 800 == pytest.approx(0.95, abs=0.03)


def test_only_sure_associations_count_and_each_sensor_for_itself() -> None:
    told = innovations_of(
        np.array([2.0, 4.0, 1000.0, 50.0, 9.0]),
        2,
        probability=[0.9, 1.0, 0.89, 0.95, 0.1],
        sensor_id=["a", "a", "a", "b", "c"],
    )
    scores = innovation_scores(told)
    assert scores["nis_plots"] == 3
    assert scores["nis_mean"] == pytest.approx(56.0 / 3.0)
    assert scores["nis_by_sensor"]["a"]["nis_mean"] == 3.0
    assert scores["nis_by_sensor"]["b"]["nis_mean"] > scores["nis_by_sensor"]["b"]["nis_mean_high"]
    nothing = scores["nis_by_sensor"]["c"]
    assert (nothing.pop("nis_plots"), set(nothing.values())) == (0, {None})


def test_each_axis_is_judged_by_itself() -> None:
    truth = truth_of({f"t{k}": (0, 9000 * k, 900, 50, 0) for k in range(20)}, range(60))
    tracks = tracks_like(truth, draw=np.random.default_rng(2))
    fair = score_tracks(truth, tracks, ORIGIN, TrackScoring(dimension=3))
    assert all(0.9 < mean < 1.1 for mean in fair["nees_by_axis"].values())
    assert fair["nees_mean_low"] < fair["nees_mean"] < fair["nees_mean_high"]
    # The variance of the north axis is element 6 of the packed upper triangle of 6 x 6.
    packed = tracks.state_cov_m_mps.copy()
    packed[:, 6] /= 9.0
    bold = score_tracks(truth, tracks.replace(state_cov_m_mps=packed), ORIGIN)["nees_by_axis"]
    assert bold["north"] == pytest.approx(9.0 * fair["nees_by_axis"]["north"], rel=0.02)
    assert bold["east"] == pytest.approx(fair["nees_by_axis"]["east"], rel=0.02)


def test_ospa2_weighs_instants_as_told() -> None:
    """A track 100 m off for ten seconds, then 300 m off for ten."""
    truth = truth_of({"a": (0, 0, 900, 50, 0)}, range(20))
    near, far = tracks_like(truth, 100.0), tracks_like(truth, 300.0)
    early = truth.measured_at_ns < START_NS + 10 * NS
    tracks = type(near).concat([near.take(early), far.take(~early)])
    config = TrackScoring()
    at_ns = instants(truth, tracks, config)
    true, seen = truth_moments(truth, at_ns, config), track_moments(tracks, at_ns, config)
    for late_weight, expected in ((1.0, 200.0), (3.0, 250.0)):
        weight = np.where(np.arange(20) < 10, 1.0, late_weight)
        windows = Windows(np.zeros(20, np.int64), weight)
        sums = match(true, seen, windows, config).sums
        found = ospa2(true, seen, sums, windows, config.cutoff_m, config.order)
        assert found == pytest.approx([expected], rel=1e-3)


def test_ospa2_sees_a_change_of_name_that_ospa_does_not() -> None:
    truth = truth_of({"a": (0, 0, 900, 50, 0)}, range(60))
    tracks = tracks_like(truth, 100.0)
    half = np.where(tracks.measured_at_ns < START_NS + 30 * NS, "one", "two")
    # Each name is there for half of the window: (100 + c) / 2; the other is left over: c of two.
    renamed = score_tracks(truth, tracks.replace(track_id=half), ORIGIN)
    same = score_tracks(truth, tracks, ORIGIN)
    assert same["ospa2_m"] == pytest.approx(100.0, rel=1e-3)
    assert renamed["ospa_m"] == pytest.approx(same["ospa_m"])
    assert renamed["ospa2_m"] == pytest.approx(np.sqrt((1050.0**2 + 2000.0**2) / 2), rel=1e-3)
