"""A second scorer, written from the definitions alone: no import from the project, brute force."""

from itertools import combinations, permutations
from math import cos, radians, sin, sqrt


def gospa_parts(truth, tracks, c, p=2.0):
    """GOSPA^p, alpha = 2, as (total, localisation, missed, false), over all partial matchings."""
    best = None
    few, many = (truth, tracks) if len(truth) <= len(tracks) else (tracks, truth)
    for k in range(len(few) + 1):
        for chosen in combinations(range(len(few)), k):
            for partner in permutations(range(len(many)), k):
                costs = [
                    distance(few[i], many[j]) ** p for i, j in zip(chosen, partner, strict=True)
                ]
                if any(cost > c**p for cost in costs):
                    continue
                missed = c**p / 2 * (len(truth) - k)
                false = c**p / 2 * (len(tracks) - k)
                total = sum(costs) + missed + false
                if best is None or total < best[0]:
                    best = (total, sum(costs), missed, false)
    return best


def distance(a, b):
    """Euclidean distance."""
    return sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def foot(latitude_deg, longitude_deg):
    """The point of the WGS-84 ellipsoid at a latitude and longitude, earth-centred."""
    flattening = 1 / 298.257223563
    e2 = flattening * (2 - flattening)
    phi, lam = radians(latitude_deg), radians(longitude_deg)
    n = 6378137.0 / sqrt(1 - e2 * sin(phi) ** 2)
    return (n * cos(phi) * cos(lam), n * cos(phi) * sin(lam), n * (1 - e2) * sin(phi))


def mean_gospa(truth_rows, track_rows, instants, c, p=2.0):
    """Root of the mean of GOSPA^p over instants, horizontal.

    Rows are (instant, id, latitude_deg, longitude_deg), each standing at its instant only.
    """
    total = 0.0
    for t in instants:
        truth = [foot(*row[2:]) for row in truth_rows if row[0] == t]
        tracks = [foot(*row[2:]) for row in track_rows if row[0] == t]
        total += gospa_parts(truth, tracks, c, p)[0]
    return (total / len(instants)) ** (1 / p)


def completeness(truth_rows, track_rows, c):
    """Share of truth rows with a track within c; right where truths are further than 2 c apart."""
    hit = 0
    for row in truth_rows:
        here = foot(*row[2:])
        hit += any(o[0] == row[0] and distance(here, foot(*o[2:])) <= c for o in track_rows)
    return hit / len(truth_rows)


def alarm_seconds(rows, start_s, end_s):
    """Seconds in [start_s, end_s) at which a zone with (second, 'on' | 'off') rows is alarmed."""
    on, seconds = False, set()
    for second in range(start_s, end_s):
        for at, what in rows:
            if at == second:
                on = what == "on"
        if on:
            seconds.add(second)
    return seconds
