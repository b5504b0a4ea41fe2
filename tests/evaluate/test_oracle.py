"""The known-association oracle: its score on a published benchmark, its consistency, its limits."""

from itertools import combinations
from math import log, pi
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.evaluate.world import ORIGIN, REGION, START_NS, truth_of
from tests.support import ROOT
from tocsin.contract import NS, Dimension, Innovations, ObjectClass, Origin, Plots, Truth
from tocsin.evaluate import (
    OracleConfig,
    OracleSite,
    TargetLooks,
    TrackScoring,
    gospa,
    innovation_scores,
    known_association,
    lower_bound,
    oracle,
    score_tracks,
)
from tocsin.evaluate.cv import process_noise, transition
from tocsin.geo import Region, unpack_covariance

PLANE = Region.at(Origin(0.0, 0.0))


# -- the published benchmark -----------------------------------------------------------------


@pytest.fixture(scope="module")
def golden(request: pytest.FixtureRequest) -> tuple[dict, dict]:
    for folder in (ROOT / "bench/data/williams15", ROOT.parent / "shared/golden/williams15"):
        if (folder / "plots.parquet").is_file():
            return tuple(columns(folder / f"{name}.parquet") for name in ("truth", "plots"))
    pytest.skip("the published set williams15 is neither in bench/data nor beside the recordings")


def columns(path: Path) -> dict[str, np.ndarray]:
    table = pq.read_table(path)
    return {name: table.column(name).to_numpy() for name in table.column_names}


def detected(true: np.ndarray, seen: np.ndarray) -> tuple[int, ...]:
    """Tell which truths were detected: the file has detections first, in the order of truths."""
    best = (-np.inf, ())
    for count in range(min(len(true), len(seen)) + 1):
        for who in combinations(range(len(true)), count):
            fit = -0.5 * ((seen[:count] - true[list(who)]) ** 2).sum() - count * log(2 * pi)
            odds = count * log(0.9) + (len(true) - count) * log(0.1)
            best = max(best, (fit + odds - (len(seen) - count) * log(9000.0), who))
    return best[1]


def planar_truth(truth: dict) -> Truth:
    place = np.column_stack([truth["x"], truth["y"], np.zeros(len(truth["x"]))])
    lat, lon, height = PLANE.to_geodetic(place)
    return Truth.build(
        len(lat),
        measured_at_ns=truth["scan"].astype(np.int64) * NS,
        target_id=truth["target"].astype(str),
        object_class=int(ObjectClass.UNKNOWN),
        latitude_deg=lat,
        longitude_deg=lon,
        height_wgs84_m=height,
        velocity_east_mps=truth["vx"],
        velocity_north_mps=truth["vy"],
        velocity_up_mps=0.0,
    )


def planar_plots(truth: dict, plots: dict, run: int) -> tuple[Plots, np.ndarray]:
    places, scans, names = [], [], []
    for scan in range(81):
        there, mine = truth["scan"] == scan, (plots["run"] == run) & (plots["scan"] == scan)
        true = np.column_stack([truth["x"], truth["y"]])[there]
        seen = np.column_stack([plots["x"], plots["y"]])[mine]
        who = detected(true, seen)
        places.append(seen)
        scans += [scan] * len(seen)
        names += [str(truth["target"][there][k]) for k in who] + [None] * (len(seen) - len(who))
    position = np.column_stack([np.concatenate(places), np.zeros(len(scans))])
    table = Plots.build(
        len(scans),
        measured_at_ns=np.array(scans, np.int64) * NS,
        dimension=int(Dimension.HORIZONTAL),
        position_m=position,
        position_cov_m2=np.tile(np.eye(3), (len(scans), 1, 1)),
    )
    return table, np.array(names, object)


