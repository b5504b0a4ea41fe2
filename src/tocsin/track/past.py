"""What is kept to handle the last seconds once more, when plots come that belong into them.

A copy of the state of a few seconds ago is all that is needed to go back. Those that are kept lie
the further apart the older they are: going back costs at most about half again as much as the plots
are late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tocsin.contract import Plots

if TYPE_CHECKING:
    from tocsin.track.state import Group, Sector, TrackState


class Mark(NamedTuple):
    """Hold the tracker as it was.

    Args:
        now_ns: every group up to then was handled.
        state: the tracker then, without waiting plots and without a past of its own.
    """

    now_ns: int
    state: TrackState


@dataclass(frozen=True, eq=False)
class Past:
    """Hold what was handled lately.

    Args:
        now_ns: every group up to then was handled; 0: nothing yet.
        marks: where one can go back to, oldest first.
        groups: handled since the oldest mark.
        sectors: handled since the oldest mark, as they came.
    """

    now_ns: int = 0
    marks: tuple[Mark, ...] = ()
    groups: tuple[Group, ...] = ()
    sectors: tuple[Sector, ...] = ()

    def plots_after(self, mark_ns: int) -> Plots:
        """Return the plots of the groups that were complete after a mark."""
        return Plots.concat([Plots.empty(), *(g.plots for g in self.groups if g.at_ns > mark_ns)])
