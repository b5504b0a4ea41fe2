"""Forecasts held against what happened: by hand, by a twin that counts, by their sums."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evaluate.test_warning import ZONES
from tocsin.contract import NS, EffectKind, Effects, Forecasts, ObjectClass
from tocsin.evaluate import ForecastScoring, score_forecasts

START_NS = 1_790_000_040 * NS
"""A whole minute."""
DRONE, FAST = ObjectClass.ONE_WAY_DRONE, ObjectClass.FAST_LOW_FLYER
CONFIG = ForecastScoring(horizons_s={DRONE: 300.0, FAST: 120.0}, horizon_s=300.0)
Z = ("z0", "z1", "z2")
MAP = tuple(zone for zone in ZONES if zone.zone_id in Z)


def forecasts_of(rows):
    """Forecasts from (second, zone, class, probability)."""
    at = START_NS + np.array([row[0] for row in rows], np.int64) * NS
    return Forecasts.build(
        len(rows),
        made_at_ns=at,
        zone_id=[row[1] for row in rows],
        threat_class=[int(row[2]) for row in rows],
        probability=[row[3] for row in rows],
        arrival_p10_ns=at + 60 * NS,
        arrival_p50_ns=at + 120 * NS,
        arrival_p90_ns=at + 240 * NS,
    )


def effects_of(rows):
    """Effects from (zone, class, first second, last second); with the class of each target."""
    names = [f"t{k}" for k in range(len(rows))]
    table = Effects.build(
        len(rows),
        target_id=names,
        zone_id=[row[0] for row in rows],
        kind=int(EffectKind.IMPACT),
        first_ns=[START_NS + row[2] * NS for row in rows],
        last_ns=[START_NS + row[3] * NS for row in rows],
    )
    return table, {name: row[1] for name, row in zip(names, rows, strict=True)}


def score(forecasts, effects=(), minutes=15, config=CONFIG):
    table, classes = effects_of(list(effects))
    span = (START_NS, START_NS + minutes * 60 * NS)
    found = score_forecasts(forecasts_of(forecasts), table, MAP, span, classes, config)
    json.dumps(found, allow_nan=False)
    return found


def test_by_hand() -> None:
    """z1 is given 0.25 at minutes 0 and 1 and is hit in minute 4; z2 0.25 and nothing comes."""
    rows = [(m * 60, zone, DRONE, 0.25) for m in (0, 1) for zone in ("z1", "z2")]
    result = score(rows, [("z1", DRONE, 240, 250)])
    # Eleven minutes lie 300 s and more before the end: 0 to 10; z1 is hit within 300 s of 0 to 4.
    assert (result["zone_minutes"], result["affected_zone_minutes"]) == (33, 5)
    assert result["base_rate"] == pytest.approx(5 / 33)
    squares = 2 * 0.75**2 + 2 * 0.25**2 + 3 * 1.0
    assert result["brier"] == pytest.approx(squares / 33)
    nothing, quarter = result["bins"]
    assert (nothing["zone_minutes"], nothing["given"], nothing["affected"]) == (29, 0.0, 3 / 29)
    assert (quarter["from"], quarter["to"]) == (pytest.approx(0.2), pytest.approx(0.3))
    assert (quarter["zone_minutes"], quarter["given"], quarter["affected"]) == (4, 0.25, 0.5)
    assert result["brier_skill"] == pytest.approx(1 - squares / 33 / (5 / 33 * 28 / 33))
    # Arrival 240 s after minute 0 and 180 s after minute 1: stated were 60, 120 and 240 s.
    assert result["arrival"] == {
        "count": 2, "before_p10": 0.0, "before_p50": 0.0, "before_p90": 1.0,
    }  # fmt: skip
    assert result["by_class"]["one_way_drone"]["brier"] == pytest.approx(squares / 33)


def test_classes_speak_of_their_own_horizon() -> None:
    """A fast flyer is forecast two minutes ahead: what hits after three was not spoken of."""
    rows = [(0, "z1", FAST, 0.5), (0, "z1", DRONE, 0.5)]
    result = score(rows, [("z1", FAST, 180, 181), ("z2", DRONE, 180, 181)])
    fast, drone = (result["by_class"][k] for k in ("fast_low_flyer", "one_way_drone"))
    assert [b["affected"] for b in fast["bins"] if b["from"] == 0.5] == [0.0]
    assert (fast["zone_minutes"], drone["zone_minutes"]) == (14 * 3, 11 * 3)
    assert fast["affected_zone_minutes"] == 3
    # Of both classes together 0.75 are given: 1 - 0.5 x 0.5.
    assert [b["given"] for b in result["bins"] if b["given"]] == [0.75]


def test_only_the_first_forecast_of_a_minute_counts() -> None:
    rows = [(2, "z1", DRONE, 0.9), (4, "z1", DRONE, 0.1), (4, "z2", DRONE, 0.4)]
    result = score(rows)
    assert [b["given"] for b in result["bins"]] == [0.0, 0.9]


def test_nothing_to_verify_is_null() -> None:
    short = score([(0, "z1", DRONE, 0.9)], minutes=4)
    assert (short["zone_minutes"], short["brier"], short["bins"]) == (0, None, [])
    quiet = score([])
    assert (quiet["brier"], quiet["brier_skill"], quiet["base_rate"]) == (0.0, None, 0.0)


def test_the_bars_hold_what_is_reliable_and_not_what_is_not() -> None:
    """Four thousand forecasts of 0.3, of which 0.3 and then 0.6 come true."""
    wide = ForecastScoring(horizons_s={DRONE: 60.0}, horizon_s=60.0)
    rows = [(m * 60, zone, DRONE, 0.3) for m in range(1000) for zone in Z]
    for share, inside in ((0.3, True), (0.6, False)):
        hits = [
            (zone, DRONE, m * 60 + 10, m * 60 + 20)
            for m in range(1000) for zone in Z if (m * 7 + len(zone)) % 10 < share * 10
        ]  # fmt: skip
        (found,) = score(rows, hits, 1000, wide)["bins"]
        assert found["affected"] == pytest.approx(share)
        assert (found["low"] <= found["affected"] <= found["high"]) is inside


rows_ = st.lists(
    st.tuples(
        st.integers(0, 14).map(lambda m: m * 60),
        st.sampled_from(Z),
        st.just(DRONE),
        st.floats(0.01, 1.0),
    ),
    max_size=20,
    unique_by=lambda row: row[:2],
)
hits_ = st.lists(
    st.tuples(st.sampled_from(Z), st.just(DRONE), st.integers(0, 880), st.integers(0, 60)),
    max_size=6,
).map(lambda rows: [(zone, kind, first, first + n) for zone, kind, first, n in rows])


@settings(max_examples=80, deadline=None)
@given(rows_, hits_)
def test_a_twin_that_counts(rows: list, hits: list) -> None:
    """Minute by minute and zone by zone, without a matrix; and Murphy's parts add up."""
    result = score(rows, hits)
    told = {(row[0], row[1]): row[3] for row in rows}
    pairs = []
    for second in range(0, 601, 60):
        for zone in Z:
            came = any(z == zone and a <= second + 300 and b >= second for z, _, a, b in hits)
            pairs.append((told.get((second, zone), 0.0), came))
    assert result["zone_minutes"] == len(pairs)
    assert result["affected_zone_minutes"] == sum(came for _, came in pairs)
    assert result["brier"] == pytest.approx(sum((p - o) ** 2 for p, o in pairs) / len(pairs))
    parts = [result[f"brier_{name}"] for name in ("reliability", "uncertainty", "within_bins")]
    assert sum(parts) - result["brier_resolution"] == pytest.approx(result["brier"])
    assert min(result["brier_reliability"], result["brier_resolution"]) >= 0.0
    assert sum(b["zone_minutes"] for b in result["bins"]) == len(pairs)
    for b in result["bins"]:
        mine = [o for p, o in pairs if (b["from"] <= p < b["to"] and p) or p == b["to"] == 0.0
                or (b["to"] == 1.0 == p)]  # fmt: skip
        assert b["affected"] == pytest.approx(sum(mine) / len(mine))


@settings(max_examples=40, deadline=None)
@given(rows_, hits_, st.randoms())
def test_the_order_of_rows_says_nothing(rows: list, hits: list, draw) -> None:
    mixed, struck = draw.sample(rows, len(rows)), draw.sample(hits, len(hits))
    one, other = score(rows, hits), score(mixed, struck)
    assert one["bins"] == other["bins"]
    assert one["brier"] == other["brier"]
    assert one["arrival"] == other["arrival"]


@settings(max_examples=40, deadline=None)
@given(rows_, hits_)
def test_nobody_beats_who_knew(rows: list, hits: list) -> None:
    sure = [
        (second, zone, DRONE, 1.0)
        for second in range(0, 900, 60) for zone in Z
        if any(z == zone and a <= second + 300 and b >= second for z, _, a, b in hits)
    ]  # fmt: skip
    perfect, ours = score(sure, hits), score(rows, hits)
    assert perfect["brier"] == 0.0 <= ours["brier"] <= 1.0
    if perfect["brier_skill"] is not None:
        assert perfect["brier_skill"] == 1.0 >= ours["brier_skill"]
