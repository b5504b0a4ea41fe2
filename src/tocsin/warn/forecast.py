"""Tracks to zones: how probably each zone is affected, and by when.

Source: G. J. Stumpf, A. E. Gerard, "National Weather Service severe weather warnings as
threats-in-motion", Weather and Forecasting 36 (2021) 627-643, for the idea that the warned area
moves with the threat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import (
    CLASS_COUNT,
    F64,
    HAZARDS,
    I64,
    Bool,
    Designation,
    Hazard,
    ObjectClass,
    Tracks,
    TrackStatus,
)
from tocsin.geo import ZoneIndex, zone_index
from tocsin.motion import ballistic
from tocsin.motion.classes import COURSES, LIMITS
from tocsin.warn.arrivals import Arrivals, flying_arrivals, folded
from tocsin.warn.config import WarnConfig
from tocsin.warn.hits import Ground, Hits
from tocsin.warn.particles import (
    CLIMB,
    F32,
    HEIGHT,
    IMPACT,
    STATE,
    Paths,
    draw_paths,
    instants_s,
    normals,
)
from tocsin.warn.sample import States, draw_flock, lower_root, plane_states, usable
from tocsin.warn.threats import Threats, threats

Index = NDArray[np.intp]

THREATS = (
    ObjectClass.UNKNOWN,
    ObjectClass.ONE_WAY_DRONE,
    ObjectClass.FAST_LOW_FLYER,
    ObjectClass.BALLISTIC,
)
"""Classes that are forecast; a hazardous track of any other class counts as unknown."""
_LEAST_CLASS_PROBABILITY = 0.02


def hazard_of(threat: ObjectClass) -> Hazard:
    """Return what a class does to the ground; the unknown does what a one-way drone does."""
    return HAZARDS.get(threat, HAZARDS[ObjectClass.ONE_WAY_DRONE])


@dataclass(frozen=True, eq=False)
class Model:
    """Hold what forecasts need and never changes.

    Args:
        config: as given.
        seconds: (b,) common instants of all arrival curves.
        ground: rasters by class.
        paths: paths by class that flies and number of particles.
    """

    config: WarnConfig
    seconds: F64
    ground: Mapping[ObjectClass, Ground]
    paths: Mapping[tuple[ObjectClass, int], Paths]


def build_model(config: WarnConfig) -> Model:
    """Return the rasters and paths of a site."""
    plain = zone_index(config.zones, config.region, 0.0, config.cell_m)
    radii = {threat: hazard_of(threat).effect_radius_m for threat in THREATS}
    grown = {
        radius: zone_index(config.zones, config.region, radius, config.cell_m)
        for radius in dict.fromkeys(radii.values())
    }
    floor = _floor(config, plain)
    ground = {threat: Ground(plain, grown[radius], floor) for threat, radius in radii.items()}
    counts = particle_counts(config)
    paths = {
        (threat, count): draw_paths(course, count, config.steps)
        for threat, course in COURSES.items()
        for count in counts
    }
    model = Model(config, instants_s(config.horizon_s, config.steps), ground, paths)
    # Compiles the kernels now rather than in the first decision.
    none = States(np.empty((0, 6)), np.empty((0, 6, 6)))
    _arrivals(model, ObjectClass.UNKNOWN, none, np.empty(0), np.empty(0))
    _joined([], len(model.seconds))
    return model


def particle_counts(config: WarnConfig) -> tuple[int, ...]:
    """Return the numbers of particles that a track may have, the greatest first.

    >>> particle_counts(WarnConfig((), None, particles=256))
    (256, 128, 64)
    """
    least = min(config.least_particles, config.particles)
    counts = [config.particles]
    while counts[-1] // 2 >= least:
        counts.append(counts[-1] // 2)
    return tuple(counts)


def _particles(model: Model, tracks: int) -> int:
    """Return how many particles each of so many tracks gets: the budget, in whole halvings."""
    counts = particle_counts(model.config)
    fitting = (count for count in counts if count * tracks <= model.config.particle_budget)
    return next(fitting, counts[-1])


def _floor(config: WarnConfig, index: ZoneIndex) -> F32:
    """Return the ground heights of a raster's cells; one number where the ground is level."""
    if config.terrain is None:
        return np.full((1, 1), config.ground_height_m, np.float32)
    centre = index.centres_m()
    latitude, longitude, _ = config.region.to_geodetic(
        np.concatenate([centre, np.zeros((*centre.shape[:2], 1))], axis=2).reshape(-1, 3)
    )
    height = config.terrain(latitude, longitude).reshape(centre.shape[:2])
    return np.nan_to_num(height, nan=config.ground_height_m).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Risk:
    """Hold one row per zone and threat class at risk, ordered by zone, then class.

    Args:
        zone: (m,) number of the zone.
        threat: (m,) class code.
        curve: (m, b) probability that the zone has been affected by each common instant.
    """

    zone: Index
    threat: Index
    curve: F64


