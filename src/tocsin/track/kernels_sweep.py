"""Kernels that find the rows a look concerns.

One pass over the bank: rows that are over are freed, the others are looked at model by model. Each
has its NumPy twin in `reference`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from tocsin.contract import F64, I64, U32, Bool
from tocsin.motion import Arrays
from tocsin.motion.ballistic import SEA_LEVEL_DENSITY_KGPM3
from tocsin.motion.kernels_imm import FALLING_MPS, steep
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_view import EDGE_SIGMAS, edges, far_off, from_sensor, view

if TYPE_CHECKING:
    from tocsin.track.detection import DetectionTable
    from tocsin.track.state import Bank

LEAST_HIT = 0.02
"""Of a sensor's probability to detect: where its table says less, a plot still may be a row's."""
_DRAG = 0.25 * SEA_LEVEL_DENSITY_KGPM3
"""Half of half the densest air: drag is nowhere stronger."""
LANDED_M = -1000.0
"""Below the region's plane: what falls is on the ground, wherever that is."""
_LEAST_MODE = 1e-3
"""A less probable model says nothing of where a row may be."""
ROWS, DARK, FREE, LIVE, TOUCHED = range(5)
"""What `sweep` and `hear` count: tracks and undetected rows that they found, free rows listed, live
rows, contested rows among those found."""
FLOOR, SILENCE_S, INTERVALS, LONGEST_S = range(4)
"""Columns of what ends a row, see `over`."""
EAST, NORTH, SIN, COS, LOOKED, UNTIL_NS = range(6)
"""Where a row is seen from a sensor: direction of a disc about it, sine and cosine of half its
width, for which latest look of the row, until when."""
FREED = -1
"""Latest look of a free row: none."""
_WIDEST = 0.5
"""Sine of the widest half width that is remembered."""
_ROUNDED_NS = 1000
"""More than a time in a float is rounded by."""
_ROUNDED = 1e-9
"""More than a sum of products of sines is rounded by."""
_NARROW_RAD = 3.0
"""Sectors that are wider are looked at row by row."""


@lean(inline=True)
def over(existence: float, contested: bool, silent_ns: int, interval_s: float, ends: F64) -> bool:
    """Say whether a row is over: too improbable, or silent for too long.

    Args:
        existence: its probability.
        contested: whether it is part of hypotheses: those say how probable it is.
        silent_ns: since its latest plot.
        interval_s: learned time between its plots, see `patience_s`.
        ends: least existence, and how long it may be silent: seconds, its own intervals, but never
            longer than this.
    """
    if existence < ends[FLOOR] and not contested:
        return True
    if interval_s < 0.0:
        return True
    own_s = min(ends[INTERVALS] * interval_s, ends[LONGEST_S])
    return bool(silent_ns * 1e-9 > max(ends[SILENCE_S], own_s))


@lean(inline=True)
def patience_s(bank: Bank, i: int, at_ns: int) -> float:
    """Return the interval by which a row's silence is judged: what falls cannot turn, only land.

    That of a sure track that falls and contests nothing is infinite while it is in the air, and
    less than nothing after.
    """
    state, fast = bank.state, FALLING_MPS * FALLING_MPS
    if not bank.confirmed[i] or bank.cluster[i] >= 0:
        return float(bank.interval_s[i])
    vx, vy, vz = state[i, 0, 3], state[i, 0, 4], state[i, 0, 5]
    if vx * vx + vy * vy + vz * vz <= fast or not steep(state[i, 0], bank.cov[i, 0]):
        return float(bank.interval_s[i])
    height_m = state[i, 0, 2] + (at_ns - bank.time_ns[i]) * 1e-9 * vz
    return math.inf if height_m > LANDED_M else -math.inf


