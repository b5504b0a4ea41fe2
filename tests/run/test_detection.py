"""The site's table of detection: by range where the radar's law is known, and over terrain."""

from pathlib import Path

import numpy as np
import pytest

from tests.run.test_sight import BEHIND, EAST, OVER, SITE, SOUTH, site
from tests.run.test_sight import hilly as hilly  # the fixture
from tocsin.contract import F64
from tocsin.geo import sensor_polar
from tocsin.run.detection import MIDDLE_RCS_M2, table_from, table_text
from tocsin.run.pipeline import Pipeline
from tocsin.run.recording import _site_from, site_meta
from tocsin.run.sight import Sight
from tocsin.run.site import Site, read_site
from tocsin.track.detection import DetectionTable, detection_probability

CLEAR = SITE + "clear_range_m = 40000.0\n"


def chance(known: Site, places: list[tuple[float, float, float]], std_m: float = 0.0) -> F64:
    """Return the chance of the first radar at region positions."""
    table, position_m = known.detection, np.array(places)
    assert table is not None
    region = Sight.of(known).region
    range_m, azimuth, _ = sensor_polar(known.sensors[0], region, position_m)
    height = region.to_geodetic(position_m)[2]
    return detection_probability(table, 0, range_m, azimuth, height, np.full(len(height), std_m))


def test_a_site_without_law_and_terrain_has_its_constants() -> None:
    assert site(SITE).detection is None
    assert Pipeline(site(SITE).pipeline_config()).state.track.config.detection is None


def test_a_hill_hides_what_flies_low_behind_it(hilly: Path) -> None:
    known = read_site(hilly / "site.toml")
    found = chance(known, [BEHIND, OVER, SOUTH, EAST])
    assert found == pytest.approx([0.0, 0.9, 0.9, 0.0], abs=1e-6)  # unknown ground is not visible
    # Who does not know how high it is does not know whether it is hidden.
    assert 0.1 < chance(known, [BEHIND], 1_000.0)[0] < 0.8


def test_it_sees_where_the_terrain_says(hilly: Path) -> None:
    """Against the mask itself, but for the rims of cells."""
    known = read_site(hilly / "site.toml")
    rng = np.random.default_rng(3)
    far, turn = rng.uniform(3e3, 99e3, 4_000), rng.uniform(0.0, 2.0 * np.pi, 4_000)
    height = rng.uniform(50.0, 4e3, 4_000)
    places = np.stack([far * np.sin(turn), far * np.cos(turn), height - far**2 / 12.74e6], axis=1)
    seen = Sight.of(known).sees(known.sensors[0], places)
    agree = (chance(known, places.tolist()) > 0.0) == seen
    assert agree.mean() > 0.99
    assert 0.2 < seen.mean() < 0.8


def test_detection_falls_with_range_as_the_radar_equation_says() -> None:
    known = site(CLEAR)
    places = [(0.0, far, 3_000.0) for far in (10e3, 40e3, 60e3, 80e3)]
    found, sight = chance(known, places), Sight.of(known)
    classes = np.flatnonzero(np.isfinite(MIDDLE_RCS_M2)).astype(np.int8)
    each = [
        sight.chance(known.sensors[0], np.repeat([place], len(classes), axis=0), classes)
        for place in places
    ]
    expected = np.minimum(np.mean(each, axis=1), 0.9)
    assert found == pytest.approx(expected, abs=0.01)
    assert found[0] == pytest.approx(0.9, abs=1e-6)  # never surer than the site says
    assert found[3] < 0.4
    assert chance(known, [(0.0, 99e3, -600.0), (0.0, 101e3, 5e3)]).tolist() == [0.0, 0.0]


def test_other_sensors_keep_their_constant() -> None:
    other = '[[sensor]]\nsensor_id = "net"\nkind = "adsb_receiver"\ndetection_probability = 0.7\n'
    table = site(CLEAR + other).detection
    assert table is not None
    at = (np.array([300e3]), np.array([1.0]), np.array([1.0]), np.array([0.0]))
    assert detection_probability(table, 1, *at) == pytest.approx([0.7])


def test_the_tracker_is_told(hilly: Path) -> None:
    known = read_site(hilly / "site.toml")
    pipeline = Pipeline(known.pipeline_config())
    assert pipeline.state.track.site.detection is known.detection


def _same(one: DetectionTable | None, other: DetectionTable | None) -> bool:
    assert one is not None
    assert other is not None
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_record_knows_the_terrain_of_its_run(hilly: Path) -> None:
    """A replay must not depend on a file that may have changed since."""
    known = read_site(hilly / "site.toml")
    again = _site_from(site_meta(known), hilly)
    assert again.terrain is None
    assert _same(again.detection, known.detection)
    assert site_meta(again) == site_meta(known)
    former = {k: v for k, v in site_meta(known).items() if k != "detection"}
    assert _site_from(former, hilly).detection is None


def test_a_table_as_text_is_the_table() -> None:
    table = site(CLEAR).detection
    assert _same(table_from(table_text(table)), table)
    assert table_text(None) == ""
    assert table_from("") is None


def test_other_terrain_is_another_site(hilly: Path) -> None:
    known = read_site(hilly / "site.toml")
    pipeline = Pipeline(known.pipeline_config())
    said = pipeline.move(site(SITE).pipeline_config())
    assert "start afresh" in said
    assert "go on" in pipeline.move(site(SITE).pipeline_config())


def test_what_hides_from_a_receiver_is_for_the_picture_alone(hilly: Path) -> None:
    text = (hilly / "site.toml").read_text()
    ears = '\n[[sensor]]\nsensor_id = "ears"\nkind = "adsb_receiver"\nlatitude_deg = -38.0\n'
    ears += "longitude_deg = -20.0\nheight_wgs84_m = 30.0\nrange_m = 100000\n"
    path = hilly / "heard.toml"
    path.write_text(text + ears)
    state = Pipeline(read_site(path).pipeline_config()).state
    known, told = state.picture.config.sight, state.track.site.detection
    assert known is not None
    assert known.per_m[1] > 0.0
    assert np.isfinite(known.lowest_m[1]).any()
    assert told.per_m[1] == 0.0
    assert (told.lowest_m[1] == -np.inf).all()
    assert (told.lowest_m[0] == known.lowest_m[0]).all()
