"""The known-association oracle: how good tracks could be if nobody ever confused two plots.

One Kalman filter per true object, on the plots that truly came from it. It knows which plots these
are, that the object exists, until when, and how strongly it manoeuvres (not whereto); it does not
know where the object is. `docs/reference/bounds.md` states the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tocsin.contract import (
    F64,
    I64,
    NS,
    Dimension,
    Innovations,
    Objects,
    Plots,
    Sensor,
    Tracks,
    TrackStatus,
    Truth,
)
from tocsin.evaluate.assignment import Index
from tocsin.evaluate.config import TrackScoring
from tocsin.evaluate.consistency import mahalanobis
from tocsin.evaluate.cv import predicted
from tocsin.evaluate.moments import truth_moments
from tocsin.geo import Region, pack_covariance, rotate_state_covariance, unpack_covariance

ROWS = 50_000
_UNMEASURED_M2 = 1e12
_SURE_RANGE = 3.0
"""A range rate is used beyond so many standard deviations from the sensor."""


@dataclass(frozen=True, eq=False)
class OracleConfig:
    """State the oracle's model.

    Args:
        from_detection: an object is known to exist from this detection on; 0: from the start, at
            the prior.
        noise_m2ps3: spectral density of every object's acceleration; None: taken from the truth.
        window_s: how much longer than the step between plots the truth is looked at for it.
        least_noise_m2ps3: the least density taken from the truth.
        least_speed_mps: least standard deviation of the velocity before the first plot.
        prior_state: (6,) region position and velocity of every object at the first instant; None:
            position of the first plot, at rest.
        prior_cov: (6, 6) its covariance.
    """

    from_detection: int = 1
    noise_m2ps3: float | None = None
    window_s: float = 8.0
    least_noise_m2ps3: float = 0.05
    least_speed_mps: float = 5.0
    prior_state: F64 | None = None
    prior_cov: F64 | None = None


@dataclass(frozen=True, eq=False)
class Filtered:
    """Hold the filter after each plot, ordered by object and time, packed for size.

    Args:
        who: (n,) object.
        rank: (n,) how many plots of it came before.
        at_ns: (n,) when.
        state: (n, 6) region position and velocity.
        cov: (n, 21) upper triangles.
        distance2: (n,) squared Mahalanobis distance of the innovation; NaN: the first, without one.
    """

    who: Index
    rank: Index
    at_ns: I64
    state: F64
    cov: F64
    distance2: F64


class Oracle(NamedTuple):
    """Hold what the oracle puts out.

    Args:
        tracks: a row for every existing, detected object at every instant.
        innovations: a row for every plot but each object's first.
    """

    tracks: Tracks
    innovations: Innovations


class OracleSite(NamedTuple):
    """Hold what the oracle is told of the sensors, as plots number them.

    Args:
        sensor_ids: names; innovations bear the numbers of those that have none.
        sensor_m: (sensors, 3) places in the region's frame; NaN: unknown, and no range rate used.
    """

    sensor_ids: Sequence[str]
    sensor_m: F64

    @classmethod
    def of(cls, sensors: Sequence[Sensor], region: Region) -> OracleSite:
        """Return what a site's sensors are."""
        where = [(s.latitude_deg, s.longitude_deg, s.height_wgs84_m) for s in sensors]
        place = np.array(where, float).reshape(-1, 3)
        return cls([s.sensor_id for s in sensors], region.from_geodetic(*place.T))


def known_association(
    truth: Truth,
    plots: Plots,
    target_id: Objects,
    at_ns: I64,
    region: Region,
    config: OracleConfig | None = None,
    scoring: TrackScoring | None = None,
    site: OracleSite | None = None,
) -> Tracks:
    """Return the oracle's tracks; the arguments are those of `oracle`."""
    return oracle(truth, plots, target_id, at_ns, region, config, scoring, site).tracks


