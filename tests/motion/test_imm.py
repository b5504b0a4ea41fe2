"""Mixing against the textbook's double sum, chains against matrix exponentials."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from tests.motion.tracks import tracks
from tocsin.motion.imm import Chain, mix, moments, reweigh

parts = st.lists(st.floats(0.01, 1.0), min_size=2, max_size=5).map(np.array)


@given(parts, st.floats(0.01, 1.0), st.floats(0.0, 100.0))
def test_a_chain_is_the_exponential_of_its_generator(part, rate, dt):
    chain = Chain(rate, part / part.sum())
    G = rate * np.tile(chain.share, (len(part), 1))
    np.fill_diagonal(G, 0.0)
    np.testing.assert_allclose(1.0 / G.sum(axis=1), chain.sojourn_s())
    np.fill_diagonal(G, -G.sum(axis=1))
    np.testing.assert_allclose(chain.transition(dt), expm(G * dt), atol=1e-9)


def test_mixing_is_the_textbooks_double_sum():
    rng = np.random.default_rng(3)
    state, cov = tracks(rng, 4, 3)
    mode = rng.dirichlet(np.ones(3), 4)
    chain, dt = Chain(0.1, np.array([0.7, 0.2, 0.1])), np.array([0.0, 0.3, 4.0, 1e5])
    got_state, got_cov, got_mode = mix(state, cov, mode, chain, dt)
    for n in range(4):
        weight = mode[n][:, None] * chain.transition(dt[n])
        later = weight.sum(axis=0)
        np.testing.assert_allclose(got_mode[n], later, rtol=1e-12)
        for j in range(3):
            mu = weight[:, j] / later[j]
            mean = mu @ state[n]
            apart = state[n] - mean
            spread = cov[n] + apart[:, :, None] * apart[:, None, :]
            np.testing.assert_allclose(got_state[n, j], mean, rtol=1e-9)
            np.testing.assert_allclose(got_cov[n, j], np.tensordot(mu, spread, 1), rtol=1e-7)


def test_mixing_keeps_the_mean_and_covariance_of_all():
    rng = np.random.default_rng(4)
    state, cov = tracks(rng, 3, 4)
    mode = rng.dirichlet(np.ones(4), 3)
    mixed = mix(state, cov, mode, Chain(0.1, np.full(4, 0.25)), np.array([0.5, 5.0, 50.0]))
    for got, want in zip(moments(*mixed), moments(state, cov, mode), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9)


def test_the_likelier_model_gains():
    posterior, whole = reweigh(np.array([[0.5, 0.5]]), np.array([[-1000.0, -1001.0]]))
    np.testing.assert_allclose(posterior[0], [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))])
    np.testing.assert_allclose(whole, -1000.0 + np.log(0.5 * (1 + np.exp(-1))))
