"""The oracle and the baselines of warnings: by hand, by properties, and minute by minute."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evaluate.test_warning import HIT, HOUR, ZONES, effects_of, warnings_of
from tests.evaluate.world import NS, START_NS, tracks_like, truth_of
from tests.evaluate.world import ORIGIN as WORLD
from tocsin.contract import InputError, Origins, Reports, Stage, Warnings
from tocsin.contract.site import Zone
from tocsin.evaluate import RunTables, WarningScoring, score_warnings
from tocsin.geo import Region

SPAN = (START_NS, START_NS + HOUR * NS)


def sensed(detections, merged=()):
    """Plots and origins from (target, second received); plots that two targets share."""
    rows = sorted([(s, t, ()) for t, s in detections] + [(s, a, (b,)) for a, b, s in merged])
    received = START_NS + np.array([row[0] for row in rows], np.int64) * NS
    reports = Reports.build(
        len(rows), measured_at_ns=received - NS, received_at_ns=received, sensor_id="r"
    )
    origins = Origins.build(
        len(rows), target_id=[row[1] for row in rows], merged_ids=[row[2] for row in rows]
    )
    return {"reports": reports, "origins": origins}


def score(warnings, plots=None, hits=HIT, tracks=None, zones=ZONES, **config):
    run = RunTables(tracks, **(plots or {}))
    settings_ = WarningScoring(**config)
    found = score_warnings(effects_of(hits), warnings, zones, *SPAN, config=settings_, run=run)
    json.dumps(found, allow_nan=False)
    return found


OURS = warnings_of([(z, a - 300, b + 60) for z, (a, b) in HIT.items()])
EARLY = [(f"t-{z}", s) for z in HIT for s in (100, 104, 108)]


def test_who_was_seen_early_is_warned_in_time_for_no_more_than_is_needed() -> None:
    result = score(OURS, sensed(EARLY))
    assert result["oracle_pod"] == result["oracle_pod_usable_lead"] == 1.0
    needed = (2000 * 90 + 3000 * 90 + 4000 * 60) / 3600
    assert result["oracle_person_h"] == pytest.approx(needed)
    assert result["needed_person_h"] == pytest.approx(needed)
    assert result["person_h_to_oracle"] == pytest.approx(result["over_warning_ratio"])
    assert result["pod_usable_lead_to_oracle"] == 1.0
    # One district holds all three zones: z0 to z3, 10,000 people.
    district = 10_000 * (90 + 90 + 60) / 3600
    assert result["oracle_district_person_h"] == pytest.approx(district)
    assert result["oracle_whole_region_person_h"] == pytest.approx(78_000 * 240 / 3600)
    assert result["oracle_unseen_effects"] == 0


def test_an_oracle_waits_for_the_third_detection() -> None:
    """z1 is hit from 1,200 to 1,230 s; its object is seen the third time at 1,170 s."""
    seen = [("t-z1", 900), ("t-z1", 1000), ("t-z1", 1170), ("t-z2", 900), ("t-z2", 905)]
    result = score(OURS, sensed(seen))
    assert result["oracle_event_pod_usable_lead"] == 0.0
    # z1 is affected in minutes 20 (from 1,200 s): 30 s of lead, and 60 are needed. z2 is affected
    # in minutes 22, z3 in minute 25, and neither is ever known.
    assert result["oracle_pod"] == pytest.approx(2000 / 9000)
    assert result["oracle_person_h"] == pytest.approx(2000 * 60 / 3600)
    assert result["oracle_unseen_effects"] == 2
    assert result["pod_usable_lead_to_oracle"] is None
    two = score(OURS, sensed(seen), oracle_detections=2)
    assert two["oracle_pod_usable_lead"] == pytest.approx(5000 / 9000)
    assert two["oracle_person_h"] == pytest.approx((2000 + 3000) * 90 / 3600)
    assert two["pod_usable_lead_to_oracle"] == pytest.approx(9 / 5)


def test_an_object_seen_together_with_a_stronger_one_is_seen() -> None:
    merged = [("t-z1", "t-z2", s) for s in (100, 104, 108)]
    result = score(OURS, sensed([], merged))
    assert result["baselines"]["oracle"]["pod"] == pytest.approx(5000 / 9000)


def test_without_plots_or_origins_there_is_no_oracle() -> None:
    result = score(OURS)
    assert result["oracle_pod_usable_lead"] is None
    assert result["pod_usable_lead_to_oracle"] is None
    assert "oracle" not in result["baselines"]
    assert result["baselines"]["hindsight"]["pod_usable_lead"] == 1.0


def test_plots_and_origins_of_different_runs_are_refused() -> None:
    plots = sensed(EARLY)
    with pytest.raises(InputError, match="8 origins for 9 plots"):
        score(OURS, {**plots, "origins": plots["origins"].take(slice(0, 8))})


def test_no_detection_is_no_choice() -> None:
    with pytest.raises(InputError, match="detections: is 0"):
        score(OURS, sensed(EARLY), oracle_detections=0)


def square(name, east_m, district="d"):
    """A zone of 10 km by 10 km, its left edge so far east of the origin of `world`."""
    region = Region.at(WORLD)
    corners = np.array([(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)], float) * 1000.0
    corners[:, 0] += east_m
    lat, lon, _ = region.to_geodetic(np.column_stack([corners, np.zeros(5)]))
    ring = tuple(zip(lon.tolist(), lat.tolist(), strict=True))
    return Zone(name, name, district, 1000, 60.0, ((ring,),))


def test_circles_about_hazardous_tracks() -> None:
    """An object flies east at 100 m/s past zones; each is alarmed while it is within 30 km."""
    zones = (square("near", 20_000), square("far", 90_000))
    truth = truth_of({"a": (0.0, 5000.0, 100.0, 100.0, 0.0)}, range(0, 600, 10))
    tracks = tracks_like(truth).replace(hazardous=np.ones(len(truth), bool))
    result = score(Warnings.empty(), hits={}, zones=zones, tracks=tracks)
    circles = result["baselines"]
    assert circles["radius_30_km"]["person_h"] == pytest.approx(1000 * 600 / 3600, rel=0.02)
    # The far zone is 90 km east: within 50 km from 40 km, 400 s, on.
    both = 1000 * (600 + 200) / 3600
    assert circles["radius_50_km"]["person_h"] == pytest.approx(both, rel=0.02)
    calm = tracks.replace(hazardous=np.zeros(len(truth), bool))
    none = score(Warnings.empty(), hits={}, zones=zones, tracks=calm)["baselines"]
    assert none["radius_50_km"]["person_h"] == 0.0


def test_a_circle_ends_where_the_object_left() -> None:
    zones = (square("behind", -20_000),)
    truth = truth_of({"a": (0.0, 5000.0, 100.0, 200.0, 0.0)}, range(0, 600, 1))
    tracks = tracks_like(truth).replace(hazardous=np.ones(len(truth), bool))
    # The zone's edge is 10 km behind: 20 km more, at 200 m/s, are 100 s; and a period begun.
    result = score(Warnings.empty(), hits={}, zones=zones, tracks=tracks)
    spent = result["baselines"]["radius_30_km"]["person_h"]
    assert spent == pytest.approx(1000 * 100 / 3600, abs=1000 * 11 / 3600)


NAMES = ["z0", "z1", "z5"]
hits_ = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(st.integers(60, 300), st.integers(0, 150)), max_size=3
)
seen_ = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 450)), max_size=12)
alarms_ = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(0, 400), st.integers(1, 200)), max_size=5
)


def world(hits, seen, alarms):
    struck = {zone: (a, a + n) for zone, (a, n) in hits.items()}
    plots = sensed([(f"t-{zone}", s) for zone, s in seen])
    return struck, plots, warnings_of([(zone, a, a + n) for zone, a, n in alarms])


@settings(max_examples=60, deadline=None)
@given(hits_, seen_, st.integers(1, 3))
def test_the_oracle_is_what_counting_seconds_gives(hits: dict, seen: list, k: int) -> None:
    """A twin that walks through the seconds of one zone after another and knows no spans."""
    struck, plots, _ = world(hits, seen, [])
    ours = score(Warnings.empty(), plots, struck, oracle_detections=k)
    spent = reached = in_time = people = 0.0
    for zone in ZONES:
        if zone.zone_id not in struck:
            continue
        first, last = struck[zone.zone_id]
        times = sorted(s for name, s in seen if name == zone.zone_id)
        known = times[k - 1] if len(times) >= k else 10**9
        on = [s for s in range(HOUR) if first - 60 <= s <= last and s >= known]
        # What is in alarm at the last instant only is so for a nanosecond.
        spent += zone.population * sum(s < last for s in on) / 3600
        for minute in range(first // 60, last // 60 + 1):
            moment = max(first, minute * 60)
            lead = moment - on[0] if on else 0
            people += zone.population
            reached += zone.population * (lead > 0)
            in_time += zone.population * (lead >= 60)
    assert ours["oracle_person_h"] == pytest.approx(spent, abs=1e-6)
    if people:
        assert ours["oracle_pod"] == pytest.approx(reached / people)
        assert ours["oracle_pod_usable_lead"] == pytest.approx(in_time / people)
    else:
        assert ours["oracle_pod"] is None


@settings(max_examples=40, deadline=None)
@given(hits_, seen_, alarms_)
def test_bounds(hits: dict, seen: list, alarms: list) -> None:
    struck, plots, warnings = world(hits, seen, alarms)
    result = score(warnings, plots, struck)
    hindsight, oracle = result["baselines"]["hindsight"], result["baselines"]["oracle"]
    assert oracle["person_h"] <= hindsight["person_h"] + 1e-9
    assert hindsight["person_h"] == pytest.approx(result["needed_person_h"], abs=1e-6)
    for name in ("pod", "pod_usable_lead", "event_pod_usable_lead"):
        assert (oracle[name] or 0.0) <= (hindsight[name] or 0.0)
        assert result[name] is None or 0.0 <= result[name] <= 1.0
    assert hindsight["pod_usable_lead"] in (1.0, None)
    assert result["alarm_person_h"] <= result["district_person_h"] + 1e-9
    assert result["district_person_h"] <= result["whole_region_person_h"] + 1e-9
    for name in ("lead_equity", "lead_gini", "worst_district_pod_usable_lead"):
        assert result[name] is None or 0.0 <= result[name] <= 1.0 + 1e-12
    for one, other in (("district", "whole_region"), ("oracle", "oracle_district")):
        low, high = (result["baselines"][name]["pod_usable_lead"] for name in (one, other))
        assert low is None or low <= high


@settings(max_examples=30, deadline=None)
@given(hits_, seen_, alarms_, st.randoms())
def test_the_order_of_rows_and_zones_says_nothing(hits, seen, alarms, draw) -> None:
    struck, plots, warnings = world(hits, seen, alarms)
    straight = score(warnings, plots, struck)
    order = draw.sample(range(len(seen)), len(seen))
    mixed = {name: table.take(np.array(order, int)) for name, table in plots.items()}
    rows = np.array(draw.sample(range(len(warnings)), len(warnings)), int)
    swapped = dict(reversed(struck.items()))
    other = score(warnings.take(rows), mixed, swapped, zones=tuple(reversed(ZONES)))
    assert other.keys() == straight.keys()
    flat = {k: v for k, v in straight.items() if isinstance(v, float)}
    assert {k: other[k] for k in flat} == pytest.approx(flat)


def mirrored(zone):
    rings = tuple(tuple((2 * WORLD.longitude_deg - x, y) for x, y in r) for r in zone.polygons[0])
    return Zone(
        zone.zone_id,
        zone.name,
        zone.parent_id,
        zone.population,
        zone.time_to_shelter_s,
        (rings,),
    )


def test_a_mirrored_map_scores_the_same() -> None:
    zones = (square("near", 20_000, "d1"), square("far", 90_000, "d2"))
    truth = truth_of({"a": (0.0, 5000.0, 100.0, 100.0, 0.0)}, range(0, 1000, 5))
    tracks = tracks_like(truth).replace(hazardous=np.ones(len(truth), bool))
    other = tracks.replace(longitude_deg=2 * WORLD.longitude_deg - tracks.longitude_deg)
    hits = {"near": (300, 330)}
    warnings = warnings_of([("near", 100, 400), ("far", 500, 600)])
    plots = sensed([("t-near", s) for s in (1, 2, 3)])
    one = score(warnings, plots, hits, tracks, zones)
    two = score(warnings, plots, hits, other, tuple(map(mirrored, zones)))
    assert one["baselines"]["radius_30_km"]["person_h"] > 0.0
    assert one == two


def test_departure_and_correction() -> None:
    """z1 stays in alarm 60 s after its effect, z5 is alarmed 500 s for nothing."""
    result = score(warnings_of([("z1", 900, 1290), ("z5", 1000, 1500)]))
    assert result["departure_p50_s"] == result["departure_p95_s"] == 60.0
    assert result["time_to_correct_p50_s"] == 500.0
    quiet = score(Warnings.empty())
    assert (quiet["departure_p50_s"], quiet["time_to_correct_p50_s"]) == (None, None)


def test_equity() -> None:
    """z1 and z2 are of one district and warned, z4 of another and missed."""
    hits = {"z1": (1200, 1230), "z2": (1320, 1350), "z4": (1500, 1500)}
    result = score(warnings_of([("z1", 900, 1300), ("z2", 1020, 1400)]), hits=hits)
    assert result["worst_district_pod_usable_lead"] == 0.0
    assert result["lead_equity"] == 0.0
    # Half of the people have 300 s, the other half none: of 2,000, 3,000 and 5,000.
    assert result["lead_gini"] == pytest.approx(0.5)
    fair = score(warnings_of([(z, a - 300, b + 9) for z, (a, b) in hits.items()]), hits=hits)
    assert fair["lead_equity"] == 1.0
    assert fair["lead_gini"] == pytest.approx(0.0, abs=1e-12)


def test_stage_latencies() -> None:
    """Measured at 99 s, received at 100, tracked at 102, decided at 103, published at 107."""
    plots = sensed([("t-z1", 100)])
    truth = truth_of({"a": (0.0, 0.0, 100.0, 0.0, 0.0)}, [102])
    tracks = tracks_like(truth).replace(last_plot_at_ns=[START_NS + 99 * NS])
    warnings = warnings_of([("z1", 103, 200)])
    warnings = warnings.replace(
        published_at_ns=warnings.decided_at_ns + 4 * NS,
        track_ids=np.array([["T-a"], []], object),
    )
    latency = score(warnings, plots, tracks=tracks)["latency"]
    assert {name: stage["p50_s"] for name, stage in latency.items()} == {
        "measured_to_received": 1.0,
        "received_to_tracked": 2.0,
        "tracked_to_decided": 1.0,
        "decided_to_published": 4.0,
        "measured_to_told": 8.0,
    }
    assert {stage["count"] for stage in latency.values()} == {1}
    nothing = score(warnings_of([("z1", 1, 2)]))["latency"]
    assert nothing["measured_to_told"] == {"count": 0, "p50_s": None, "p95_s": None}


def test_a_pre_alert_that_becomes_an_alert_is_told_twice() -> None:
    pre = warnings_of([("z1", 100, None)], Stage.PRE_ALERT)
    up = warnings_of([("z1", 160, 300)])
    both = Warnings.concat([pre, up]).replace(published_at_ns=START_NS + 400 * NS)
    latency = score(both)["latency"]
    assert latency["decided_to_published"]["count"] == 2