@lean(inline=True)
def _looked_before(number: U32, looked: F64, wanted: int) -> float:
    """Return what an edge remembers of a track, 0 if nothing."""
    if number.size == 0:
        return 0.0
    low, high = 0, number.size - 1
    while low < high:
        middle = (low + high) // 2
        if number[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return looked[low] if number[low] == wanted else 0.0


@lean(inline=True)
def _look_at(
    state: F64,
    cov: F64,
    mode: F64,
    i: int,
    dt: float,
    place: F64,
    from_rad: float,
    width_rad: float,
    narrow: bool,
    edge: tuple[float, float, float, float],
    hit: float,
    sensor: int,
    detection: DetectionTable,
) -> tuple[float, float, float, float]:
    """Return what `view` does, over the models of a row: mean, largest, and mixture."""
    weight, passed, inside, chance, found = 0.0, 0.0, -1.0, 0.0, 0.0
    for m in range(mode.shape[1]):
        w = mode[i, m]
        if w < _LEAST_MODE:
            continue
        if narrow and far_off(state, cov, i, m, dt, place, edge[0], edge[1], edge[2], edge[3]):
            continue
        when, within, part, sure = view(
            state, cov, i, m, dt, place, from_rad, width_rad, hit, sensor, detection
        )
        if within >= 0.0:
            weight += w
            passed += w * when
            chance += w * part
            found += w * sure
            inside = max(inside, within)
    if weight <= 0.0:
        return 0.0, -1.0, 0.0, hit
    return passed / weight, inside, min(chance, 1.0), found / weight


@lean(inline=True)
def free_row(bank: Bank, i: int) -> None:
    """Free a row, in place."""
    bank.existence[i], bank.poisson[i], bank.confirmed[i] = 0.0, True, False
    bank.cluster[i], bank.number[i], bank.looked[i] = -1, 0, FREED


@lean()
def end(bank: Bank, at_ns: int, ends: F64) -> int:
    """Free in place the rows that are over; return how many contested ones are.

    Those stay: the hypotheses must be told.
    """
    existence, cluster, last_ns, contested = bank.existence, bank.cluster, bank.last_plot_at_ns, 0
    for i in range(existence.size):
        if existence[i] > 0.0:
            held = cluster[i] >= 0
            interval_s = patience_s(bank, i, at_ns)
            if over(existence[i], held, at_ns - last_ns[i], interval_s, ends):
                contested += held
                if not held:
                    free_row(bank, i)
    return contested


@lean()
def _sweep_rows(
    bank: Bank,
    place: F64,
    from_rad: float,
    width_rad: float,
    start_ns: int,
    end_ns: int,
    at_ns: int,
    look: int,
    hit: float,
    sensor: int,
    detection: DetectionTable,
    split: float,
    edge_number: U32,
    edge_looked: F64,
    ends: F64,
    away: F64,
    stay_ns: int,
    elsewhere: Bool,
    rows: I64,
    to_ns: I64,
    chances: F64,
    count: I64,
    touched: Bool,
) -> None:
    """Do what `sweep` does, but for the unseen rest of the clusters."""
    state, cov, mode, cluster = bank.state, bank.cov, bank.mode, bank.cluster
    middle_ns, narrow = start_ns + (end_ns - start_ns) // 2, width_rad < _NARROW_RAD
    edge = edges(from_rad, width_rad)
    for i in range(bank.existence.size):
        if elsewhere[i] or not _alive(bank, i, at_ns, ends):
            continue
        dt = (middle_ns - bank.time_ns[i]) * 1e-9
        passed, inside, part, sure = _look_at(
            state, cov, mode, i, dt, place, from_rad, width_rad, narrow, edge, hit, sensor,
            detection,
        )  # fmt: skip
        if inside < 0.0:
            if narrow:
                _stays_away(bank, i, middle_ns, stay_ns, place, ends, away)
            continue
        before = _looked_before(edge_number, edge_looked, bank.number[i])
        k = _listed(bank.poisson[i], cluster[i], rows, i, count, touched)
        bank.looked[i], to_ns[k] = look, start_ns + int(passed * (end_ns - start_ns))
        part = min(part, 1.0 - before)
        chances[k, 2], chances[k, 3] = before + part, inside
        # What a plot is taken for must not depend on a table that may be wrong there.
        chances[k, 0] = max(sure, LEAST_HIT * hit) * (1.0 if before < 1.0 else split)
        chances[k, 1] = sure * part / (1.0 - sure * before) if before < 1.0 else 0.0


@lean()
def _find_elsewhere(
    bank: Bank, away: F64, from_rad: float, width_rad: float, by_ns: int, elsewhere: Bool
) -> None:
    """Say of each row whether it is free, or foreseen outside of a narrow sector.

    The one pass over all rows at each look: without a branch, so that it runs on several at once.
    """
    half, middle = 0.5 * width_rad, from_rad + 0.5 * width_rad
    east, north, cos, sin = math.sin(middle), math.cos(middle), math.cos(half), math.sin(half)
    narrow = width_rad < _NARROW_RAD
    for i in range(elsewhere.size):
        foreseen = (away[LOOKED, i] == bank.looked[i]) & (by_ns <= away[UNTIL_NS, i])
        apart = away[EAST, i] * east + away[NORTH, i] * north
        outside = apart < away[COS, i] * cos - away[SIN, i] * sin - _ROUNDED
        elsewhere[i] = (narrow & foreseen & outside) | (bank.existence[i] <= 0.0)


@lean()
def _stays_away(
    bank: Bank, i: int, from_ns: int, stay_ns: int, place: F64, ends: F64, away: F64
) -> None:
    """Remember in which directions a row will be seen, for a while or until a plot ends that.

    The margins are those of `far_off`, for the end of that time.
    """
    state, cov, away[LOOKED, i] = bank.state, bank.cov, -2.0
    dt = (from_ns - bank.time_ns[i]) * 1e-9 + 0.5e-9 * stay_ns
    later, radius, seen, east, north, flat = dt + 0.5e-9 * stay_ns, 0.0, False, 0.0, 0.0, 0.0
    for m in range(bank.mode.shape[1]):
        if bank.mode[i, m] < _LEAST_MODE:
            continue
        x, y, _ = from_sensor(state, i, m, dt, place)
        if not seen:
            east, north, flat, seen = x, y, math.sqrt(x * x + y * y), True
        vx, vy, vz = state[i, m, 3], state[i, m, 4], state[i, m, 5]
        moved = 0.5e-9 * stay_ns * math.sqrt(vx * vx + vy * vy + vz * vz)
        moved += math.sqrt((x - east) * (x - east) + (y - north) * (y - north))
        spread = 2.0 * (
            cov[i, m, 0] + cov[i, m, 6] + later * later * (cov[i, m, 15] + cov[i, m, 18])
        )
        noise = place[18] * (flat + moved)
        radius = max(radius, moved + EDGE_SIGMAS * math.sqrt(spread + noise * noise))
    if radius >= _WIDEST * flat:
        return
    until_ns, sin = from_ns + stay_ns, radius / flat
    if bank.cluster[i] < 0:
        own_s = min(ends[INTERVALS] * bank.interval_s[i], ends[LONGEST_S])
        silent_ns = int(1e9 * max(ends[SILENCE_S], own_s))
        until_ns = min(until_ns, bank.last_plot_at_ns[i] + silent_ns)
    away[EAST, i], away[NORTH, i] = east / flat, north / flat
    away[SIN, i], away[COS, i] = sin, math.sqrt(1.0 - sin * sin)
    away[LOOKED, i], away[UNTIL_NS, i] = bank.looked[i], until_ns - _ROUNDED_NS


@lean(inline=True)
def _alive(bank: Bank, i: int, at_ns: int, ends: F64) -> bool:
    """Say whether a row lives on; free it if it is over."""
    r, held = bank.existence[i], bank.cluster[i] >= 0
    # The hypotheses must be told when a contested row ends: not here.
    if r > 0.0 and (
        held or not over(r, held, at_ns - bank.last_plot_at_ns[i], patience_s(bank, i, at_ns), ends)
    ):
        return True
    if r > 0.0:
        free_row(bank, i)
    return False


@lean()
def _take_stock(existence: F64, free: I64, count: I64) -> None:
    """Count live rows, and list as many free ones as are asked for."""
    for i in range(existence.size):
        count[LIVE] += existence[i] > 0.0
    i = 0
    while count[FREE] < free.size and i < existence.size:
        if existence[i] <= 0.0:
            free[count[FREE]] = i
            count[FREE] += 1
        i += 1


@lean(inline=True)
def _listed(dark: bool, cluster: int, rows: I64, i: int, count: I64, touched: Bool) -> int:
    """List a row: a track from the front, undetected objects from the back; return its place."""
    if dark and cluster < 0:
        count[DARK] += 1
        k = rows.size - count[DARK]
    else:
        k = count[ROWS]
        count[ROWS] += 1
        if cluster >= 0:
            touched[cluster] = True
            count[TOUCHED] += 1
    rows[k] = i
    return int(k)


@lean(inline=True)
def _mates(
    bank: Bank, touched: Bool, rows: I64, to_ns: I64, chances: F64, count: I64, there: Bool
) -> None:
    """List the rest of the clusters that a look touched: rows that it cannot have seen."""
    for k in range(count[ROWS]):
        there[rows[k]] = True
    for i in range(there.size):
        cluster = bank.cluster[i]
        if cluster >= 0 and touched[cluster] and not there[i]:
            k = count[ROWS]
            rows[k], chances[k, 0], chances[k, 1], chances[k, 2] = i, 0.0, 0.0, 0.0
            chances[k, 3], to_ns[k] = math.inf, 0
            count[ROWS] += 1


@nb.njit(cache=True, nogil=True, error_model="numpy")
def sweep(
    bank: Bank,
    place: F64,
    from_rad: float,
    width_rad: float,
    start_ns: int,
    end_ns: int,
    at_ns: int,
    look: int,
    hit: float,
    sensor: int,
    detection: DetectionTable,
    split: float,
    edge_number: U32,
    edge_looked: F64,
    ends: F64,
    away: F64,
    stay_ns: int,
    clusters: int,
    rows: I64,
    to_ns: I64,
    chances: F64,
    free: I64,
) -> I64:
    """List the rows that a sector may have seen, and when the beam passed each.

    Args:
        bank: the rows; those that are over are freed.
        place: see `kernels_view.view`.
        from_rad: likewise.
        width_rad: likewise.
        start_ns: beam at the sector's beginning.
        end_ns: beam at its end.
        at_ns: when the look was complete.
        look: its number.
        hit: probability to be detected, in sight.
        sensor: which.
        detection: by range, azimuth and height, instead, where it says more.
        split: probability of a second plot of one object in one revolution.
        edge_number: tracks that were looked for near the end of the sector before.
        edge_looked: probability that each lay in what was swept then; 1: its plot was found.
        ends: see `over`.
        away: (6, n) `EAST` ... `UNTIL_NS`: where this sensor will see rows that it did not see;
            read and written.
        stay_ns: how long that is foreseen.
        clusters: number of clusters.
        rows: (n,) out: tracks from the front, the unseen rest of their clusters among them; rows
            of undetected objects from the back.
        to_ns: (n,) out, at the places of `rows`: when the beam passed it; 0: nobody saw it.
        chances: (n, 4) out, at the places of `rows`: probability to be detected, given that it was
            there to be seen; the same times the chance of that; chance of having lain in what was
            swept by now; how far inside the sector, see `kernels_view.view`.
        free: out: some free rows.

    Returns:
        (5,) counts `ROWS` ... `TOUCHED`.
    """
    count, touched = np.zeros(5, np.int64), np.zeros(clusters, np.bool_)
    elsewhere = np.empty(bank.existence.size, np.bool_)
    _find_elsewhere(bank, away, from_rad, width_rad, max(at_ns, end_ns), elsewhere)
    _sweep_rows(
        bank, place, from_rad, width_rad, start_ns, end_ns, at_ns, look, hit, sensor,
        detection, split, edge_number, edge_looked, ends, away, stay_ns, elsewhere, rows, to_ns,
        chances, count, touched,
    )  # fmt: skip
    _take_stock(bank.existence, free, count)
    if count[TOUCHED] > 0:
        _mates(bank, touched, rows, to_ns, chances, count, np.zeros(rows.size, np.bool_))
    return count


@lean()
def _hear_rows(
    bank: Bank,
    at_ns: int,
    look: int,
    latest_ns: int,
    hit: float,
    box: F64,
    sigmas: float,
    own: I64,
    plot_ns: I64,
    ends: F64,
    model: Arrays,
    rows: I64,
    to_ns: I64,
    chances: F64,
    count: I64,
    touched: Bool,
) -> None:
    """Do what `hear` does, but for the unseen rest of the clusters."""
    state, cov = bank.state, bank.cov
    for i in range(bank.existence.size):
        if not _alive(bank, i, at_ns, ends):
            continue
        dt = (latest_ns - bank.time_ns[i]) * 1e-9
        if own[i] < 0 and not _near(state, cov, i, dt, box, sigmas, model):
            continue
        k = _listed(bank.poisson[i], bank.cluster[i], rows, i, count, touched)
        bank.looked[i], to_ns[k] = look, plot_ns[own[i]] if own[i] >= 0 else latest_ns
        chances[k, 0], chances[k, 1], chances[k, 2], chances[k, 3] = hit, 0.0, 0.0, math.inf


@nb.njit(cache=True, nogil=True, error_model="numpy")
def hear(
    bank: Bank,
    at_ns: int,
    look: int,
    latest_ns: int,
    hit: float,
    box: F64,
    sigmas: float,
    own: I64,
    plot_ns: I64,
    ends: F64,
    model: Arrays,
    clusters: int,
    rows: I64,
    to_ns: I64,
    chances: F64,
    free: I64,
) -> I64:
    """List the rows that plots of a source without a beam may be of, and their time.

    Args:
        bank: the rows; those that are over are freed.
        at_ns: when the group was complete.
        look: its number.
        latest_ns: time of the latest plot.
        hit: probability to be detected.
        box: least and greatest east and north of the plots, with their own errors.
        sigmas: of a row's error, from which on it can have given none of them.
        own: (n,) plot with the row's own address, -1: none.
        plot_ns: (m,) times.
        ends: see `over`.
        model: the models.
        clusters: number of clusters.
        rows: see `sweep`.
        to_ns: likewise.
        chances: likewise; nobody can have been missed.
        free: likewise.

    Returns:
        (5,) counts `ROWS` ... `TOUCHED`.
    """
    count, touched = np.zeros(5, np.int64), np.zeros(clusters, np.bool_)
    _hear_rows(
        bank, at_ns, look, latest_ns, hit, box, sigmas, own, plot_ns, ends, model, rows, to_ns,
        chances, count, touched,
    )  # fmt: skip
    _take_stock(bank.existence, free, count)
    if count[TOUCHED] > 0:
        _mates(bank, touched, rows, to_ns, chances, count, np.zeros(rows.size, np.bool_))
    return count


@lean(inline=True)
def _near(state: F64, cov: F64, i: int, dt: float, box: F64, sigmas: float, model: Arrays) -> bool:
    """Say whether a row may lie in a box, `dt` seconds later, under any of its models."""
    for m in range(state.shape[1]):
        speed2 = state[i, m, 3] * state[i, m, 3] + state[i, m, 4] * state[i, m, 4]
        noise = model.noise[m, 0] + (model.noise[m, 1] + model.noise[m, 2]) * speed2
        grown = noise * abs(dt * dt * dt) / 3.0
        # A chord from its tangent: half the angle, but never more than this; and what drag takes.
        speed = math.sqrt(speed2 + state[i, m, 5] * state[i, m, 5])
        drag = max(model.extra[m, 1], model.extra[model.kind.size - state.shape[1] + m, 1])
        bend = 0.5 * abs(model.extra[m, 0] * dt) + _DRAG * drag * speed * abs(dt)
        bend = min(bend, 1.3) * abs(dt) * math.sqrt(speed2)
        near = True
        for a in range(2):
            here, pace = (0, 15) if a == 0 else (6, 18)
            spread = 2.0 * (cov[i, m, here] + dt * dt * cov[i, m, pace])
            reach = bend + sigmas * math.sqrt(spread + grown)
            at = state[i, m, a] + dt * state[i, m, a + 3]
            near = near and box[a] - reach <= at <= box[a + 2] + reach
        if near:
            return True
    return False
