"""The same night, differently: a record of one drone past two zones, worked again."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.run.test_resume import ZONES, run, site
from tests.run.test_ticks import T0
from tests.run.test_warn_file import Quiet
from tocsin.contract import (
    NS,
    EffectKind,
    Effects,
    InputError,
    ObjectClass,
    Tracks,
    Truth,
    Warnings,
    Zone,
    read_parquet,
    write_parquet,
    zones_geojson,
)
from tocsin.record import digest
from tocsin.run.recording import OUTPUTS
from tocsin.run.what_if import WhatIf, what_if


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drone that an operator declared a hazard; both zones are warned."""
    folder = tmp_path_factory.mktemp("night") / "record"
    run(folder, site(2), range(90))
    return folder


@cache
def asked(record: Path, **change: object) -> dict:
    result = what_if(record, WhatIf(**change), None, Quiet())
    json.dumps(result, allow_nan=False)
    return result


def test_the_same_policy_gives_the_same_night(record: Path) -> None:
    result = asked(record, policy="balanced")
    assert result["recorded"] == result["what_if"]
    assert result["recorded"]["alarm_person_h"] > 0.0
    assert result["zones"] == []


def test_a_policy_that_never_warns(record: Path, tmp_path: Path) -> None:
    policy = tmp_path / "never.toml"
    policy.write_text('name = "never"\n[cost]\nmissed_min = 1\n')
    result = asked(record, policy=str(policy))
    assert (result["what_if"]["alarm_person_h"], result["what_if"]["alerts"]) == (0.0, 0)
    assert {row["zone_id"] for row in result["zones"]} == {"first", "second"}
    assert all(row["what_if_alarms"] == [] and row["recorded_min"] > 0 for row in result["zones"])


def test_without_its_only_radar_nobody_is_warned(record: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = what_if(record, WhatIf(without_sensors=("r",)), out, Quiet())
    assert result["what_if"]["alerts"] == 0 < result["recorded"]["alerts"]
    assert len(read_parquet(Tracks, out / "tracks.parquet")) == 0
    assert len(read_parquet(Warnings, out / "warnings.parquet")) == 0


def test_another_zone_map(record: Path, tmp_path: Path) -> None:
    """The second zone only, under another name: it is alarmed when the second one was."""
    path = tmp_path / "zones.geojson"
    west = ZONES[1].polygons
    path.write_text(json.dumps(zones_geojson([Zone("only", "Only", None, 500, 60.0, west)])))
    result = asked(record, zones=path)
    (mine,) = (row for row in result["zones"] if row["zone_id"] == "only")
    (second,) = (row for row in result["zones"] if row["zone_id"] == "second")
    assert mine["recorded_min"] is second["what_if_min"] is None
    assert mine["what_if_alarms"] == second["recorded_alarms"]
    assert result["what_if"]["zones"] == 1


def truth(folder: Path) -> Path:
    """The drone comes down on the second zone's middle at 80 s."""
    times = T0 + np.arange(80) * NS
    longitude = np.linspace(9.58, 9.70, 80)
    write_parquet(
        Truth.build(
            80,
            measured_at_ns=times,
            target_id=["d"] * 80,
            object_class=int(ObjectClass.ONE_WAY_DRONE),
            latitude_deg=50.055,
            longitude_deg=longitude,
            height_wgs84_m=np.linspace(300.0, 1.0, 80),
            velocity_east_mps=100.0,
            velocity_north_mps=0.0,
            velocity_up_mps=-4.0,
        ),
        folder / "truth.parquet",
    )
    effects = Effects.build(
        1,
        target_id=["d"],
        zone_id=["second"],
        kind=int(EffectKind.IMPACT),
        first_ns=[int(times[-1])],
        last_ns=[int(times[-1])],
    )
    write_parquet(effects, folder / "effects.parquet")
    return folder


def test_both_are_scored_against_the_truth(record: Path, tmp_path: Path) -> None:
    result = asked(record, without_sensors=("r",), truth=truth(tmp_path))
    was, would = result["recorded"], result["what_if"]
    assert was["event_people"] == would["event_people"] == 1000.0
    assert was["event_people_not_in_time"] <= would["event_people_not_in_time"] == 1000.0
    assert would["unwarned_person_h"] == would["needed_person_h"] > was["unwarned_person_h"]


def test_effects_on_another_zone_map_are_found_again(record: Path, tmp_path: Path) -> None:
    path = tmp_path / "zones.geojson"
    zone = Zone("only", "Only", None, 500, 60.0, ZONES[1].polygons)
    path.write_text(json.dumps(zones_geojson([zone])))
    result = asked(record, zones=path, truth=truth(tmp_path))
    assert result["what_if"]["event_people"] == 500.0
    assert result["recorded"]["event_people"] == 1000.0


def test_the_record_stays_as_it_is(record: Path, tmp_path: Path) -> None:
    files = {path: path.read_bytes() for path in sorted(record.rglob("*")) if path.is_file()}
    before = [digest(record, name) for name in OUTPUTS]
    what_if(record, WhatIf("cautious"), tmp_path / "out", Quiet())
    assert [digest(record, name) for name in OUTPUTS] == before
    assert {p for p in record.rglob("*") if p.is_file() and p.suffix != ".lock"} >= {
        path for path in files if path.suffix not in {".lock", "-shm", "-wal"}
    }
    with pytest.raises(InputError, match="is in the record"):
        what_if(record, WhatIf("cautious"), record / "out", Quiet())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"without_sensors": ("radar-9",)}, "no sensor 'radar-9' in the record; use one of r"),
        ({"policy": "loud"}, "no such policy; use one of"),
        ({"zones": Path("nowhere.geojson")}, "nowhere.geojson"),
    ],
)
def test_wrong_questions(record: Path, change: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        asked(record, **change)


def test_zones_of_another_place(record: Path, tmp_path: Path) -> None:
    path = tmp_path / "far.geojson"
    ring = tuple((x - 40.0, y) for x, y in ZONES[0].polygons[0][0])
    path.write_text(json.dumps(zones_geojson([Zone("far", "Far", None, 1, 60.0, ((ring,),))])))
    with pytest.raises(InputError, match="none of its zones is near those of the record"):
        asked(record, zones=path)


def test_a_truth_of_another_time(record: Path, tmp_path: Path) -> None:
    folder = truth(tmp_path)
    table = read_parquet(Truth, folder / "truth.parquet")
    late = table.replace(measured_at_ns=table.measured_at_ns + 3600 * NS)
    write_parquet(late, folder / "truth.parquet")
    with pytest.raises(InputError, match="is of another time than the record"):
        asked(record, policy="quiet", truth=folder)
