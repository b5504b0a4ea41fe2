"""The hypotheses of contested tracks, kept in step with the rows of the bank."""

from __future__ import annotations

import numpy as np

from tocsin.contract import I64
from tocsin.track.kernels_contest import Hypotheses


def moved(known: Hypotheses, place: I64) -> Hypotheses:
    """Return the hypotheses after the rows of the bank have moved.

    Args:
        known: the hypotheses.
        place: (n,) new row of each, -1: gone.
    """
    member = place[known.member]
    there = member >= 0
    if there.all():
        return known._replace(member=member)
    owner = np.repeat(np.arange(len(known.weight)), np.diff(known.member_start))[there]
    count = np.bincount(owner, minlength=len(known.weight))
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])
    return known._replace(member_start=start, member=member[there])
