"""Generated kernels: made from their equations, equal to their twins."""

import numba as nb
import numpy as np
import pytest

from scripts import make_kernels
from tests.motion.tracks import pack, plots, tracks, unpack
from tocsin.motion import kernels_imm, kernels_models, measure
from tocsin.motion.falling import Drag, predict_fall
from tocsin.motion.imm import Chain, mix, moments, reweigh
from tocsin.motion.models import Noise, predict_turn

NOISE = Noise(2.0, 0.004, 0.001, 0.7)
N = 6


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def _each(kernel, state, cov, *args):
    """Run a kernel in place on each row; args vary by row where they are lists."""
    x, p = state.copy(), pack(cov)
    rows = [[a[i] if isinstance(a, list) else a for a in args] for i in range(len(x))]
    returned = [kernel(x[i], p[i], *rows[i], x[i], p[i]) for i in range(len(x))]
    return x, p, returned


def _same(got, want):
    np.testing.assert_allclose(got[0], want[0], rtol=1e-10)
    np.testing.assert_allclose(got[1], pack(want[1]), rtol=1e-9, atol=1e-9)


def test_the_committed_kernels_are_what_the_derivation_gives():
    assert make_kernels.TARGET.read_text("utf-8") == make_kernels.source()


@pytest.mark.parametrize("turn", [0.0, -0.2, 0.07, 3.0])
def test_motion_equals_its_twin(rng, turn):
    state, cov = tracks(rng, N)
    dt = rng.uniform(0.0, 9.0, N)
    want = predict_turn(state, cov, dt, turn, NOISE)
    _same(_each(kernels_models.predict_turn, state, cov, list(dt), turn, NOISE.array()), want)
    if turn == 0.0:
        _same(_each(kernels_models.predict_cv, state, cov, list(dt), NOISE.array()), want)


def test_falling_equals_its_twin(rng):
    state, cov = tracks(rng, N)
    state[:, 2] = np.abs(state[:, 2]) * 10.0
    state[:, 3:] *= 8.0
    dt, drag = rng.uniform(0.0, 2.0, N), Drag(2e-4, 1.2, 3.0)
    args = (drag.drag_area_m2pkg, drag.noise_m2ps3, drag.drag_share2_s)
    got = _each(kernels_models.predict_fall, state, cov, list(dt), *args)
    _same(got, predict_fall(state, cov, dt, drag))


@pytest.mark.parametrize(("d", "name"), [(3, "position"), (2, "plane")])
def test_a_position_equals_its_twin(rng, d, name):
    state, cov = tracks(rng, N)
    dt = rng.uniform(-3.0, 3.0, N)
    z, R = plots(rng, state, dt, d)
    whole = np.zeros((N, 3, 3))
    whole[:, :d, :d] = R
    args = (list(z), list(pack(whole)), list(dt), NOISE.array())
    want = measure.update_position(state, cov, z, R, dt, NOISE)
    got = _each(getattr(kernels_models, f"update_{name}"), state, cov, *args)
    _same(got, want)
    np.testing.assert_allclose(got[2], want.log_likelihood, rtol=1e-9)
    gate = getattr(kernels_models, f"gate_{name}")
    near = [gate(x, p, z[i], args[1][i], dt[i], args[3]) for i, (x, p) in _rows(state, cov)]
    distance2, determinant = np.transpose(near)
    np.testing.assert_allclose(distance2, want.distance2, rtol=1e-9)
    density = -0.5 * (distance2 + np.log(determinant) + d * np.log(2.0 * np.pi))
    np.testing.assert_allclose(density, want.log_likelihood, rtol=1e-9)


def _rows(state, cov):
    return enumerate(zip(state, pack(cov), strict=True))


def test_a_range_rate_equals_its_twin(rng):
    state, cov = tracks(rng, N)
    dt, sensor = rng.uniform(-3.0, 3.0, N), rng.normal(size=(N, 3)) * 1e3
    rate = measure.RangeRate(sensor, rng.normal(size=N) * 100.0, np.full(N, 4.0))
    want = measure.update_range_rate(state, cov, rate, dt, NOISE)
    args = (list(sensor), list(rate.rate_mps), 4.0, list(dt), NOISE.array())
    got = _each(kernels_models.update_range_rate, state, cov, *args)
    _same(got, want)
    np.testing.assert_allclose(got[2], want.log_likelihood, rtol=1e-9)


