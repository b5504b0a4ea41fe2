"""Plain NumPy twins of the kernels: slow, short, and the oracle of each kernel's test.

Each takes what the caller of its kernels takes, and returns or changes in place what they do.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
from scipy.sparse.csgraph import connected_components

from tocsin.contract import F64, I8, I64, MODE_COUNT, NS, U32, U64, Bool, Sensor
from tocsin.geo import Region, pack_covariance, sensor_polar, unpack_covariance, within_coverage
from tocsin.motion import Noise, transition
from tocsin.motion.ballistic import SEA_LEVEL_DENSITY_KGPM3
from tocsin.motion.imm import moments, reweigh, steep
from tocsin.motion.kernels_imm import FALLING_MPS
from tocsin.motion.measure import RangeRate, Updated, update_position, update_range_rate
from tocsin.track.births import Starts
from tocsin.track.contest import Shared
from tocsin.track.kernels_report import COASTING, CONFIRMED, TENTATIVE
from tocsin.track.kernels_sweep import LANDED_M
from tocsin.track.kernels_view import DEEP
from tocsin.track.reference_arc import in_reach, on_arc
from tocsin.track.reference_motion import bring as bring
from tocsin.track.state import Bank, Edge, Group, New, Pairs, Picture, Seen, TrackState, blank

_EDGE_SIGMAS = 6.0
_LEAST_MODE = 1e-6
_LEAST_SHARE = 1e-3
_LEAST_RATED = 1e-3
_LEARN = 0.2
_IDENTITY = 0.8
_LATE_PERIODS = 1.5
Part = tuple[F64, F64, F64]
"""Weights (M,), states (M, 6) and covariances (M, 6, 6) of one part of a mixture."""


def over(state: TrackState, at_ns: int) -> Bool:
    """Return (n,) which rows are over: too improbable, unless contested, or silent for too long."""
    bank, config = state.bank, state.config
    silent_s = (at_ns - bank.last_plot_at_ns) / NS
    alone, x = bank.cluster < 0, bank.state[:, 0]
    falling = bank.confirmed & alone & ((x[:, 3:] ** 2).sum(axis=1) > FALLING_MPS**2)
    falling &= steep(x, unpack_covariance(bank.cov[:, 0]))
    landed = falling & (x[:, 2] + (at_ns - bank.time_ns) / NS * x[:, 5] <= LANDED_M)
    interval_s = np.where(falling, np.inf, bank.interval_s)
    own_s = np.minimum(4.0 * interval_s, config.longest_silence_s)
    faint = (bank.existence < config.poisson_floor) & alone
    ended: Bool = faint | landed | (silent_s > np.maximum(config.silence_s, own_s))
    return bank.live & ended


def view(
    state: F64, cov: F64, dt: F64, sensor: Sensor, region: Region, from_rad: float, width_rad: float
) -> tuple[F64, F64, F64]:
    """Return (n,) where states lie in a sector, as `kernels_view.view` does.

    Args:
        state: (n, 6).
        cov: (n, 21).
        dt: (n,) seconds by which each is advanced.
        sensor: the radar.
        region: the frame.
        from_rad: where the sector begins.
        width_rad: its width.
    """
    F, half = transition(dt), width_rad / 2.0
    position = (F @ state[:, :, None])[:, :3, 0]
    spread = (F @ unpack_covariance(cov) @ np.swapaxes(F, -1, -2))[:, :3, :3]
    azimuth = sensor_polar(sensor, region, position)[1]
    into = np.mod(azimuth - from_rad - half + np.pi, 2.0 * np.pi) - np.pi + half
    back = region.local_rotation(sensor.latitude_deg, sensor.longitude_deg)
    place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    own = region.from_geodetic(*(np.array([value]) for value in place))[0]
    local = (position - own) @ back.T
    flat = np.hypot(local[:, 0], local[:, 1])
    aside = np.stack([np.cos(azimuth), -np.sin(azimuth), 0.0 * azimuth], axis=-1) @ back
    aside[:, 2] = 0.0
    across = np.sqrt(np.einsum("ni,nij,nj->n", aside, spread, aside))
    passed = np.clip(into / width_rad, 0.0, 1.0)
    covered = within_coverage(sensor, region, position)
    if width_rad >= 2.0 * np.pi - 1e-9:
        return passed, np.full(len(dt), np.inf), np.where(covered, 1.0, 0.0)
    margin = _EDGE_SIGMAS * np.hypot(across, sensor.azimuth_std_rad * flat)
    low, high = into * flat, (width_rad - into) * flat
    inside = np.minimum(np.minimum(low, high) / margin + 1.0, DEEP)
    erf = np.vectorize(math.erf)
    part = 0.5 * (erf(low / across / math.sqrt(2.0)) + erf(high / across / math.sqrt(2.0)))
    part = np.where(inside < 2.0, np.clip(part, 0.0, 1.0), 1.0)
    part = np.where((inside >= 0.0) & covered, part, 0.0)
    return np.where(inside >= 0.0, passed, 0.0), inside, part


def who(state: TrackState, group: Group, picture: Picture, edge: Edge) -> Seen:
    """Return the rows that a group concerns, advanced to it; free those that are over.

    Args:
        state: the tracker.
        group: the look.
        picture: its plots.
        edge: what the sector before left to this one.
    """
    bank, found = state.bank, {}
    bank.free(over(state, group.at_ns) & (bank.cluster < 0))
    for i in np.flatnonzero(bank.live).tolist():
        if group.sector is None:
            met = _heard(state, i, group, picture)
        else:
            met = _swept(state, i, group, edge)
        if met is not None:
            found[i] = met[1]
            bring(state, bank, i, met[0])
    dark = [i for i in found if bank.poisson[i] and bank.cluster[i] < 0][::-1]
    known = [i for i in found if i not in dark]
    touched = {int(bank.cluster[i]) for i in known} - {-1}
    mates = [i for i in range(bank.size) if bank.cluster[i] in touched and i not in known]
    found |= dict.fromkeys(mates, np.array([0.0, 0.0, 0.0, np.inf]))
    rows = [*known, *mates]
    return Seen(
        np.array(rows, np.int64), np.array([found[i] for i in rows]).reshape(-1, 4),
        np.array(dark, np.int64), np.array([found[i] for i in dark]).reshape(-1, 4),
        np.flatnonzero(~bank.live), int(bank.live.sum()),
    )  # fmt: skip


def _swept(state: TrackState, i: int, group: Group, edge: Edge) -> tuple[int, F64] | None:
    """Return when a sector's beam passed a row, and its chances; None: it cannot have been seen."""
    bank, config, sector = state.bank, state.config, group.sector
    assert sector is not None
    length_ns = sector.end_ns - sector.start_ns
    dt = np.full(bank.mode.shape[1], (sector.start_ns + length_ns // 2 - bank.time_ns[i]) / NS)
    passed, inside, part = view(
        bank.state[i], bank.cov[i], dt, config.sensors[group.sensor], config.region,
        sector.from_rad, sector.width_rad,
    )  # fmt: skip
    near = (bank.mode[i] >= _LEAST_SHARE) & (inside >= 0.0)
    if not near.any():
        return None
    share, hit = bank.mode[i, near], float(state.site.hit[group.sensor])
    to_ns = sector.start_ns + int(share @ passed[near] / share.sum() * length_ns)
    looked = dict(zip(edge.number.tolist(), edge.looked.tolist(), strict=True))
    before = looked.get(int(bank.number[i]), 0.0)
    now, deep = min(share @ part[near], 1.0 - before), inside[near].max()
    if before >= 1.0:
        return to_ns, np.array([hit * config.split_probability, 0.0, before + now, deep])
    return to_ns, np.array([hit, hit * now / (1.0 - hit * before), before + now, deep])


def _heard(state: TrackState, i: int, group: Group, picture: Picture) -> tuple[int, F64] | None:
    """Return to when a row is advanced for plots without a beam, and its chances."""
    chances = np.array([state.site.hit[group.sensor], 0.0, 0.0, np.inf])
    address = state.bank.address[i]
    own = np.flatnonzero((picture.address == address) & (address >= 0))
    if len(own):
        return int(picture.time_ns[own[0]]), chances
    to_ns = int(picture.time_ns.max(initial=0))
    return (to_ns, chances) if _near(state, i, to_ns, picture) else None


def _near(state: TrackState, i: int, to_ns: int, picture: Picture) -> bool:
    """Say whether a row may lie in the box around plots, by any of its models."""
    bank, model = state.bank, state.site.rules.model
    x, P, dt = bank.state[i], unpack_covariance(bank.cov[i]), (to_ns - bank.time_ns[i]) / NS
    speed = np.hypot(x[:, 3], x[:, 4])
    own, density = model.extra[: len(x)], model.noise[: len(x)]
    noise = density[:, 0] + (density[:, 1] + density[:, 2]) * speed**2
    drag = np.maximum(own[:, 1], model.extra[-len(x) :, 1])
    slowed = 0.25 * SEA_LEVEL_DENSITY_KGPM3 * drag * np.hypot(speed, x[:, 5])
    bend = np.minimum((0.5 * np.abs(own[:, 0]) + slowed) * abs(dt), 1.3) * abs(dt) * speed
    variance = np.einsum("mii->mi", P)
    wide = (
        2.0 * (variance[:, :2] + dt**2 * variance[:, 3:5]) + (noise * abs(dt) ** 3 / 3.0)[:, None]
    )
    reach, at = bend[:, None] + _EDGE_SIGMAS * np.sqrt(wide), x[:, :2] + dt * x[:, 3:5]
    error = _EDGE_SIGMAS * np.sqrt(picture.cov[:, [0, 3]])
    low = (picture.position_m[:, :2] - error).min(axis=0)
    high = (picture.position_m[:, :2] + error).max(axis=0)
    return bool(((low - reach <= at) & (at <= high + reach)).all(axis=1).any())


def measured(
    x: F64, P: F64, picture: Picture, j: int, at_ns: int, noise: tuple[Noise, ...]
) -> list[Updated]:
    """Return (M, 6) states and (M, 6, 6) covariances after plot j, by model."""
    d, dt = int(picture.dimension[j]), np.array([(picture.time_ns[j] - at_ns) / NS])
    place, spread = picture.position_m[j, :d], _square(picture.cov[j])[:d, :d]
    arc = d == 2 and np.isfinite(picture.rate[j, 2])
    found = [
        on_arc(one, cov, picture, j, dt, own)
        if arc
        else update_position(one[None], cov[None], place[None], spread[None], dt, own)
        for one, cov, own in zip(x, P, noise, strict=True)
    ]
    if np.isnan(picture.rate[j, 0]):
        return found
    return [_rated(u, picture, j, dt, own) for u, own in zip(found, noise, strict=True)]


def _rate(picture: Picture, j: int) -> RangeRate:
    return RangeRate(picture.sensor_m[None, :3], *picture.rate[j, :2].reshape(2, 1))


def _rated(u: Updated, picture: Picture, j: int, dt: F64, noise: Noise) -> Updated:
    """Return a state with its plot's range rate too; the distance stays that of the place."""
    done = update_range_rate(u.state, u.cov, _rate(picture, j), dt, noise)
    both = u.log_likelihood + done.log_likelihood
    return done._replace(distance2=u.distance2, log_likelihood=both)


def _square(packed: F64) -> F64:
    """Return the (3, 3) matrix of a packed (6,) upper triangle."""
    full = np.zeros((3, 3))
    full[np.triu_indices(3)] = packed
    return full + np.triu(full, 1).T


def _noise(state: TrackState) -> tuple[Noise, ...]:
    return tuple(model.noise for model in state.config.models.models)


def _row(bank: Bank, i: int) -> tuple[F64, F64, F64]:
    """Return states, full covariances and modes of a row."""
    return bank.state[i], unpack_covariance(bank.cov[i]), bank.mode[i]


def gated(state: TrackState, i: int, picture: Picture) -> dict[int, float]:
    """Return the plots in a row's gate, and the density of each under the row."""
    bank, site, found = state.bank, state.site, {}
    bare = picture._replace(rate=np.where(np.arange(9) == 0, np.nan, picture.rate))
    for j, heard in enumerate(picture.address.tolist()):
        known = bank.address[i] >= 0 and heard >= 0
        if (known and bank.address[i] != heard) or not in_reach(state, i, picture, j):
            continue
        x, P, mode = _row(bank, i)
        each = measured(x, P, bare, j, int(bank.time_ns[i]), _noise(state))
        gate = site.gates[picture.dimension[j] - 2]
        like = sum(
            w * math.exp(u.log_likelihood[0])
            for w, u in zip(mode, each, strict=True)
            if u.distance2[0] <= gate
        )
        if like > 0.0 and np.isfinite(picture.rate[j, 0]):
            each = measured(x, P, picture, j, int(bank.time_ns[i]), _noise(state))
            dense = sum(w * math.exp(u.log_likelihood[0]) for w, u in zip(mode, each, strict=True))
            both = dense / picture.false_rate_density
            like = both if both > _LEAST_RATED * like else 0.0
        if like > 0.0:
            found[j] = float(like * (state.config.same_address_ratio if known else 1.0))
    return found


Values = dict[tuple[int, int], float]
"""By row of the bank and plot."""


def paired(state: TrackState, picture: Picture, seen: Seen) -> tuple[Values, Values, New]:
    """Return likelihood ratios of tracks, densities of undetected rows, and what may be new."""
    bank, dark = state.bank, {}
    taken: set[int] = set()
    values = {
        i: _densities(state, i, picture, hit, miss, taken)
        for i, (hit, miss, _, _) in zip(seen.rows.tolist(), seen.chances.tolist(), strict=True)
    }
    newborn, top = picture.birth.copy(), picture.birth.copy()
    first = np.full(len(newborn), -1)
    for i, chances in zip(seen.dark.tolist(), seen.dark_chances, strict=True):
        for j, like in gated(state, i, picture).items():
            if j in taken:
                continue
            dark[i, j] = float(chances[0] * like)
            more = bank.existence[i] * dark[i, j]
            newborn[j] += more
            if more > top[j]:
                top[j], first[j] = more, i
    rest = picture.false_density + newborn
    ratio: Values = {}
    for i, (found, narrow) in values.items():
        each = {j: value / float(rest[j]) for j, value in found.items()}
        if narrow is not None and sum(each.values()) <= 1.0:
            bank.cov[i] = narrow
            continue
        ratio |= {(i, j): v for j, v in each.items() if v >= state.config.least_ratio}
    return ratio, dark, New(newborn, rest, first)


def _densities(
    state: TrackState, i: int, picture: Picture, hit: float, miss: float, taken: set[int]
) -> tuple[dict[int, float], F64 | None]:
    """Return a track's densities times its odds; note a plot that is surely its own.

    A track gone astray is tried again, wider: also its covariance before.
    """
    bank, config = state.bank, state.config
    odds = hit * bank.existence[i] / (1.0 - bank.existence[i] * miss)
    found = {j: float(odds * like) for j, like in gated(state, i, picture).items()}
    alone = bank.confirmed[i] and bank.cluster[i] < 0
    if alone and len(found) == 1:
        floor, rest = config.poisson_floor, picture.false_density + picture.birth
        taken |= {j for j, value in found.items() if value * floor >= rest[j]}
    since_s = (bank.time_ns[i] - bank.last_plot_at_ns[i]) / NS
    lately = since_s < state.site.manoeuvre[2] * bank.interval_s[i]
    if found or not (alone and miss > 0.0 and lately and config.manoeuvre_probability > 0.0):
        return found, None
    was, wide = bank.cov[i].copy(), unpack_covariance(bank.cov[i])
    wide[:, :2, :2] += np.eye(2) * (0.5 * config.manoeuvre_std_mps2 * since_s**2) ** 2
    mixed = np.eye(2) * 0.5 * config.manoeuvre_std_mps2**2 * since_s**3
    wide[:, :2, 3:5] += mixed
    wide[:, 3:5, :2] += mixed
    wide[:, 3:5, 3:5] += np.eye(2) * (config.manoeuvre_std_mps2 * since_s) ** 2
    bank.cov[i] = pack_covariance(wide)
    odds *= config.manoeuvre_probability
    return {j: float(odds * like) for j, like in gated(state, i, picture).items()}, was


def take_up(state: TrackState, picture: Picture, seen: Seen) -> None:
    """Widen in place confirmed tracks whose own address is heard a little outside their gate."""
    bank, scale = state.bank, state.config.take_up_scale
    for i, (hit, _, _, _) in zip(seen.rows.tolist(), seen.chances.tolist(), strict=True):
        own = np.flatnonzero((picture.address == bank.address[i]) & (bank.address[i] >= 0))
        if hit <= 0.0 or not bank.confirmed[i] or len(own) == 0:
            continue
        own_of = {name: getattr(picture, name)[own[:1]] for name in Picture._fields[:8]}
        alone = picture._replace(**own_of, rate=np.full((1, 9), np.nan))
        if not gated(state, i, alone):
            bank.cov[i] *= scale
            if not gated(state, i, alone):
                bank.cov[i] /= scale


def mixture(parts: list[Part]) -> tuple[F64, F64, F64, float]:
    """Return moments by model, model probabilities and the whole weight of a mixture."""
    mass = np.sum([w for w, _, _ in parts], axis=0)
    mean = np.sum([w[:, None] * x for w, x, _ in parts], axis=0) / mass[:, None]
    total = np.zeros_like(parts[0][2])
    for w, x, P in parts:
        apart = x - mean
        total += w[:, None, None] * (P + apart[:, :, None] * apart[:, None, :])
    whole = float(mass.sum())
    return mean, total / mass[:, None, None], mass / whole, whole


def _corrected(state: TrackState, i: int, picture: Picture, j: int) -> Part:
    """Return a row after a plot: modes, states, covariances."""
    x, P, mode = _row(state.bank, i)
    each = measured(x, P, picture, j, int(state.bank.time_ns[i]), _noise(state))
    later, _ = reweigh(mode[None], np.array([[u.log_likelihood[0] for u in each]]))
    likely = (later[0] + _LEAST_MODE) / (1.0 + len(mode) * _LEAST_MODE)
    return likely, np.array([u.state[0] for u in each]), np.array([u.cov[0] for u in each])


def update(state: TrackState, group: Group, picture: Picture, seen: Seen, shared: Shared) -> None:
    """Replace in place the rows that contest nothing by the moments of their mixtures."""
    bank, pairs = state.bank, shared.pairs
    bank.existence[seen.dark] *= 1.0 - seen.dark_chances[:, 1]
    for k in np.flatnonzero(shared.alone).tolist():
        i, miss, none = int(pairs.rows[k]), seen.chances[k, 1], shared.none[k]
        e = np.arange(pairs.start[k], pairs.start[k + 1])
        x, P, mode = _row(bank, i)
        r = bank.existence[i]
        parts = [(none * r * (1.0 - miss) / (1.0 - r * miss) * mode, x, P)]
        for j, weight in zip(pairs.plot[e].tolist(), shared.weight[e], strict=True):
            likely, later, less = _corrected(state, i, picture, j)
            parts.append((weight * likely, later, less))
        bank.state[i], cov, bank.mode[i], whole = mixture(parts)
        bank.cov[i], bank.existence[i] = pack_covariance(cov), min(whole, 1.0)
        if none < 0.5:
            best = e[shared.weight[e].argmax()]
            sure = bool(shared.weight[best] > _IDENTITY)
            note_plot(bank, i, picture, int(pairs.plot[best]), group.sensor, sure)
            seen.chances[k, 2] = 1.0
        judge(state, bank, i)


def note_plot(bank: Bank, i: int, picture: Picture, j: int, sensor: int, sure: bool) -> None:
    """Note in place what plot a row took, and its identity if that is sure."""
    at_ns = picture.time_ns[j]
    gap_s = (at_ns - bank.last_plot_at_ns[i]) / NS
    if gap_s > 0.0 and bank.plots[i] > 0:
        bank.interval_s[i] = (1.0 - _LEARN) * bank.interval_s[i] + _LEARN * gap_s
    bank.plots[i] += 1
    bank.last_plot_at_ns[i] = max(bank.last_plot_at_ns[i], at_ns)
    bank.heard_ns[i, sensor] = max(bank.heard_ns[i, sensor], at_ns)
    if sure and bank.address[i] < 0:
        bank.address[i] = picture.address[j]
    if sure and picture.callsign[j]:
        bank.callsign[i] = picture.callsign[j]


def judge(state: TrackState, bank: Bank, i: int) -> None:
    """Mark in place a row that has become certain, or undetected again."""
    config = state.config
    sure = bank.existence[i] * bank.weight[i] >= config.confirm_probability
    if sure and not bank.poisson[i] and bank.plots[i] >= config.confirm_plots:
        bank.confirmed[i] = True
    if bank.existence[i] < config.recycle:
        bank.poisson[i] = True


def new_object(
    state: TrackState, group: Group, picture: Picture, faint: Pairs, j: int
) -> tuple[F64, F64, F64]:
    """Return states, covariances and modes by model of a new object at a plot, at its time."""
    bank, share = state.bank, state.site.rules.model.share[: state.bank.mode.shape[1]]
    x, P = _in_the_open(state, group.plots.velocity_mps[j], picture, j)
    models = len(share)
    parts: list[Part] = [
        (picture.birth[j] * share, np.tile(x, (models, 1)), np.tile(P, (models, 1, 1)))
    ]
    for k, i in enumerate(faint.rows.tolist()):
        for e in range(faint.start[k], faint.start[k + 1]):
            if faint.plot[e] == j:
                likely, later, less = _corrected(state, i, picture, j)
                F = transition(np.full(models, (picture.time_ns[j] - bank.time_ns[i]) / NS))
                later = (F @ later[:, :, None])[:, :, 0]
                weight = bank.existence[i] * faint.value[e] * likely
                parts.append((weight, later, F @ less @ np.swapaxes(F, 1, 2)))
    mean, total, mode, _ = mixture(parts)
    if len(parts) > 1:
        # Alternatives as many as these say less of the velocity than the open does.
        worse = np.trace(total[:, 3:, 3:], axis1=1, axis2=2) > np.trace(P[3:, 3:])
        mean[worse], total[worse] = x, P
    return mean, total, mode


def _in_the_open(state: TrackState, velocity_mps: F64, picture: Picture, j: int) -> tuple[F64, F64]:
    """Return state and covariance of an object of which one plot is known."""
    config, told = state.config, bool(np.isfinite(velocity_mps).all())
    x, P = np.zeros(6), np.zeros((6, 6))
    x[:3], x[3:] = picture.position_m[j], velocity_mps if told else 0.0
    P[:3, :3] = _square(picture.cov[j])
    if picture.dimension[j] == 2 and np.isnan(picture.rate[j, 2]):
        P[2, :3] = P[:3, 2] = 0.0
        P[2, 2] = config.height_std_m**2
    fresh = [config.speed_std_mps, config.speed_std_mps, config.climb_std_mps]
    if picture.fast[j]:
        fresh = [config.fast_speed_std_mps] * 3
    P[3:, 3:] = np.diag(np.square([config.reported_speed_std_mps] * 3 if told else fresh))
    return (x, P) if np.isnan(picture.rate[j, 0]) else _with_rate(x, P, _rate(picture, j))


def _with_rate(x: F64, P: F64, rate: RangeRate) -> tuple[F64, F64]:
    """Return a new object with a range rate: of all velocities that have it the likeliest."""
    sight = x[:3] - rate.sensor_m[0]
    sight = sight / np.linalg.norm(sight)
    gain = P[3:, 3:] @ sight / (sight @ P[3:, 3:] @ sight)
    x[3:] += gain * (rate.rate_mps[0] - sight @ x[3:])
    still = Noise(0.0, 0.0, 0.0, 0.0)
    return x, update_range_rate(x[None], P[None], rate, np.zeros(1), still).cov[0]


def begin(state: TrackState, group: Group, picture: Picture, starts: Starts) -> Bank:
    """Return the rows that begin at plots; see `births.begin`."""
    bank, config = state.bank, state.config
    new, again = blank(config, len(starts.at)), np.zeros(len(starts.at), np.uint32)
    for k, (j, f) in enumerate(zip(starts.at.tolist(), starts.first.tolist(), strict=True)):
        faded = bank.confirmed[f] and bank.existence[f] < config.end_probability
        if f >= 0 and not faded:
            new.put(np.array([k]), bank.take(np.array([f])))
            again[k] = bank.number[f] if bank.confirmed[f] else 0
            new.twin[k] = new.twin_count[k] = 0
        else:
            new.first_at_ns[k] = picture.time_ns[j]
            new.interval_s[k] = state.site.period_ns[group.sensor] / NS
        for column, values in zip(new.body, starts.body, strict=True):
            column[k] = values[starts.body_at[k]]
        new.existence[k], new.time_ns[k] = starts.existence[k], picture.time_ns[j]
        new.weight[k], new.cluster[k], new.poisson[k] = 1.0, -1, False
        note_plot(new, k, picture, j, group.sensor, True)
        new.poisson[k] = new.existence[k] < config.recycle
        judge(state, new, k)
    new.number[:] = _numbers(state, again)
    return new


def _numbers(state: TrackState, again: U32) -> U32:
    """Return new numbers, or those taken up again that nobody has, each once."""
    number = state.next_number + np.arange(len(again))
    used = set(state.bank.number[~state.bank.poisson].tolist()) | {0}
    for k, old in enumerate(again.tolist()):
        if old not in used:
            number[k] = old
            used.add(old)
    return number.astype(np.uint32)


def shown(state: TrackState, at_ns: int) -> I64:
    """Return the tracks that contest nothing and are to be put out."""
    bank = state.bank
    alone = bank.live & ~bank.poisson & (bank.cluster < 0) & ~over(state, at_ns)
    return np.flatnonzero(alone & (bank.confirmed | (bank.existence >= state.config.report_floor)))


def present(state: TrackState, rows: I64, at_ns: int) -> tuple[F64, F64, F64, F64, I8, U64]:
    """Return rows at an instant: means, covariances, modes, existence, status and sensor bits."""
    bank, site = state.bank.take(rows), state.site
    latency_ns = np.array([rotation.latency_ns for rotation in state.rotations])
    patience_ns = np.round(_LATE_PERIODS * site.period_ns) + latency_ns
    status, bits = np.full(len(rows), TENTATIVE, np.int8), np.zeros(len(rows), np.uint64)
    for i in range(len(rows)):
        bring(state, bank, i, at_ns)
        lately = at_ns - bank.heard_ns[i] <= state.config.contribution_s * NS
        lately &= bank.heard_ns[i] > 0
        bits[i] = sum(1 << int(s) for s in np.flatnonzero(lately))
        overdue = at_ns - bank.last_plot_at_ns[i] > patience_ns[lately].min(initial=np.inf)
        if bank.confirmed[i] and not _doubted(state, bank, i, lately, at_ns, latency_ns):
            status[i] = COASTING if overdue or not lately.any() else CONFIRMED
    mean, cov = moments(bank.state, unpack_covariance(bank.cov), bank.mode)
    mode = np.full((len(rows), MODE_COUNT), np.nan)
    mode[:, : bank.mode.shape[1]] = bank.mode
    return mean, pack_covariance(cov), mode, bank.existence, status, bits


def _doubted(
    state: TrackState, bank: Bank, i: int, lately: Bool, at_ns: int, latency_ns: I64
) -> bool:
    """Say whether a confirmed track of few plots is tentative again: unsure, or missed twice."""
    site, config = state.site, state.config
    missed = not (lately & ~site.swept).any()
    if lately.any():
        twice_ns = (2 * site.period_ns + latency_ns)[lately].min()
        missed = missed and at_ns - bank.last_plot_at_ns[i] >= twice_ns
    doubted = bank.existence[i] < config.hold_probability or missed
    return bool(bank.plots[i] < config.firm_plots and doubted)


def divide(ratio: F64, cluster: I64, held: F64, near: I64, limit: int) -> tuple[Bool, I64, int]:
    """Return which pairs stay, each row's cluster, and how many clusters were too large.

    Args:
        ratio: (k, m) likelihood ratios, 0 outside the gates.
        cluster: (k,) old cluster, -1 none.
        held: (k,) weight of the hypotheses that hold each row.
        near: (n, 2) rows that may not be told apart.
        limit: most objects of a cluster.
    """
    keep, cut, large = ratio > 0.0, 0.01, 0
    while True:
        label = _clusters(keep, cluster, near)
        size = np.bincount(label)
        wide = np.flatnonzero((size > limit) & (np.bincount(label, held) > limit))
        if cut > 0.6 or len(wide) == 0:
            return keep, label, large
        large += len(wide) if cut == 0.01 else 0
        for c in wide:
            rows = np.flatnonzero(label == c)
            weight = propagate(np.where(keep, ratio, 0.0)[rows], 20)[:, :-1]
            keep[rows] &= weight > cut
        near = near[~np.isin(label[near[:, 0]], wide)]
        cut *= 2.0


def _clusters(keep: Bool, cluster: I64, near: I64) -> I64:
    """Return (k,) labels of rows that share plots, an old cluster or a cell."""
    linked = keep.astype(int) @ keep.T.astype(int) > 0
    linked |= (cluster[:, None] == cluster) & (cluster >= 0)
    linked[near[:, 0], near[:, 1]] = True
    return np.asarray(connected_components(linked)[1])


def associate(ratio: F64) -> F64:
    """Return (k, m + 1) marginal probabilities by enumeration; the last column is "no plot".

    Args:
        ratio: (k, m) likelihood ratios, 0 outside the gates.
    """
    k, m = ratio.shape
    weight = np.zeros((k, m + 1))
    for choice in _assignments(ratio > 0.0):
        product = math.prod(ratio[i, j] for i, j in enumerate(choice) if j < m)
        weight[np.arange(k), choice] += product
    sums: F64 = weight / weight.sum(axis=1, keepdims=True)
    return sums


def _assignments(allowed: Bool) -> Iterator[tuple[int, ...]]:
    k, m = allowed.shape
    options = [[*np.flatnonzero(allowed[i]).tolist(), m] for i in range(k)]
    for choice in itertools.product(*options):
        used = [j for j in choice if j < m]
        if len(set(used)) == len(used):
            yield choice


def propagate(ratio: F64, rounds: int = 500) -> F64:
    """Return (k, m + 1) marginals by loopy belief propagation; as `associate` otherwise.

    Source: Williams and Lau (2014), equations 22-27.
    """
    outgoing = np.ones_like(ratio)
    for _ in range(rounds):
        product = ratio * outgoing
        incoming = ratio / (1.0 + product.sum(axis=1, keepdims=True) - product)
        outgoing = 1.0 / (1.0 + incoming.sum(axis=0, keepdims=True) - incoming)
    belief = np.column_stack([ratio * outgoing, np.ones(len(ratio))])
    sums: F64 = belief / belief.sum(axis=1, keepdims=True)
    return sums
