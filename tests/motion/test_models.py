"""The models of motion against matrix exponentials, known flights and numerical derivatives."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from tests.motion.tracks import tracks
from tocsin.motion.ballistic import EARTH_RADIUS_M, GRAVITY_MPS2
from tocsin.motion.cv import CvNoise, predict
from tocsin.motion.falling import Drag, predict_fall
from tocsin.motion.models import Noise, density, predict_turn, turn_transition

STILL = Noise(0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("turn", [-0.3, -1e-7, 0.0, 1e-12, 0.1])
def test_a_turn_is_the_matrix_exponential_of_its_rate(turn):
    A = np.zeros((6, 6))
    A[:3, 3:] = np.eye(3)
    A[3, 4], A[4, 3] = turn, -turn
    for dt in (0.0, 0.5, 4.0, 10.0):
        F = turn_transition(np.array([dt]), turn)[0]
        np.testing.assert_allclose(F, expm(A * dt), atol=1e-9)


def test_a_turn_to_the_right_from_north_goes_east():
    north = np.array([[0.0, 0.0, 0.0, 0.0, 100.0, 0.0]])
    quarter_s = np.array([np.pi / 2.0 / 0.1])
    later, _ = predict_turn(north, np.zeros((1, 6, 6)), quarter_s, 0.1, STILL)
    np.testing.assert_allclose(later[0], [1000.0, 1000.0, 0.0, 100.0, 0.0, 0.0], atol=1e-9)


def test_without_turn_and_growth_it_is_constant_velocity():
    state, cov = tracks(np.random.default_rng(1), 5)
    dt = np.linspace(0.0, 9.0, 5)
    ours = predict_turn(state, cov, dt, 0.0, Noise(3.0, 0.0, 0.0, 0.5))
    for got, want in zip(ours, predict(state, cov, dt, CvNoise(3.0, 0.5)), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_noise_grows_along_and_across_the_course():
    north = np.array([[0.0, 0.0, 0.0, 0.0, 10.0, 3.0]])
    D = density(north, Noise(1.0, 0.5, 0.2, 4.0))[0]
    np.testing.assert_allclose(D, np.diag([51.0, 21.0, 4.0]))


def _fall(_, state, drag_area):
    """Fall about a round earth, written independently: positions from its centre."""
    r = np.sqrt((state[:3] ** 2).sum())
    air = 1.225 * np.exp(-max(r - EARTH_RADIUS_M, 0.0) / 7200.0)
    speed = np.sqrt((state[3:] ** 2).sum())
    gravity = -GRAVITY_MPS2 * (EARTH_RADIUS_M / r) ** 2 * state[:3] / r
    return np.concatenate([state[3:], gravity - 0.5 * air * drag_area * speed * state[3:]])


@pytest.mark.parametrize(
    ("start", "drag_area"),
    [
        ([80e3, -40e3, 60e3, 900.0, 300.0, -900.0], 2e-4),
        ([0.0, 0.0, 2e3, 1500.0, 0.0, -800.0], 2e-4),
        ([200e3, 100e3, 150e3, -2000.0, 500.0, 1000.0], 0.0),
    ],
)
def test_a_fall_follows_the_integrated_orbit(start, drag_area):
    state = np.array([start])
    later, _ = predict_fall(state, np.eye(6)[None], np.array([2.0]), Drag(drag_area, 0.0, 0.0))
    shifted = np.array(start) + np.array([0, 0, EARTH_RADIUS_M, 0, 0, 0])
    want = solve_ivp(_fall, (0.0, 2.0), shifted, args=(drag_area,), rtol=1e-12, atol=1e-9).y[:, -1]
    want[2] -= EARTH_RADIUS_M
    np.testing.assert_allclose(later[0, :3], want[:3], atol=1.0)
    np.testing.assert_allclose(later[0, 3:], want[3:], atol=0.5)


def test_a_fall_spreads_as_its_neighbours_do():
    state, dt, drag = np.array([[80e3, -4e4, 2e4, 900.0, 300.0, -900.0]]), 1.0, Drag(2e-4, 0, 0)
    _, cov = predict_fall(state, np.eye(6)[None], np.array([dt]), drag)
    steps = np.concatenate([np.eye(6), -np.eye(6)]) * np.array([10, 10, 10, 0.1, 0.1, 0.1])
    ends, _ = predict_fall(state + steps, np.zeros((12, 6, 6)), np.full(12, dt), drag)
    F = ((ends[:6] - ends[6:]) / (2 * np.array([10, 10, 10, 0.1, 0.1, 0.1]))[:, None]).T
    np.testing.assert_allclose(cov[0], F @ F.T, atol=2e-3)


def test_an_uncertain_drag_widens_only_along_the_course():
    state = np.array([[0.0, 0.0, 5e3, 1000.0, 0.0, 0.0]])
    none = np.zeros((1, 6, 6))
    _, cov = predict_fall(state, none, np.array([1.0]), Drag(2e-4, 1.0, 0.0))
    assert cov[0, 3, 3] > 100.0
    assert cov[0, 4, 4] == 0.0
