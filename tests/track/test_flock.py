"""What flies together flies alike: the kernels against a plain form, and what they are for."""

from __future__ import annotations

import numpy as np

from bench import _tocsin
from bench._cases import read_case
from bench._scenes import Scene, make
from tocsin.contract import F64, NS
from tocsin.geo import pack_covariance, unpack_covariance
from tocsin.track import start
from tocsin.track.kernels_flock import fall_in, flocks
from tocsin.track.schedule import schedule, taken_in
from tocsin.track.seen import unseen, who
from tocsin.track.state import Bank, Pairs, Picture
from tocsin.track.step import _paired, _picture, look

SPEED2 = 1600.0


def scene(targets: int = 60, scans: int = 2, seed: int = 1) -> Scene:
    case = read_case("swarm").model_copy(update={"seed": seed})
    return make(case, targets, scans)


def paired(scans: int = 1) -> tuple[Bank, Pairs, Picture]:
    """Return rows and pairs of a look after some others."""
    shown = scene(scans=scans + 1)
    state = start(_tocsin._config(shown, {}))
    for scan in shown.scans:
        at_ns = _tocsin.T0_NS + round(scan.truth.at_s * NS)
        plots, looks = _tocsin._plots(shown, scan, at_ns), _tocsin._look(scan, at_ns)
        state, groups = schedule(taken_in(state, plots, looks, at_ns), at_ns)
        for group in groups:
            if scan is not shown.scans[-1]:
                state, _ = look(state, group)
                continue
            state, birth = unseen(state._replace(looked=state.looked + 1), group)
            picture = _picture(state, group, birth)
            pairs, _, _ = _paired(state, picture, who(state, group, picture))
            return state.bank, pairs, picture
    raise AssertionError


def normal(off: F64, cov: F64) -> F64:
    far2 = np.einsum("ni,nij,nj->n", off, np.linalg.inv(cov), off)
    return np.asarray(np.exp(-0.5 * far2) / (2.0 * np.pi * np.sqrt(np.linalg.det(cov))))


def plain(bank: Bank, pairs: Pairs, picture: Picture) -> tuple[F64, F64]:
    """Return the field and the factors as `flocks` does, in arrays."""
    rows, eye = pairs.rows, np.eye(2) * SPEED2
    mean, cov = bank.state[rows, 0], unpack_covariance(bank.cov[rows, 0])
    of = np.repeat(np.arange(len(rows)), np.diff(pairs.start))
    e = np.flatnonzero((bank.plots[rows] == 1)[of])
    k, j = of[e], pairs.plot[e]
    noise = picture.cov[j][:, [0, 1, 1, 3]].reshape(-1, 2, 2)
    gain = cov[k][:, 3:5, :2] @ np.linalg.inv(cov[k][:, :2, :2] + noise)
    v = mean[k, 3:5] + np.einsum("nij,nj->ni", gain, picture.position_m[j, :2] - mean[k, :2])
    after = np.linalg.inv(cov[k][:, 3:5, 3:5] - gain @ cov[k][:, :2, 3:5])
    spread = np.linalg.inv(after - np.linalg.inv(eye))
    v = np.einsum("nij,njk,nk->ni", spread, after, v)
    old = np.flatnonzero((bank.plots[rows] > 1) & ~bank.poisson[rows])
    place = np.concatenate([mean[old, :2], mean[k, :2]])
    v, spread = np.concatenate([mean[old, 3:5], v]), np.concatenate([cov[old, 3:5, 3:5], spread])
    sure, held = (bank.existence * bank.weight)[rows[old]], bank.weight[rows][of]
    # The scene is small: about one cell; the kernel's grid says which.
    grid = flocks(bank, *pairs[:4], picture, SPEED2)[0]
    cx, cy = ((place - grid[:2]) / grid[2] + 1.0).astype(int).T
    near = (abs(cx[:, None] - cx) <= 1) & (abs(cy[:, None] - cy) <= 1)
    factor, q = np.ones(len(pairs.plot)), np.ones(len(v))
    own = np.zeros((len(v), 2)), np.tile(eye, (len(v), 1, 1))
    for turn in range(8):
        L = pairs.value * factor
        in_row = np.bincount(of, L, len(rows))[of]
        in_plot = np.bincount(pairs.plot, L * held, len(picture.time_ns))[pairs.plot]
        w = np.concatenate([sure, (held * L / (1.0 + in_row + in_plot - held * L))[e]])
        K = own[1] @ np.linalg.inv(own[1] + spread) if turn else np.tile(np.eye(2), (len(v), 1, 1))
        b = own[0] + np.einsum("nij,nj->ni", K, v - own[0])
        B = own[1] - K @ own[1] + b[:, :, None] * b[:, None, :]
        n, every = near @ (w * q), near @ w
        mean_v = near @ (b * (w * q)[:, None]) / n[:, None]
        square = np.einsum("ab,b,bij->aij", near, w * q, B)
        outer = mean_v[:, :, None] * mean_v[:, None, :]
        scale = (1.0 + 1.0 / (1.0 + n)) / (4.0 + n)
        own = mean_v, scale[:, None, None] * (4.0 * eye + square - n[:, None, None] * outer)
        share = n / (every + 1.0)
        alike, any_ = share * normal(v - own[0], spread + own[1]), normal(v, spread + eye)
        q = alike / (alike + (1.0 - share) * any_)
        factor[e] = (1.0 - share + alike / any_)[len(old) :]
    return np.column_stack([own[0], own[1].reshape(-1, 4)]), factor


