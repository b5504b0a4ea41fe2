"""Interacting multiple models whose rows all have their own time.

The mode is a Markov chain in continuous time: with rate λ it forgets what it was and is drawn anew
from fixed shares. So after any interval dt it is still the old one with probability exp(-λ dt), and
otherwise drawn from the shares: no matrix exponential, and mixing costs one pass over the models,
because each model's start is a blend of its own state and of the mean of all.

Source: H. A. P. Blom, Y. Bar-Shalom, The interacting multiple model algorithm for systems with
Markovian switching coefficients, IEEE Trans. AC 33 (1988) 780-783; Y. Bar-Shalom, X. R. Li,
T. Kirubarajan, Estimation with Applications to Tracking and Navigation (2001), section 11.6.6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64, Bool
from tocsin.motion.ballistic import EARTH_RADIUS_M
from tocsin.motion.kernels_imm import FALLING_M, FALLING_MPS, LEVEL_M, STEEP_MPS


@dataclass(frozen=True, eq=False)
class Chain:
    """Hold a chain of modes that forgets.

    Args:
        rate_ps: how often the mode is drawn anew, per second.
        share: (M,) long-run probabilities; what it is drawn from.
    """

    rate_ps: float
    share: F64

    def sojourn_s(self) -> F64:
        """Return (M,) mean times that an object stays in each mode.

        >>> Chain(0.1, np.array([0.75, 0.25])).sojourn_s().round(1).tolist()
        [40.0, 13.3]
        """
        return np.asarray(1.0 / (self.rate_ps * (1.0 - self.share)))

    def stay(self, dt_s: F64) -> F64:
        """Return (n,) probabilities that the mode was not drawn anew in (n,) seconds."""
        return np.asarray(np.exp(-self.rate_ps * dt_s))

    def transition(self, dt_s: float) -> F64:
        """Return the (M, M) probabilities from each mode to each after some seconds.

        >>> Chain(0.1, np.array([0.75, 0.25])).transition(1e6).round(3).tolist()
        [[0.75, 0.25], [0.75, 0.25]]
        """
        stay = np.exp(-self.rate_ps * dt_s)
        return np.asarray(stay * np.eye(len(self.share)) + (1.0 - stay) * self.share)


def moments(state: F64, cov: F64, mode: F64) -> tuple[F64, F64]:
    """Return (n, 6) means and (n, 6, 6) covariances of all models together.

    Args:
        state: (n, M, 6) states by model.
        cov: (n, M, 6, 6) their covariances.
        mode: (n, M) probabilities.
    """
    mean = np.einsum("nm,nma->na", mode, state)
    apart = state - mean[:, None]
    spread = cov + apart[..., :, None] * apart[..., None, :]
    return mean, np.einsum("nm,nmab->nab", mode, spread)


def falls(mean: F64, cov: F64) -> Bool:
    """Return (n,) whether what is known of objects says that they fall, not fly.

    Args:
        mean: (n, 6) of all models.
        cov: (n, 6, 6) likewise.
    """
    speed2 = (mean[:, 3:] ** 2).sum(axis=1) + np.einsum("naa->na", cov)[:, 3:].sum(axis=1)
    fast = (speed2 > FALLING_MPS**2) & steep(mean, cov)
    return np.asarray(fast | (_height_m(mean) > FALLING_M))


def steep(mean: F64, cov: F64) -> Bool:
    """Return (n,) whether (n, 6) objects climb or sink, or are high, as what falls does."""
    climb2 = mean[:, 5] ** 2 + cov[:, 5, 5]
    return np.asarray((climb2 > STEEP_MPS**2) | (_height_m(mean) > LEVEL_M))


def _height_m(mean: F64) -> F64:
    return np.asarray(mean[:, 2] + (mean[:, :2] ** 2).sum(axis=1) / (2.0 * EARTH_RADIUS_M))


def mix(state: F64, cov: F64, mode: F64, chain: Chain, dt_s: F64) -> tuple[F64, F64, F64]:
    """Return the states that the models start from, their covariances, and predicted modes.

    Args:
        state: (n, M, 6) states by model.
        cov: (n, M, 6, 6) their covariances.
        mode: (n, M) probabilities.
        chain: of the modes.
        dt_s: (n,) seconds since the state.
    """
    mean, wide = moments(state, cov, mode)
    stay = chain.stay(dt_s)[:, None]
    later = stay * mode + (1.0 - stay) * chain.share
    own = stay * mode / later
    apart = state - mean[:, None]
    spread = (1.0 - own)[..., None, None] * apart[..., :, None] * apart[..., None, :]
    blended = wide[:, None] + own[..., None, None] * (cov - wide[:, None] + spread)
    return mean[:, None] + own[..., None] * apart, blended, later


def reweigh(mode: F64, log_likelihood: F64) -> tuple[F64, F64]:
    """Return posterior modes, and the log likelihood of all models together.

    Args:
        mode: (n, M) predicted probabilities.
        log_likelihood: (n, M) of the plot under each model.
    """
    top = log_likelihood.max(axis=1, keepdims=True)
    weight = mode * np.exp(log_likelihood - top)
    total = weight.sum(axis=1, keepdims=True)
    return weight / total, np.log(total[:, 0]) + top[:, 0]