def oracle(
    truth: Truth,
    plots: Plots,
    target_id: Objects,
    at_ns: I64,
    region: Region,
    config: OracleConfig | None = None,
    scoring: TrackScoring | None = None,
    site: OracleSite | None = None,
) -> Oracle:
    """Return the oracle's tracks and how far each plot lay from their prediction.

    Args:
        truth: where every object was.
        plots: located plots, in any order.
        target_id: (n,) the true object behind each plot; None: false.
        at_ns: (t,) instants of output, increasing.
        region: frame of the plots.
        config: the model.
        scoring: how the truth is taken at instants.
        site: the sensors, as plots number them; None: nothing is known of them.
    """
    if len(truth) == 0:
        return Oracle(Tracks.empty(), Innovations.empty())
    settings = config or OracleConfig()
    true = truth_moments(truth, at_ns, scoring or TrackScoring())
    number = {name: k for k, name in enumerate(true.names.tolist())}
    who = np.array([number.get(name, -1) for name in target_id.tolist()], np.intp)
    good = (who >= 0) & np.isfinite(plots.position_m).all(axis=1)
    wander = Wander(truth, number, settings)
    plots, who = plots.take(good), who[good]
    order = np.lexsort((plots.measured_at_ns, who))
    plots = plots.take(order)
    done = _filtered(plots, who[order], wander, settings, _rates(plots, site))
    instant_ns = at_ns[true.instant]
    row = latest(done, true.who, instant_ns, wander.start_ns)
    detections = np.where(row >= 0, done.rank[row] + 1, 0) if len(done.rank) else 0 * row
    needed = settings.from_detection if settings.prior_state is not None else 1
    known = np.flatnonzero(detections >= max(needed, settings.from_detection))
    tables = []
    for part in np.split(known, np.arange(ROWS, len(known), ROWS)):
        state, cov = advanced(done, row[part], true.who[part], instant_ns[part], wander, settings)
        tables.append(_tracks(state, cov, true.who[part], instant_ns[part], true.names, region))
    return Oracle(Tracks.concat(tables), _innovations(done, plots, true.names, site))


def _innovations(
    done: Filtered, plots: Plots, names: Objects, site: OracleSite | None
) -> Innovations:
    """Return the innovations of (n,) plots, in the filter's order."""
    some = np.flatnonzero(np.isfinite(done.distance2))
    sensor_ids = site.sensor_ids if site else ()
    sensors = plots.sensor[some].tolist()
    flat = plots.dimension[some] == Dimension.HORIZONTAL
    return Innovations.build(
        len(some),
        measured_at_ns=done.at_ns[some],
        track_id=names[done.who[some]],
        sensor_id=[sensor_ids[s] if s < len(sensor_ids) else str(s) for s in sensors],
        dimension=np.where(flat, 2, 3),
        distance2=done.distance2[some],
        probability=1.0,
    ).sorted_by("measured_at_ns", "track_id")


class Wander:
    """Tell how strongly each object's velocity changes, from the truth or as the model says."""

    def __init__(self, truth: Truth, number: dict[str, int], config: OracleConfig) -> None:
        """Lay all objects' velocities on one axis, one after another."""
        self._config = config
        who = np.array([number[str(name)] for name in truth.target_id.tolist()], np.intp)
        order = np.lexsort((truth.measured_at_ns, who))
        at_ns, self._owner = truth.measured_at_ns[order], who[order]
        self.start_ns = int(at_ns.min())
        at_s = (at_ns - self.start_ns) / NS
        self._first = np.searchsorted(self._owner, np.arange(len(number)), "left")
        last = np.searchsorted(self._owner, np.arange(len(number)), "right") - 1
        self._span_s = (at_s[self._first], at_s[last])
        self._stride_s = float(np.ptp(at_s)) + 1.0
        self._axis_s = self._owner * self._stride_s + at_s
        names = ("velocity_east_mps", "velocity_north_mps", "velocity_up_mps")
        self._velocity = [getattr(truth, name)[order] for name in names]

    def velocity_mps(self, who: Index, at_ns: I64, ahead_s: float) -> F64:
        """Return (n, 3) true velocities, ahead of instants but within the object's life."""
        first, last = self._span_s
        at_s = np.clip((at_ns - self.start_ns) / NS + ahead_s, first[who], last[who])
        axis_s = who * self._stride_s + at_s
        return np.stack([np.interp(axis_s, self._axis_s, v) for v in self._velocity], axis=-1)

    def noise_m2ps3(self, who: Index, from_ns: I64, to_ns: I64) -> F64:
        """Return (n, 3) spectral densities between two instants."""
        config = self._config
        if config.noise_m2ps3 is not None:
            return np.full((len(who), 3), config.noise_m2ps3)
        half_s = config.window_s / 2.0
        change = self.velocity_mps(who, to_ns, half_s) - self.velocity_mps(who, from_ns, -half_s)
        rate = change**2 / ((to_ns - from_ns) / NS + config.window_s)[:, None]
        rate[:, :2] = rate[:, :2].mean(axis=1, keepdims=True)
        return np.maximum(rate, config.least_noise_m2ps3)

    def velocity_cov_m2ps2(self, who: Index, at_ns: I64) -> F64:
        """Return (n, 3, 3) spreads of a velocity of which only the size is known."""
        squared = self.velocity_mps(who, at_ns, 0.0) ** 2
        squared[:, :2] = squared[:, :2].mean(axis=1, keepdims=True)
        return np.eye(3) * np.maximum(squared, self._config.least_speed_mps**2)[:, None, :]


