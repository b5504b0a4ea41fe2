"""Track scores: against a second scorer, in their right order, and with planted cheats."""

import json

import numpy as np
import pytest

from tests.evaluate.world import NS, ORIGIN, START_NS, tracks_like, truth_of
from tocsin.contract import ObjectClass, Tracks, TrackStatus, Truth
from tocsin.evaluate import Resolution, TrackScoring, score_tracks

FAR = {"a": (0, 0, 900, 50, 0), "b": (0, 9000, 900, 50, 0), "c": (0, -9000, 900, 60, 10)}


def score(truth: Truth, tracks: Tracks, **options: object) -> dict:
    result = score_tracks(truth, tracks, ORIGIN, TrackScoring(**options))
    json.dumps(result, allow_nan=False)
    return result


def joined(*tables: Tracks) -> Tracks:
    return Tracks.concat(tables).sorted_by("measured_at_ns", "track_id")


def test_the_order_of_trackers_is_the_right_one() -> None:
    draw = np.random.default_rng(7)
    truth = truth_of(FAR, range(60))
    oracle = tracks_like(truth)
    late = truth.measured_at_ns >= START_NS + 6 * NS
    ours = tracks_like(truth, draw=draw).take(late)
    nothing = Tracks.empty()
    grid = {f"g{k}": (3000 * (k % 9) - 9000, 3000 * (k // 9) - 12000, 0, 0, 0) for k in range(81)}
    everything = tracks_like(truth_of(grid, range(60)))
    values = [score(truth, t)["gospa_m"] for t in (oracle, ours, nothing)]
    assert values == sorted(values)
    assert values[0] < 1e-6 < values[1] < 0.5 * values[2]
    assert values[1] < score(truth, everything)["gospa_m"]
    assert score(truth, everything)["false_tracks"] > 60
    assert score(truth, nothing)["completeness"] == 0.0
    assert score(truth, nothing)["never_confirmed"] == 3


def test_duplicated_tracks_cost() -> None:
    truth = truth_of(FAR, range(30))
    once, again = tracks_like(truth), tracks_like(truth, prefix="D")
    doubled = score(truth, joined(once, again))
    assert score(truth, once)["redundant_track_share"] == 0.0
    assert doubled["redundant_track_share"] == pytest.approx(0.5)
    assert doubled["gospa_false_m"] == pytest.approx(np.sqrt(3 * 2000.0**2 / 2))
    assert doubled["gospa_m"] > score(truth, once)["gospa_m"]


def test_swapped_identities_are_switches_and_a_fixed_order_of_ids_does_not_matter() -> None:
    truth = truth_of(FAR, range(30))
    tracks = tracks_like(truth)
    half = tracks.measured_at_ns >= START_NS + 15 * NS
    other = {"T-a": "T-b", "T-b": "T-a", "T-c": "T-c"}
    ids = [other[i] if late else i for i, late in zip(tracks.track_id, half, strict=True)]
    result = score(truth, tracks.replace(track_id=ids))
    assert (result["identity_switches"], result["breaks"]) == (2, 0)
    assert result["identity_switches_per_flight_h"] == pytest.approx(2 / (90 / 3600))
    assert score(truth, tracks)["identity_switches"] == 0


def test_new_ids_each_second_are_switches_although_gospa_sees_nothing() -> None:
    truth = truth_of(FAR, range(30))
    tracks = tracks_like(truth)
    fresh = tracks.replace(track_id=[f"N{k}" for k in range(len(tracks))])
    assert score(truth, fresh)["gospa_m"] == score(truth, tracks)["gospa_m"]
    assert score(truth, fresh)["identity_switches"] == 29 * 3


def test_neighbours_closer_than_the_errors_do_not_switch_by_noise() -> None:
    paths = {"a": (0, 10, 900, 50, 0), "b": (0, -10, 900, 50, 0)}
    truth = truth_of(paths, range(60))
    tracks = tracks_like(truth, draw=np.random.default_rng(1))
    assert score(truth, tracks)["identity_switches"] == 0
    assert score(truth, tracks, hysteresis_m=0.0)["identity_switches"] > 0


def test_tracks_that_never_end_cost() -> None:
    truth = truth_of({"a": (0, 0, 900, 60, 0)}, range(120))
    gone = truth.take(truth.measured_at_ns < START_NS + 40 * NS)
    stays = truth_of({"a": (0, 0, 900, 60, 0), "z": (0, 40_000, 0, 1, 0)}, range(120))
    rest = stays.take((stays.target_id == "z") | (stays.measured_at_ns < START_NS + 40 * NS))
    tracks = tracks_like(truth)
    honest = score(rest, tracks_like(gone))
    lingering = score(rest, tracks)
    assert honest["false_tracks"] == 0
    assert lingering["false_tracks"] == 1
    assert lingering["false_tracks_per_h"] == pytest.approx(30.0)
    assert lingering["gospa_m"] > honest["gospa_m"]


def test_a_short_false_track_is_not_counted_and_a_long_one_is() -> None:
    truth = truth_of(FAR, range(60))
    ghost = truth_of({"g": (30_000, 30_000, 0, 0, 0)}, range(60))
    for seconds, count in ((10, 0), (11, 1)):
        short = tracks_like(ghost.take(slice(0, seconds)), prefix="F")
        assert score(truth, joined(tracks_like(truth), short))["false_tracks"] == count


def test_use_of_future_data_is_late_when_it_is_put_out() -> None:
    """A track made with hindsight is exact, but only known a minute later."""
    truth = truth_of(FAR, range(120))
    exact = tracks_like(truth)
    smoothed = exact.replace(emitted_at_ns=exact.measured_at_ns + 60 * NS)
    early = exact.replace(emitted_at_ns=exact.measured_at_ns - 60 * NS)
    assert score(truth, smoothed)["completeness"] == pytest.approx(0.5)
    assert score(truth, smoothed)["latency_p50_s"] == 60.0
    assert score(truth, early)["gospa_m"] == score(truth, exact)["gospa_m"]


def test_rows_are_propagated_at_constant_velocity() -> None:
    truth = truth_of(FAR, range(41))
    sparse = tracks_like(truth).take((truth.measured_at_ns - START_NS) % (4 * NS) == 0)
    assert score(truth, sparse)["completeness"] == 1.0
    assert score(truth, sparse)["position_rmse_m"] < 0.02
    still = sparse.replace(velocity_east_mps=np.zeros(len(sparse)))
    assert score(truth, still)["position_rmse_m"] > 50.0


def test_truth_between_its_rows_is_interpolated_and_long_gaps_are_not() -> None:
    truth = truth_of({"a": (0, 0, 900, 50, 0)}, [0, 5, 10, 40, 41])
    result = score(truth, Tracks.empty())
    assert result["instants"] == 42
    assert result["flight_h"] * 3600 == pytest.approx(11 + 2)


def test_breaks_completeness_and_time_to_confirm() -> None:
    truth = truth_of(FAR, range(60))
    second = (truth.measured_at_ns - START_NS) // NS
    is_a = truth.target_id == "a"
    kept = (second >= 8) & ~(is_a & (second >= 20) & (second < 25)) & (truth.target_id != "c")
    result = score(truth, tracks_like(truth).take(kept))
    assert result["breaks"] == 1
    assert result["identity_switches"] == 0
    assert result["time_to_confirm_p50_s"] == 8.0
    assert result["time_to_confirm_p95_s"] == 8.0
    assert result["never_confirmed"] == 1
    assert result["completeness"] == pytest.approx((52 - 5 + 52) / 180)


def test_tentative_and_external_tracks_are_not_scored() -> None:
    truth = truth_of(FAR, range(10))
    for status in (TrackStatus.TENTATIVE, TrackStatus.EXTERNAL):
        other = tracks_like(truth).replace(status=np.full(len(truth), int(status)))
        assert score(truth, other)["confirmed_tracks"] == 0
    coasting = tracks_like(truth).replace(status=np.full(len(truth), int(TrackStatus.COASTING)))
    assert score(truth, coasting)["completeness"] == 1.0


def test_completeness_only_where_there_is_coverage() -> None:
    truth = truth_of(FAR, range(30))
    seen = tracks_like(truth).take(truth.target_id != "b")
    north = score_tracks(truth, seen, ORIGIN, coverage=lambda p: p[:, 1] < 5000)
    assert north["completeness"] == 1.0
    assert north["covered_share"] == pytest.approx(2 / 3)
    assert score(truth, seen)["completeness"] == pytest.approx(2 / 3)


def test_nees_is_the_dimension_where_the_covariance_is_right() -> None:
    truth = truth_of(FAR, range(400))
    tracks = tracks_like(truth, draw=np.random.default_rng(2))
    flat, full = score(truth, tracks), score(truth, tracks, dimension=3)
    assert flat["nees_mean"] == pytest.approx(4.0, abs=0.25)
    assert full["nees_mean"] == pytest.approx(6.0, abs=0.3)
    assert full["nees_share_in_95"] == pytest.approx(0.95, abs=0.02)
    bold = tracks.replace(state_cov_m_mps=tracks.state_cov_m_mps / 4)
    assert score(truth, bold)["nees_mean"] == pytest.approx(16.0, abs=1.0)
    assert full["position_rmse_m"] == pytest.approx(np.sqrt(2 * 30**2 + 50**2), rel=0.05)
    assert flat["position_rmse_m"] == pytest.approx(np.sqrt(2) * 30, rel=0.05)
    assert flat["velocity_rmse_mps"] == pytest.approx(np.sqrt(2) * 3, rel=0.05)
    assert flat["height_rmse_m"] == pytest.approx(50, rel=0.05)


def test_covariances_are_propagated_with_the_states() -> None:
    truth = truth_of(FAR, range(80))
    sparse = tracks_like(truth, draw=np.random.default_rng(6))
    sparse = sparse.take((truth.measured_at_ns - START_NS) % (8 * NS) == 0)
    fresh, aged = score(truth, sparse, period_s=8.0), score(truth, sparse)
    assert aged["instants"] == 8 * fresh["instants"]
    assert aged["nees_mean"] == pytest.approx(fresh["nees_mean"], rel=0.02)


def test_errors_are_given_by_class() -> None:
    kinds = [ObjectClass.AIRLINER, ObjectClass.AIRLINER, ObjectClass.BIRD]
    truth = truth_of(FAR, range(20), kinds)
    tracks = tracks_like(truth, 100.0).take(truth.target_id != "a")
    result = score(truth, tracks)
    assert result["completeness_by_class"] == {"airliner": 0.5, "bird": 1.0}
    assert result["position_rmse_by_class_m"]["bird"] == pytest.approx(100.0, rel=1e-3)


def test_nothing_at_all_and_tracks_without_truth() -> None:
    assert score(Truth.empty(), Tracks.empty())["gospa_m"] is None
    alone = score(Truth.empty(), tracks_like(truth_of(FAR, range(20))))
    assert alone["false_tracks"] == 3
    assert alone["completeness"] is None


# -- resolution, endings, the worst moments ----------------------------------------------------


def test_one_track_is_enough_for_two_that_no_sensor_tells_apart() -> None:
    paths = {"a": (0, 0, 900, 50, 0), "b": (0, 300, 900, 50, 0), "far": (0, 9000, 900, 50, 0)}
    truth = truth_of(paths, range(30))
    seen = tracks_like(truth).take(truth.target_id != "b")

    def beyond(cell_m: float) -> Resolution:
        return lambda one, other: np.linalg.norm(one - other, axis=1) > cell_m

    for cell_m, share, unresolved in ((400.0, 1.0, 1 / 3), (200.0, 2 / 3, 0.0)):
        result = score_tracks(truth, seen, ORIGIN, resolution=beyond(cell_m))
        assert result["completeness"] == pytest.approx(share)
        assert result["unresolved_share"] == pytest.approx(unresolved)
        assert result["gospa_missed_m"] == pytest.approx(2000.0 / np.sqrt(2))
    lone = seen.take(seen.track_id == "T-far")
    neither = score_tracks(truth, lone, ORIGIN, resolution=beyond(400.0))
    assert neither["completeness"] == pytest.approx(1 / 3)


def test_time_to_end_is_how_long_a_track_outlives_its_target() -> None:
    paths = {"a": (0, 0, 900, 60, 0), "b": (0, 20_000, 900, 60, 0), "z": (0, 40_000, 900, 1, 0)}
    whole = truth_of(paths, range(120))
    second = (whole.measured_at_ns - START_NS) // NS
    ends = {"a": 30, "b": 40, "z": 120}
    last = np.array([ends[name] for name in whole.target_id])
    truth = whole.take(second < last)
    for more, expected in ((0, (0.0, 0.0)), (7, (7.0, 7.0)), (90, (None, None))):
        tracks = tracks_like(whole.take(second < last + more))
        result = score(truth, tracks)
        assert (result["time_to_end_p50_s"], result["time_to_end_p95_s"]) == expected
        assert result["never_ended"] == (2 if more == 90 else 0)
    late = score(truth, tracks_like(whole), end_within_s=85.0)
    assert late["never_ended"] == 1


def test_a_track_that_another_target_takes_over_has_not_outlived_its_own() -> None:
    truth = truth_of({"a": (0, 0, 900, 60, 0), "b": (0, 900, 900, 60, 0)}, range(120))
    alone = truth.take((truth.target_id == "b") | (truth.measured_at_ns < START_NS + 30 * NS))
    result = score(alone, tracks_like(truth))
    assert (result["never_ended"], result["time_to_end_p50_s"]) == (0, 0.0)
    assert result["redundant_track_share"] > 0.3


def test_the_worst_moments_say_what_was_wrong() -> None:
    truth = truth_of(FAR, range(60))
    second = (truth.measured_at_ns - START_NS) // NS
    gone = (truth.target_id == "b") & (second >= 20) & (second < 24)
    ghost = truth_of(dict.fromkeys(("g", "h"), (30_000, 30_000, 0, 0, 0)), range(60))
    brief = (ghost.measured_at_ns - START_NS) // NS == 45
    tracks = joined(tracks_like(truth, 7.0).take(~gone), tracks_like(ghost.take(brief), prefix="F"))
    result = score(truth, tracks)
    worst, next_worst = result["worst"][:2]
    assert result["worst_instants_ns"] == [moment["at_ns"] for moment in result["worst"]]
    assert (worst["at_ns"], worst["missed"]) == (START_NS + 45 * NS, [])
    assert (worst["false"], worst["false_count"]) == (["F-g", "F-h"], 2)
    assert START_NS + 20 * NS <= next_worst["at_ns"] < START_NS + 24 * NS
    assert (next_worst["missed"], next_worst["false"]) == (["b"], [])
    assert next_worst["missed_m"] == pytest.approx(2000.0 / np.sqrt(2))
    pairs = {(pair["target"], pair["track"]): pair["distance_m"] for pair in next_worst["far"]}
    assert pairs == pytest.approx({("a", "T-a"): 7.0, ("c", "T-c"): 7.0}, rel=1e-3)
    apart = np.diff(np.sort(result["worst_instants_ns"]))
    assert np.all(apart >= 10 * NS)
    assert len(result["worst"]) >= 5


def test_series_add_up_to_the_scores() -> None:
    draw = np.random.default_rng(8)
    kinds = [ObjectClass.AIRLINER, ObjectClass.BIRD, ObjectClass.BIRD]
    truth = truth_of(FAR, range(50), kinds)
    tracks = tracks_like(truth, draw=draw)
    result = score(truth, tracks.take(draw.uniform(size=len(tracks)) < 0.7))
    series, count = result["series"], np.array(result["series"]["matched"])
    assert {len(column) for column in series.values()} == {result["instants"]}
    squares = np.array([value or 0.0 for value in series["position_rmse_m"]]) ** 2
    assert result["position_rmse_m"] == pytest.approx(np.sqrt(squares @ count / count.sum()))
    means = np.array([value or 0.0 for value in series["nees_mean"]])
    assert result["nees_mean"] == pytest.approx(means @ series["nees_count"] / count.sum())
    assert result["ospa_m"] == pytest.approx(np.mean(series["ospa_m"]))
    assert np.array_equal(np.array(series["targets"]) - series["missed"], count)
    assert list(result["by_class"]) == ["airliner", "bird"]
    birds = result["series_by_class"]["bird"]
    assert sum(birds["matched"]) + sum(result["series_by_class"]["airliner"]["matched"]) == sum(
        count
    )
    assert result["by_class"]["bird"]["targets"] == 2
    for name in ("completeness", "position_rmse_m", "velocity_rmse_mps"):
        tables = {
            "completeness": "completeness_by_class",
            "position_rmse_m": "position_rmse_by_class_m",
            "velocity_rmse_mps": "velocity_rmse_by_class_mps",
        }
        assert result["by_class"]["bird"][name] == result[tables[name]]["bird"]
