"""A second scorer, written from docs/reference/scores.md: no import from the project, brute force.

Truth and tracks are {t: {name: state}} for t = 0, 1, 2 ... s, states as in `states.py`.
"""

from itertools import pairwise, product
from math import inf

import numpy as np


def pairing(cost, alone):
    """The one-to-one pairs {i: j} of {(i, j): cost} with the least sum of cost - alone."""
    rows, best = sorted({i for i, _ in cost}), [inf, {}]

    def go(k, total, pairs):
        if k == len(rows):
            best[:] = min([best, [total, pairs]], key=lambda found: found[0])
            return
        for (i, j), value in cost.items():
            if i == rows[k] and j not in pairs.values():
                go(k + 1, total + value - alone, {**pairs, i: j})
        go(k + 1, total, pairs)

    go(0, 0.0, {})
    return best[1]


def set_scores(d, truths, tracks, c, p):
    """GOSPA^p and its three parts, and OSPA, of {(i, j): distance}, so many truths and tracks."""
    pairs = pairing({key: value**p for key, value in d.items() if value <= c}, c**p)
    near, larger = sum(d[pair] ** p for pair in pairs.items()), max(truths, tracks)
    missed, false = (c**p / 2 * (count - len(pairs)) for count in (truths, tracks))
    ospa = ((near + c**p * (larger - len(pairs))) / larger) ** (1 / p) if larger else 0.0
    return near + missed + false, near, missed, false, ospa


def ospa2(true, seen, d, c, p):
    """OSPA(2) of one window with equal weights."""
    paths = [{name for states in world.values() for name in states} for world in (true, seen)]
    apart = {}
    for i, j in product(*paths):
        either = [t for t in true if i in true[t] or j in seen[t]]
        apart[i, j] = sum(min(d[t].get((i, j), c), c) for t in either) / len(either)
    return set_scores(apart, *map(len, paths), c, p)[4]


def associated(near, tracks):
    """(track, truth, first, last) as Stone Soup's TrackToTruth has it, 3 to begin, 2 to end."""
    spans = []
    for track in tracks:
        now = maybe = None
        hits = lost = 0
        for t in [t for t in sorted(near) if track in near[t]]:
            here = near[t][track]
            if now is not None and here == now:
                lost, last = 0, t
                continue
            if here is None or here != maybe:
                maybe, since, hits = here, t, int(here is not None)
            else:
                hits += 1
            if now is None:
                if hits >= 3:
                    now, first, last, maybe, hits = here, since, t, None, 0
                continue
            lost += 1
            if lost >= 2:
                spans.append((track, now, first, last))
                now, first, last = (maybe, since, t) if hits >= 3 else (None, 0, 0)
        spans += [(track, now, first, last)] if now is not None else []
    return spans


def siap(true, seen, near, d, speed):
    """The SIAP attributes in the order of the page."""
    spans = associated(near, sorted({j for states in seen.values() for j in states}))
    at = {t: [s for s in spans if s[2] <= t <= s[3]] for t in true}
    held = sum(len({s[1] for s in now}) for now in at.values())
    linked, truths, tracks = (sum(map(len, w.values())) for w in (at, true, seen))
    errors = [sum(x[t].get((s[1], s[0]), 0) for t in at for s in at[t]) for x in (d, speed)]
    changes = tracked = longest = lives = 0
    for i in {i for states in true.values() for i in states}:
        own, mine = [t for t in true if i in true[t]], [s for s in spans if s[1] == i]
        steps = pairwise(own)
        tracked += sum(b - a for a, b in steps if any(s[2] <= a and b <= s[3] for s in mine))
        longest += max((sum(s[3] - s[2] for s in mine if s[0] == o[0]) for o in mine), default=0)
        lives, k, needed = lives + own[-1] - own[0], 0, 0
        while k < len(own):
            if there := [s for s in mine if s[2] <= own[k] <= s[3]]:
                last = max(there, key=lambda s: max(o[3] for o in mine if o[0] == s[0]))[3]
                needed, k = needed + 1, own.index(last) if last > own[k] else len(own)
            k += 1
        changes += needed - 1 if mine else 0
    kind = {i: state.kind for states in true.values() for i, state in states.items()}
    votes = []
    for t, now in at.items():
        for i in {s[1] for s in now}:
            said = [seen[t][s[0]].kind if s[0] in seen[t] else 0 for s in now if s[1] == i]
            votes.append({None if name == 0 else name == kind[i] for name in said})
    kinds = [sum(v != {None} for v in votes), votes.count({True}), sum(len(v) > 1 for v in votes)]
    parts = [held, linked, tracks - linked, *errors, changes, longest, *kinds]
    wholes = [truths, held, tracks, linked, linked, tracked, lives, held, held, held]
    found = [part / whole if whole else 0.0 for part, whole in zip(parts, wholes, strict=True)]
    return [found[0], found[1] if held else 1.0, *found[2:]]


