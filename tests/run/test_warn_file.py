"""Warnings over a track file: any order of rows, gaps and ends included."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow.parquet as pq
import pytest

from tocsin.contract import (
    NS,
    Action,
    ObjectClass,
    Stage,
    Tracks,
    TrackStatus,
    Warnings,
    Zone,
    read_parquet,
    to_arrow,
    write_parquet,
    zones_geojson,
)
from tocsin.run.offline import warn_tracks

T = TypeVar("T")
START_S = 1_900_000_000
SQUARE = ((9.95, 49.95), (10.05, 49.95), (10.05, 50.05), (9.95, 50.05), (9.95, 49.95))


class Quiet:
    def note(self, text: str) -> None: ...

    def progress(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        yield from items


def flight(seconds: range, name: str, kind: ObjectClass, from_deg: float = 9.92) -> Tracks:
    at = (START_S + np.array(seconds)) * NS
    cov = np.zeros((len(at), 21))
    cov[:, [0, 6, 11]], cov[:, [15, 18, 20]] = 900.0, 4.0
    probability = np.zeros((len(at), len(ObjectClass)))
    probability[:, kind] = 1.0
    return Tracks.build(
        len(at),
        measured_at_ns=at,
        emitted_at_ns=at,
        track_id=np.full(len(at), name, object),
        status=int(TrackStatus.CONFIRMED),
        existence_probability=0.99,
        latitude_deg=50.0,
        longitude_deg=from_deg + np.array(seconds) * 50.0 / 71_500.0,
        height_wgs84_m=120.0,
        velocity_east_mps=50.0,
        velocity_north_mps=0.0,
        velocity_up_mps=0.0,
        state_cov_m_mps=cov,
        class_probability=probability,
        object_class=int(kind),
        hazardous=kind is ObjectClass.ONE_WAY_DRONE,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    zone = Zone("z", "Z", None, 1_000, 60.0, ((SQUARE,),))
    (tmp_path / "zones.geojson").write_text(json.dumps(zones_geojson([zone])))
    return tmp_path


def decided(folder: Path) -> list[tuple[int, str, str]]:
    warn_tracks(folder / "tracks.parquet", folder / "zones.geojson", "balanced", folder, Quiet())
    return [
        (row["decided_at_ns"] // NS - START_S, Action(row["action"]).name, Stage(row["stage"]).name)
        for row in read_parquet(Warnings, folder / "warnings.parquet").rows()
    ]


def test_the_end_of_a_file_clears_what_stands(folder: Path) -> None:
    write_parquet(flight(range(60), "T1", ObjectClass.ONE_WAY_DRONE), folder / "tracks.parquet")
    rows = decided(folder)
    assert any(stage == "ALERT" for _, _, stage in rows)
    assert rows[-1][1] == "CLEAR"
    assert 60 < rows[-1][0] < 1_800


def test_an_empty_sky_is_decided_on(folder: Path) -> None:
    later = flight(range(3_600, 3_660), "T2", ObjectClass.AIRLINER, from_deg=5.0)
    both = [flight(range(60), "T1", ObjectClass.ONE_WAY_DRONE), later]
    write_parquet(Tracks.concat(both), folder / "tracks.parquet")
    clears = [second for second, action, _ in decided(folder) if action == "CLEAR"]
    assert clears
    assert max(clears) < 1_800


def test_rows_by_track_are_worth_as_much_as_rows_by_instant(folder: Path) -> None:
    drone = flight(range(60), "T1", ObjectClass.ONE_WAY_DRONE)
    both = Tracks.concat([flight(range(60), "A1", ObjectClass.AIRLINER, 8.0), drone])
    write_parquet(both, folder / "tracks.parquet")
    by_track = decided(folder)
    write_parquet(both.sorted_by("measured_at_ns", "track_id"), folder / "tracks.parquet")
    assert by_track == decided(folder)
    assert any(stage == "ALERT" for _, _, stage in by_track)


def test_hazard_follows_from_the_class_where_another_program_leaves_it_out(folder: Path) -> None:
    table = to_arrow(flight(range(60), "T1", ObjectClass.ONE_WAY_DRONE))
    pq.write_table(table, folder / "tracks.parquet")
    whole = decided(folder)
    pq.write_table(table.drop_columns(["hazardous"]), folder / "tracks.parquet")
    assert decided(folder) == whole
    assert any(stage == "ALERT" for _, _, stage in whole)
