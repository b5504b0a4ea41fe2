"""The radar equation against hand sums, and the air against another implementation's tables."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.radar.detection import detection_probability, required_snr
from tocsin.radar.equation import (
    RadarEquation,
    gas_db_per_km,
    rain_db_per_km,
    rain_law,
    scaled_range_m,
)

TABLES = json.loads((Path(__file__).parent / "golden/itu.json").read_text())
RADAR = RadarEquation(1e5, 34.0, 3e9, 1e6, noise_figure_db=4.0, losses_db=6.0)


@pytest.mark.parametrize("row", TABLES["gas"])
def test_gas_as_another_implementation_has_it(row: dict[str, float]) -> None:
    keys = ("pressure_hpa", "temperature_k", "vapour_g_per_m3")
    got = gas_db_per_km(row["frequency_ghz"] * 1e9, *(row[key] for key in keys))
    assert got == pytest.approx((row["dry_db_per_km"], row["vapour_db_per_km"]), rel=1e-9)
    lines = (row["dry_by_lines_db_per_km"], row["vapour_by_lines_db_per_km"])
    assert got == pytest.approx(lines, rel=0.06)


@pytest.mark.parametrize("row", TABLES["rain"])
def test_rain_as_another_implementation_has_it(row: dict[str, float]) -> None:
    got = rain_law(row["frequency_ghz"] * 1e9) + rain_law(row["frequency_ghz"] * 1e9, vertical=True)
    keys = ("k_horizontal", "alpha_horizontal", "k_vertical", "alpha_vertical")
    assert got == pytest.approx(tuple(row[key] for key in keys), rel=1e-9)


def test_rain_as_the_recommendation_tabulates_it() -> None:
    # P.838-3, table 5, 10 GHz.
    assert rain_law(10e9) == pytest.approx((0.01217, 1.2571), rel=5e-4)
    assert rain_law(10e9, vertical=True) == pytest.approx((0.01129, 1.2156), rel=5e-4)


def test_a_sum_by_hand_in_decibels() -> None:
    # 50 dBW + 68 dB - 20.006 dBm2 (0.1 m) + 0 dBm2 - 32.976 dB - 200 dBm4 - 6 dB of losses, over
    # kTB = -143.977 dBW and 4 dB of noise figure.
    wavelength_db = 20 * np.log10(299_792_458.0 / 3e9)
    expected = 50 + 68 + wavelength_db - 30 * np.log10(4 * np.pi) - 200 - 6 + 143.977 - 4
    dry, vapour = gas_db_per_km(3e9)
    got = 10 * np.log10(RADAR.snr(100e3, 1.0)) + 2 * 100 * (dry + vapour)
    assert got == pytest.approx(expected, abs=0.01)


@given(st.floats(1e3, 4e5), st.floats(1e-3, 100.0), st.floats(0.0, 100.0), st.floats(0.0, 15e3))
def test_further_smaller_or_wetter_is_never_stronger(
    range_m: float, rcs_m2: float, rain: float, above_m: float
) -> None:
    here = RADAR.snr(range_m, rcs_m2, rain, above_m)
    assert RADAR.snr(range_m * 1.1, rcs_m2, rain, above_m) < here
    assert RADAR.snr(range_m, rcs_m2 * 1.1, rain, above_m) > here
    assert RADAR.snr(range_m, rcs_m2, rain + 1.0, above_m) < here
    assert RADAR.snr(range_m, rcs_m2, rain, above_m + 500.0) >= here
    assert RADAR.snr(range_m, rcs_m2, rain, above_m, rain_path_m=0.0) >= here


def test_the_detection_range_is_where_the_probability_is_as_wanted() -> None:
    areas = np.array([0.01, 0.1, 1.0, 10.0])
    ranges = RADAR.detection_range_m(areas, 0.8, 16, 1e-6, 3, rain_mm_per_h=4.0)
    pd = detection_probability(RADAR.snr(ranges, areas, 4.0), 16, 1e-6, 3)
    np.testing.assert_allclose(pd, 0.8, atol=1e-9)


def test_the_scaled_range_is_the_equation_without_air() -> None:
    assert scaled_range_m(120e3, 1.0) == pytest.approx(120e3)
    assert scaled_range_m(120e3, 16.0) == pytest.approx(240e3)
    far = scaled_range_m(120e3, 1.0, wanted_pd=0.5)
    snr = required_snr(0.9) * (120e3 / far) ** 4
    assert detection_probability(snr) == pytest.approx(0.5, abs=1e-12)


def test_no_rain_takes_nothing_and_unknown_gas_is_refused() -> None:
    assert rain_db_per_km(10e9, 0.0) == 0.0
    assert rain_db_per_km(0.4e9, 50.0) == rain_db_per_km(1e9, 50.0)
    with pytest.raises(ValueError, match="54 GHz"):
        gas_db_per_km(94e9)
