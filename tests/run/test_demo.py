"""The demo's own path: two processes over sockets, a record, and the record worked again."""

import json
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import tocsin
from tocsin.contract import InputError, Tracks, read_parquet
from tocsin.run import demo as run_demo
from tocsin.run.pipeline import Pipeline
from tocsin.run.recording import Digests, recorded_site, recorded_ticks, restore, snapshot

MINUTES = "4"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Run the first minutes of the demo, headless; give its folder and what it printed."""
    out = tmp_path_factory.mktemp("demo") / "out"
    options = ("--headless", "--speed", "max", "--minutes", MINUTES, "--json", "-o", out)
    done = tocsin("demo", *options, timeout_s=600)
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def test_a_simulator_that_fails_ends_the_demo(tmp_path: Path, monkeypatch: Any) -> None:
    """Else the page would wait for ever for what nobody sends."""
    site = tmp_path / "site.toml"
    feed = 'feed = "tcp://127.0.0.1:9"'
    site.write_text(f"[site]\nlatitude_deg = 1.0\nlongitude_deg = 2.0\n[clock]\n{feed}\n")
    said = json.dumps({"site": str(site)})
    script = f"import sys; print({said!r}, flush=True); sys.exit(7)"
    monkeypatch.setattr(run_demo, "_simulator", lambda *_: [sys.executable, "-c", script])
    with pytest.raises(InputError, match="simulator: ended with exit 7; see"):
        run_demo.demo(run_demo.DemoOptions(headless=True, out=tmp_path / "out"), print)


def test_it_prints_what_happened(demo: tuple[Path, dict[str, Any]]) -> None:
    result = demo[1]
    assert result["ticks"] == 240
    assert result["plots"] > 10_000
    assert result["tracks_confirmed"] > 50
    assert any(key.startswith("issue") for key in result["warnings"])
    assert 0.9 < result["track_scores"]["completeness"] <= 1.0
    assert result["warning_scores"]["zones"] == 60
    assert result["plots_per_s"] > 0


def test_identities_come_over_the_air(demo: tuple[Path, dict[str, Any]]) -> None:
    tracks = read_parquet(Tracks, demo[0] / "tracks.parquet")
    named = tracks.take(tracks.mode_s_valid)
    assert len(set(named.mode_s.tolist())) > 20
    assert sum(name is not None for name in named.callsign) > len(named) / 2


def test_the_live_process_was_told_no_truth(demo: tuple[Path, dict[str, Any]]) -> None:
    site = (demo[0] / "site.toml").read_text()
    assert "truth" not in site
    assert "raid" not in site
    streams = {row[0] for row in journal(demo[0], "select distinct stream from entry")}
    assert streams
    assert not streams & {"truth", "origins", "effects"}


def journal(out: Path, query: str) -> list[tuple[Any, ...]]:
    """Return rows of the record, read without the project's reader."""
    path = out / "record" / "journal-000001.sqlite"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_replay_is_identical(demo: tuple[Path, dict[str, Any]]) -> None:
    done = tocsin("replay", demo[0] / "record", "--json", timeout_s=600)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["identical"]
    assert result["ticks"] == 240
    assert len(result["sha256"]["tracks"]) == 64


def test_replay_notices_another_outcome(demo: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    record = tmp_path / "record"
    shutil.copytree(demo[0] / "record", record)
    connection = sqlite3.connect(record / "journal-000001.sqlite")
    connection.execute("update meta set value = '[cost]\nmissed_min = 900' where key = 'policy'")
    connection.commit()
    connection.close()
    done = tocsin("replay", record, "--json", timeout_s=600)
    assert done.returncode == 1, done.stderr
    assert "warnings" in json.loads(done.stdout)["different"]


def test_a_snapshot_goes_on_as_if_nothing_had_happened(demo: tuple[Path, dict[str, Any]]) -> None:
    record = demo[0] / "record"
    ticks = list(recorded_ticks(record))[:150]
    whole = Pipeline(recorded_site(record).pipeline_config())
    resumed = Pipeline(recorded_site(record).pipeline_config())
    expected, found = Digests(), Digests()
    for k, tick in enumerate(ticks):
        out = whole.tick(tick.frames, tick.actions, tick.now_ns)
        if k == 90:
            assert restore(resumed, snapshot(tick.now_ns, whole.state)) == tick.now_ns
        if k > 90:
            expected.add(out)
            found.add(resumed.tick(tick.frames, tick.actions, tick.now_ns))
    assert found.hex() == expected.hex()


def test_a_folder_with_a_record_is_not_overwritten(demo: tuple[Path, dict[str, Any]]) -> None:
    done = tocsin("demo", "--headless", "-o", demo[0])
    assert done.returncode == 2
    assert "record" in done.stderr
