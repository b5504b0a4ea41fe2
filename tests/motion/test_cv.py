"""Constant velocity with white-noise acceleration against matrix exponentials and sums."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from tocsin.motion import CvNoise, predict, process_noise, transition

seconds = st.floats(0.0, 60.0)
NOISE = CvNoise(7.0, 2.0)


def van_loan(dt):
    """Return F and Q by the matrix exponential of Van Loan (1978), no closed form used."""
    A, L = np.zeros((6, 6)), np.zeros((6, 6))
    A[:3, 3:] = np.eye(3)
    L[3:, 3:] = np.diag([7.0, 7.0, 2.0])
    block = expm(np.block([[-A, L], [np.zeros((6, 6)), A.T]]) * dt)
    F = block[6:, 6:].T
    return F, F @ block[:6, 6:]


@given(seconds)
def test_matrices_are_those_of_the_continuous_model(dt):
    F, Q = van_loan(dt)
    np.testing.assert_allclose(transition(np.array([dt]))[0], F, atol=1e-9)
    np.testing.assert_allclose(process_noise(np.array([dt]), NOISE)[0], Q, rtol=1e-7, atol=1e-7)


@given(st.lists(seconds, min_size=2, max_size=5))
def test_many_short_steps_are_one_long_step(steps):
    state, cov = np.arange(6.0)[None, :], np.eye(6)[None, :, :]
    short = (state, cov)
    for dt in steps:
        short = predict(*short, np.array([dt]), NOISE)
    long = predict(state, cov, np.array([sum(steps)]), NOISE)
    np.testing.assert_allclose(short[0], long[0], rtol=1e-9)
    np.testing.assert_allclose(short[1], long[1], rtol=1e-7, atol=1e-7)


def test_no_time_changes_nothing_and_no_rows_are_fine():
    state, cov = np.arange(6.0)[None, :], np.eye(6)[None, :, :]
    later = predict(state, cov, np.zeros(1), NOISE)
    assert (later[0] == state).all()
    assert (later[1] == cov).all()
    assert predict(np.zeros((0, 6)), np.zeros((0, 6, 6)), np.zeros(0), NOISE)[0].shape == (0, 6)