class Rates(NamedTuple):
    """Hold the range rates of plots.

    Args:
        mps: (n,) range rates; NaN: none.
        std_mps: (n,) standard deviations.
        from_m: (n, 3) where they were measured.
    """

    mps: F64
    std_mps: F64
    from_m: F64


def _rates(plots: Plots, site: OracleSite | None) -> Rates:
    """Return the range rates that can be used: of sensors whose place is known."""
    places = site.sensor_m if site else np.full((1, 3), np.nan)
    from_m = places[np.minimum(plots.sensor, len(places) - 1)]
    usable = np.isfinite(from_m).all(axis=1) & np.isfinite(plots.range_rate_std_mps)
    return Rates(np.where(usable, plots.range_rate_mps, np.nan), plots.range_rate_std_mps, from_m)


def _filtered(
    plots: Plots, who: Index, wander: Wander, config: OracleConfig, rates: Rates
) -> Filtered:
    """Return the filter after each of (n,) plots, which are ordered by object and time."""
    count = len(who)
    rank = np.arange(count) - np.searchsorted(who, who, "left")
    empty = (np.zeros((count, 6)), np.zeros((count, 21)), np.full(count, np.nan))
    done = Filtered(who, rank, plots.measured_at_ns, *empty)
    turns = np.argsort(rank, kind="stable")
    # The k-th plot of every object at once.
    for rows in np.split(turns, np.cumsum(np.bincount(rank))[:-1]) if count else []:
        if rank[rows[0]] or config.prior_state is not None:
            state, cov = _ahead(done, rows - 1, rows, wander, config)
            state, cov, done.distance2[rows] = _updated(state, cov, plots.take(rows))
        else:
            state, cov = _started(plots.take(rows), who[rows], wander)
        rated = np.flatnonzero(np.isfinite(rates.mps[rows]))
        if len(rated):
            these = Rates._make(part[rows[rated]] for part in rates)
            state[rated], cov[rated] = _with_rates(state[rated], cov[rated], these)
        done.state[rows], done.cov[rows] = state, pack_covariance(cov)
    return done


def _started(plots: Plots, who: Index, wander: Wander) -> tuple[F64, F64]:
    state, cov = np.zeros((len(who), 6)), np.zeros((len(who), 6, 6))
    state[:, :3], cov[:, :3, :3] = plots.position_m, plots.position_cov_m2
    cov[:, 3:, 3:] = wander.velocity_cov_m2ps2(who, plots.measured_at_ns)
    return state, cov


def _ahead(
    done: Filtered, before: Index, rows: Index, wander: Wander, config: OracleConfig
) -> tuple[F64, F64]:
    """Return states at the instants of rows, from those before them or from the prior."""
    who, to_ns = done.who[rows], done.at_ns[rows]
    return advanced(done, np.where(done.rank[rows] > 0, before, -1), who, to_ns, wander, config)


def advanced(
    done: Filtered, row: Index, who: Index, to_ns: I64, wander: Wander, config: OracleConfig
) -> tuple[F64, F64]:
    """Return states at instants, from filtered rows; from the prior where the row is -1."""
    if config.prior_state is not None and config.prior_cov is not None and np.any(row < 0):
        count = len(row)
        state, cov = (
            np.tile(config.prior_state, (count, 1)),
            np.tile(config.prior_cov, (count, 1, 1)),
        )
        from_ns = np.full(count, wander.start_ns)
        old = row >= 0
        state[old], cov[old] = done.state[row[old]], unpack_covariance(done.cov[row[old]])
        from_ns[old] = done.at_ns[row[old]]
    else:
        state, cov, from_ns = done.state[row], unpack_covariance(done.cov[row]), done.at_ns[row]
    step_s = (to_ns - from_ns) / NS
    return predicted(state, cov, step_s, wander.noise_m2ps3(who, from_ns, to_ns))


