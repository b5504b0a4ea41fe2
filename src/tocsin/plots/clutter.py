"""Clutter maps: how many of a radar's plots are false, cell by cell, learned as it turns.

The false plots of a cell in a look are Poisson with a rate that nobody knows. Before anything is
seen it is gamma distributed about what is usual, the site's figure m, worth `prior_looks` k; after
Z false plots in E looks it is gamma distributed with mean (k m + Z) / (k + E). Z and E fade with
`memory_s`. A plot counts as false unless the tracker gives it to a confirmed track; its word is
waited for: what was measured in one window counts when the next is over.

Source: A. Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.6 (Poisson, gamma prior);
M. West, J. Harrison, Bayesian Forecasting and Dynamic Models, 2nd ed., section 6.3 (discounting).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from tocsin.contract import (
    F64,
    I32,
    I64,
    NS,
    Associations,
    Bool,
    Dimension,
    Looks,
    Plots,
    Sensor,
    SensorKind,
)
from tocsin.plots.config import PlotsConfig
from tocsin.plots.density import reach_m
from tocsin.plots.kernels_clutter import F32, look_up

AZIMUTHS, RANGES = 64, 64
_BOUNDS = np.array([1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0])
"""Of the bands of elevation, in steps from the lower edge of the beam: fine where ground, sea and
birds are."""
BANDS = len(_BOUNDS) + 2
"""The first is for plots whose height was not measured."""
_STEP_STDS, _STEPS = 2.0, 48.0
_LEAST_SHARE = 1e-3
"""Of the beam: noise puts plots into bands that it does not reach."""
_TURN = 2.0 * np.pi


class Cells(NamedTuple):
    """Hold what follows from the site; see `kernels_clutter.look_up`.

    Args:
        which: (sensors,) map of each sensor, -1: no radar, or its place is not known.
        place: (maps, 13).
        bounds: (maps, bands - 2).
        usual: (maps, bands).
        period_s: (maps,) of a revolution.
        sensor_id: (maps,) whose each is.
        window_ns: what is measured for so long counts after as long again.
    """

    which: I64
    place: F64
    bounds: F64
    usual: F64
    period_s: F64
    sensor_id: tuple[str, ...]
    window_ns: int


class Tally(NamedTuple):
    """Count plots that are nobody's, and looks.

    Args:
        plots: (maps, bands, azimuths, ranges).
        looks: (maps, azimuths).
    """

    plots: F32
    looks: F32

    @classmethod
    def empty(cls, maps: int) -> Tally:
        """Return the tally of nothing."""
        cells: F32 = np.zeros((maps, BANDS, AZIMUTHS, RANGES), np.float32)
        return cls(cells, np.zeros((maps, AZIMUTHS), np.float32))

    def __reduce__(self) -> tuple[object, ...]:
        """Return what is stored: most cells hold nothing, and a snapshot is taken every minute."""
        used = np.flatnonzero(self.plots).astype(np.int32)
        return _scattered, (self.looks, used, self.plots.reshape(-1)[used])


def _scattered(looks: F32, used: I32, counts: F32) -> Tally:
    """Return the tally that was stored."""
    tally = Tally.empty(len(looks))
    tally.plots.reshape(-1)[used] = counts
    return tally._replace(looks=looks)


@dataclass(frozen=True, eq=False)
class Clutter:
    """Hold all maps.

    Args:
        cells: what follows from the site.
        settled: what the maps say; it fades.
        settling: what was measured in the last window, or came late.
        filling: what is measured in this window.
        swept_ns: (maps,) end of the last look that was told; 0: none ever was.
        heard_ns: (maps,) latest plot; 0: none yet.
        since_ns: when this window began; 0: nothing is learned yet.
    """

    cells: Cells
    settled: Tally
    settling: Tally
    filling: Tally
    swept_ns: I64
    heard_ns: I64
    since_ns: int = 0


class Lying(NamedTuple):
    """Say where plots lie.

    Args:
        cell: (n,) in `Tally.plots`, flat; -1: in none.
        factor: (n,) times as many false plots there as is usual.
    """

    cell: I64
    factor: F64


def cells(config: PlotsConfig) -> Cells:
    """Return the cells of a site's radars."""
    radar = [s.kind == SensorKind.RADAR and np.isfinite(s.latitude_deg) for s in config.sensors]
    found = [s for s, is_one in zip(config.sensors, radar, strict=True) if is_one]
    period_s = np.array([s.period_s for s in found], float)
    # A plot is given to a track when its look is complete, a revolution later at the latest.
    window_s = max(config.clutter.window_s, 2.0 * period_s.max(initial=0.0))
    return Cells(
        np.where(radar, np.cumsum(radar) - 1, -1).astype(np.int64),
        np.array([_place(config, s) for s in found]).reshape(-1, 13),
        np.sin([_bounds(s) for s in found]).reshape(-1, BANDS - 2),
        np.array([_usual(s) for s in found]).reshape(-1, BANDS),
        period_s,
        tuple(s.sensor_id for s in found),
        round(window_s * NS),
    )


