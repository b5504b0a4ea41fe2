"""Warning scores: against counting by seconds, in their right order, and with planted cheats."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evaluate.world import NS, START_NS
from tocsin.contract import Action, EffectKind, Effects, InputError, ObjectClass, Stage, Warnings
from tocsin.contract.site import Zone
from tocsin.evaluate import WarningScoring, score_warnings

HOUR = 3600
RING = ((-20.0, -38.0), (-19.9, -38.0), (-19.9, -37.9), (-20.0, -38.0))
ZONES = tuple(
    Zone(f"z{k}", f"Zone {k}", f"d{k // 4}", 1000 * (k + 1), 60.0, ((RING,),)) for k in range(12)
)
HIT = {"z1": (1200, 1230), "z2": (1320, 1350), "z3": (1500, 1500)}


def effects_of(hits):
    rows = [(f"t-{zone}", zone, *span) for zone, span in hits.items()]
    return Effects.build(
        len(rows),
        target_id=[row[0] for row in rows],
        zone_id=[row[1] for row in rows],
        kind=int(EffectKind.LOW_PASS),
        first_ns=[START_NS + row[2] * NS for row in rows],
        last_ns=[START_NS + row[3] * NS for row in rows],
    )


def warnings_of(alarms, stage=Stage.ALERT, clear=True, expires_s=0):
    """Warnings from (zone, start second, end second or None)."""
    rows = []
    for k, (zone, start, end) in enumerate(alarms):
        rows.append((start, zone, f"w{k}", Action.ISSUE, stage))
        if clear and end is not None:
            rows.append((end, zone, f"w{k}", Action.CLEAR, Stage.QUIET))
    rows.sort(key=lambda row: row[0])
    return Warnings.build(
        len(rows),
        decided_at_ns=[START_NS + row[0] * NS for row in rows],
        zone_id=[row[1] for row in rows],
        warning_id=[row[2] for row in rows],
        action=[int(row[3]) for row in rows],
        stage=[int(row[4]) for row in rows],
        expires_at_ns=[START_NS + (row[0] + expires_s) * NS if expires_s else 0 for row in rows],
    )


def score(warnings, hits=HIT, **options):
    span = (START_NS, START_NS + HOUR * NS)
    result = score_warnings(effects_of(hits), warnings, ZONES, *span, **options)
    json.dumps(result, allow_nan=False)
    return result


ORACLE = warnings_of([(z, first - 60, last) for z, (first, last) in HIT.items()])
OURS = warnings_of([(z, a - 300, b + 60) for z, (a, b) in HIT.items()] + [("z5", 1000, 1500)])
NOTHING = Warnings.empty()
EVERYTHING = warnings_of([(zone.zone_id, 0, None) for zone in ZONES])


def test_the_order_is_oracle_ours_and_then_nothing_or_everything() -> None:
    oracle, ours, nothing, everything = map(score, (ORACLE, OURS, NOTHING, EVERYTHING))
    assert oracle["csi"] == 1.0
    assert oracle["csi"] > ours["csi"] > max(nothing["csi"], everything["csi"])
    assert oracle["hss"] > ours["hss"] > max(nothing["hss"], everything["hss"])
    assert (nothing["pod"], nothing["pod_usable_lead"], nothing["csi"]) == (0.0, 0.0, 0.0)
    assert everything["pod_usable_lead"] == 1.0
    assert everything["over_warning_ratio"] > 10 * ours["over_warning_ratio"]
    assert oracle["false_time_ratio"] == 0.0
    assert oracle["alarm_person_h"] == oracle["needed_person_h"]
    assert nothing["false_time_ratio"] is None
    assert nothing["unwarned_person_h"] == oracle["needed_person_h"]


def test_an_oracle_clearing_at_the_last_instant_misses_the_impact_without_length() -> None:
    """The impact on z3 is one instant: an alarm that ends at it does not cover it."""
    assert score(ORACLE)["event_pod"] == pytest.approx((2000 + 3000) / 9000)
    longer = warnings_of([(z, a - 60, b + 1) for z, (a, b) in HIT.items()])
    assert score(longer)["event_pod_usable_lead"] == 1.0


def test_hand_values() -> None:
    result = score(OURS)
    assert (result["zones"], result["zones_affected"], result["zones_alarmed"]) == (12, 3, 4)
    assert result["alerts"] == 4
    assert result["false_alerts"] == 1
    assert result["false_area_ratio"] == pytest.approx(6000 / (2000 + 3000 + 4000 + 6000))
    alarm = (2000 * 390 + 3000 * 390 + 4000 * 360 + 6000 * 500) / 3600
    needed = (2000 * 90 + 3000 * 90 + 4000 * 60) / 3600
    assert result["alarm_person_h"] == pytest.approx(alarm)
    assert result["needed_person_h"] == pytest.approx(needed)
    assert result["false_time_ratio"] == pytest.approx(1 - needed / alarm)
    assert result["csi"] == pytest.approx(needed / alarm)
    assert [result[f"lead_p{q}_s"] for q in (5, 50, 95)] == [300.0, 300.0, 300.0]
    assert result["pod_usable_lead"] == 1.0
    # d0 holds z0 to z3 and was in alarm from 900 to 1560 s, d1 holds z4 to z7 from 1000 to 1500 s.
    district = (10_000 * (1560 - 900) + 26_000 * 500) / 3600
    assert result["district_person_h"] == pytest.approx(district)
    assert result["whole_region_person_h"] == pytest.approx(78_000 * 660 / 3600)
    assert result["needed_whole_region_person_h"] == pytest.approx(78_000 * 240 / 3600)


def test_one_tick_alerts_are_worth_nothing() -> None:
    at_effect = score(warnings_of([(z, a, a + 1) for z, (a, _) in HIT.items()]))
    assert (at_effect["pod"], at_effect["pod_usable_lead"]) == (0.0, 0.0)
    just_before = score(warnings_of([(z, a - 1, a + 1) for z, (a, _) in HIT.items()]))
    assert (just_before["event_pod"], just_before["event_pod_usable_lead"]) == (1.0, 0.0)
    long_before = score(warnings_of([(z, a - 600, a - 599) for z, (a, _) in HIT.items()]))
    assert (long_before["pod"], long_before["premature_clears"]) == (0.0, 3)
    assert long_before["false_area_ratio"] == 1.0
    flicker = score(warnings_of([("z1", s, s + 1) for s in range(600, 1260, 2)]))
    assert flicker["pod_usable_lead"] == 0.0
    assert flicker["re_alerts"] == 329
    assert flicker["re_alerts_per_zone_h"] > 100


def test_alerts_that_are_never_cleared_cost_to_the_end() -> None:
    open_end = score(warnings_of([(z, a - 300, None) for z, (a, _) in HIT.items()]))
    closed = score(warnings_of([(z, a - 300, b + 60) for z, (a, b) in HIT.items()]))
    assert (open_end["never_cleared"], closed["never_cleared"]) == (3, 0)
    assert open_end["alarm_person_h"] > 5 * closed["alarm_person_h"]
    assert open_end["csi"] < 0.25 * closed["csi"]
    assert open_end["false_time_ratio"] > closed["false_time_ratio"]


def test_the_whole_region_in_alarm_all_the_time_is_seen_for_what_it_is() -> None:
    """Nobody is missed, and yet nearly all of the time under alarm was for nothing."""
    always, ours = score(EVERYTHING), score(OURS)
    assert always["pod_usable_lead"] == always["event_pod"] == 1.0
    assert always["false_time_ratio"] > 0.95 > 0.9 > ours["false_time_ratio"]
    assert always["false_area_ratio"] > 0.5 > ours["false_area_ratio"]
    assert always["csi"] < 0.25 * ours["csi"]
    assert always["alarm_person_h"] == pytest.approx(always["whole_region_person_h"])


def test_an_alert_ends_when_it_expires() -> None:
    silent = score(warnings_of([("z1", 1000, None)], expires_s=100))
    assert silent["alarm_person_h"] == pytest.approx(2000 * 100 / 3600)
    assert silent["premature_clears"] == 1
    assert silent["never_cleared"] == 0


def test_updates_renew_and_cancels_end() -> None:
    table = warnings_of([("z1", 1000, 1300)])
    update = table.take(slice(0, 1)).replace(
        decided_at_ns=[START_NS + 1090 * NS],
        action=[int(Action.UPDATE)],
        expires_at_ns=[START_NS + 1400 * NS],
    )
    first = table.take(slice(0, 1)).replace(expires_at_ns=[START_NS + 1100 * NS])
    cancel = table.take(slice(1, 2)).replace(action=[int(Action.CANCEL)])
    result = score(Warnings.concat([cancel, update, first]))
    assert result["alarm_person_h"] == pytest.approx(2000 * 300 / 3600)


def test_people_hear_a_warning_when_it_is_published() -> None:
    table = warnings_of([("z1", 1000, 1300)])
    late = table.replace(published_at_ns=table.decided_at_ns + 195 * NS)
    assert score(late)["lead_p95_s"] == 5.0
    assert score(table)["lead_p95_s"] == 200.0


def test_a_pre_alert_is_no_alert() -> None:
    result = score(warnings_of([("z1", 1000, 1300)], Stage.PRE_ALERT))
    assert result["pod"] == 0.0
    assert result["alerts"] == 0
    assert result["pre_alert_person_h"] == pytest.approx(2000 * 300 / 3600)


def test_a_missed_event_counts_with_no_lead() -> None:
    result = score(warnings_of([("z1", 900, 1300), ("z2", 900, 1400)]))
    assert result["lead_p5_s"] == 0.0
    assert result["event_pod"] == pytest.approx(5 / 9)
    assert result["lead_p95_s"] == 420.0


def test_a_long_effect_is_one_event_and_many_minutes() -> None:
    hits = {"z0": (600, 1500)}
    result = score(warnings_of([("z0", 1000, 1600)]), hits)
    assert (result["event_affected"], result["event_pod"]) == (1, 0.0)
    assert result["affected"] == 16
    # Warned are the minutes from the 17th on; the 17th itself begins at 1,020 s, 20 s into alarm.
    assert result["pod"] == pytest.approx(9 / 16)
    assert result["pod_usable_lead"] == pytest.approx(8 / 16)


def test_scores_by_class() -> None:
    kinds = {"t-z1": ObjectClass.BALLISTIC, "t-z2": ObjectClass.ONE_WAY_DRONE}
    result = score(warnings_of([("z1", 900, 1300)]), classes=kinds)
    assert {name: part["pod"] for name, part in result["by_class"].items()} == {
        "unknown": 0.0,
        "one_way_drone": 0.0,
        "ballistic": 1.0,
    }


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(InputError, match="warnings: zone 'x' is not in the zones"):
        score(warnings_of([("x", 1, 2)]))


def test_a_quiet_night_without_effects() -> None:
    quiet, noisy = score(NOTHING, {}), score(OURS, {})
    assert (quiet["alerts"], quiet["pod"], quiet["lead_p50_s"]) == (0, None, None)
    assert noisy["false_area_ratio"] == 1.0
    assert noisy["csi"] == 0.0


spans = st.lists(
    st.tuples(st.sampled_from(["z0", "z7"]), st.integers(0, 300), st.integers(1, 200)), max_size=5
)


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


@settings(max_examples=60)
@given(spans, spans)
def test_person_time_is_what_counting_seconds_gives(alarms: list, struck: list) -> None:
    alarms = [(zone, a, a + n) for zone, a, n in alarms]
    hits = {}
    for zone, a, n in struck:
        hits.setdefault(zone, (a, a + n))
    span = (START_NS, START_NS + 400 * NS)
    ours = score_warnings(
        effects_of(hits), warnings_of(alarms), ZONES, *span, config=WarningScoring()
    )
    table = dict.fromkeys(("alarm", "needed", "hits"), 0.0)
    for zone in ZONES:
        on = set()
        for name, a, b in alarms:
            if name == zone.zone_id:
                on |= alarm_seconds([(a, "on"), (b, "off")], 0, 400)
        first, last = hits.get(zone.zone_id, (60, 0))
        due = set(range(max(first - 60, 0), min(last, 400)))
        for key, seconds in (("alarm", on), ("needed", due), ("hits", on & due)):
            table[key] += len(seconds) * zone.population / 3600
    assert ours["alarm_person_h"] == pytest.approx(table["alarm"])
    assert ours["needed_person_h"] == pytest.approx(table["needed"], abs=0.01)
    either = table["alarm"] + table["needed"] - table["hits"]
    if either:
        assert ours["csi"] == pytest.approx(table["hits"] / either, abs=1e-3)