def williams_gospa(golden: tuple[dict, dict], from_detection: int, runs: range) -> float:
    truth, plots = golden
    # The benchmark's own model: q = 0.01, one Gaussian birth.
    model = OracleConfig(
        from_detection,
        noise_m2ps3=0.01,
        prior_state=np.array([100.0, 100.0, 0, 0, 0, 0]),
        prior_cov=np.diag([150.0, 150.0, 1, 1, 1, 1]) ** 2,
    )
    table, at_ns, squares = planar_truth(truth), np.arange(81, dtype=np.int64) * NS, []
    for run in runs:
        tracks = known_association(table, *planar_plots(truth, plots, run), at_ns, PLANE, model)
        place = PLANE.from_geodetic(
            tracks.latitude_deg, tracks.longitude_deg, tracks.height_wgs84_m
        )[:, :2]
        for scan in range(81):
            there = truth["scan"] == scan
            true = np.column_stack([truth["x"], truth["y"]])[there]
            squares.append(gospa(true, place[tracks.measured_at_ns == scan * NS], 10.0).total)
    return float(np.sqrt(np.mean(squares)))


def test_williams15_with_association_and_existence_known(golden: tuple[dict, dict]) -> None:
    assert williams_gospa(golden, 0, range(20)) == pytest.approx(1.90, abs=0.005)


def test_williams15_existence_known_later_costs_more(golden: tuple[dict, dict]) -> None:
    assert williams_gospa(golden, 2, range(8)) > 2.2


# -- wandering objects --------------------------------------------------------------------------

Q, STEP_S, STD_M, PD, COUNT, SCANS = 4.0, 5.0, 60.0, 0.8, 150, 30


@pytest.fixture(scope="module")
def scene() -> tuple[Truth, Plots, np.ndarray]:
    """Objects that truly wander as the model says, seen every five seconds or not."""
    rng = np.random.default_rng(11)
    step = np.array([STEP_S])
    F, noise = transition(step)[0], process_noise(step, np.array([Q, Q, 0.0]))[0]
    root = np.linalg.cholesky(noise + 1e-9 * np.eye(6))
    state = np.zeros((COUNT, 6))
    state[:, :2] = rng.uniform(-30_000.0, 30_000.0, (COUNT, 2))
    state[:, 2], state[:, 3:5] = 3_000.0, rng.normal(0.0, 100.0, (COUNT, 2))
    states = [state]
    for _ in range(SCANS - 1):
        states.append(states[-1] @ F.T + rng.normal(size=(COUNT, 6)) @ root.T)
    path = np.concatenate(states)
    lat, lon, height = REGION.to_geodetic(path[:, :3])
    axes = REGION.local_rotation(lat, lon)
    velocity = np.einsum("nij,nj->ni", axes, path[:, 3:])
    at_ns = START_NS + np.repeat(np.arange(SCANS), COUNT) * round(STEP_S * NS)
    name = np.tile([f"t{k:03d}" for k in range(COUNT)], SCANS)
    truth = Truth.build(
        len(path),
        measured_at_ns=at_ns,
        target_id=name,
        object_class=int(ObjectClass.AIRLINER),
        latitude_deg=lat,
        longitude_deg=lon,
        height_wgs84_m=height,
        velocity_east_mps=velocity[:, 0],
        velocity_north_mps=velocity[:, 1],
        velocity_up_mps=velocity[:, 2],
    )
    hit = np.flatnonzero(rng.random(len(path)) < PD)
    place = path[hit, :3] + rng.normal(0.0, STD_M, (len(hit), 3))
    return truth, plots_at(place, at_ns[hit]), name[hit].astype(object)


def plots_at(place: np.ndarray, at_ns: np.ndarray) -> Plots:
    cov = np.tile(np.eye(3) * STD_M**2, (len(place), 1, 1))
    return Plots.build(
        len(place),
        measured_at_ns=at_ns,
        dimension=int(Dimension.FULL),
        position_m=place,
        position_cov_m2=cov,
    )


def instants_of(truth: Truth) -> np.ndarray:
    return np.unique(truth.measured_at_ns)


SCORING = TrackScoring(period_s=STEP_S, dimension=3)


def test_it_errs_as_much_as_it_says(scene: tuple) -> None:
    truth, plots, who = scene
    model = OracleConfig(noise_m2ps3=Q)
    tracks = known_association(truth, plots, who, instants_of(truth), REGION, model)
    scores = score_tracks(truth, tracks, ORIGIN, SCORING)
    # Position and velocity along three axes; the vertical velocity does not wander here at all.
    assert 5.0 < scores["nees_mean"] < 6.2
    assert scores["false_tracks"] == 0
    assert 0.97 < scores["completeness"] < 1.0


