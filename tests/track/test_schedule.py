"""Plots are brought in order and cut into groups without losing, changing or doubling one."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.track.scenes import REGION
from tocsin.contract import NS, Looks, Plots, Sensor, SensorKind
from tocsin.track import TrackConfig, start
from tocsin.track.looks import in_order
from tocsin.track.schedule import schedule, taken_in

T0_NS = 1_900_000_000 * NS
SENSORS = (
    Sensor("a", SensorKind.RADAR, 10.0, -40.0, period_s=4.0),
    Sensor("b", SensorKind.RADAR, 10.1, -40.0, period_s=4.0),
    Sensor("c", SensorKind.ADSB_RECEIVER),
)

rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 1)), max_size=12)


def plots(given_rows):
    at, sensor, sequence = np.array(given_rows, int).reshape(-1, 3).T
    n = len(at)
    return Plots.build(
        n,
        measured_at_ns=T0_NS + at * NS,
        received_at_ns=T0_NS + at * NS,
        sensor=sensor,
        sequence=sequence,
        dimension=3,
        position_m=np.random.default_rng(n).integers(0, 2, (n, 3)),
        position_cov_m2=np.tile(np.eye(3), (n, 1, 1)),
        azimuth_rad=np.where(sensor < 2, at * np.pi / 2.0, np.nan),
    )


def assert_same(got, want):
    for name, column in want.columns().items():
        np.testing.assert_array_equal(getattr(got, name), column)


@given(rows, st.booleans())
def test_order_is_by_time_sensor_sequence_and_place(given_rows, sort):
    batch = plots(sorted(given_rows) if sort else given_rows)
    got = in_order(batch)
    place = batch.position_m.tolist()
    keys = zip(batch.measured_at_ns, batch.sensor, batch.sequence, place, strict=True)
    order = [k for _, k in sorted((key, k) for k, key in enumerate(keys))]
    assert_same(got, batch.take(np.array(order, int)))


def turn(sensor_id):
    """Return the marks of one radar's revolution, by quarters."""
    at_ns = T0_NS + np.arange(5) * NS
    edge = np.arange(5) * np.pi / 2.0
    return Looks.build(
        4, sensor_id=[sensor_id] * 4, start_ns=at_ns[:4], end_ns=at_ns[1:],
        azimuth_from_rad=edge[:4], azimuth_to_rad=edge[1:],
    )  # fmt: skip


@given(rows, st.lists(st.integers(0, 12), max_size=2))
def test_each_plot_is_in_one_group_as_it_came(given_rows, cuts):
    batch = plots(given_rows)
    looks = Looks.concat([turn("a"), turn("b")])
    config = TrackConfig(REGION, SENSORS, output_period_s=None)
    state = start(config)
    bounds = [0, *sorted(cuts), 12]
    now_ns = T0_NS + 5 * NS
    for first, end in pairwise(bounds):
        marks = Looks.empty() if first else looks
        state = taken_in(state, batch.take(slice(first, end)), marks, now_ns)
    state, groups = schedule(state, now_ns)
    assert len(state.waiting) == 0
    got = in_order(Plots.concat([group.plots for group in groups]))
    assert_same(got, in_order(batch))
    for group in groups:
        assert (group.plots.sensor == group.sensor).all()
        assert_same(group.plots, in_order(group.plots))
        if group.sector is not None and len(group.plots):
            assert group.plots.measured_at_ns[0] >= group.sector.start_ns
            at_once = group.sector.start_ns == group.sector.end_ns
            assert group.plots.measured_at_ns[-1] < group.sector.end_ns + at_once