@dataclass(frozen=True, eq=False)
class Outlook:
    """Hold the forecast of one instant.

    Args:
        risk: per zone and class.
        behind: the tracks behind it.
    """

    risk: Risk
    behind: Threats


def outlook(model: Model, tracks: Tracks, now_ns: int) -> Outlook:
    """Return what hazardous tracks do to zones, by class."""
    states = plane_states(tracks, model.config.region, now_ns)
    weight = class_weights(tracks, model.config.policy.tentative_tracks)
    weight[~usable(states)] = 0.0
    under = _under(model.config, tracks)
    found = []
    for threat in THREATS:
        rows = np.flatnonzero(weight[:, threat] > _LEAST_CLASS_PROBABILITY)
        if len(rows):
            arrivals = _arrivals(
                model, threat, states.take(rows), under[rows], weight[rows, threat]
            )
            found.append((int(threat), rows, arrivals))
    return _joined(found, len(model.seconds))


def _joined(found: list[tuple[int, Index, Arrivals]], bins: int) -> Outlook:
    """Return the classes' forecasts as one, ordered by zone, then class."""
    nothing = [np.empty(0, np.intp)]
    zone = np.concatenate([a.zones for _, _, a in found] or nothing)
    kind = np.concatenate([np.full(len(a.zones), c) for c, _, a in found] or nothing)
    curve = np.concatenate([a.curve for _, _, a in found] or [np.empty((0, bins))])
    order = np.lexsort((kind, zone))
    behind = threats(
        np.concatenate([a.zone for _, _, a in found] or nothing),
        np.concatenate([np.full(len(a.zone), c) for c, _, a in found] or nothing),
        np.concatenate([rows[a.track] for _, rows, a in found] or nothing),
        np.concatenate([a.weight for _, _, a in found] or [np.empty(0)]),
    )
    return Outlook(Risk(zone[order], kind[order], curve[order]), behind)


def _under(config: WarnConfig, tracks: Tracks) -> F64:
    """Return (n,) the height of the ground below each track."""
    level = np.full(len(tracks), config.ground_height_m)
    if config.terrain is None or len(tracks) == 0:
        return level
    height = config.terrain(tracks.latitude_deg, tracks.longitude_deg)
    return np.where(np.isfinite(height), height, level)


def class_weights(tracks: Tracks, tentative: bool = False) -> F64:
    """Return (n, classes) probability that a track exists and is of a threatening class.

    A track that an operator declared a hazard, or that carries no class probabilities, counts as
    unknown where it has no threatening class.
    """
    weight = np.nan_to_num(tracks.class_probability)
    bare = weight.sum(1) <= 0.0
    weight[np.flatnonzero(bare), tracks.object_class[bare]] = 1.0
    weight = _known_first(weight)
    others = [c for c in range(CLASS_COUNT) if ObjectClass(c) not in THREATS]
    benign = weight[:, others].sum(1)
    weight[:, others] = 0.0
    certain: Bool = (tracks.designation == Designation.HAZARD) | bare
    weight[:, ObjectClass.UNKNOWN] += np.where(certain, benign, 0.0)
    counts = tracks.hazardous & (tentative | (tracks.status != TrackStatus.TENTATIVE))
    existence = np.clip(np.nan_to_num(tracks.existence_probability), 0.0, 1.0)
    return np.asarray(weight * (existence * counts)[:, None])


def _known_first(probability: F64) -> F64:
    """Return (n, classes) probabilities with what is unknown given to what is known to threaten.

    As the picture judges hazards: each threatening class has its share of the known classes, at
    most twice its probability. Else an object that falls from 70 km would be forecast, in part, as
    one that flies on for ten minutes.
    """
    named = [int(threat) for threat in THREATS if threat != ObjectClass.UNKNOWN]
    given, unknown = probability[:, named], probability[:, ObjectClass.UNKNOWN]
    known = np.maximum(1.0 - unknown, given.sum(1))
    raised = np.minimum(given / np.maximum(known, 1e-9)[:, None], 2.0 * given)
    after = probability.copy()
    after[:, named] = raised
    after[:, ObjectClass.UNKNOWN] = np.maximum(unknown - (raised - given).sum(1), 0.0)
    return after


