"""Registration: the sensors' biases by recursive estimation from targets that they share.

All sensors' biases are one state, so that what only common targets tell (differences between
sensors) stays a correlation and never becomes certainty about each. The estimate is of the bias in
all: by what plots were corrected already is put back before they are used, so correcting them does
not feed back into the estimate.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64, NS, Associations, Bool
from tocsin.plots.config import PlotsConfig
from tocsin.plots.segments import Known, Segments, priors, segments, usable

_FEWEST, _MOST_LOST = 3, 0.5
_HOUR_S = 3600.0
_LINEAR = 0.1


@dataclass(frozen=True, eq=False)
class Registration:
    """Hold what is known of biases, in units of their prior standard deviations.

    Args:
        mean: (4 sensors,) range, azimuth, elevation and time of each sensor.
        cov: (4 sensors, 4 sensors).
        applied: (sensors, 4) what reports are corrected by, m, rad, rad, s.
        since_ns: (sensors,) plots measured from then on were corrected so.
        told: (sensors, 4) the bias that the last notice spoke of, m, rad, rad, s.
        notices: (sensors, 4) how many there were.
        waiting: plots of windows that are not over.
        closed_ns: end of the last window that is over.
        learned_ns: end of the last window that held something.
    """

    mean: F64
    cov: F64
    applied: F64
    since_ns: I64
    told: F64
    notices: I64
    waiting: Associations = field(default_factory=Associations.empty)
    closed_ns: int = 0
    learned_ns: int = 0


def unknown(sensors: int) -> Registration:
    """Return the state in which nothing is known of any sensor."""
    return Registration(
        np.zeros(4 * sensors),
        np.eye(4 * sensors),
        applied=np.zeros((sensors, 4)),
        since_ns=np.zeros(sensors, np.int64),
        told=np.zeros((sensors, 4)),
        notices=np.zeros((sensors, 4), np.int64),
    )


def grown(state: Registration, sensors: int) -> Registration:
    """Return the state with further sensors, of which nothing is known, after those it has."""
    fresh, old = unknown(sensors), len(state.applied)
    fresh.mean[: 4 * old], fresh.cov[: 4 * old, : 4 * old] = state.mean, state.cov
    for name in ("applied", "since_ns", "told", "notices"):
        getattr(fresh, name)[:old] = getattr(state, name)
    stays = {name: getattr(state, name) for name in ("waiting", "closed_ns", "learned_ns")}
    return replace(fresh, **stays)


def learn(
    state: Registration, rows: Associations, config: PlotsConfig, now_ns: int
) -> Registration:
    """Return the state after rows from the tracker, and after the windows that are over by now.

    Args:
        state: before.
        rows: in any order.
        config: the site.
        now_ns: present time.
    """
    settings = config.registration
    window_ns = round(settings.window_s * NS)
    end_ns = (now_ns - round(settings.settle_s * NS)) // window_ns * window_ns
    waiting = Associations.concat([state.waiting, usable(rows, config, state.since_ns)])
    if end_ns <= state.closed_ns:
        return state if waiting is state.waiting else replace(state, waiting=waiting)
    over = waiting.measured_at_ns < end_ns
    ready = usable(waiting.take(over), config, state.since_ns)
    mean, cov = _wandered(state, config, end_ns)
    if len(ready):
        ready = _some(ready, settings.max_rows, end_ns // window_ns)
        mean, cov = _learned(ready, Known(mean, cov, state.applied), config)
    after = replace(state, mean=mean, cov=cov, waiting=waiting.take(~over), closed_ns=end_ns)
    if not len(ready):
        return after
    return _corrected(replace(after, learned_ns=end_ns), config, now_ns)


def _learned(rows: Associations, known: Known, config: PlotsConfig) -> tuple[F64, F64]:
    """Return mean and covariance after rows; again about the new mean where it is far from before.

    Source: Y. Bar-Shalom et al. (2001), section 10.5.2 (iterated extended Kalman filter).
    """
    after = updated(known, segments(rows, known, config), config)
    if np.abs(after[0] - known.mean).max() > _LINEAR:
        about = known._replace(mean=after[0])
        after = updated(known, segments(rows, about, config), config)
    return after


def _some(rows: Associations, most: int, turn: int) -> Associations:
    """Return the rows of as many tracks as there is time for, others in another window."""
    part = -(-len(rows) // most)
    return rows if part == 1 else rows.take(rows.number % part == turn % part)


def _wandered(state: Registration, config: PlotsConfig, to_ns: int) -> tuple[F64, F64]:
    """Return mean and covariance later: what is known fades, in the end to the prior.

    Source: A. Gelb (ed.), Applied Optimal Estimation (1974), section 3.6 (Gauss-Markov process).
    """
    if not state.closed_ns:
        return state.mean, state.cov
    prior, passed_s = priors(config), (to_ns - state.closed_ns) / NS
    share = np.array(config.registration.walk_std) / np.where(prior > 0.0, prior, np.inf)
    kept = np.exp(-0.5 * (share**2 * passed_s / _HOUR_S).ravel())
    return kept * state.mean, kept[:, None] * state.cov * kept + np.diag(1.0 - kept**2)


def updated(known: Known, new: Segments, config: PlotsConfig) -> tuple[F64, F64]:
    """Return mean and covariance after segments.

    A segment that fits worse than its noise says counts less by as much: the estimate stays honest
    where sensors are worse than stated. One that does not fit at all (a hard manoeuvre, a wrong
    association) is not used; and where most of a sensor's do not, its bias has jumped, and what
    was known of it is not believed any longer.
    """
    mean, cov = known.mean, known.cov
    fit = _fit(mean, cov, new)
    good = (new.surplus > 0) & (fit < config.registration.worst_fit)
    weight = np.where(good, 1.0 / np.maximum(fit, 1.0), 0.0)
    size = len(mean)
    info, score = np.zeros((size, size)), np.zeros(size)
    place = new.index
    np.add.at(info, (place[:, :, None], place[:, None, :]), weight[:, None, None] * new.info)
    np.add.at(score, place, weight[:, None] * new.score)
    cov = cov + np.diag(np.repeat(_jumped(new, good, size // 4), 4))
    # (cov^-1 + info)^-1 without an inverse of cov.
    gain = np.linalg.solve(np.eye(size) + cov @ info, cov)
    after = np.asarray(gain + gain.T) / 2.0
    return mean + after @ (score - info @ mean), after


def _fit(mean: F64, cov: F64, new: Segments) -> F64:
    """Return (g,) mean squared innovations of segments, normalised by all that is not known."""
    local, spread = mean[new.index], cov[new.index[:, :, None], new.index[:, None, :]]
    pull = np.einsum("gij,gj->gi", new.info, local)
    energy = new.energy + np.einsum("gi,gi->g", local, pull - 2.0 * new.score)
    left = new.score - pull
    wide = np.eye(local.shape[1]) + new.info @ spread
    explained = np.linalg.solve(wide, left[:, :, None])[:, :, 0]
    energy -= np.einsum("gi,gij,gj->g", left, spread, explained)
    return np.asarray(energy / np.maximum(new.surplus, 1))


def _jumped(new: Segments, good: Bool, sensors: int) -> Bool:
    """Return (sensors,) of which most segments do not fit."""
    used = np.einsum("gii->gi", new.info) > 0.0
    owner = new.index // 4
    seen = np.zeros((len(good), sensors), bool)
    rows = np.broadcast_to(np.arange(len(good))[:, None], owner.shape)
    seen[rows[used], owner[used]] = True
    every = np.count_nonzero(seen, axis=0)
    bad = every - np.count_nonzero(seen[good], axis=0)
    return np.asarray((bad >= _FEWEST) & (bad > _MOST_LOST * every))


def estimates(state: Registration, config: PlotsConfig) -> tuple[F64, F64]:
    """Return (sensors, 4) biases and their standard deviations, m, rad, rad, s.

    What only the disagreement of sensors tells has the standard deviation that the priors leave it.
    """
    prior = priors(config)
    std = np.sqrt(np.diag(state.cov)).reshape(-1, 4)
    return state.mean.reshape(-1, 4) * prior, std * prior


class Believed(NamedTuple):
    """Hold the fewest biases that explain what was seen, as if all others were none.

    Args:
        bias: (sensors, 4) m, rad, rad, s; 0 where none is needed.
        std: (sensors, 4) standard deviations under that assumption.
        significant: (sensors, 4) which are needed.
    """

    bias: F64
    std: F64
    significant: Bool


def believed(state: Registration, config: PlotsConfig) -> Believed:
    """Return the biases to correct by: the most significant, and the next beside it, until none is.

    Where sensors only disagree (all clocks could be wrong by as much together) this blames the
    fewest, and corrects so that they agree. Whoever was blamed before is blamed first, so that of
    two that explain the same it is always the same one.

    Source: J. H. Goodnight, A tutorial on the SWEEP operator, Amer. Statistician 33 (1979) 149-158.
    """
    prior, k = priors(config), config.registration.significance
    precision = np.linalg.inv(state.cov)
    score = precision @ state.mean
    A = np.block([[precision, score[:, None]], [score, 0.0]])
    before = np.flatnonzero(state.applied)
    still = before[_sigmas(reduce(_swept, before, A))[before] > k]
    A = reduce(_swept, still, A)
    free, significant = prior.ravel() > 0.0, np.zeros(len(score), bool)
    significant[still] = True
    while np.max(sigmas := _sigmas(A) * (free & ~significant), initial=0.0) > k:
        best = int(np.argmax(sigmas))
        significant[best], A = True, _swept(A, best)
    # Swept, the diagonal is minus a variance; not swept, it is a precision.
    diagonal = np.abs(np.diag(A)[:-1])
    std = np.sqrt(np.where(significant, diagonal, 1.0 / diagonal)).reshape(-1, 4)
    bias = np.where(significant, A[:-1, -1], 0.0).reshape(-1, 4)
    return Believed(bias * prior, std * prior, significant.reshape(-1, 4))


def _sigmas(A: F64) -> F64:
    """Return (4 sensors,) standard deviations by which each bias is not nothing."""
    return np.asarray(np.abs(A[:-1, -1]) / np.sqrt(np.abs(np.diag(A)[:-1])))


def _swept(A: F64, k: int | np.intp) -> F64:
    row = A[k] / A[k, k]
    out = A - np.outer(A[:, k], row)
    out[k], out[:, k], out[k, k] = row, row, -1.0 / A[k, k]
    return out


def accuracies(config: PlotsConfig) -> F64:
    """Return (sensors, 4) random errors that the sensors state; where none, infinite."""
    time_s = config.registration.time_accuracy_s
    rows = [(s.range_std_m, s.azimuth_std_rad, s.elevation_std_rad, time_s) for s in config.sensors]
    stated: F64 = np.array(rows, float).reshape(-1, 4)
    return np.where(np.isnan(stated), np.inf, stated)


def _corrected(state: Registration, config: PlotsConfig, now_ns: int) -> Registration:
    """Return the state with new corrections where the old ones are significantly wrong."""
    settings, now = config.registration, believed(state, config)
    off = np.abs(now.bias - state.applied)
    least = settings.least_change * accuracies(config)
    if not np.any((off > settings.significance * now.std) & (off > least)):
        return state
    # All change together: each is right only beside the others.
    since_ns = now_ns + round(config.latest_ahead_s * NS)
    changed = np.any(off > 0.0, axis=1)
    return replace(state, applied=now.bias, since_ns=np.where(changed, since_ns, state.since_ns))
