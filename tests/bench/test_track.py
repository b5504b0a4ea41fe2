"""`bench track`: every case at a tiny size, its goals, and the parts that it is made of."""

import json
import sys
import tomllib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import _accuracy, _ekf, _manoeuvre, _roofline, _speed, _trackers, track
from bench._asked import Asked
from bench._cases import DATA, read_case
from bench._goals import judged
from bench._scenes import Estimate, Scene, make, polar
from bench._tables import scored
from bench._traffic import Traffic, revolutions, sectors
from bench.kernels_roofline import multiply_add, multiply_add_twin, triad, triad_twin
from tests.support import tocsin

TINY = Asked(1, False, True, 60.0, lambda _text: None)
PEERS = _trackers.tracker("gnn-tpr") is not None


def printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> dict[str, Any]:
    monkeypatch.setattr(sys, "argv", ["track", *arguments])
    track.main()
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


@pytest.mark.parametrize("case", [name for name in track.CASES if name != "real"])
def test_every_case_prints_its_figures_and_its_goals(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = printed(monkeypatch, capsys, case, "--quick", "--seeds", "1")
    assert found["calibration"]["ns_per_update"] > 0.0
    assert found["rows"]
    goals = found["goals"]
    assert [goal["key"] for goal in goals] == [line["key"] for line in written()[case]]
    for goal in goals:
        assert goal["figure"] == found[case][goal["key"]]
        assert (goal["floor_met"], goal["goal_met"]) == (None, None)
        waits = goal["key"].endswith("ratio_to_stonesoup")
        assert (goal["figure"] is None) == waits


@pytest.mark.shared
def test_real_flights_have_few_breaks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = printed(monkeypatch, capsys, "real", "--quick")
    assert 0.0 <= found["real"]["breaks_and_swaps_per_flight_hour"] < 100.0


@pytest.mark.skipif(not PEERS, reason="stonesoup or rtree is not installed")
@pytest.mark.parametrize("case", ["dense", "speed"])
def test_with_peers_there_is_a_ratio(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = printed(monkeypatch, capsys, case, "--quick", "--seeds", "1", "--peers")
    assert found[case]["ratio_to_stonesoup"] > 0.0
    assert any(row.get("tracker", "").startswith("gnn") for row in found["rows"])


def test_the_roofline_adds_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = printed(monkeypatch, capsys, "--roofline", "--quick")
    line = found["roofline"]
    assert line["least_ns_per_plot"] == max(line["flops_ns_per_plot"], line["bytes_ns_per_plot"])
    assert line["times_the_least"] > 1.0
    assert sum(row["share"] for row in found["profile"]) <= 1.0 + 1e-9
    assert found["goals"] == []


def written() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads((DATA / "goals.toml").read_text())


def test_every_case_has_goals_and_every_goal_a_case() -> None:
    assert set(written()) == set(track.CASES)
    for line in (line for lines in written().values() for line in lines):
        if "floor" in line and "goal" in line:
            assert (line["goal"] > line["floor"]) == line.get("more", False)


def test_a_goal_is_met_from_its_own_side_and_never_without_a_figure() -> None:
    def met(case: str, **figures: float | None) -> list[bool | None]:
        return [row["floor_met"] for row in judged(case, figures) if row["key"] in figures]

    assert met("million", seconds_per_scan=1.0) == [True]
    assert met("million", seconds_per_scan=1.01) == [False]
    assert met("swarm", completeness=0.98) == [True]
    assert met("swarm", completeness=0.9) == [False]
    assert met("million", seconds_per_scan=None) == [False]
    assert met("latency", p50_latency_us=5.0) == [None]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["nothing"], "no case 'nothing'"), (["dense", "--seeds", "0"], "give 1 or more")],
)
def test_wrong_arguments_end_in_one_line(
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["track", *arguments])
    with pytest.raises(SystemExit) as end:
        track.main()
    assert end.value.code == 2
    assert said in capsys.readouterr().err.strip()


def test_the_command_prints_the_goals_as_a_table() -> None:
    done = tocsin("bench", "track", "million", "--quick")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    head = lines.index("goals:") + 1
    assert lines[head].split()[:3] == ["case", "key", "figure"]
    assert lines[head + 1].split()[:2] == ["million", "seconds_per_scan"]


def turning(scans: int = 30) -> Scene:
    return make(read_case("manoeuvre"), 6, scans)


@given(
    st.lists(st.floats(-9e4, 9e4), min_size=2, max_size=2).filter(lambda x: np.hypot(*x) > 1e3),
    st.floats(100.0, 15_000.0),
)
def test_the_ekf_s_jacobian_is_the_derivative_of_range_and_angles(
    across_m: list[float], up_m: float
) -> None:
    x, step_m = np.array([[*across_m, up_m]]), 0.5
    found = _ekf.jacobian(x)[0]
    for axis in range(3):
        off = step_m * np.eye(3)[axis]
        slope = (polar(x + off) - polar(x - off))[0]
        slope[1] = (slope[1] + np.pi) % (2.0 * np.pi) - np.pi
        np.testing.assert_allclose(found[:, axis], slope / (2.0 * step_m), rtol=1e-3, atol=1e-8)


def test_the_ekf_filters_the_errors_of_straight_flight_away() -> None:
    """Aircraft 0 flies straight for the first minute."""
    scene = turning()
    truth = np.array([scan.truth.state[0, :3] for scan in scene.scans])
    smooth, jumpy = (_ekf.positions(scene, q)[5:28, 0] - truth[5:28] for q in (1.0, 1e7))
    assert np.sqrt(np.mean(smooth**2)) < 0.7 * np.sqrt(np.mean(jumpy**2))


