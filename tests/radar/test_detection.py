"""Detection theory against 40-digit tables, its definition, other libraries and its own order."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ncx2

from tocsin.radar.detection import (
    CASES,
    detection_probability,
    required_snr,
    threshold,
)
from tocsin.radar.reference import mixture_reference

ROWS = json.loads((Path(__file__).parent / "golden/detection_theory.json").read_text())["rows"]
PULSES = st.integers(1, 1000)
PFA = st.floats(-12.0, -0.5).map(lambda x: 10.0**x)
CASE = st.sampled_from(CASES)
SNR_DB = st.floats(-40.0, 60.0)


def linear(decibel: float) -> float:
    return 10.0 ** (decibel / 10.0)


def test_the_whole_golden_table() -> None:
    assert len(ROWS) == 144
    for row in ROWS:
        pulses, pfa = row["pulses"], row["pfa"]
        assert float(threshold(pfa, pulses)) == pytest.approx(float(row["threshold"]), rel=1e-13)
        got = [detection_probability(linear(row["snr_db"]), pulses, pfa, c) for c in CASES]
        expected = [float(value) for value in row["pd_swerling_0_to_4"]]
        np.testing.assert_allclose(got, expected, rtol=0.0, atol=1e-13)


@pytest.mark.parametrize("pulses", [1, 7, 256, 1000])
def test_a_steady_echo_is_a_noncentral_chi_square(pulses: int) -> None:
    snr = linear(1.0) ** np.linspace(-40, 30, 60) / np.sqrt(pulses)
    limit = float(threshold(1e-6, pulses))
    expected = ncx2.sf(2.0 * limit, 2.0 * pulses, 2.0 * pulses * snr)
    got = detection_probability(snr, pulses, 1e-6, 0)
    np.testing.assert_allclose(got, expected, rtol=0.0, atol=1e-9)


@pytest.mark.parametrize("swerling", CASES)
@pytest.mark.parametrize("pulses", [1, 3, 40, 1000])
def test_the_kernels_equal_the_plain_sum(swerling: int, pulses: int) -> None:
    snr = linear(1.0) ** np.linspace(-40, 25, 45)
    limit = float(threshold(1e-5, pulses))
    terms = int(limit - pulses + 12.0 * np.sqrt(limit)) + 30
    expected = mixture_reference(snr, pulses, limit, swerling, terms)
    got = detection_probability(snr, pulses, 1e-5, swerling)
    np.testing.assert_allclose(got, expected, rtol=0.0, atol=2e-11)  # the plain sum's own error


@settings(max_examples=60)
@given(CASE, PULSES, PFA, SNR_DB)
def test_more_signal_pulses_or_false_alarms_never_detect_less(
    swerling: int, pulses: int, pfa: float, snr_db: float
) -> None:
    def pd(by_db: float = 0.0, n: int = pulses, p: float = pfa) -> float:
        return float(detection_probability(linear(snr_db + by_db), n, p, swerling))

    here = pd()
    assert pfa * (1 - 1e-9) <= here <= 1.0
    assert pd(by_db=0.5) >= here - 1e-12
    assert pd(p=min(2 * pfa, 0.99)) >= here - 1e-12


@settings(max_examples=40)
@given(CASE, st.integers(1, 998), st.integers(1, 5), st.floats(-10.0, 15.0))
def test_more_pulses_of_one_echo_detect_more(
    swerling: int, pulses: int, more: int, snr_db: float
) -> None:
    # A slow echo of case 1 or 3 that is missed once is missed by every pulse: with a very weak
    # one Pd is flat in N up to the change of the threshold.
    few = detection_probability(linear(snr_db), pulses, 1e-6, swerling)
    many = detection_probability(linear(snr_db), min(pulses + more, 1000), 1e-6, swerling)
    assert many >= few - 1e-12


@settings(max_examples=60)
@given(CASE, PULSES, PFA, st.floats(1e-6, 1 - 1e-6))
def test_the_inverse_gives_back_the_probability(
    swerling: int, pulses: int, pfa: float, share: float
) -> None:
    wanted = pfa + (1.0 - pfa) * share
    snr = required_snr(wanted, pulses, pfa, swerling)
    assert detection_probability(snr, pulses, pfa, swerling) == pytest.approx(wanted, abs=1e-11)


def test_the_inverse_at_its_ends() -> None:
    got = required_snr(np.array([0.0, 1e-6, 1.0, np.nan]), 10, 1e-6, 3)
    np.testing.assert_array_equal(got, [0.0, 0.0, np.inf, np.nan])


def test_shapes_and_missing_values_are_kept() -> None:
    snr = np.array([[0.0, np.nan, np.inf], [-1.0, 1.0, 1e300]])
    for case in CASES:
        got = detection_probability(snr, 16, 1e-4, case)
        assert got.shape == snr.shape
        assert np.isnan(got[0, 1])
        np.testing.assert_allclose(got[0, [0, 2]], [1e-4, 1.0], atol=1e-12)
        np.testing.assert_allclose(got[1, [0, 2]], [1e-4, 1.0], atol=1e-12)
    assert detection_probability(np.zeros(0), 5, 1e-4, 0).shape == (0,)


def test_case_one_of_one_pulse_is_the_textbook_power_law() -> None:
    snr = np.logspace(-3, 4, 50)
    got = detection_probability(snr, 1, 1e-6, 1)
    np.testing.assert_allclose(got, 1e-6 ** (1.0 / (1.0 + snr)), rtol=1e-12)


@pytest.mark.parametrize(
    ("pulses", "pfa", "swerling"),
    [(0, 1e-6, 1), (1001, 1e-6, 1), (1.5, 1e-6, 1), (1, 0.0, 1), (1, 1.0, 1), (1, 1e-6, 5)],
)
def test_what_there_is_not_is_refused(pulses: int, pfa: float, swerling: int) -> None:
    with pytest.raises(ValueError, match=r"pulses|probability|Swerling"):
        detection_probability(1.0, pulses, pfa, swerling)