def _arrivals(
    model: Model, threat: ObjectClass, states: States, under: F64, weight: F64
) -> Arrivals:
    config, ground = model.config, model.ground[threat]
    if threat == ObjectClass.BALLISTIC:
        latitude = config.region.origin.latitude_deg
        hits = _falling_hits(states, ground, config.least_particles, under, latitude)
        zones = len(config.zones)
        return folded(hits, weight, config.least_particles, model.seconds, zones)
    count = _particles(model, len(weight))
    kind = (COURSES[threat], LIMITS[threat], hazard_of(threat))
    flock = draw_flock(states, *kind[:2], count, under, weight)
    return flying_arrivals(flock, model.paths[threat, count], kind, ground, model.seconds)


def _falling_hits(
    states: States, ground: Ground, count: int, under: F64, latitude_deg: float
) -> Hits:
    """Return the hits of ballistic objects: their impacts, drag unknown."""
    normal = normals(count)
    columns = [STATE, STATE + 1, HEIGHT, STATE + 2, STATE + 3, CLIMB]
    root = lower_root(states.cov)
    drawn = states.mean[:, None] + np.einsum("nij,pj->npi", root, normal[:, columns])
    drawn[:, :, 2] -= under[:, None]
    spread = ballistic.FORECAST_DRAG_AREA_SPREAD * normal[:, IMPACT]
    drag = ballistic.FORECAST_DRAG_AREA_M2PKG * np.exp(spread)
    drags = np.tile(drag, len(states.mean))
    place, seconds, down = ballistic.impact(
        drawn.reshape(-1, 6), drags, ballistic.HORIZON_S, latitude_deg=latitude_deg
    )
    rows = np.flatnonzero(down)
    row, zone = ground.grown.lookup(place[rows])
    track, particle = np.divmod(rows[row], count)
    return Hits(track, particle, zone, seconds[rows[row]])


def merge(risk: Risk, harm: F64) -> Risk:
    """Return the risk per zone, whatever the class; its threat is the class that weighs most.

    Args:
        risk: per zone and class.
        harm: (classes,) how much worse a class is.
    """
    weight = risk.curve[:, -1] * harm[risk.threat]
    lead = np.flatnonzero(np.diff(risk.zone, prepend=-1))
    foremost = np.lexsort((-weight, risk.zone))[lead]
    return Risk(risk.zone[lead], risk.threat[foremost], _any(risk.curve, lead))


def _any(curve: F64, lead: Index) -> F64:
    """Return the probability of at least one of independent events, over runs of rows."""
    if len(lead) == len(curve):
        return curve
    return np.asarray(1.0 - np.multiply.reduceat(1.0 - curve, lead, axis=0))


def quantile_s(curve: F64, seconds: F64, share: float) -> F64:
    """Return (m,) seconds by which a share of all arrivals within the horizon has come.

    Linear between instants; NaN where nothing arrives.
    """
    wanted = share * curve[:, -1]
    after = np.minimum((curve < wanted[:, None]).sum(1), curve.shape[1] - 1)
    before = np.maximum(after - 1, 0)
    row = np.arange(len(curve))
    low, high = curve[row, before], curve[row, after]
    rise = high - low
    part = np.where(rise > 0.0, (wanted - low) / np.where(rise > 0.0, rise, 1.0), 1.0)
    found = seconds[before] + np.clip(part, 0.0, 1.0) * (seconds[after] - seconds[before])
    return np.where(curve[:, -1] > 0.0, found, np.nan)


def probability_by(curve: F64, seconds: F64, instant_s: F64) -> F64:
    """Return (m,) probability that each row's zone is affected by its own instant."""
    after = np.clip(np.searchsorted(seconds, instant_s), 1, len(seconds) - 1)
    part = np.clip(
        (instant_s - seconds[after - 1]) / (seconds[after] - seconds[after - 1]), 0.0, 1.0
    )
    row = np.arange(len(curve))
    low, high = curve[row, after - 1], curve[row, after]
    return np.asarray(low + part * (high - low))


def time_ns(now_ns: int, seconds: F64) -> I64:
    """Return instants as ns UTC; 0 where there is none."""
    known = np.isfinite(seconds)
    return np.where(known, now_ns + (np.where(known, seconds, 0.0) * 1e9).astype(np.int64), 0)
