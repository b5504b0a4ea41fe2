"""All models of one track at a time: mix and predict, measure, combine; twins in `imm`.

A track's rows are `state (M, 6)`, `cov (M, 21)` and `mode (M,)`, as a tracker's bank holds them. A
set of models comes as `tocsin.motion.sets.Arrays`.
"""

from __future__ import annotations

import math

from tocsin.contract import F64, I64
from tocsin.motion import kernels_models as step
from tocsin.motion.ballistic import EARTH_RADIUS_M
from tocsin.motion.kernels_jit import lean

CV, TURN, FALL = 0, 1, 2
FALL_STEP_S = 2.0
FALLING_MPS = 450.0
"""What is faster than this falls: between the classes that fly and ballistic objects."""
FALLING_M = 40_000.0
"""What is higher than this falls: balloons end below."""
STEEP_MPS = 120.0
LEVEL_M = 12_000.0
"""What neither climbs or sinks faster than this nor is higher flies, however fast: what is known of
it may be two false plots of a radar without heights."""


@lean(inline=True)
def steep(mean: F64, cov: F64) -> bool:
    """Say whether an object climbs or sinks, or is high, as what falls does; the twin is in `imm`.

    Args:
        mean: (6,).
        cov: (21,) packed.
    """
    climb2 = mean[5] * mean[5] + cov[20]
    return bool(climb2 > STEEP_MPS * STEEP_MPS or _height_m(mean) > LEVEL_M)


@lean(inline=True)
def _height_m(mean: F64) -> float:
    """Return the height over the ground of a place in the region frame."""
    flat2 = mean[0] * mean[0] + mean[1] * mean[1]
    return float(mean[2] + flat2 / (2.0 * EARTH_RADIUS_M))


@lean(inline=True)
def predict(kind: int, noise: F64, extra: F64, dt_s: float, state: F64, cov: F64) -> None:
    """Advance one model of one track in place.

    Args:
        kind: CV, TURN or FALL.
        noise: (4,) see `tocsin.motion.models.Noise`; a falling object has one noise for all axes.
        extra: (3,) rate of turn; drag area over mass; its relative variance times seconds.
        dt_s: seconds, not negative.
        state: (6,).
        cov: (21,).
    """
    if kind == CV:
        step.predict_cv(state, cov, dt_s, noise, state, cov)
    elif kind == TURN:
        step.predict_turn(state, cov, dt_s, extra[0], noise, state, cov)
    else:
        parts = max(1, math.ceil(dt_s / FALL_STEP_S))
        for _ in range(parts):
            part_s = dt_s / parts
            step.predict_fall(state, cov, part_s, extra[1], noise[0], extra[2], state, cov)


@lean(inline=True, contract=True)
def moments(state: F64, cov: F64, mode: F64, mean: F64, mean_cov: F64) -> None:
    """Combine the models of one track.

    Args:
        state: (M, 6).
        cov: (M, 21).
        mode: (M,) probabilities, their sum 1.
        mean: (6,) result.
        mean_cov: (21,) result, packed.
    """
    for a in range(6):
        mean[a] = 0.0
        for m in range(mode.size):
            mean[a] += mode[m] * state[m, a]
    for c in range(21):
        mean_cov[c] = 0.0
    for m in range(mode.size):
        step.add_spread(state[m], cov[m], mean, mean_cov, mode[m], mean_cov)


@lean(inline=True)
def falls(mean: F64, mean_cov: F64) -> bool:
    """Say whether what is known of an object says that it falls, not flies; the twin is in `imm`.

    Args:
        mean: (6,).
        mean_cov: (21,) packed: a speed that may be anything is fast.
    """
    speed2 = mean_cov[15] + mean_cov[18] + mean_cov[20]
    for a in range(3, 6):
        speed2 += mean[a] * mean[a]
    fast = speed2 > FALLING_MPS * FALLING_MPS and steep(mean, mean_cov)
    return bool(fast or _height_m(mean) > FALLING_M)


@lean(inline=True)
def advance(
    kind: I64,
    noise: F64,
    extra: F64,
    rate_ps: F64,
    share: F64,
    dt_s: float,
    state: F64,
    cov: F64,
    mode: F64,
    mean: F64,
    mean_cov: F64,
) -> bool:
    """Mix the models of one track and advance each, in place.

    Args:
        kind: (K,) see `predict`; K is M, or 2 M: then the second half is for what falls.
        noise: (K, 4) likewise.
        extra: (K, 3) likewise.
        rate_ps: (K,) see `tocsin.motion.imm.Chain`.
        share: (K,) likewise.
        dt_s: seconds, not negative.
        state: (M, 6).
        cov: (M, 21).
        mode: (M,) becomes the predicted probabilities.
        mean: (6,) work space; the combined mean before the step.
        mean_cov: (21,) likewise its covariance.

    Returns:
        Whether the models for what falls were used.
    """
    first = 0
    if mode.size > 1:
        moments(state, cov, mode, mean, mean_cov)
        if kind.size > mode.size and falls(mean, mean_cov):
            first = mode.size
        stay = math.exp(-rate_ps[first] * dt_s)
        for m in range(mode.size):
            later = stay * mode[m] + (1.0 - stay) * share[first + m]
            own = stay * mode[m] / later if later > 0.0 else 0.0
            step.mix(state[m], cov[m], mean, mean_cov, own, state[m], cov[m])
            mode[m] = later
    for m in range(mode.size):
        k = first + m
        predict(kind[k], noise[k], extra[k], dt_s, state[m], cov[m])
    return first > 0


@lean(inline=True)
def reweigh(mode: F64, log_likelihood: F64) -> float:
    """Make the modes posterior, in place; return the log likelihood of all models together.

    Args:
        mode: (M,) predicted probabilities.
        log_likelihood: (M,) of the plot under each model.
    """
    top = -math.inf
    for m in range(mode.size):
        top = max(top, log_likelihood[m])
    total = 0.0
    for m in range(mode.size):
        mode[m] *= math.exp(log_likelihood[m] - top)
        total += mode[m]
    for m in range(mode.size):
        mode[m] /= total
    return float(math.log(total) + top)


@lean(inline=True)
def update(
    noise: F64,
    plot_m: F64,
    plot_cov: F64,
    dimension: int,
    dt_s: float,
    state: F64,
    cov: F64,
    mode: F64,
    log_likelihood: F64,
) -> float:
    """Update all models of one track by one plot, in place; return the plot's log likelihood.

    Args:
        noise: (M, 4) see `predict`.
        plot_m: (3,) position; the height is not read where there is none.
        plot_cov: (6,) packed upper triangle of its covariance.
        dimension: 3, or 2 without height.
        dt_s: seconds from the state to the plot.
        state: (M, 6).
        cov: (M, 21).
        mode: (M,) becomes posterior.
        log_likelihood: (M,) result: of the plot under each model.
    """
    for m in range(mode.size):
        x, p = state[m], cov[m]
        if dimension == 3:
            log_likelihood[m] = step.update_position(x, p, plot_m, plot_cov, dt_s, noise[m], x, p)
        else:
            log_likelihood[m] = step.update_plane(x, p, plot_m, plot_cov, dt_s, noise[m], x, p)
    return reweigh(mode, log_likelihood)
