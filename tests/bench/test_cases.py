"""The benchmark cases: complete, reproducible, and as random as they say."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench._cases import DATA, read_case, read_cases
from bench._formations import merged
from bench._scenes import FALSE, Scene, make
from bench._turns import AIRCRAFT, G_MPS2, LAST_S, STEP_S, flown, six_aircraft
from tocsin.contract import InputError

CASES = read_cases()
MADE = [name for name, case in CASES.items() if case.generator != "recorded"]


def same(one: Scene, other: Scene) -> bool:
    pairs = zip(one.scans, other.scans, strict=True)
    return all(
        np.array_equal(a.measured, b.measured)
        and np.array_equal(a.origin, b.origin)
        and np.array_equal(a.truth.state, b.truth.state)
        for a, b in pairs
    )


@pytest.mark.parametrize("name", CASES)
def test_a_case_states_its_metric_models_and_source(name: str) -> None:
    written = tomllib.loads((DATA / "cases.toml").read_text())[name]
    assert set(written["metric"]) == {"p", "c_m", "alpha", "dimension"}
    assert written["source"]
    assert written["summary"]
    assert len(written["models"]["std"]) == written["metric"]["dimension"]


def test_the_cases_of_the_issue_are_there() -> None:
    wanted = {"williams15", "radar-flat", "radar-polar", "dense", "swarm", "manoeuvre", "real"}
    assert wanted <= set(CASES)


def test_an_incomplete_case_is_refused_by_place(tmp_path: Path) -> None:
    text = (DATA / "cases.toml").read_text().replace("p = 2.0, c_m = 10.0", "p = 2.0", 1)
    broken = tmp_path / "cases.toml"
    broken.write_text(text)
    with pytest.raises(InputError, match=r"williams15\.metric\.c_m"):
        read_cases(broken)


def test_an_unknown_case_names_the_known() -> None:
    with pytest.raises(InputError, match="use one of williams15"):
        read_case("nothing")


@pytest.mark.parametrize("name", MADE)
def test_the_same_seed_gives_the_same_scene_and_another_run_another(name: str) -> None:
    case = CASES[name]
    assert same(make(case, 30, 4), make(case, 30, 4))
    assert not same(make(case, 30, 4), make(case, 30, 4, run=1))


@given(
    name=st.sampled_from(["radar-flat", "dense", "swarm", "radar-polar"]),
    targets=st.integers(1, 300),
)
def test_density_speed_and_course_are_the_case_s(name: str, targets: int) -> None:
    case = CASES[name]
    scene = make(case, targets, 1)
    area = float(np.prod(scene.field.high_m - scene.field.low_m))
    if not scene.field.cell_m:
        assert targets / area == pytest.approx(case.scene["density_pm2"])
    place, velocity = np.split(scene.scans[0].truth.state, 2, axis=1)
    speed = np.linalg.norm(velocity, axis=1)
    slowest, fastest = case.scene["speed_mps"]
    assert np.all((speed >= slowest - 1e-9) & (speed <= fastest + 1e-9))
    assert np.all((place >= scene.field.low_m) & (place <= scene.field.high_m))
    if "course_rad" in case.scene:
        off = np.arctan2(velocity[:, 0], velocity[:, 1]) - case.scene["course_rad"]
        assert np.all(np.abs(off) <= case.scene["course_spread_rad"] + 1e-9)


@pytest.mark.parametrize("name", ["radar-flat", "radar-polar", "dense", "swarm"])
def test_detections_and_false_plots_come_as_often_as_stated(name: str) -> None:
    case, targets, scans = CASES[name], 1600, 12
    scene = make(case, targets, scans)
    true = sum(int((scan.origin != FALSE).sum()) for scan in scene.scans)
    false = scene.plots - true
    pd, looks = case.models.detection_probability, targets * scans
    assert abs(true - pd * looks) < 4 * np.sqrt(looks * pd * (1 - pd))
    expected = case.scene["false_share"] * pd * looks
    assert abs(false - expected) < 4 * np.sqrt(expected)


@pytest.mark.parametrize("name", [name for name in MADE if name not in ("williams15", "cells")])
def test_measurement_errors_have_the_stated_deviation(name: str) -> None:
    case = CASES[name]
    errors = [residuals(make(case, 400, 15, run)) for run in range(5)]
    error = np.concatenate(errors)
    deviation = np.sqrt(np.mean((error / case.models.std) ** 2, axis=0))
    assert np.all(np.abs(deviation - 1.0) < 4.0 / np.sqrt(2 * len(error)))
    assert np.all(np.abs(np.mean(error / case.models.std, axis=0)) < 4.0 / np.sqrt(len(error)))


def test_targets_in_one_cell_give_one_plot_at_their_weighted_mean() -> None:
    measured = np.array([[60_000.0, 1.0], [60_100.0, 1.01], [60_300.0, 1.01], [60_100.0, 1.05]])
    found, strongest = merged(measured, np.array([1.0, 3.0, 1.0, 1.0]), [150.0, 0.026])
    assert strongest.tolist() == [1, 1, 2, 3]
    np.testing.assert_array_equal(found[2:], measured[2:])
    weight = np.array([1.0, 3.0]) / measured[:2, 0] ** 4
    np.testing.assert_allclose(found[1], weight @ measured[:2] / weight.sum(), rtol=1e-12)


def test_formations_come_together_into_one_cell_and_part_again() -> None:
    case = CASES["cells"]
    true = [int((scan.origin != FALSE).sum()) for scan in make(case, 28, 60).scans]
    apart, together = np.mean(true[:6] + true[-5:]), np.mean(true[24:36])
    assert apart > 0.8 * 28
    assert together < 0.6 * 28


def residuals(scene: Scene) -> np.ndarray:
    """Return plot minus truth, in what is measured, by an own conversion."""
    blocks = []
    for scan in scene.scans:
        own = scan.origin != FALSE
        row = np.searchsorted(scan.truth.who, scan.origin[own])
        d = len(scene.field.low_m)
        place = scan.truth.state[row, :d]
        if scene.case.models.measurement == "position":
            blocks.append(scan.measured[own] - place)
            continue
        x = place - scene.field.radars_m[scan.radar[own]]
        flat = np.sqrt(x[:, 0] ** 2 + x[:, 1] ** 2)
        r = np.sqrt(np.sum(x**2, axis=1))
        turned = np.exp(1j * scan.measured[own, 1]) * (x[:, 1] - 1j * x[:, 0]) / flat
        columns = [scan.measured[own, 0] - r, np.angle(turned)]
        if d == 3:
            columns.append(scan.measured[own, 2] - np.arctan(x[:, 2] / flat))
        blocks.append(np.stack(columns, axis=1))
    return np.concatenate(blocks)


def test_every_square_has_its_radar_and_reports_only_its_own() -> None:
    scene = make(CASES["radar-polar"], 1600, 3)
    assert len(scene.field.radars_m) == 16
    for scan in scene.scans:
        r, azimuth = scan.measured.T
        offset = r[:, None] * np.stack([np.sin(azimuth), np.cos(azimuth)], axis=1)
        false = scan.origin == FALSE
        assert np.all(np.abs(offset[false]) <= 100_000.0)
        place = scene.field.radars_m[scan.radar[false]] + offset[false]
        assert np.all((place >= 0.0) & (place <= scene.field.high_m))


def test_false_density_is_that_of_the_plots_in_range_and_azimuth() -> None:
    """Inside the inscribed circle nothing is cut away, so there the density shows itself."""
    scene = make(CASES["radar-polar"], 1600, 40)
    inside = sum(
        int(((scan.origin == FALSE) & (scan.measured[:, 0] < 100_000.0)).sum())
        for scan in scene.scans
    )
    volume = 100_000.0 * 2 * np.pi * len(scene.field.radars_m) * len(scene.scans)
    expected = scene.false_density * volume
    assert abs(inside - expected) < 4 * np.sqrt(expected)


def test_the_published_plots_are_taken_as_they_are() -> None:
    scene = make(CASES["williams15"], 4, 81, run=3)
    assert len(scene.scans) == 81
    assert [len(scene.scans[k].truth.who) for k in (0, 39, 40, 80)] == [4, 4, 3, 3]
    share = [np.mean(np.isin(scan.truth.who, scan.origin)) for scan in scene.scans]
    assert 0.85 < np.mean(share) < 0.95
    false = np.mean([int((scan.origin == FALSE).sum()) for scan in scene.scans])
    assert abs(false - 10.0) < 4 * np.sqrt(10.0 / 81)


def test_fresh_truths_meet_in_the_middle_as_the_published_one_does() -> None:
    case = CASES["williams15-fresh"]
    together = np.concatenate([make(case, 4, 41, r).scans[40].truth.state for r in range(60)])
    off = together - [150.0, 150.0, 0.0, 0.0]
    assert np.sqrt(np.mean(off**2)) == pytest.approx(np.sqrt(0.1), rel=0.1)
    scenes = [make(case, 4, 81, r) for r in range(3)]
    assert [len(scenes[0].scans[k].truth.who) for k in (39, 40)] == [4, 3]
    # Forwards and backwards alike the velocities do a random walk of 0.01 per scan.
    steps = [
        scene.scans[k + 1].truth.state[-3:, 2:] - scene.scans[k].truth.state[-3:, 2:]
        for scene in scenes
        for k in range(80)
    ]
    assert np.var(steps) == pytest.approx(0.01, rel=0.15)


@pytest.mark.parametrize("number", range(6))
def test_an_aircraft_flies_as_described(number: int) -> None:
    """Turns pull the stated load, at most 7 g; straight legs pull none; paths are smooth."""
    own, path = AIRCRAFT[number], flown(number)
    velocity = path[:, 3:5]
    speed = np.linalg.norm(velocity, axis=1)
    rate = np.diff(np.unwrap(np.arctan2(velocity[:, 0], velocity[:, 1]))) / STEP_S
    load = np.abs(rate) * speed[:-1] / G_MPS2
    loads = {leg.load_g for leg in own.legs}
    assert load.max() == pytest.approx(max(loads), rel=1e-3)
    assert load.max() < 7.001
    assert all(np.min(np.abs(value - np.array(sorted(loads)))) < 0.01 for value in load)
    thrust = max(abs(leg.thrust_mps2) for leg in own.legs)
    assert np.abs(np.diff(speed)).max() / STEP_S <= thrust + 1e-6
    moved = np.linalg.norm(np.diff(path[:, :2], axis=0), axis=1) / STEP_S
    np.testing.assert_allclose(moved, speed[:-1], rtol=1e-3)


def test_the_six_reach_what_their_description_says() -> None:
    heights = [(flown(k)[:, 2].min(), flown(k)[:, 2].max()) for k in range(6)]
    wanted = [(1260, 1260), (3100, 4570), (3000, 3000), (2290, 4570), (1500, 4450), (790, 1550)]
    np.testing.assert_allclose(heights, wanted, atol=5.0)
    assert {max(leg.load_g for leg in own.legs) for own in AIRCRAFT} == {3.0, 4.0, 6.0, 7.0}
    assert np.min([np.linalg.norm(flown(k)[-1, 3:5]) for k in (2,)]) == pytest.approx(274.0, abs=1)


@given(at_s=st.floats(0.0, LAST_S))
def test_all_six_are_within_the_radar_s_reach(at_s: float) -> None:
    who, state = six_aircraft(at_s)
    scene = CASES["manoeuvre"].scene
    slant = np.linalg.norm(state[:, :3], axis=1)
    assert who.tolist() == list(range(6))
    assert np.all((slant > 10_000.0) & (slant < scene["reach_m"]))
    assert np.all(np.arcsin(state[:, 2] / slant) < scene["elevation_rad"][1])


@pytest.mark.shared
def test_real_flights_are_those_of_the_recording(shared: Path) -> None:
    scene = make(CASES["real"], 842, 40)
    assert scene.targets == 842
    speeds = np.concatenate(
        [np.linalg.norm(scan.truth.state[:, 2:], axis=1) for scan in scene.scans]
    )
    assert 100.0 < np.median(speeds) < 280.0
    reach = CASES["real"].scene["reach_m"]
    for scan in scene.scans:
        assert np.all(scan.measured[:, 0] < reach + 500.0)
        assert np.all(scan.radar == scan.truth.radar)
    assert {scan.truth.radar for scan in scene.scans} == {0, 1, 2}


def test_real_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOCSIN_SHARED_DATA", str(tmp_path))
    with pytest.raises(InputError, match=r"not in \.\./shared/data"):
        make(CASES["real"], 842, 4)
