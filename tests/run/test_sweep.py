"""The curve of reach over cost: the same tracks, warned by other policies."""

from tests.run.test_warn_file import SQUARE, START_S, flight
from tocsin.contract import NS, EffectKind, Effects, ObjectClass, Zone
from tocsin.run.sweep import MISSED_MIN, sweep
from tocsin.warn import PRESETS


def test_who_weighs_the_unwarned_more_alarms_longer_and_misses_fewer() -> None:
    """A drone flies low over a zone; by 500 min it is alarmed for longer than by 5."""
    drone = ObjectClass.ONE_WAY_DRONE
    zone = Zone("z", "Z", None, 1_000, 60.0, ((SQUARE,),))
    tracks = flight(range(200), "a", drone, 9.85)
    struck = Effects.build(
        1,
        target_id=["a"],
        zone_id=["z"],
        kind=int(EffectKind.LOW_PASS),
        first_ns=[(START_S + 143) * NS],
        last_ns=[(START_S + 200) * NS],
    )
    span = (START_S * NS, (START_S + 400) * NS)
    told: list[str] = []
    rows = sweep(tracks, (zone,), struck, span, {"a": drone}, told.append)
    assert [row["missed_min"] for row in rows] == [*MISSED_MIN, None, None, None]
    assert [row["policy"] for row in rows[-3:]] == list(PRESETS)
    assert len(told) == len(rows)
    cost = [row["person_h"] for row in rows[: len(MISSED_MIN)]]
    reach = [row["pod_usable_lead"] for row in rows[: len(MISSED_MIN)]]
    assert cost == sorted(cost)
    assert cost[0] < cost[-1]
    assert reach == sorted(reach)
    assert reach[-1] == 1.0
    balanced = next(row for row in rows if row["policy"] == "balanced")
    fifty = next(row for row in rows if row["missed_min"] == 50.0)
    assert {k: balanced[k] for k in ("person_h", "alerts")} == {
        k: fifty[k] for k in ("person_h", "alerts")
    }
