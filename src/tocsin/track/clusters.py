"""The hypotheses of contested tracks, kept in step with the rows of the bank."""

from __future__ import annotations

import numpy as np

from tocsin.contract import I64, Bool
from tocsin.track.kernels_contest import Hypotheses
from tocsin.track.state import Bank


def _runs(start: I64, chosen: np.ndarray) -> tuple[I64, I64]:
    """Return the items of the chosen runs, one after another, and where each run begins."""
    length = (start[1:] - start[:-1])[chosen]
    begin = np.concatenate([np.zeros(1, np.int64), np.cumsum(length)])
    item = np.arange(begin[-1]) - np.repeat(begin[:-1] - start[:-1][chosen], length)
    return item, begin


def of_clusters(known: Hypotheses, chosen: I64) -> Hypotheses:
    """Return the hypotheses of the chosen clusters, renumbered from 0."""
    hyps, start = _runs(known.start, chosen)
    members, member_start = _runs(known.member_start, hyps)
    return Hypotheses(
        start, known.weight[hyps], member_start, known.member[members], known.noise[chosen]
    )


def joined(first: Hypotheses, second: Hypotheses) -> Hypotheses:
    """Return the clusters of both, those of the second numbered on."""
    return Hypotheses(
        np.concatenate([first.start, second.start[1:] + first.start[-1]]),
        np.concatenate([first.weight, second.weight]),
        np.concatenate([first.member_start, second.member_start[1:] + first.member_start[-1]]),
        np.concatenate([first.member, second.member]),
        np.concatenate([first.noise, second.noise]),
    )


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


def without(bank: Bank, known: Hypotheses, keep: Bool) -> tuple[Bank, Hypotheses]:
    """Return the rows that are kept, and the hypotheses over them."""
    place = np.where(keep, np.cumsum(keep) - 1, -1)
    return bank.take(keep), moved(known, place)