def settled_innovations(scene: tuple, stated_std_m: float, flat: bool = True) -> Innovations:
    """Innovations of the oracle on the wandering objects, once it knows their velocities."""
    truth, plots, who = scene
    cov = np.tile(np.eye(3) * stated_std_m**2, (len(plots), 1, 1))
    measured = int(Dimension.HORIZONTAL if flat else Dimension.FULL)
    stated = plots.replace(
        position_cov_m2=cov,
        dimension=np.full(len(plots), measured, np.int8),
        sensor=np.arange(len(plots), dtype=np.int32) % 2,
    )
    model = OracleConfig(noise_m2ps3=Q)
    at_ns = instants_of(truth)[:1]
    told = oracle(
        truth,
        stated,
        who,
        at_ns,
        REGION,
        model,
        site=OracleSite(("even", "odd"), np.full((2, 3), np.nan)),
    ).innovations
    return told.take(told.measured_at_ns > START_NS + 8 * round(STEP_S * NS))


def test_its_innovations_are_as_large_as_it_says(scene: tuple) -> None:
    told = settled_innovations(scene, STD_M)
    assert set(told.dimension.tolist()) == {2}
    scores = innovation_scores(told)
    assert scores["nis_plots"] > 2_000
    assert list(scores["nis_by_sensor"]) == ["even", "odd"]
    for one in (scores, *scores["nis_by_sensor"].values()):
        assert one["nis_mean_low"] < one["nis_mean"] < one["nis_mean_high"]
        assert one["nis_share_in_95"] == pytest.approx(0.95, abs=0.015)
    assert set(settled_innovations(scene, STD_M, flat=False).dimension.tolist()) == {3}


@pytest.mark.parametrize(("stated_std_m", "too_sure"), [(0.8 * STD_M, True), (1.25 * STD_M, False)])
def test_a_wrong_measurement_error_shows_in_the_innovations(
    scene: tuple, stated_std_m: float, too_sure: bool
) -> None:
    scores = innovation_scores(settled_innovations(scene, stated_std_m))
    if too_sure:
        assert scores["nis_mean"] > scores["nis_mean_high"]
    else:
        assert scores["nis_mean"] < scores["nis_mean_low"]


def test_its_error_is_the_bound(scene: tuple) -> None:
    truth, plots, who = scene
    at_ns = instants_of(truth)
    model = OracleConfig(noise_m2ps3=Q)
    tracks = known_association(truth, plots, who, at_ns, REGION, model)
    looks = TargetLooks(
        np.arange(SCANS) * STEP_S,
        np.tile(np.eye(3) / STD_M**2, (SCANS, 1, 1)),
        np.full(SCANS, PD),
    )
    prior = np.diag([1e-12] * 3 + [1e-4] * 2 + [1.0 / 25.0])
    bound = lower_bound(looks, np.full(3, Q), prior, depth=8)
    settled = tracks.take(tracks.measured_at_ns >= at_ns[10])
    mine = unpack_covariance(settled.state_cov_m_mps)
    expected = bound[10:].mean(axis=0)
    np.testing.assert_allclose(np.diagonal(mine.mean(axis=0)), np.diagonal(expected), rtol=0.05)
    true = {
        (n, t): k
        for k, (n, t) in enumerate(zip(truth.target_id, truth.measured_at_ns, strict=True))
    }
    rows = [true[key] for key in zip(settled.track_id, settled.measured_at_ns, strict=True)]
    east = settled.velocity_east_mps - truth.velocity_east_mps[rows]
    assert np.mean(east**2) == pytest.approx(expected[3, 3], rel=0.1)


