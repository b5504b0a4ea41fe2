"""Wrong input: one clear line on standard error, exit 2, no traceback."""

import json
import os
import socket
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tocsin import simulate
from tocsin.cli import main
from tocsin.contract import (
    Looks,
    ReportKind,
    Reports,
    Tracks,
    to_arrow,
    write_parquet,
    zones_geojson,
)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run the program in this process; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["tocsin", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> str:
    """Return the one line with which the program refuses."""
    assert run(monkeypatch, *arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    last = said.err.strip().splitlines()[-1]
    assert last.startswith("tocsin: ")
    assert "Traceback" not in said.err
    return last


@pytest.fixture
def polar(tmp_path: Path) -> Path:
    path = tmp_path / "polar.parquet"
    plots = Reports.build(
        3,
        measured_at_ns=np.arange(3) * 10**9,
        received_at_ns=np.arange(3) * 10**9,
        sensor_id="radar-1",
        kind=ReportKind.PLOT,
        range_m=[1e4, 1.1e4, 1.2e4],
        azimuth_rad=0.5,
    )
    write_parquet(plots, path)
    return path


def test_empty_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "empty.bin").touch()
    assert "empty" in refused(monkeypatch, capsys, "decode", tmp_path / "empty.bin")


def test_random_bytes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "noise.dat"
    path.write_bytes(np.random.default_rng(5).bytes(5000))
    assert "noise.dat" in refused(monkeypatch, capsys, "decode", path)


def test_wrong_extension(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "letter.parquet"
    path.write_text("Dear sir, these are not plots.\n" * 20)
    assert "letter.parquet" in refused(monkeypatch, capsys, "track", path, "-o", tmp_path / "o")


def test_missing_file(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such file" in refused(monkeypatch, capsys, "decode", "nowhere.pcap")


def test_site_with_a_typo_names_file_and_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "site.toml"
    path.write_text("[site]\nlatitude_deg = 1\nlongitude_deg = 2\nlattitude = 3\n")
    line = refused(monkeypatch, capsys, "run", path)
    assert "site.toml" in line
    assert "lattitude" in line


def test_polar_plots_need_a_site(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    polar: Path,
    tmp_path: Path,
) -> None:
    assert "--site" in refused(monkeypatch, capsys, "track", polar, "-o", tmp_path / "out")


def test_busy_port(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        where = ("--input", "tcp://127.0.0.1:1", "--origin", "1,1", "--port", port)
        assert f"port {port} is in use" in refused(monkeypatch, capsys, "run", *where)


def test_open_bind_without_a_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--input", "tcp://127.0.0.1:1", "--origin", "1,1", "--host", "0.0.0.0")
    assert "token" in refused(monkeypatch, capsys, "run", *where)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_write_permission(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tmp_path.chmod(0o500)
    where = ("simulate", "--minutes", "0.1", "-o", tmp_path / "out")
    assert "cannot be written" in refused(monkeypatch, capsys, *where)


def test_output_folder_that_is_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "out").touch()
    where = ("simulate", "--minutes", "0.1", "-o", tmp_path / "out")
    assert "cannot be written" in refused(monkeypatch, capsys, *where)


@pytest.mark.parametrize("arguments", [("fly",), ("decode",), ("demo", "--speed", "warp")])
def test_bad_usage(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    assert run(monkeypatch, *arguments) == 2


@pytest.mark.parametrize(
    "command", ["demo", "run", "decode", "track", "simulate", "warn", "score", "replay", "bench"]
)
def test_help_shows_examples(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run(monkeypatch, command, "--help") == 0
    assert f"tocsin {command}" in capsys.readouterr().out.split("Examples")[1]


def test_tracks_without_a_class_are_not_warned_of_in_silence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = to_arrow(Tracks.empty()).drop_columns(["hazardous", "object_class"])
    pq.write_table(rows, tmp_path / "tracks.parquet")
    zones = zones_geojson(simulate.read_scenario(simulate.demo_scenario()).zones)
    (tmp_path / "zones.geojson").write_text(json.dumps(zones))
    arguments = ("--zones", tmp_path / "zones.geojson", "-o", tmp_path)
    line = refused(monkeypatch, capsys, "warn", tmp_path, *arguments)
    assert "object_class" in line


def test_no_zones_and_no_plots(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_parquet(Tracks.empty(), tmp_path / "tracks.parquet")
    write_parquet(Reports.empty(), tmp_path / "plots.parquet")
    (tmp_path / "z.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    zones = ("--zones", tmp_path / "z.geojson", "-o", tmp_path)
    assert "no zone" in refused(monkeypatch, capsys, "warn", tmp_path, *zones)
    plots = (tmp_path / "plots.parquet", "-o", tmp_path)
    assert "no report" in refused(monkeypatch, capsys, "track", *plots)
    assert run(monkeypatch, "track", *plots, "--at", "-1") == 2


def test_looks_are_no_plots(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    look = Looks.build(
        1, sensor_id="r", start_ns=[0], end_ns=[1], azimuth_from_rad=0.0, azimuth_to_rad=1.0
    )
    write_parquet(look, tmp_path / "looks.parquet")
    assert "--looks" in refused(
        monkeypatch, capsys, "track", tmp_path / "looks.parquet", "-o", tmp_path
    )


def test_a_site_without_inputs_and_inputs_without_an_origin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "site.toml").write_text("[site]\nlatitude_deg = 1.0\nlongitude_deg = 2.0\n")
    assert "[[input]]" in refused(monkeypatch, capsys, "run", tmp_path / "site.toml")
    assert "--origin" in refused(monkeypatch, capsys, "run", "--input", "tcp://127.0.0.1:1")


def test_a_misspelt_key_is_named_before_what_it_makes_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "site.toml").write_text("[site]\nlatitud_deg = 1.0\nlongitude_deg = 2.0\n")
    line = refused(monkeypatch, capsys, "run", tmp_path / "site.toml")
    assert "latitud_deg is not a known key" in line.replace(",", "").replace(":", "")


@pytest.mark.parametrize("zeros", [1, 4, 100, 70_000])
def test_zeros_are_no_format(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    zeros: int,
) -> None:
    (tmp_path / "zeros.bin").write_bytes(b"\x89HDF\r\n" + bytes(zeros))
    refused(monkeypatch, capsys, "decode", tmp_path / "zeros.bin")


def test_inputs_that_cannot_work_are_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "flight.jsonl").write_text("{}")
    origin = ("--origin", "47,8")
    file = ("run", "--input", tmp_path / "flight.jsonl", "--recorded", *origin)
    assert "read at once" in refused(monkeypatch, capsys, *file)
    assert "ftp" in refused(monkeypatch, capsys, "run", "--input", "ftp://127.0.0.1:1", *origin)