def scores(true, seen, c, p, h, window, dimension, end_within):
    """All scores of the page, by their keys."""
    n, last = len(true), {}
    d, speed, near, match = ({t: {} for t in true} for _ in range(4))
    for t in true:
        for (i, one), (j, other) in product(true[t].items(), seen[t].items()):
            d[t][i, j] = np.linalg.norm(one.place - other.place)
            speed[t][i, j] = np.linalg.norm((one.velocity - other.velocity)[:dimension])
        close = {j: sorted((d[t][i, j], i) for i in true[t] if d[t][i, j] < c) for j in seen[t]}
        near[t] = {j: found[0][1] if found else None for j, found in close.items()}
        kept = {(i, j): v**2 - h**2 * (last.get(i) == j) for (i, j), v in d[t].items() if v <= c}
        match[t] = pairing(kept, c**2)
        last.update(match[t])
    sets = np.array([set_scores(d[t], len(true[t]), len(seen[t]), c, p) for t in true])
    spans = [range(a, min(a + window, n)) for a in range(0, n, window)]
    paths = [ospa2(*({t: w[t] for t in s} for w in (true, seen)), d, c, p) for s in spans]
    switches, breaks, confirm, end, false = 0, 0, [], [], set()
    for i in {i for states in true.values() for i in states}:
        own = [t for t in true if i in true[t]]
        hits = [t for t in own if i in match[t]]
        confirm.append(hits[0] - own[0] if hits else inf)
        switches += sum(match[a][i] != match[b][i] for a, b in pairwise(hits))
        breaks += sum(own.index(b) - own.index(a) > 1 for a, b in pairwise(hits))
        if hits and n - 1 - (z := own[-1]) >= end_within and (j := match[hits[-1]][i]) in seen[z]:
            t = next((t for t in range(z + 1, n) if near[t].get(j, j) is not None), inf)
            end.append(t - 1 - z)
    for j in {j for states in seen.values() for j in states}:
        far = {t for t in seen if j in seen[t] and near[t][j] is None}
        false |= {j} if any(set(range(t, t + 11)) <= far for t in far) else set()
    pairs = [(t, i, j) for t in true for i, j in match[t].items()]
    used, nees = ([0, 1, 3, 4] if dimension == 2 else list(range(6))), []
    for one, other in [(true[t][i], seen[t][j]) for t, i, j in pairs]:
        e = np.append(other.axes @ (one.position - other.position), one.velocity - other.velocity)
        nees.append(e[used] @ np.linalg.solve(other.cov[np.ix_(used, used)], e[used]))
    rms = [np.sqrt(np.mean([f[t][i, j] ** 2 for t, i, j in pairs])) for f in (d, speed) if pairs]
    tops = [(v, q) for v in (sorted(confirm), sorted(end)) for q in (50, 95)]
    return {
        "sets": [*np.mean(sets[:, :4], axis=0) ** (1 / p), np.mean(sets[:, 4]), np.mean(paths)],
        "siap": siap(true, seen, near, d, speed),
        "counts": [switches, breaks, confirm.count(inf), end.count(inf), len(false), len(pairs)],
        "errors": [*rms, np.mean(nees)] if pairs else [None] * 3,
        "waits": [v[q * (len(v) - 1) // 100] if v else inf for v, q in tops],
    }