def _updated(state: F64, cov: F64, plots: Plots) -> tuple[F64, F64, F64]:
    """Return states and covariances after a plot each, and its squared Mahalanobis distance.

    A flat plot says nothing of the height.
    """
    apart, noise = plots.position_m - state[:, :3], plots.position_cov_m2.copy()
    flat = plots.dimension == Dimension.HORIZONTAL
    apart[flat, 2] = noise[flat, 2, :] = noise[flat, :, 2] = 0.0
    noise[flat, 2, 2] = _UNMEASURED_M2
    total = cov[:, :3, :3] + noise
    gain = np.swapaxes(np.linalg.solve(total, cov[:, :3, :]), -1, -2)
    keep = np.tile(np.eye(6), (len(state), 1, 1))
    keep[:, :, :3] -= gain
    # Joseph's form: symmetric and positive whatever is rounded.
    after = keep @ cov @ np.swapaxes(keep, -1, -2) + gain @ noise @ np.swapaxes(gain, -1, -2)
    return state + np.einsum("nij,nj->ni", gain, apart), after, mahalanobis(apart, total)


def _with_rates(state: F64, cov: F64, rates: Rates) -> tuple[F64, F64]:
    """Return states and covariances after a range rate each, where the line of sight is sure.

    Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
    Navigation (2001), section 10.3 (extended Kalman filter).
    """
    line = state[:, :3] - rates.from_m
    away2 = (line**2).sum(axis=1)
    sure = np.flatnonzero(away2 > _SURE_RANGE**2 * np.einsum("naa->n", cov[:, :3, :3]))
    state, cov = state.copy(), cov.copy()
    x, P, away = state[sure], cov[sure], np.sqrt(away2[sure])[:, None]
    unit = line[sure] / away
    rate = (unit * x[:, 3:]).sum(axis=1)
    slope = np.concatenate([(x[:, 3:] - rate[:, None] * unit) / away, unit], axis=1)
    spread = np.einsum("nab,nb->na", P, slope)
    variance = (spread * slope).sum(axis=1) + rates.std_mps[sure] ** 2
    gain = spread / variance[:, None]
    state[sure] = x + gain * (rates.mps[sure] - rate)[:, None]
    cov[sure] = P - gain[:, :, None] * spread[:, None, :]
    return state, cov


def latest(done: Filtered, who: Index, at_ns: I64, start_ns: int) -> Index:
    """Return the last filtered row of an object by each instant, -1 where there is none."""
    span_us = (
        max(int(np.max(t, initial=start_ns)) for t in (done.at_ns, at_ns)) - start_ns
    ) // 1000
    key = done.who * (span_us + 1) + np.maximum(done.at_ns - start_ns, 0) // 1000
    wanted = who * (span_us + 1) + np.maximum(at_ns - start_ns, 0) // 1000
    row = np.searchsorted(key, wanted, "right") - 1
    found: Index = np.where((row >= 0) & (done.who[row] == who), row, -1) if len(key) else row
    return found


def _tracks(state: F64, cov: F64, who: Index, at_ns: I64, names: Objects, region: Region) -> Tracks:
    latitude, longitude, height = region.to_geodetic(state[:, :3])
    axes = region.local_rotation(latitude, longitude)
    velocity = np.einsum("nij,nj->ni", axes, state[:, 3:])
    return Tracks.build(
        len(who),
        measured_at_ns=at_ns,
        emitted_at_ns=at_ns,
        track_id=names[who],
        status=int(TrackStatus.CONFIRMED),
        existence_probability=1.0,
        latitude_deg=latitude,
        longitude_deg=longitude,
        height_wgs84_m=height,
        velocity_east_mps=velocity[:, 0],
        velocity_north_mps=velocity[:, 1],
        velocity_up_mps=velocity[:, 2],
        state_cov_m_mps=rotate_state_covariance(pack_covariance(cov), axes),
    )
