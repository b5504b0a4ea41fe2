"""The table of detection: the kernel is its twin, and says what the table means."""

import numba as nb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.track.scenes import REGION
from tocsin.contract import Sensor, SensorKind
from tocsin.track import TrackConfig, start, with_sensors
from tocsin.track import detection as plain
from tocsin.track import kernels_detection as kernels
from tocsin.track.detection import DetectionTable, everywhere, joined

SENSORS, AZIMUTHS, RANGES = 3, 8, 10


def table(seed: int) -> DetectionTable:
    """Return a table in which heights that are unknown or in sight everywhere occur too."""
    rng = np.random.default_rng(seed)
    lowest = rng.uniform(0.0, 3e3, (SENSORS, AZIMUTHS, RANGES)).astype(np.float32)
    lowest[rng.random(lowest.shape) < 0.2] = np.inf
    lowest[rng.random(lowest.shape) < 0.2] = -np.inf
    return DetectionTable(
        np.array([0.0, 1e-4, 2.5e-5]),
        rng.uniform(0.0, 1.0, (SENSORS, RANGES)).astype(np.float32),
        lowest,
        rng.uniform(2e3, 9e3, (SENSORS, RANGES)).astype(np.float32),
    )


@nb.njit
def each(per_m, chance, lowest, highest, sensor, range_m, azimuth, height, std, out):
    for i in range(range_m.size):
        out[i] = kernels.detection_probability(
            per_m, chance, lowest, highest, sensor, range_m[i], azimuth[i], height[i], std[i]
        )


@given(st.integers(0, 2**32 - 1), st.integers(0, SENSORS - 1))
def test_kernel_is_its_twin(seed: int, sensor: int) -> None:
    rng, count = np.random.default_rng(seed), 200
    range_m, azimuth = rng.uniform(0.0, 500e3, count), rng.uniform(-20.0, 20.0, count)
    height, std = rng.uniform(-500.0, 12e3, count), rng.exponential(300.0, count)
    std[::3] = 0.0
    azimuth[:3] = 0.0, 2.0 * np.pi, -1e-18
    out, known = np.empty(count), table(seed)
    each(*known, sensor, range_m, azimuth, height, std, out)
    expected = plain.detection_probability(known, sensor, range_m, azimuth, height, std)
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-15)
    assert ((out >= 0.0) & (out <= 1.0)).all()


def one(known: DetectionTable, sensor: int = 0, **at: float) -> float:
    place = {"range_m": 5e3, "azimuth_rad": 0.0, "height_m": 1e3, "height_std_m": 0.0, **at}
    return kernels.detection_probability(*known, sensor, *place.values())


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ({}, 0.8),
        ({"height_m": 400.0}, 0.0),  # below what hides
        ({"height_m": 2_500.0}, 0.0),  # above the beam
        ({"height_m": 500.0, "height_std_m": 100.0}, 0.4),  # as likely above as below
        ({"height_m": 1e3, "height_std_m": 1e6}, 0.8 * 1500.0 / (2e6 * np.sqrt(3.0))),
        ({"azimuth_rad": np.pi}, 0.0),  # nothing is in sight there
        ({"range_m": 15e3}, 0.5),
        ({"range_m": 25e3}, 0.0),  # out of range
        ({"range_m": np.nan}, 0.0),
    ],
)
def test_what_a_table_says(at: dict[str, float], expected: float) -> None:
    lowest = np.full((1, 2, 2), 500.0, np.float32)
    lowest[0, 1] = np.inf
    chance, highest = np.array([[0.8, 0.5]], np.float32), np.full((1, 2), 2e3, np.float32)
    known = DetectionTable(np.array([1e-4]), chance, lowest, highest)
    assert one(known, **at) == pytest.approx(expected, abs=1e-6)


def test_without_a_table_a_sensor_detects_the_same_everywhere() -> None:
    known = everywhere(np.array([0.7, 1.0]))
    places = [{}, {"range_m": 1e7}, {"height_m": 3e4}, {"azimuth_rad": 3.0, "height_m": -100.0}]
    assert [one(known, 0, **at) for at in places] == pytest.approx([0.7] * 4)
    assert one(known, 1) == pytest.approx(0.999)


def test_sensors_that_come_later_detect_as_they_say_everywhere() -> None:
    first = Sensor("first", SensorKind.RADAR, detection_probability=0.8)
    late = Sensor("late", SensorKind.ADSB_RECEIVER, detection_probability=0.6)
    known = DetectionTable(*(part[:1] for part in table(1)))
    state = start(TrackConfig(REGION, (first,), detection=known))
    assert state.site.detection is known
    grown = with_sensors(state, (first, late)).site.detection
    np.testing.assert_array_equal(grown.lowest_m[:1], known.lowest_m)
    assert one(grown, 1, range_m=400e3, height_m=20e3) == pytest.approx(0.6)
    assert grown.per_m.tolist() == [0.0, 0.0]
    plain_state = with_sensors(start(TrackConfig(REGION, (first,))), (first, late))
    assert one(plain_state.site.detection, 0) == pytest.approx(0.8)
    assert one(plain_state.site.detection, 1) == pytest.approx(0.6)


def test_joined_keeps_both() -> None:
    both = joined(table(1), everywhere(np.array([0.5])))
    assert both.lowest_m.shape == (SENSORS + 1, AZIMUTHS, RANGES)
    assert all(part.flags.c_contiguous for part in both)
    assert one(both, SENSORS) == pytest.approx(0.5)
