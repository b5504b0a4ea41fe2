"""Kernel that keeps the hypotheses of all clusters in one place."""

from __future__ import annotations

import numba as nb
import numpy as np

from tocsin.contract import I64, Bool
from tocsin.track.kernels_contest import Hypotheses


@nb.njit(cache=True, nogil=True, error_model="numpy")
def regroup(old: Hypotheses, gone: Bool, new: Hypotheses, place: I64, cluster: I64) -> Hypotheses:
    """Return the hypotheses with some clusters gone and others added.

    Args:
        old: over rows of the bank.
        gone: (clusters,) which of them are gone.
        new: over places in `place`.
        place: (n,) row of the bank of each.
        cluster: (rows,) of the bank's rows: becomes the new number, -1 where it is gone.
    """
    clusters, hyps, members, map_ = 0, 0, 0, np.empty(gone.size, np.int64)
    for c in range(gone.size):
        map_[c] = -1 if gone[c] else clusters
        if not gone[c]:
            clusters += 1
            hyps += old.start[c + 1] - old.start[c]
            members += old.member_start[old.start[c + 1]] - old.member_start[old.start[c]]
    for i in range(cluster.size):
        if cluster[i] >= 0:
            cluster[i] = map_[cluster[i]]
    start = np.zeros(clusters + new.start.size, np.int64)
    weight = np.empty(hyps + new.weight.size)
    member_start = np.zeros(weight.size + 1, np.int64)
    member = np.empty(members + new.member.size, np.int64)
    noise = np.empty((start.size - 1, 6))
    clusters, hyps, members = 0, 0, 0
    for part in range(2):
        hyp = old if part == 0 else new
        for c in range(hyp.start.size - 1):
            if part == 0 and gone[c]:
                continue
            for x in range(6):
                noise[clusters, x] = hyp.noise[c, x]
            for h in range(hyp.start[c], hyp.start[c + 1]):
                weight[hyps] = hyp.weight[h]
                for e in range(hyp.member_start[h], hyp.member_start[h + 1]):
                    member[members] = hyp.member[e] if part == 0 else place[hyp.member[e]]
                    members += 1
                hyps += 1
                member_start[hyps] = members
            clusters += 1
            start[clusters] = hyps
    return Hypotheses(start, weight, member_start, member, noise)
