"""What flies together flies alike: what the neighbours' velocities say of a new track's."""

from __future__ import annotations

from typing import NamedTuple

from tocsin.contract import F64
from tocsin.track.kernels_flock import fall_in, flocks
from tocsin.track.state import Group, Pairs, Picture, TrackState


class Flocks(NamedTuple):
    """Hold the velocities of neighbourhoods, see `kernels_flock.flocks`."""

    grid: F64
    field: F64


def among(state: TrackState, picture: Picture, pairs: Pairs) -> tuple[Pairs, Flocks]:
    """Return pairs weighed by what their neighbourhoods' velocities say, and those velocities.

    Args:
        state: the tracker; rows are predicted.
        picture: the look's plots.
        pairs: rows and plots with likelihood ratios by the prior of any object.
    """
    grid, field, factor = flocks(state.bank, *pairs[:4], picture, _speed2(state))
    if len(factor):
        pairs = pairs._replace(value=pairs.value * factor)
    return pairs, Flocks(grid, field)


def joined(state: TrackState, group: Group, near: Flocks) -> None:
    """Give in place to rows with a second plot what their neighbourhoods' velocities say."""
    if len(near.field):
        since_ns = int(group.plots.measured_at_ns.min())
        fall_in(state.bank, state.looked, group.sensor, since_ns, *near, _speed2(state))


def _speed2(state: TrackState) -> float:
    return state.config.speed_std_mps**2
