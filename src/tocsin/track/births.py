"""New tracks from plots that may be nobody's."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, NS, Dimension, Plots
from tocsin.track.state import Bank, Picture, TrackState

_POSITION = np.array([0, 1, 2, 6, 7, 11])
_HEIGHT_CROSS = np.array([2, 7])


def newborn(
    state: TrackState, sensor: int, plots: Plots, picture: Picture, free: F64
) -> tuple[Bank, int]:
    """Return the tracks that a group's plots start, numbered on from `next_number`.

    The existence probability is the plot's chance of being a new object's, not a false plot,
    times its chance of being no known track's.

    Args:
        state: the tracker.
        sensor: index of the plots' sensor.
        plots: the group's plots.
        picture: the same, as the kernels want them.
        free: (m,) probability that a plot is no track's.

    Returns:
        The tracks, and how many did not fit.
    """
    config, bank = state.config, state.bank
    existence = picture.birth / picture.rest * free
    rows = np.flatnonzero(existence >= config.birth_floor)
    over = max(len(bank) + len(rows) - config.max_tracks, 0)
    rows = rows[: len(rows) - over]
    if len(rows) == 0:
        return Bank.empty(0, len(config.sensors)), over
    born = Bank.empty(len(rows), len(config.sensors))
    born.state[:, :3] = picture.position_m[rows]
    born.cov[:] = _first_cov(state, plots, picture, rows)
    told = np.isfinite(plots.velocity_mps[rows]).all(axis=1)
    born.state[told, 3:] = plots.velocity_mps[rows][told]
    born.existence[:] = existence[rows]
    born.address[:] = picture.address[rows]
    born.number[:] = state.next_number + np.arange(len(rows))
    born.plots[:] = 1
    born.interval_s[:] = state.site.period_ns[sensor] / NS
    born.callsign[:] = plots.callsign[rows]
    for times in (born.time_ns, born.first_at_ns, born.last_plot_at_ns, born.heard_ns[:, sensor]):
        times[:] = picture.time_ns[rows]
    return born, over


def _first_cov(state: TrackState, plots: Plots, picture: Picture, rows: np.ndarray) -> F64:
    config = state.config
    cov = np.zeros((len(rows), 21))
    cov[:, _POSITION] = picture.cov[rows]
    flat = plots.dimension[rows] == Dimension.HORIZONTAL
    cov[np.ix_(flat, _HEIGHT_CROSS)] = 0.0
    cov[flat, 11] = config.height_std_m**2
    told = np.isfinite(plots.velocity_mps[rows]).all(axis=1)
    speed = np.where(told, config.reported_speed_std_mps, config.speed_std_mps)
    climb = np.where(told, config.reported_speed_std_mps, config.climb_std_mps)
    cov[:, 15] = cov[:, 18] = speed**2
    cov[:, 20] = climb**2
    return cov