def _place(config: PlotsConfig, sensor: Sensor) -> F64:
    point = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    own = config.region.from_geodetic(*(np.array([value]) for value in point))[0]
    rotation = config.region.local_rotation(sensor.latitude_deg, sensor.longitude_deg)
    return np.concatenate([own, rotation.reshape(9), [RANGES / reach_m(sensor)]])


def _bounds(sensor: Sensor) -> F64:
    """Return (bands - 2,) elevations between bands: what is measured finely is counted finely."""
    low, high = sensor.elevation_min_rad, sensor.elevation_max_rad
    finest = (high - low) / _STEPS
    step = np.nan_to_num(_STEP_STDS * sensor.elevation_std_rad, nan=finest)
    return np.asarray(low + max(step, finest) * _BOUNDS)


def _usual(sensor: Sensor) -> F64:
    """Return (bands,) false plots in a cell and look: uniform in range and angles."""
    low, high = sensor.elevation_min_rad, sensor.elevation_max_rad
    edges = np.clip(np.concatenate([[low], _bounds(sensor), [high]]), low, high)
    share = np.maximum(np.diff(edges) / max(high - low, 1e-3), _LEAST_SHARE)
    return sensor.false_plots_per_look / (AZIMUTHS * RANGES) * np.append(1.0, share)


def usual(config: PlotsConfig) -> Clutter:
    """Return maps that say what the site says."""
    known = cells(config)
    maps = len(known.place)
    never = np.zeros(maps, np.int64)
    nothing = Tally.empty(maps)
    return Clutter(known, nothing, nothing, nothing, never, never)


def grown(state: Clutter, config: PlotsConfig) -> Clutter:
    """Return the maps, and after them those of further radars, of which nothing is known."""
    fresh, old = usual(config), len(state.swept_ns)

    def both(known: Tally, more: Tally) -> Tally:
        return Tally(*(np.concatenate([a, b[old:]]) for a, b in zip(known, more, strict=True)))

    return Clutter(
        fresh.cells,
        both(state.settled, fresh.settled),
        both(state.settling, fresh.settling),
        both(state.filling, fresh.filling),
        np.concatenate([state.swept_ns, fresh.swept_ns[old:]]),
        np.concatenate([state.heard_ns, fresh.heard_ns[old:]]),
        state.since_ns,
    )


def rates(state: Clutter, config: PlotsConfig) -> tuple[F64, F64]:
    """Return (maps, bands, azimuths, ranges) false plots of a look, and standard deviations."""
    k = config.clutter.prior_looks
    count = k * state.cells.usual[:, :, None, None] + state.settled.plots
    looks = k + state.settled.looks[:, None, :, None].astype(float)
    return count / looks, np.sqrt(count) / looks


def lying(state: Clutter, position_m: F64, full: Bool, sensor: I32, config: PlotsConfig) -> Lying:
    """Return where plots lie.

    Args:
        state: the maps.
        position_m: (n, 3) region frame.
        full: (n,) whether the height was measured.
        sensor: (n,) of each.
        config: what the prior is worth.
    """
    out = Lying(np.empty(len(sensor), np.int64), np.empty(len(sensor)))
    known, told = state.cells, state.settled
    look_up(
        np.ascontiguousarray(position_m), full, sensor, known.which, known.place, known.bounds,
        known.usual, told.plots, told.looks, config.clutter.prior_looks, *out,
    )  # fmt: skip
    return out


def judged(state: Clutter, rows: Associations, config: PlotsConfig, now_ns: int) -> Clutter:
    """Return the maps after the windows that are over, and without the plots of confirmed tracks.

    Args:
        state: before.
        rows: what the tracker made of earlier plots.
        config: the site.
        now_ns: present time.
    """
    state = _turned(state, config, now_ns)
    if not len(rows):
        return state
    full = rows.dimension == Dimension.FULL
    found = lying(state, rows.position_m, full, rows.sensor, config)
    return _counted(state, found.cell, rows.measured_at_ns, -1.0)


def weighed(
    state: Clutter, plots: Plots, looks: Looks, config: PlotsConfig
) -> tuple[Clutter, Plots]:
    """Return the maps with new plots and looks counted, and the plots with the maps' densities.

    Args:
        state: after `judged`.
        plots: with the densities that are usual.
        looks: what the radars told that they swept.
        config: the site.
    """
    state = _swept(state, looks)
    if not len(plots):
        return state, plots
    full = plots.dimension == Dimension.FULL
    found = lying(state, plots.position_m, full, plots.sensor, config)
    known = found.cell >= 0
    heard_ns = state.heard_ns.copy()
    owner = state.cells.which[plots.sensor[known]]
    np.maximum.at(heard_ns, owner, plots.measured_at_ns[known])
    state = replace(state, heard_ns=heard_ns)
    dense = plots.replace(false_density=plots.false_density * found.factor)
    return _counted(state, found.cell, plots.measured_at_ns, 1.0), dense


