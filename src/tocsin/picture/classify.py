"""What an object is, guessed from how it moves and whether it identifies itself.

Bayes' rule over the classes of `tocsin.motion`: per feature a density that is flat between the
class's limits, with soft edges, folded with the uncertainty of the estimate. An object keeps its
speed, so what one second shows the next hardly adds to: all that was seen before counts as one
observation, fading with `class_memory_s`, and what is seen now as another.

Source: S. Challa, G. W. Pulford, "Joint target tracking and classification using radar and ESM
sensors", IEEE Trans. AES 37 (2001) 1039-1055 (class-conditional kinematic likelihoods).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from tocsin.contract import CLASS_COUNT, F64, Bool, ObjectClass
from tocsin.motion.classes import LIMITS
from tocsin.picture.config import PictureConfig

HAZARDOUS = (ObjectClass.ONE_WAY_DRONE, ObjectClass.FAST_LOW_FLYER, ObjectClass.BALLISTIC)
_SOFT_EDGE = 0.05
_STEADY = 0.6
"""Share of time that an object flies straight, and level."""
_ODD = 0.05
"""Share of time that it does what no limit says: dives, evasion, a wrong estimate."""
_LEAST = 1e-100
"""No density is nought: what has no class must not become what has no probability."""
_STEADY_CLIMB_MPS, _ODD_CLIMB_MPS, _FREE_CLIMB_MPS = 1.0, 30.0, 500.0
_STEADY_TURN_RADPS, _ODD_TURN_RADPS, _FREE_TURN_RADPS = 0.005, 0.3, 0.3
_ANY_SPEED_MPS, _ANY_HEIGHT_M = LIMITS[ObjectClass.UNKNOWN].speed_mps[1], 300_000.0

_CLASSES = [LIMITS[member] for member in ObjectClass]
_SPEEDS = np.array([limits.speed_mps for limits in _CLASSES])
_HEIGHTS = np.array([limits.height_m for limits in _CLASSES])
_CLIMBS = np.array([min(limits.climb_mps / 2, _FREE_CLIMB_MPS) for limits in _CLASSES])
_TURNS = np.array([min(limits.turn_radps / 2, _FREE_TURN_RADPS) for limits in _CLASSES])


@dataclass(frozen=True, eq=False)
class Motion:
    """Hold (n,) features of motion with their standard deviations.

    Args:
        speed_mps: length of the velocity.
        speed_std_mps: of it.
        height_m: above the ellipsoid.
        height_std_m: of it.
        climb_mps: vertical speed.
        climb_std_mps: of it.
        turn_radps: turn rate; NaN: not known.
        turn_std_radps: of it.
    """

    speed_mps: F64
    speed_std_mps: F64
    height_m: F64
    height_std_m: F64
    climb_mps: F64
    climb_std_mps: F64
    turn_radps: F64
    turn_std_radps: F64


def log_likelihood(motion: Motion, ground_std_m: float) -> F64:
    """Return (n, classes) log-densities of the features under each class."""
    speed = _within(motion.speed_mps, motion.speed_std_mps, _SPEEDS, 1.0, _ANY_SPEED_MPS)
    height = _within(motion.height_m, motion.height_std_m, _HEIGHTS, ground_std_m, _ANY_HEIGHT_M)
    climb = _around_zero(
        motion.climb_mps, motion.climb_std_mps, _CLIMBS, _STEADY_CLIMB_MPS, _ODD_CLIMB_MPS
    )
    turn = _around_zero(
        motion.turn_radps, motion.turn_std_radps, _TURNS, _STEADY_TURN_RADPS, _ODD_TURN_RADPS
    )
    return np.log(speed) + np.log(height) + np.log(climb) + np.log(turn)


def _within(value: F64, std: F64, limits: F64, edge: float, widest: float) -> F64:
    """Return (n, classes) densities flat between limits, folded with a normal, with a floor."""
    low, high = limits[:, 0], limits[:, 1]
    width = high - low
    spread = np.hypot(std[:, None], np.hypot(_SOFT_EDGE * width, edge))
    inside = ndtr((value[:, None] - low) / spread) - ndtr((value[:, None] - high) / spread)
    return (1.0 - _ODD / 5) * np.maximum(inside, 0.0) / width + _ODD / 5 / widest


def _around_zero(value: F64, std: F64, usual: F64, steady: float, odd: float) -> F64:
    """Return (n, classes) densities of a rate: mostly steady, else as usual, rarely odd."""
    known = np.isfinite(value)
    rate, std2 = np.where(known, value, 0.0)[:, None], np.where(known, std, 0.0)[:, None] ** 2
    parts = ((_STEADY, steady), (1.0 - _STEADY - _ODD, np.maximum(usual, steady)), (_ODD, odd))
    density = sum(share * _normal(rate, std2 + np.square(width)) for share, width in parts)
    folded: F64 = np.where(known[:, None], np.maximum(density, _LEAST), 1.0)
    return folded


def _normal(value: F64, variance: F64) -> F64:
    density: F64 = np.exp(-0.5 * value**2 / variance) / np.sqrt(2.0 * np.pi * variance)
    return density


def fold_evidence(evidence: F64, step_s: F64, look: F64, memory_s: float) -> F64:
    """Return (n, classes) evidence of the past: the looks so far, faded, together at most one look.

    Args:
        evidence: (n, classes) before; nought for a new track.
        step_s: (n,) since the look before; nought for a new track.
        look: (n, classes) log-likelihood of this look.
        memory_s: time in which a look fades to 1/e.
    """
    kept = np.exp(-np.maximum(step_s, 0.0) / memory_s)[:, None]
    return kept * evidence + (1.0 - kept) * look


def identity_evidence(identified: Bool, silent: F64, config: PictureConfig) -> F64:
    """Return (n, classes) log-likelihood of identifying itself, or of staying silent.

    Args:
        identified: (n,) it identifies itself, and nothing speaks against that.
        silent: (n,) how probably it would be heard if it did, where it does not; 0: no matter.
        config: how often each class does.
    """
    share = np.array([config.cooperative[member] for member in ObjectClass])
    said = np.where(identified[:, None], np.log(share), 0.0)
    return np.where(identified[:, None], said, np.log1p(-share * silent[:, None]))


def posterior(evidence: F64, config: PictureConfig) -> F64:
    """Return (n, classes) probabilities from evidence and priors; rows sum to 1."""
    prior = np.array([config.priors[member] for member in ObjectClass])
    score = evidence + np.log(prior)
    weight = np.exp(score - score.max(axis=1, keepdims=True, initial=-np.inf))
    probability: F64 = weight / weight.sum(axis=1, keepdims=True)
    return probability


def hazard_probability(probability: F64) -> F64:
    """Return (n,) how probably objects are of a hazardous class, if of any class that is known.

    What no harmless class explains is not harmless because it may be something else: an object
    70 km high at 900 m/s is ballistic or nobody knows what. At most twice the probability of the
    hazardous classes themselves: what hardly any class explains is no hazard for that alone.
    """
    together = probability[:, list(HAZARDOUS)].sum(axis=1)
    known = np.maximum(1.0 - probability[:, ObjectClass.UNKNOWN], together)
    chance: F64 = np.minimum(together / np.maximum(known, 1e-9), 2.0 * together)
    return chance


def most_probable(probability: F64) -> np.ndarray:
    """Return (n,) the most probable class; the lowest code where two are equal."""
    codes: np.ndarray = probability.reshape(-1, CLASS_COUNT).argmax(axis=1).astype(np.int8)
    return codes
