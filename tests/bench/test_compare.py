"""Trackers on a benchmark case: near the truth, equally timed, stopped when slow."""

import dataclasses
import json
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from bench import _trackers, compare
from bench._cases import read_case, read_cases
from bench._oracle import oracle
from bench._scenes import FALSE, Estimate, Readout, Scene, make
from bench._scores import score, summary
from bench._tocsin import confirmed, tocsin
from bench.kernels_calibration import filters, filters_twin

PEERS = [name for name in _trackers.PEERS if _trackers.tracker(name)]


def easy(name: str = "radar-flat", targets: int = 8, scans: int = 8) -> Scene:
    """Make a case without false plots and nearly without misses."""
    case = read_case(name)
    change = {"false_share": 0.001, "false_per_scan": 0.02}
    scene = {key: change.get(key, value) for key, value in case.scene.items()}
    models = case.models.model_copy(update={"detection_probability": 0.99})
    return make(case.model_copy(update={"scene": scene, "models": models}), targets, scans)


def last_errors(scene: Scene, readouts: Iterator[Readout]) -> np.ndarray:
    """Return for each target of the last scan the distance of the nearest estimate."""
    estimate = [readout() for readout in readouts][-1]
    place = scene.scans[-1].truth.state[:, : scene.case.metric.dimension]
    assert len(estimate.track) == len(np.unique(estimate.track)) == len(place)
    apart = np.linalg.norm(place[:, None] - estimate.place[None], axis=2)
    nearest: np.ndarray = apart.min(axis=1)
    return nearest


@pytest.mark.parametrize("name", ["radar-flat", "radar-polar", "manoeuvre"])
@pytest.mark.parametrize("track", [oracle, tocsin, confirmed])
def test_ours_and_the_oracle_find_every_target(name: str, track: _trackers.Tracker) -> None:
    scene = easy(name)
    limit = {"radar-flat": 200.0, "radar-polar": 600.0, "manoeuvre": 400.0}[name]
    assert np.all(last_errors(scene, track(scene)) < limit)


@pytest.mark.parametrize("peer", PEERS)
def test_every_peer_finds_every_target(peer: str) -> None:
    track = _trackers.tracker(peer)
    assert track is not None
    scene = easy()
    assert np.all(last_errors(scene, track(scene)) < 300.0)


@pytest.mark.parametrize("name", ["radar-polar", "manoeuvre"])
def test_a_peer_reads_range_azimuth_and_elevation_as_we_do(name: str) -> None:
    track = _trackers.tracker("gnn")
    if track is None:
        pytest.skip("stonesoup is not installed")
    scene = easy(name)
    assert np.all(last_errors(scene, track(scene)) < 600.0)


@pytest.mark.shared
def test_ours_finds_real_flights() -> None:
    scene = make(read_case("real"), 842, 60)
    place = scene.scans[-1].truth.state[:, :2]
    estimate = [readout() for readout in tocsin(scene)][-1]
    apart = np.linalg.norm(place[:, None] - estimate.place[None], axis=2)
    assert np.mean(apart.min(axis=1) < 500.0) > 0.9


def test_the_oracle_on_the_published_plots_is_the_published_one() -> None:
    """1.904 in the published table; who caused which plot is inferred here."""
    case = read_case("williams15")
    runs = [make(case, 4, 81, run) for run in range(20)]
    found = summary([score(s, [r() for r in oracle(s)]) for s in runs], 2.0)
    assert found["gospa"] == pytest.approx(1.904, abs=0.02)
    assert found["switches"] == 0


def test_ours_on_the_published_plots_lies_between_the_oracle_and_gnn() -> None:
    case = read_case("williams15")
    runs = [make(case, 4, 81, run) for run in range(2)]
    found = summary([score(s, [r() for r in tocsin(s)]) for s in runs], 2.0)
    assert 1.9 < found["gospa"] < 3.824


def crossing() -> Scene:
    return easy("radar-flat", targets=3, scans=6)


def exact(scene: Scene) -> list[Estimate]:
    """Return the truth as estimates."""
    return [Estimate(s.truth.who + 7, s.truth.state[:, :2].copy()) for s in scene.scans]


def test_scores_of_the_truth_of_nothing_and_of_everything() -> None:
    scene = crossing()
    p, c = scene.case.metric.p, scene.case.metric.c_m
    perfect = summary([score(scene, exact(scene))], p)
    assert (perfect["gospa"], perfect["ospa"], perfect["switches"]) == (0.0, 0.0, 0.0)
    nothing = [Estimate(np.zeros(0, np.int64), np.zeros((0, 2)))] * len(scene.scans)
    missed = summary([score(scene, nothing)], p)
    assert missed["gospa"] == missed["missed"] == pytest.approx(c * np.sqrt(1.5))
    assert missed["ospa"] == pytest.approx(c)
    far = [Estimate(e.track, e.place + 1e6) for e in exact(scene)]
    wrong = summary([score(scene, far)], p)
    assert wrong["false"] == wrong["missed"] == pytest.approx(c * np.sqrt(1.5))
    assert wrong["gospa"] == pytest.approx(c * np.sqrt(3.0))


