"""Whether forecasts mean what they say: of the zone-minutes given 20-30 %, how many are affected.

Source: G. W. Brier, Mon. Wea. Rev. 78 (1950) 1-3 (score); A. H. Murphy, J. Appl. Meteor. 12 (1973)
595-600 (its parts); J. Broecker and L. A. Smith, Wea. Forecasting 22 (2007) 651-661 (bars within
which a reliable forecast's frequencies lie).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom

from tocsin.contract import F64, I64, NS, Bool, Effects, Forecasts, ObjectClass, Zone
from tocsin.evaluate.config import ForecastScoring

Scores = dict[str, Any]


@dataclass(frozen=True, eq=False)
class _World:
    """Hold what forecasts are compared with.

    Args:
        at_ns: (m,) instant of each minute.
        zones: number of each zone by its id.
        effect_zone: (k,) number of each effect's zone.
        effect_kind: (k,) its class.
        first_ns: (k,) its begin.
        last_ns: (k,) its end.
    """

    at_ns: I64
    zones: Mapping[str, int]
    effect_zone: I64
    effect_kind: I64
    first_ns: I64
    last_ns: I64


def score_forecasts(
    forecasts: Forecasts,
    effects: Effects,
    zones: Sequence[Zone],
    span_ns: tuple[int, int],
    classes: Mapping[str, ObjectClass] | None = None,
    config: ForecastScoring | None = None,
) -> Scores:
    """Return calibration and Brier score of the forecasts, ready for JSON.

    A zone without a row in a minute was given nothing. Minutes whose horizon reaches beyond the end
    are left out, as nobody knows what became of them.

    Args:
        forecasts: one instant a minute counts: the first of each minute.
        effects: which zones were affected, when.
        zones: the zone map.
        span_ns: begin and end of what is known of the effects.
        classes: object class of each target; without it all effects are of class unknown.
        config: horizons, the length of a minute and the number of bins.
    """
    settings = config or ForecastScoring()
    world, rows = _world(forecasts, effects, zones, span_ns, classes or {}, settings)
    shape = (len(world.at_ns), len(zones))
    minute = np.searchsorted(world.at_ns, rows.made_at_ns)
    zone = np.array([world.zones[name] for name in rows.zone_id], np.int64)
    quiet, any_of = np.ones(shape), np.zeros(shape, bool)
    found: Scores = {}
    for kind in ObjectClass:
        mine = np.flatnonzero(rows.threat_class == kind)
        struck = world.effect_kind == kind
        if len(mine) == 0 and not struck.any():
            continue
        horizon_ns = round(settings.horizon_of(kind) * NS)
        given, happened = np.zeros(shape), _happened(world, struck, horizon_ns)
        given[minute[mine], zone[mine]] = rows.probability[mine]
        quiet *= 1.0 - given
        any_of |= happened
        if kind != ObjectClass.UNKNOWN:
            known = world.at_ns + horizon_ns <= span_ns[1]
            found[kind.name.lower()] = _calibration(given[known], happened[known], kind, settings)
    known = world.at_ns + round(settings.longest_s * NS) <= span_ns[1]
    # Rounded, as 1 - (1 - 0.3) is a little less than 0.3 and would fall into the bin below.
    given = np.round(1.0 - quiet[known], 12)
    whole = _calibration(given, any_of[known], ObjectClass.UNKNOWN, settings)
    return {**whole, "arrival": _arrivals(rows, world, zone, settings), "by_class": found}


def _world(
    forecasts: Forecasts,
    effects: Effects,
    zones: Sequence[Zone],
    span_ns: tuple[int, int],
    classes: Mapping[str, ObjectClass],
    config: ForecastScoring,
) -> tuple[_World, Forecasts]:
    """Return the minutes and what happened, and the forecasts that were made at these minutes."""
    number = {zone.zone_id: k for k, zone in enumerate(zones)}
    length = round(config.minute_s * NS)
    minutes = np.arange(span_ns[0] // length, -(-span_ns[1] // length))
    inside = (forecasts.made_at_ns >= span_ns[0]) & (forecasts.made_at_ns < span_ns[1])
    inside &= np.isin(forecasts.zone_id.astype(str), list(number))
    rows = forecasts.take(inside)
    made = np.unique(rows.made_at_ns)
    _, first = np.unique(made // length, return_index=True)
    made = made[first]
    at_ns = np.maximum(minutes * length, span_ns[0])
    at_ns[np.searchsorted(minutes, made // length)] = made
    mine = np.flatnonzero([zone_id in number for zone_id in effects.zone_id])
    some = effects.take(mine)
    world = _World(
        at_ns,
        number,
        np.array([number[zone_id] for zone_id in some.zone_id], np.int64),
        np.array([classes.get(t, ObjectClass.UNKNOWN) for t in some.target_id], np.int64),
        some.first_ns,
        some.last_ns,
    )
    return world, rows.take(np.isin(rows.made_at_ns, made))


def _happened(world: _World, which: Bool, horizon_ns: int) -> Bool:
    """Return (minutes, zones) whether an effect of some is under way within the horizon."""
    found = np.zeros((len(world.at_ns), len(world.zones)), bool)
    begin = np.searchsorted(world.at_ns, world.first_ns[which] - horizon_ns, "left")
    end = np.searchsorted(world.at_ns, world.last_ns[which], "right")
    for low, high, zone in zip(begin, end, world.effect_zone[which], strict=True):
        found[low:high, zone] = True
    return found


def _calibration(given: F64, happened: Bool, kind: ObjectClass, config: ForecastScoring) -> Scores:
    """Return Brier score, its parts, and the bins of the reliability diagram."""
    p, o = given.reshape(-1), happened.reshape(-1)
    if len(p) == 0:
        empty = dict.fromkeys(("brier", *_PARTS, "brier_skill", "base_rate"))
        return {"zone_minutes": 0, "affected_zone_minutes": 0, **empty, "bins": []}
    edges = np.arange(config.bins + 1) / config.bins
    # The first bin is of what was given nothing at all: it would drown the lowest tenth.
    place = np.where(p > 0.0, np.clip(np.searchsorted(edges, p, "right"), 1, config.bins), 0)
    count = np.bincount(place, minlength=config.bins + 1)
    lows, highs = [0.0, *edges[:-1].tolist()], [0.0, *edges[1:].tolist()]
    sums_p, sums_o = (
        np.asarray(np.bincount(place, values, config.bins + 1), np.float64)
        for values in (p, o.astype(np.float64))
    )
    apart = config.minute_s / (config.longest_s if kind == 0 else config.horizon_of(kind))
    bins = [
        _bin((lows[k], highs[k]), int(count[k]), float(sums_p[k]), float(sums_o[k]), apart)
        for k in range(config.bins + 1)
        if count[k]
    ]
    return {
        "zone_minutes": len(p),
        "affected_zone_minutes": int(o.sum()),
        **brier_parts(count, sums_p, sums_o, float(np.mean((p - o) ** 2))),
        "bins": bins,
    }


_PARTS = ("brier_reliability", "brier_resolution", "brier_uncertainty", "brier_within_bins")


def brier_parts(count: I64, sum_given: F64, sum_happened: F64, brier: float) -> Scores:
    """Return the Brier score in its parts, and its skill against the base rate.

    brier = reliability - resolution + uncertainty + what bins hide of their forecasts' spread.

    Args:
        count: (b,) forecasts of each bin.
        sum_given: (b,) sum of their probabilities.
        sum_happened: (b,) how many of them came true.
        brier: mean squared difference of probability and outcome.
    """
    full = count > 0
    share = count[full] / count.sum()
    given, happened = sum_given[full] / count[full], sum_happened[full] / count[full]
    base = float(sum_happened.sum() / count.sum())
    reliability = float(share @ (given - happened) ** 2)
    resolution = float(share @ (happened - base) ** 2)
    uncertainty = base * (1.0 - base)
    return {
        "base_rate": base,
        "brier": brier,
        "brier_reliability": reliability,
        "brier_resolution": resolution,
        "brier_uncertainty": uncertainty,
        "brier_within_bins": brier - (reliability - resolution + uncertainty),
        "brier_skill": 1.0 - brier / uncertainty if uncertainty > 0.0 else None,
    }


def _bin(
    edges: tuple[float, float], count: int, given: float, happened: float, apart: float
) -> Scores:
    """Return one bin, with the bars between which 95 of 100 reliable forecasts' frequencies lie.

    Forecasts of successive minutes speak of the same effects: of `count` only the share `apart`
    tell something new.
    """
    mean = min(given / count, 1.0)
    independent = max(round(count * apart), 1)
    low, high = (float(binom.ppf(q, independent, mean)) / independent for q in (0.025, 0.975))
    return {
        "from": edges[0],
        "to": edges[1],
        "zone_minutes": count,
        "given": mean,
        "affected": happened / count,
        "low": low,
        "high": high,
    }


def _arrivals(rows: Forecasts, world: _World, zone: I64, config: ForecastScoring) -> Scores:
    """Return how often the first effect came before each quantile of its stated arrival."""
    shares: Scores = {"count": 0, "before_p10": None, "before_p50": None, "before_p90": None}
    first = np.full(len(rows), np.iinfo(np.int64).max)
    for kind in np.unique(rows.threat_class).tolist():
        horizon_ns = round(config.horizon_of(ObjectClass(kind)) * NS)
        struck = np.flatnonzero((world.effect_kind == kind) | (kind == ObjectClass.UNKNOWN))
        struck = struck[np.argsort(world.first_ns[struck], kind="stable")]
        for number in np.unique(world.effect_zone[struck]).tolist():
            times = world.first_ns[struck[world.effect_zone[struck] == number]]
            mine = np.flatnonzero((rows.threat_class == kind) & (zone == number))
            made = rows.made_at_ns[mine]
            place = np.searchsorted(times, made, "left")
            come = np.append(times, np.iinfo(np.int64).max)[place]
            soon = come - made <= horizon_ns
            first[mine[soon]] = come[soon]
    told = (first < np.iinfo(np.int64).max) & (rows.arrival_p50_ns > 0)
    if not told.any():
        return shares
    for q in (10, 50, 90):
        stated = getattr(rows, f"arrival_p{q}_ns")[told]
        shares[f"before_p{q}"] = float(np.mean(first[told] <= stated))
    return {**shares, "count": int(told.sum())}