def test_errors_of_the_truth_are_nothing_and_of_a_shift_the_shift() -> None:
    scene = turning(12)
    cov = np.tile(np.eye(6) * 25.0, (6, 1, 1))
    shift = np.array([30.0, 0.0, 40.0])
    shifted = [
        Estimate(scan.truth.who, scan.truth.state[:, :3] + shift, None, cov) for scan in scene.scans
    ]
    found = _manoeuvre.errors(scene, shifted)
    np.testing.assert_allclose(found.position_m, 50.0)
    np.testing.assert_allclose(found.nees, 100.0)


def exact(scene: Scene) -> list[Estimate]:
    return [Estimate(s.truth.who, s.truth.state[:, :2], s.truth.state[:, 2:]) for s in scene.scans]


def test_the_truth_scores_whole_and_unbroken() -> None:
    scene = make(read_case("dense"), 20, 10)
    found = scored(scene, exact(scene))
    assert found["completeness"] == 1.0
    assert (found["breaks"], found["identity_switches"], found["false_tracks"]) == (0, 0, 0)
    # Between two scans truth is interpolated and tracks are predicted: noise of the motion is left.
    assert found["position_rmse_m"] < 20.0


def test_a_gap_is_a_break_a_new_number_a_swap_and_a_ghost_a_false_track() -> None:
    scene = make(read_case("dense"), 20, 12)
    estimates = exact(scene)
    for k in (4, 5):
        estimates[k] = Estimate(*(column[1:] for column in estimates[k][:3] if column is not None))
    for k in range(8, 12):
        renamed = estimates[k].track.copy()
        renamed[2] += 1_000
        estimates[k] = estimates[k]._replace(track=renamed)
    for k, estimate in enumerate(estimates):
        assert estimate.velocity is not None
        estimates[k] = Estimate(
            np.append(estimate.track, 5_000),
            np.append(estimate.place, [[5e5, 5e5]], axis=0),
            np.append(estimate.velocity, [[0.0, 0.0]], axis=0),
        )
    found = scored(scene, estimates)
    assert (found["breaks"], found["identity_switches"], found["false_tracks"]) == (1, 1, 1)


def test_a_peer_that_is_cut_short_is_compared_over_the_runs_that_it_finished() -> None:
    case = read_case("dense")
    scenes = [make(case, 12, 6, run) for run in range(3)]
    ours = _trackers.attempt(_trackers.OWN["tocsin"], scenes)
    two = _trackers.Trial(ours.scenes[:2], ours.timed[:2], ours.scores[:2])
    found = _accuracy.ratios({"tocsin": ours, "gnn": two})
    assert found["ratio_to_stonesoup"] == pytest.approx(1.0)
    assert found["stonesoup_seeds"] == 2
    assert _accuracy.ratios({"tocsin": ours, "gnn": None})["ratio_to_stonesoup"] is None


def test_eight_targets_meet_and_two_die() -> None:
    scene = make(read_case("williams15-eight"), 8, 81)
    assert [len(scene.scans[k].truth.who) for k in (0, 39, 40, 80)] == [8, 8, 6, 6]
    assert scene.first_density * 300.0**2 == pytest.approx(3.0)


def test_sectors_hold_what_the_revolutions_hold() -> None:
    traffic = Traffic(300, sectors=16)
    whole = list(revolutions(traffic, 3))
    parts = list(sectors(traffic, 3))
    assert len(parts) == 48
    assert sum(len(part.reports) for part in parts) == sum(len(one.reports) for one in whole)
    for part in parts:
        inside = part.reports.measured_at_ns
        assert np.all((inside >= part.looks.start_ns[0]) & (inside <= part.looks.end_ns[0]))
        assert part.now_ns == part.looks.end_ns[0]


def test_replaced_targets_keep_their_number() -> None:
    counts = [len(one.reports) for one in revolutions(Traffic(400, 0.2, life_s=40.0), 20)]
    assert abs(np.mean(counts) - 400 * 1.1) < 4 * np.sqrt(400 * 0.29 / 20)


def test_bytes_held_are_counted_once_with_what_is_behind_a_view() -> None:
    whole = np.zeros(100)
    assert _speed.held_bytes((whole, [whole[:10], {"a": whole}], 3)) == 800
    assert _speed.held_bytes((np.zeros(4), np.zeros(4))) == 64


def test_operations_are_counted_as_they_are_done() -> None:
    a, b = _roofline.Counted(), _roofline.Counted()
    assert _roofline.counted(lambda: (a * b + a) / b.sqrt()) == 4
    assert _roofline.counted(lambda: 2.0 * a - 1.0) == 2
    need = _roofline.needs(1.0)
    parts = sum(need[f"{name}_flops"] for name in ("convert", "predict", "gate", "update"))
    assert need["flops_per_plot"] == parts
    assert _roofline.needs(0.0)["flops_per_plot"] == need["convert_flops"]


def test_the_roofline_s_kernels_do_what_their_twins_do() -> None:
    one, other = np.linspace(0.0, 9.0, 50), np.linspace(0.0, 9.0, 50)
    multiply_add(one, 2)
    multiply_add_twin(other, 2)
    np.testing.assert_allclose(one, other, rtol=1e-12)
    out, twin = np.empty(50), np.empty(50)
    triad(out, one, other)
    triad_twin(twin, one, other)
    np.testing.assert_array_equal(out, twin)
