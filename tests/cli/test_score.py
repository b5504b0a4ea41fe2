"""`tocsin score`: one tracker or several, the oracle beside, a standard, and wrong input."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.test_bad_input import refused, run
from tests.evaluate.world import tracks_like
from tocsin.contract import (
    NS,
    Innovations,
    Origins,
    Reports,
    Tracks,
    Truth,
    read_parquet,
    write_parquet,
)

PASSES = """
name = "easy"
about = "what anybody can do"
[[requirement]]
id = "E1"
text = "something is followed"
score = "track_scores.completeness"
comparison = ">"
value = 0
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated minute; two trackers: one 50 m off, one 150 m off that ends half-way."""
    folder = tmp_path_factory.mktemp("score")
    with pytest.MonkeyPatch.context() as patch:
        assert run(patch, "simulate", "--minutes", "1", "-o", folder / "a") == 0
    truth = read_parquet(Truth, folder / "a/truth/truth.parquet")
    write_parquet(tracks_like(truth, 50.0), folder / "a/tracks.parquet")
    (folder / "b").mkdir()
    half = (truth.measured_at_ns.min() + truth.measured_at_ns.max()) // 2
    late = tracks_like(truth.take(truth.measured_at_ns < half), 150.0)
    write_parquet(late, folder / "b/tracks.parquet")
    (folder / "easy.toml").write_text(PASSES)
    return folder


def scored(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, dict]:
    code = run(monkeypatch, "score", *arguments, "--json")
    return code, json.loads(capsys.readouterr().out)


def test_one_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: Path
) -> None:
    code, result = scored(monkeypatch, capsys, world / "a", "--truth", world / "a/truth")
    assert code == 0
    assert result["track_scores"]["completeness"] == 1.0
    assert result["track_scores"]["position_rmse_m"] == pytest.approx(50.0, rel=0.01)
    assert "requirements" not in result


def test_several_folders_with_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: Path
) -> None:
    report = world / "report.html"
    code, result = scored(
        monkeypatch,
        capsys,
        world / "a",
        world / "b",
        *("--truth", world / "a/truth/truth.parquet", "--oracle"),
        *("--standard", world / "easy.toml", "--report", report),
    )
    assert code == 0
    assert list(result["trackers"]) == ["a", "b"]
    assert list(result["oracles"]) == ["oracle", "oracle, 3rd plot"]
    ours, theirs = (row["oracle"] for row in result["trackers"].values())
    assert ours["position_rmse_m"] == pytest.approx(50.0, rel=0.01)
    assert theirs["position_ratio"] > ours["position_ratio"] > 0.0
    assert ours["bound_position_rmse_m"] > 0.0
    made, average = ours["bound_position_rmse_m"], ours["expected_bound_position_rmse_m"]
    assert 0.5 * made < average < 1.1 * made
    assert result["trackers"]["b"]["requirements"]["met"]
    early, late = (result["oracles"][name]["completeness"] for name in result["oracles"])
    assert early >= late > 0.0
    page = report.read_text("utf-8")
    assert "2 trackers" in page
    assert 100_000 < len(page) < 5_000_000


def test_cut_off_and_dimension_are_as_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: Path
) -> None:
    where = (world / "a", "--truth", world / "a/truth")
    _, tight = scored(monkeypatch, capsys, *where, "--cutoff", "40")
    assert tight["track_scores"]["completeness"] == 0.0  # the tracks are 50 m off
    assert tight["track_scores"]["cutoff_m"] == 40.0
    _, deep = scored(monkeypatch, capsys, *where, "--dimension", "3", "--oracle")
    assert deep["track_scores"]["nees_dimension"] == 6
    _, flat = scored(monkeypatch, capsys, *where, "--oracle")
    for name in ("oracle_position_rmse_m", "expected_bound_position_rmse_m"):
        assert deep["oracle"][name] > 1.2 * flat["oracle"][name]  # heights are worse known


def test_innovations_beside_the_tracks_are_scored(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: Path, tmp_path: Path
) -> None:
    tracks = read_parquet(Tracks, world / "a/tracks.parquet")
    write_parquet(tracks, tmp_path / "tracks.parquet")
    told = innovations_like(tracks)
    write_parquet(told, tmp_path / "innovations.parquet")
    report = tmp_path / "report.html"
    asked = ("--truth", world / "a/truth", "--oracle", "--report", report)
    code, result = scored(monkeypatch, capsys, tmp_path, *asked)
    assert code == 0
    scores = result["track_scores"]
    fair, bold = (scores["nis_by_sensor"][name] for name in ("radar-1", "radar-2"))
    assert fair["nis_mean_low"] < fair["nis_mean"] < fair["nis_mean_high"]
    assert bold["nis_mean"] > bold["nis_mean_high"]
    assert scores["nis_plots"] == len(told)
    page = report.read_text("utf-8")
    assert page.count(">too sure</td>") >= 1
    assert "Normalised innovation squared" in page
    # The oracle's plots have the errors that they state; how objects manoeuvre it only guesses.
    oracle = result["oracles"]["oracle"]
    assert oracle["nis_mean"] < 1.2 * oracle["nis_dimension"]
    assert set(oracle["nis_by_sensor"]) == set(
        read_parquet(Reports, world / "a/plots.parquet").sensor_id
    )
    capsys.readouterr()
    assert run(monkeypatch, "score", tmp_path, "--truth", world / "a/truth") == 0
    assert "NIS " in capsys.readouterr().out
    _, without = scored(monkeypatch, capsys, world / "a", "--truth", world / "a/truth")
    assert "nis_mean" not in without["track_scores"]


def innovations_like(tracks: Tracks) -> Innovations:
    """One of two sensors says half its true deviation."""
    draw = np.random.default_rng(1)
    first = np.arange(len(tracks)) % 2 == 0
    return Innovations.build(
        len(tracks),
        measured_at_ns=tracks.measured_at_ns,
        track_id=tracks.track_id,
        sensor_id=np.where(first, "radar-1", "radar-2").astype(object),
        dimension=2,
        distance2=draw.chisquare(2, len(tracks)) * np.where(first, 1.0, 4.0),
        probability=1.0,
    )


@pytest.mark.parametrize(
    ("column", "value"), [("distance2", -1.0), ("distance2", np.nan), ("probability", 1.5)]
)
def test_innovations_that_cannot_be_are_refused(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    world: Path,
    tmp_path: Path,
    column: str,
    value: float,
) -> None:
    tracks = read_parquet(Tracks, world / "a/tracks.parquet")
    write_parquet(tracks, tmp_path / "tracks.parquet")
    told = innovations_like(tracks)
    wrong = getattr(told, column).copy()
    wrong[3] = value
    write_parquet(told.replace(**{column: wrong}), tmp_path / "innovations.parquet")
    line = refused(monkeypatch, capsys, "score", tmp_path, "--truth", world / "a/truth")
    assert f"innovations.parquet: row 3 has the {column} {value}; give" in line


def test_words_for_people(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: Path
) -> None:
    where = (world / "a", world / "b", "--truth", world / "a/truth")
    assert run(monkeypatch, "score", *where, "--standard", "early-warning") == 1
    said = capsys.readouterr().out
    assert "Early warning of slow low drones by b: NOT MET" in said
    assert "  not measured  EW-7 " in said
    heads, gospa = said.splitlines()[:2]
    assert heads.split() == ["tracks", "a", "b"]
    assert gospa.startswith("GOSPA, m ")
    assert float(gospa.split()[-2]) < float(gospa.split()[-1])


def test_a_failed_requirement_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: Path, tmp_path: Path
) -> None:
    strict = tmp_path / "strict.toml"
    strict.write_text(PASSES.replace("value = 0", "value = 0.9"))
    where = (world / "a", world / "b", "--truth", world / "a/truth", "--standard", strict)
    code, result = scored(monkeypatch, capsys, *where)
    outcomes = {
        name: row["requirements"]["verdicts"][0]["outcome"]
        for name, row in result["trackers"].items()
    }
    assert (code, outcomes) == (1, {"a": "passed", "b": "failed"})
    strict.write_text(PASSES.replace("track_scores.completeness", "warning_scores.pod"))
    code, result = scored(monkeypatch, capsys, world / "a", *where[2:])
    assert code == 1
    assert result["requirements"]["verdicts"][0]["outcome"] == "not measured"


# -- wrong input --------------------------------------------------------------------------------


def test_missing_folders_and_files(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    world: Path,
    tmp_path: Path,
) -> None:
    truth = ("--truth", world / "a/truth")
    line = refused(monkeypatch, capsys, "score", tmp_path, *truth)
    assert "holds no tracks.parquet; make them with tocsin track" in line
    assert "no such folder" in refused(monkeypatch, capsys, "score", tmp_path / "x", *truth)
    line = refused(monkeypatch, capsys, "score", world / "a", "--truth", tmp_path)
    assert "truth.parquet" in line
    line = refused(monkeypatch, capsys, "score", world / "a", world / "a", *truth)
    assert "is given twice" in line
    line = refused(monkeypatch, capsys, "score", world / "a", *truth, "--standard", "best")
    assert "use one of early-warning, surveillance-service, or a TOML file" in line
    line = refused(monkeypatch, capsys, "score", world / "a", *truth, "--report", tmp_path)
    assert "cannot be written" in line
    line = refused(monkeypatch, capsys, "score", world / "a", *truth, "--report", tmp_path / "x/y")
    assert "y: is in no folder that there is; make the folder" in line


def test_truth_of_another_time(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    world: Path,
    tmp_path: Path,
) -> None:
    truth = read_parquet(Truth, world / "a/truth/truth.parquet")
    later = truth.replace(measured_at_ns=truth.measured_at_ns + 86_400 * NS)
    write_parquet(later, tmp_path / "truth.parquet")
    line = refused(monkeypatch, capsys, "score", world / "a", "--truth", tmp_path)
    assert "do not overlap in time; give the truth of the same run" in line
    write_parquet(Truth.empty(), tmp_path / "truth.parquet")
    line = refused(monkeypatch, capsys, "score", world / "a", "--truth", tmp_path)
    assert "holds no row" in line


def test_no_tracks_at_all_is_a_score_not_an_error(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    world: Path,
    tmp_path: Path,
) -> None:
    write_parquet(Tracks.empty(), tmp_path / "tracks.parquet")
    code, result = scored(monkeypatch, capsys, tmp_path, "--truth", world / "a/truth", "--oracle")
    assert code == 0
    assert result["track_scores"]["completeness"] == 0.0
    assert result["oracle"]["position_ratio"] is None


def test_the_oracle_needs_plots_and_their_origins(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    world: Path,
    tmp_path: Path,
) -> None:
    where = ("score", world / "b", "--truth", tmp_path / "truth", "--oracle")
    (tmp_path / "truth").mkdir()
    truth = read_parquet(Truth, world / "a/truth/truth.parquet")
    write_parquet(truth, tmp_path / "truth/truth.parquet")
    assert "plots.parquet: not found" in refused(monkeypatch, capsys, *where)
    reports = read_parquet(Reports, world / "a/plots.parquet")
    write_parquet(reports, tmp_path / "plots.parquet")
    assert "origins.parquet: not found" in refused(monkeypatch, capsys, *where)
    origins = read_parquet(Origins, world / "a/truth/origins.parquet")
    write_parquet(origins, tmp_path / "truth/origins.parquet")
    assert "site.toml: not found" in refused(monkeypatch, capsys, *where)
    for name in ("site.toml", "place.json", "zones.geojson", "terrain.tif"):
        (tmp_path / name).write_bytes((world / "a" / name).read_bytes())
    write_parquet(origins.take(slice(1, None)), tmp_path / "truth/origins.parquet")
    line = refused(monkeypatch, capsys, *where)
    assert f"has {len(origins) - 1} rows" in line
    assert f"plots.parquet has {len(origins)}; give the origins of these plots" in line