def test_a_shift_is_all_localisation() -> None:
    scene = crossing()
    shifted = [Estimate(e.track, e.place + np.array([30.0, 40.0])) for e in exact(scene)]
    found = summary([score(scene, shifted)], 2.0)
    assert found["gospa"] == found["localisation"] == pytest.approx(50.0 * np.sqrt(3.0))
    assert found["ospa"] == pytest.approx(50.0)


def test_swapped_identities_are_switches() -> None:
    scene = crossing()
    swapped = exact(scene)
    for k in (3, 4, 5):
        swapped[k] = Estimate(swapped[k].track[[1, 0, 2]], swapped[k].place)
    assert score(scene, swapped).switches == 2


def test_the_plots_are_no_secret_to_nobody() -> None:
    """A tracker that is told other origins does the same: it never looks at them."""
    scene = easy(targets=5, scans=5)
    hidden = tuple(s._replace(origin=np.full(len(s.origin), FALSE)) for s in scene.scans)
    blind = dataclasses.replace(scene, scans=hidden)
    for track in filter(None, [tocsin, _trackers.tracker("gnn")]):
        for one, other in zip(track(scene), track(blind), strict=True):
            np.testing.assert_allclose(
                np.sort(one().place, axis=0), np.sort(other().place, axis=0), rtol=1e-12
            )


def test_a_slow_tracker_is_stopped_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(scene: Scene) -> Iterator[Readout]:
        for scan in scene.scans:
            total = 0
            while scan.truth.at_s > 4.0 and total >= 0:
                total += 1
            yield lambda: Estimate(np.zeros(0, np.int64), np.zeros((0, 2)))

    monkeypatch.setitem(_trackers.OWN, "slow", slow)
    case = read_case("radar-flat")
    setup = case.setups[0].model_copy(update={"trackers": ("slow",), "scans": 6, "targets": 5})
    row = compare.compare(case, setup, 0.2, lambda _text: None)[0]
    assert row["note"] == "stopped after 0.2 s, at scan 2 of 6"
    assert row["scans"] == 2


def test_the_calibration_kernel_does_what_its_twin_does() -> None:
    one, other = np.zeros((5, 5)), np.zeros((5, 5))
    assert filters(one, 40) == pytest.approx(filters_twin(other, 40), rel=1e-12)
    np.testing.assert_allclose(one, other, rtol=1e-12)


def printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> dict[str, object]:
    monkeypatch.setattr(sys, "argv", ["compare", *arguments])
    compare.main()
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def test_one_document_with_every_tracker_s_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--case", "dense", "--targets", "30", "--scans", "6", "--runs", "2"]
    names = ["oracle", "tocsin", *(["gnn-kd"] if PEERS else [])]
    result = printed(monkeypatch, capsys, *arguments, "--trackers", ",".join(names))
    rows = result["rows"]
    assert isinstance(rows, list)
    assert [row["tracker"] for row in rows] == names
    for row in rows:
        assert row["targets"] == 30
        assert (row["runs"], row["scans"]) == (2, 12)
        parts = [row[part] ** 2 for part in ("localisation", "missed", "false")]
        assert row["gospa"] == pytest.approx(np.sqrt(sum(parts)))
    assert all(row["updates_per_plot"] > 0 for row in rows)
    if PEERS:
        ours, theirs = rows[1], rows[2]
        assert theirs["tocsin_faster"] * theirs["plots_per_s"] == pytest.approx(ours["plots_per_s"])


def test_what_is_missing_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    monkeypatch.setenv("TOCSIN_SHARED_DATA", str(tmp_path))
    result = printed(monkeypatch, capsys, "--case", "real", "--scans", "3")
    skipped = result["skipped"]
    assert isinstance(skipped, dict)
    assert "not in ../shared/data" in skipped["real"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--case", "nothing"], "no case 'nothing'"),
        (["--trackers", "nobody"], "no tracker 'nobody'"),
        (["--targets", "0"], "targets"),
        (["--case", "dense", "--scans", "1"], "scans"),
    ],
)
def test_wrong_arguments_end_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["compare", *arguments])
    with pytest.raises(SystemExit) as end:
        compare.main()
    assert end.value.code == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert said in lines[-1]
    assert len(lines) == 1


@pytest.mark.parametrize("name", read_cases())
def test_default_set_ups_name_known_trackers_and_grow(name: str) -> None:
    setups = read_case(name).setups
    for setup in setups:
        assert set(setup.trackers) <= set(_trackers.NAMES)
        assert "tocsin" in setup.trackers
    sizes = [setup.targets * setup.scans for setup in setups]
    assert sizes == sorted(sizes)
