"""Same seed, same tables; one thing removed changes nothing else; mirrored twice is itself."""

import hashlib

import numpy as np
import pytest

from tocsin import simulate
from tocsin.contract import NS, Reports, Table, Truth, to_ipc

TICKS = 40


def _hash(table: Table) -> str:
    return hashlib.sha256(to_ipc(table)).hexdigest()


@pytest.fixture(scope="module")
def whole(collect):
    return collect(simulate.read_scenario(simulate.demo_scenario()), TICKS)


def _of(reports: Reports, sensor_id: str) -> Reports:
    return reports.take(reports.sensor_id == sensor_id)


def test_same_seed_gives_the_same_tables_whether_or_not_it_runs_on(demo, whole):
    names = ("reports", "looks", "origins", "truth")
    for name in names:
        parts = [getattr(step, name) for step in demo.steps[:TICKS]]
        assert _hash(type(parts[0]).concat(parts)) == _hash(getattr(whole, name))


def test_another_seed_gives_another_world(whole, collect):
    other = collect(simulate.with_seed(whole.scenario, 7), TICKS)
    assert _hash(other.truth) != _hash(whole.truth)
    assert _hash(other.reports) != _hash(whole.reports)


def test_without_a_sensor_the_rest_is_untouched(whole, collect):
    less = collect(simulate.without_sensor(whole.scenario, "radar-2"), TICKS)
    assert _hash(less.truth) == _hash(whole.truth)
    assert len(_of(less.reports, "radar-2")) == 0 < len(_of(whole.reports, "radar-2"))
    for sensor in ("radar-1", "radar-3", "adsb-1", "adsb-2"):
        assert _hash(_of(less.reports, sensor)) == _hash(_of(whole.reports, sensor))


def test_without_raids_civil_traffic_is_untouched(whole, collect):
    civil = collect(simulate.civil_only(whole.scenario), TICKS)
    kept = np.isin(whole.truth.object_class, [1, 2, 3, 4])
    assert not np.isin(civil.truth.object_class, [7, 8]).any()
    assert (~kept).any()
    assert _hash(civil.truth) == _hash(whole.truth.take(kept))
    assert _hash(_of(civil.reports, "adsb-1")) == _hash(_of(whole.reports, "adsb-1"))


def test_tables_are_ordered_and_timed(whole):
    sensors = [sensor.sensor_id for sensor in whole.scenario.sensors]
    for k, step in enumerate(whole.steps):
        reports = step.reports
        assert step.now_ns == whole.scenario.start_ns + (k + 1) * NS
        assert len(step.origins) == len(reports)
        assert (step.truth.measured_at_ns == step.now_ns).all()
        rank = np.array([sensors.index(name) for name in reports.sensor_id])
        keys = list(zip(reports.measured_at_ns, rank, reports.sequence, strict=True))
        assert keys == sorted(keys)
        assert (reports.measured_at_ns <= step.now_ns).all()
        assert (reports.received_at_ns <= step.now_ns).all()
        reports.validate()
        step.truth.validate()
    for name in sensors:
        own = _of(whole.reports, name)
        assert own.sequence.tolist() == list(range(len(own)))


def test_the_mirrored_world_is_the_same_world_seen_from_behind(whole, collect):
    scenario = whole.scenario
    mirrored = simulate.mirrored(scenario)
    centre = scenario.file.place.longitude_deg
    twice = simulate.mirrored(mirrored)
    assert [s.longitude_deg for s in twice.sensors[:5]] == pytest.approx(
        [s.longitude_deg for s in scenario.sensors[:5]]
    )
    there, here = mirrored.zones[7].polygons[0][0], scenario.zones[7].polygons[0][0]
    assert [x for x, _ in there] == pytest.approx([2 * centre - x for x, _ in here])
    run = collect(mirrored, 1)
    assert sorted(run.truth.target_id) == sorted(whole.steps[0].truth.target_id)
    for raid in ("wave-1", "wave-2-north", "wave-2-south"):
        there, here = (_mean_longitude(step.truth, raid) for step in (run.steps[0], whole.steps[0]))
        assert there - centre == pytest.approx(centre - here, abs=0.05)


def _mean_longitude(truth: Truth, raid: str) -> float:
    own = [name.startswith(raid) for name in truth.target_id]
    return float(truth.longitude_deg[own].mean())


def test_something_happens_at_once_and_impacts_come_in_good_time(demo):
    effects = simulate.effects(demo.scenario, demo.truth)
    impacts = effects.take(effects.kind == 0)
    first_s = (impacts.first_ns.min() - demo.scenario.start_ns) / NS
    assert 420 < first_s < 900
    early = demo.origins.target_id[demo.reports.measured_at_ns < demo.scenario.start_ns + 120 * NS]
    assert sum(bool(name) and name.startswith("wave-1") for name in early) > 500
    assert len(np.unique(impacts.zone_id)) > 15
    civil = {t.name for t in demo.scenario.file.traffic}
    flown = {n.rsplit("-", 1)[0]: n for n in np.unique(demo.truth.target_id.astype(str))}
    assert civil <= set(flown)