def test_the_model_taken_from_the_truth_is_no_worse_and_knows_turns() -> None:
    """A right angle in mid-flight: the oracle follows, a stiff filter overshoots."""
    before = truth_of({"a": (0, 0, 3000, 100, 0)}, range(101))
    after = truth_of({"a": (10_000, -10_000, 3000, 0, 100)}, range(101, 201))
    truth = Truth.concat([before, after])
    rng = np.random.default_rng(2)
    rows = np.arange(0, 201, 4)
    place = REGION.from_geodetic(
        truth.latitude_deg[rows], truth.longitude_deg[rows], truth.height_wgs84_m[rows]
    )
    plots = plots_at(place + rng.normal(0, STD_M, place.shape), truth.measured_at_ns[rows])
    who = np.full(len(rows), "a", object)

    def error_m(model: OracleConfig) -> float:
        tracks = known_association(truth, plots, who, instants_of(truth), REGION, model)
        return score_tracks(truth, tracks, ORIGIN)["position_rmse_m"]

    ours = error_m(OracleConfig())
    stiff, middling, loose = (error_m(OracleConfig(noise_m2ps3=q)) for q in (0.05, 5.0, 500.0))
    assert stiff > 3.0 * ours
    assert min(middling, loose) > 1.05 * ours


def test_existence_known_from_the_kth_detection(scene: tuple) -> None:
    truth, plots, who = scene
    firsts = []
    for k in (1, 3):
        tracks = known_association(truth, plots, who, instants_of(truth), REGION, OracleConfig(k))
        mine = tracks.track_id == "t007"
        firsts.append(int(tracks.measured_at_ns[mine].min()))
    own = np.sort(plots.measured_at_ns[who == "t007"])
    assert firsts == [own[0], own[2]]


def test_range_rates_tell_the_speed_along_the_line_of_sight() -> None:
    """Flying from the radar to the east: rates give that speed, and leave the other axis as is."""
    truth = truth_of({"a": (40_000, 0, 3000, 150, 0)}, range(61))
    rng, rows = np.random.default_rng(4), np.arange(0, 61, 4)
    place = REGION.from_geodetic(
        truth.latitude_deg[rows], truth.longitude_deg[rows], truth.height_wgs84_m[rows]
    )
    sensor_m = np.array([[0.0, 0.0, 0.0]])
    plots = plots_at(place + rng.normal(0, STD_M, place.shape), truth.measured_at_ns[rows])
    away = place - sensor_m
    rate = 150.0 * away[:, 0] / np.linalg.norm(away, axis=1) + rng.normal(0, 0.5, len(rows))
    rated = plots.replace(range_rate_mps=rate, range_rate_std_mps=np.full(len(rows), 0.5))
    who, at_ns = np.full(len(rows), "a", object), instants_of(truth)
    model = OracleConfig(noise_m2ps3=1.0)

    def errors(given: Plots, places: np.ndarray | None) -> np.ndarray:
        site = None if places is None else OracleSite(("radar",), places)
        tracks = known_association(truth, given, who, at_ns, REGION, model, site=site)
        late = tracks.take(tracks.measured_at_ns > at_ns[20])
        off = [late.velocity_east_mps - 150.0, late.velocity_north_mps]
        return np.sqrt(np.mean(np.square(off), axis=1))

    without, nowhere, with_ = errors(plots, sensor_m), errors(rated, None), errors(rated, sensor_m)
    np.testing.assert_array_equal(without, nowhere)
    assert with_[0] < 0.3 * without[0]
    assert with_[1] == pytest.approx(without[1], rel=0.3)


def test_order_of_plots_and_false_plots_change_nothing(scene: tuple) -> None:
    truth, plots, who = scene
    at_ns = instants_of(truth)[::7]
    plain = known_association(truth, plots, who, at_ns, REGION)
    shuffle = np.random.default_rng(0).permutation(len(plots))
    extra = plots_at(np.zeros((5, 3)), np.full(5, at_ns[0]))
    mixed = Plots.concat([plots.take(shuffle), extra])
    names = np.append(who[shuffle], np.full(5, None, object))
    again = known_association(truth, mixed, names, at_ns, REGION)
    np.testing.assert_allclose(again.latitude_deg, plain.latitude_deg, rtol=0, atol=1e-12)


def test_nothing_in_nothing_out(scene: tuple) -> None:
    truth, plots, _ = scene
    at_ns = instants_of(truth)
    none = np.full(len(plots), None, object)
    assert len(known_association(truth, plots, none, at_ns, REGION)) == 0
    assert len(known_association(truth, Plots.empty(), none[:0], at_ns, REGION)) == 0
    assert len(known_association(Truth.empty(), plots, none, at_ns, REGION)) == 0