def test_a_range_rate_tells_the_speed_along_the_line_of_sight():
    state, cov = np.array([[3e4, 0.0, 0.0, 50.0, 50.0, 0.0]]), np.diag([1e4] * 3 + [900.0] * 3)
    exact = measure.RangeRate(np.zeros((1, 3)), np.array([80.0]), np.array([0.01]))
    done = measure.update_range_rate(state, cov[None], exact, np.zeros(1), NOISE)
    assert abs(done.state[0, 3] - 80.0) < 0.1
    assert abs(done.state[0, 4] - 50.0) < 0.1
    assert done.cov[0, 3, 3] < 0.2
    assert done.cov[0, 4, 4] > 890.0


MODELS = (
    np.array([kernels_imm.CV, kernels_imm.TURN, kernels_imm.FALL]),
    np.array([NOISE.array(), Noise(30.0, 0.0, 0.0, 5.0).array(), np.array([3.0, 0, 0, 3.0])]),
    np.array([[0.0, 0.0, 0.0], [0.15, 0.0, 0.0], [0.0, 2e-4, 1.2]]),
)


def _advanced(state, cov, mode, chain, dt):
    state, cov, mode = mix(state, cov, mode, chain, dt)
    moved = [
        predict_turn(state[:, 0], cov[:, 0], dt, 0.0, NOISE),
        predict_turn(state[:, 1], cov[:, 1], dt, 0.15, Noise(30.0, 0.0, 0.0, 5.0)),
        (state[:, 2], cov[:, 2]),
    ]
    for _ in range(2):
        moved[2] = predict_fall(*moved[2], dt / 2.0, Drag(2e-4, 1.2, 3.0))
    return np.stack([x for x, _ in moved], 1), np.stack([p for _, p in moved], 1), mode


def test_all_models_of_a_track_equal_their_twins(rng):
    state, cov = tracks(rng, N, 3)
    state[..., 2] = np.abs(state[..., 2]) + 1e4
    mode, chain = rng.dirichlet(np.ones(3), N), Chain(0.05, np.array([0.6, 0.3, 0.1]))
    dt = rng.uniform(2.1, 4.0, N)
    want = _advanced(state, cov, mode, chain, dt)
    x, p, w = state.copy(), pack(cov), mode.copy()
    mean, wide, score = np.empty((N, 6)), np.empty((N, 21)), np.empty(3)
    for i in range(N):
        rule = (np.full(3, chain.rate_ps), chain.share, dt[i])
        kernels_imm.advance(*MODELS, *rule, x[i], p[i], w[i], mean[i], wide[i])
    np.testing.assert_allclose(x, want[0], rtol=1e-9)
    np.testing.assert_allclose(unpack(p), want[1], rtol=1e-7, atol=1e-6)
    np.testing.assert_allclose(w, want[2], rtol=1e-12)
    expected = moments(state, cov, mode)
    np.testing.assert_allclose(mean, expected[0], rtol=1e-9)
    np.testing.assert_allclose(unpack(wide), expected[1], rtol=1e-7)
    z, R = plots(rng, want[0][:, 0], np.zeros(N))
    done = [
        measure.update_position(want[0][:, m], want[1][:, m], z, R, np.zeros(N), NOISE)
        for m in range(3)
    ]
    likely = np.stack([d.log_likelihood for d in done], axis=1)
    posterior, whole = reweigh(want[2], likely)
    for i in range(N):
        args = (z[i], pack(R)[i], 3, 0.0, x[i], p[i], w[i], score)
        assert kernels_imm.update(MODELS[1], *args) == pytest.approx(whole[i])
    np.testing.assert_allclose(w, posterior, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(x, np.stack([d.state for d in done], 1), rtol=1e-8)


@nb.njit(nogil=True, error_model="numpy")
def _sweep(state, cov, dt_s, noise):
    for i in range(len(state)):
        kernels_models.predict_cv(state[i], cov[i], dt_s, noise, state[i], cov[i])


@pytest.mark.skipif(nb.config.DISABLE_JIT, reason="numba compiles nothing here")
def test_a_loop_over_tracks_holds_the_kernel_itself_fused(rng):
    # Called instead of inlined, or without fused multiplication, it takes three times as long.
    state, cov = tracks(rng, N)
    _sweep(state, pack(cov), 0.7, NOISE.array())
    (text,) = _sweep.inspect_asm().values()
    loop = [line for line in text.splitlines() if not line.lstrip().startswith((".", "#"))]
    assert not [line for line in loop if "call" in line and "predict_cv" in line]
    if not any("vmulsd" in line for line in loop):
        pytest.skip("no AVX on this processor: how it fuses is not known")
    assert sum("vfmadd" in line for line in loop) >= 15