def test_kernel_equals_plain_form() -> None:
    for scans in (1, 2):
        bank, pairs, picture = paired(scans)
        _, field, factor = flocks(bank, *pairs[:4], picture, SPEED2)
        assert len(factor) == len(pairs.plot)
        expected = plain(bank, pairs, picture)
        np.testing.assert_allclose(factor, expected[1], rtol=1e-6)
        assert (abs(factor - 1.0) > 0.1).any()
        for mean in expected[0][:, :2]:
            assert np.min(np.abs(field[:, :2] - mean).sum(axis=1)) < 1e-6


def test_two_plots_learn_the_course_of_their_neighbours() -> None:
    bank, pairs, picture = paired(1)
    _, field, _ = flocks(bank, *pairs[:4], picture, SPEED2)
    known = field[field[:, 5] > 0.0]
    assert len(known)
    course = np.array([47.5 * np.sin(1.9), 47.5 * np.cos(1.9)])
    assert np.median(np.linalg.norm(known[:, :2] - course, axis=1)) < 10.0


def test_a_few_rows_tell_nothing() -> None:
    bank, pairs, picture = paired(1)
    keep = slice(0, 3)
    few = Pairs(pairs.rows[keep], pairs.start[:4], pairs.plot, pairs.value, 0)
    _, field, _ = flocks(bank, *few[:4], picture, SPEED2)
    assert len(field) == 0 or not field[:, 5].any()


def test_falling_in_is_the_moments_of_both_priors() -> None:
    bank, rng = paired(1)[0].blank(3), np.random.default_rng(1)
    root = rng.normal(size=(3, 6, 6))
    cov = root @ root.transpose(0, 2, 1) + 400.0 * np.eye(6)
    bank.state[:, 0], bank.cov[:, 0] = rng.normal(scale=30.0, size=(3, 6)), pack_covariance(cov)
    bank.existence[:], bank.plots[:], bank.looked[:] = 1.0, [2, 2, 3], 5
    bank.last_plot_at_ns[:] = bank.heard_ns[:, 0] = 7
    x = bank.state[:, 0].copy()
    mu, S, share = np.array([40.0, -10.0]), np.array([[90.0, 20.0], [20.0, 120.0]]), 0.7
    field = np.zeros((9, 7))
    field[:] = [*mu, S[0, 0], S[0, 1], S[1, 1], share, 30.0]
    fall_in(bank, 5, 0, 6, np.array([-1e4, -1e4, 1e4, 3.0, 3.0]), field, SPEED2)
    assert (bank.state[2, 0] == x[2]).all()
    # By hand: weigh a fine grid of velocities by the ratio of both priors.
    u, v = np.meshgrid(np.linspace(-150, 150, 601), np.linspace(-150, 150, 601))
    speeds = np.column_stack([u.ravel(), v.ravel()])
    tile = np.tile(np.eye(2), (len(speeds), 1, 1))
    for i in range(2):
        ratio = normal(speeds - mu, tile @ S) / normal(speeds, tile * SPEED2)
        weight = normal(speeds - x[i, 3:5], tile @ cov[i, 3:5, 3:5]) * (1 - share + share * ratio)
        expected = weight @ speeds / weight.sum()
        np.testing.assert_allclose(bank.state[i, 0, 3:5], expected, rtol=1e-3, atol=1e-3)
        off = speeds - expected
        spread = (weight[:, None, None] * off[:, :, None] * off[:, None, :]).sum(axis=0)
        got = unpack_covariance(bank.cov[i, :1])[0][3:5, 3:5]
        np.testing.assert_allclose(got, spread / weight.sum(), rtol=1e-2, atol=0.5)