def _counted(state: Clutter, cell: I64, at_ns: I64, each: float) -> Clutter:
    late = at_ns < state.since_ns
    return replace(
        state,
        settling=_with_plots(state.settling, cell[late & (cell >= 0)], each),
        filling=_with_plots(state.filling, cell[~late & (cell >= 0)], each),
    )


def _with_plots(tally: Tally, cell: I64, each: float) -> Tally:
    if not len(cell):
        return tally
    plots = tally.plots.copy()
    np.add.at(plots.reshape(-1), cell, np.float32(each))
    return tally._replace(plots=plots)


def _swept(state: Clutter, looks: Looks) -> Clutter:
    """Return the maps with looks counted, each once however many networks tell of it."""
    number = {name: k for k, name in enumerate(state.cells.sensor_id)}
    owner = np.array([number.get(name, -1) for name in looks.sensor_id.tolist()], np.int64)
    rows = np.flatnonzero(owner >= 0)
    rows = rows[looks.end_ns[rows] > state.swept_ns[owner[rows]]]
    if not len(rows):
        return state
    rows = rows[
        np.unique(np.stack([owner[rows], looks.end_ns[rows]]), axis=1, return_index=True)[1]
    ]
    share, owner, end_ns = _shares(looks.take(rows)), owner[rows], looks.end_ns[rows]
    late, swept_ns = end_ns < state.since_ns, state.swept_ns.copy()
    np.maximum.at(swept_ns, owner, end_ns)
    # What was inferred before the first look was told is told now.
    told = (state.swept_ns == 0) & (swept_ns > 0)
    return replace(
        state,
        settling=_with_looks(state.settling, told, owner[late], share[late]),
        filling=_with_looks(state.filling, told, owner[~late], share[~late]),
        swept_ns=swept_ns,
    )


def _shares(looks: Looks) -> F64:
    """Return (n, azimuths) what part of each cell's width looks swept."""
    width = looks.azimuth_to_rad - looks.azimuth_from_rad
    width = np.minimum(np.where(width < 0.0, width + _TURN, width), _TURN) * (AZIMUTHS / _TURN)
    first = np.mod(looks.azimuth_from_rad, _TURN) * (AZIMUTHS / _TURN)
    edge = np.arange(AZIMUTHS) + np.array([[[0.0]], [[float(AZIMUTHS)]]])
    last = (first + width)[:, None]
    both = np.minimum(last, edge + 1.0) - np.maximum(first[:, None], edge)
    return np.asarray(np.maximum(both, 0.0).sum(axis=0))


def _with_looks(tally: Tally, anew: Bool, owner: I64, share: F64) -> Tally:
    looks = np.where(anew[:, None], np.float32(0.0), tally.looks)
    np.add.at(looks, owner, share.astype(np.float32))
    return tally._replace(looks=looks)


def _turned(state: Clutter, config: PlotsConfig, now_ns: int) -> Clutter:
    """Return the maps after the windows that are over by now."""
    window_ns = state.cells.window_ns
    begin_ns = now_ns // window_ns * window_ns
    if state.since_ns == 0 or begin_ns <= state.since_ns:
        return replace(state, since_ns=max(begin_ns, state.since_ns))
    state = replace(state, filling=_inferred(state, config))
    passed = (begin_ns - state.since_ns) // window_ns
    for _ in range(min(passed, 2)):
        state = _shifted(state, config, 1)
    if passed > 2:
        state = _shifted(state, config, passed - 2)
    return replace(state, since_ns=begin_ns)


def _shifted(state: Clutter, config: PlotsConfig, windows: int) -> Clutter:
    kept = np.float32(np.exp(-windows * state.cells.window_ns / NS / config.clutter.memory_s))
    old, new = state.settled, state.settling
    # Late words of the tracker take back what has faded a little since.
    plots: F32 = np.maximum(kept * old.plots + new.plots, np.float32(0.0))
    settled = Tally(plots, kept * old.looks + new.looks)
    empty = Tally.empty(len(state.swept_ns))
    return replace(state, settled=settled, settling=state.filling, filling=empty)


def _inferred(state: Clutter, config: PlotsConfig) -> Tally:
    """Return this window's tally with the looks of radars that never tell what they sweep.

    One of which nothing was heard for long may be off.
    """
    patience_ns = round(config.clutter.patience_s * NS)
    on = (state.swept_ns == 0) & (state.heard_ns > state.since_ns - patience_ns)
    turns = np.where(on, state.cells.window_ns / NS / state.cells.period_s, 0.0)
    looks = state.filling.looks + turns[:, None].astype(np.float32)
    return state.filling._replace(looks=looks)
