"""The kernels that judge, recognise and locate reports equal their plain NumPy twins."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plots.test_locate import REGION, SENSORS, T0_NS, reports
from tocsin.contract import NS, ReportKind, Reports
from tocsin.plots import PlotsConfig, reference_reports, start
from tocsin.plots.duplicates import digests, observers, remembered, repeated
from tocsin.plots.faults import POSITION, packed
from tocsin.plots.kernels_reports import judge, repeats
from tocsin.plots.locate import Located, place_polar

CONFIG = PlotsConfig(REGION, SENSORS)
PLACED = np.array([True, True, False, False])
NOW_NS = T0_NS + 60 * NS


def anything(rng, n):
    """Return n reports of every kind, many of them wrong, and the index of each one's sensor."""
    scale = rng.choice([1e-3, 1.0, 50.0, 1e3, 1e5, 1e7], (n, len(POSITION)))
    values = rng.normal(size=scale.shape) * scale
    values[rng.random(values.shape) < 0.3] = np.nan
    values[rng.random(values.shape) < 0.03] = np.inf
    values[rng.random(values.shape) < 0.03] *= -1.0
    at = T0_NS + rng.integers(-4000, 4000, n) * NS
    kind = rng.integers(0, len(ReportKind), n)
    batch = reports(
        "any",
        n,
        **dict(zip(POSITION, values.T, strict=True)),
        measured_at_ns=at,
        received_at_ns=np.where(rng.random(n) < 0.5, 0, at + rng.integers(-9, 9, n) * NS),
        kind=kind,
        ended=rng.random(n) < 0.5,
        mode_s=rng.integers(0, 3, n),
        track_number=rng.integers(0, 3, n),
        origin_id=rng.choice(np.array([None, "farmer"], object), n),
    )
    return batch, rng.integers(-1, len(SENSORS), n).astype(np.int32)


def judged(batch, sensor):
    ahead_ns, oldest_ns = CONFIG.latest_ahead_s * NS, CONFIG.oldest_s * NS
    return judge(*packed(batch), sensor, PLACED, NOW_NS, ahead_ns, oldest_ns)


def test_reports_are_judged_as_by_the_twin():
    batch, sensor = anything(np.random.default_rng(1), 20_000)
    got = judged(batch, sensor)
    np.testing.assert_array_equal(got, reference_reports.judge(batch, sensor, CONFIG, NOW_NS))
    assert set(got.tolist()) == {0, 1, 2, 3, 4, 5}


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_a_report_is_judged_by_itself_alone(seed):
    rng = np.random.default_rng(seed)
    batch, sensor = anything(rng, 40)
    order = rng.permutation(40)
    np.testing.assert_array_equal(
        judged(batch.take(order), sensor[order]), judged(batch, sensor)[order]
    )


def test_fingerprints_are_those_of_the_twin_and_tell_each_column():
    batch, sensor = anything(np.random.default_rng(2), 5_000)
    got = digests(packed(batch), sensor, observers(batch))
    np.testing.assert_array_equal(got, reference_reports.fingerprints(batch, sensor))
    whole = {"measured_at_ns": batch.measured_at_ns + 1, "mode_s": batch.mode_s + 1}
    whole |= {"track_number": batch.track_number + 1}
    changed = {name: np.nan_to_num(getattr(batch, name)) + 1.5 for name in POSITION} | whole
    for name, column in changed.items():
        other = batch.replace(**{name: column.astype(getattr(batch, name).dtype)})
        assert not np.isin(digests(packed(other), sensor, observers(other)), got).any()
    assert (got != digests(packed(batch), sensor + np.int32(1), observers(batch))).all()


def test_one_absent_value_is_as_good_as_another():
    bits = np.array([0x7FF8000000000000, 0xFFF8000000000000, 0x7FF0000000000001], np.uint64)
    batch = reports("any", 3, measured_at_ns=[T0_NS] * 3, elevation_rad=bits.view(np.float64))
    digest = digests(packed(batch), np.zeros(3, np.int32), observers(batch))
    assert len(set(digest.tolist())) == 1


digest_lists = st.lists(st.integers(0, 40) | st.integers(0, 2**64 - 1), max_size=80)


@given(digest_lists, st.integers(0, 3))
def test_repeats_are_those_of_the_twin_whatever_collides(values, shift):
    digest = np.array([v << shift & (2**64 - 1) for v in values], np.uint64)
    got = repeats(digest, np.zeros(128, np.int32))
    np.testing.assert_array_equal(got, reference_reports.repeats(digest))


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=9), max_size=9))
def test_copies_are_found_in_every_earlier_batch(batches):
    heard, known = (), set()
    for rows in batches:
        at_ns = np.array([at for at, _ in rows], np.int64)
        # A copy has its original's time: the digest tells it too.
        digest = np.array([100 * at + value for at, value in rows], np.uint64)
        want = [row in known or row in rows[:k] for k, row in enumerate(rows)]
        again = repeated(digest, at_ns, heard)
        assert again.tolist() == want
        heard = remembered(heard, digest[~again], at_ns[~again], NOW_NS, 10.0)
        known |= set(rows)


def polar(rng, n):
    """Return n reports that can be located: with and without elevation, height and errors."""
    said = rng.random((5, n)) < 0.6
    return reports(
        "any",
        n,
        kind=rng.choice([int(ReportKind.PLOT), int(ReportKind.SIGHTING)], n, p=[0.9, 0.1]),
        range_m=10.0 ** rng.uniform(0.0, 6.7, n),
        azimuth_rad=rng.uniform(-12.0, 12.0, n),
        elevation_rad=np.where(said[0], rng.uniform(-1.57, 1.57, n), np.nan),
        altitude_baro_m=np.where(said[1], rng.uniform(-1e3, 6e4, n), np.nan),
        range_std_m=np.where(said[2], 10.0 ** rng.uniform(-9, 8, n), -1.0),
        azimuth_std_rad=np.where(said[3], 10.0 ** rng.uniform(-5, 0, n), np.nan),
        elevation_std_rad=np.where(said[4], 10.0 ** rng.uniform(-5, 0, n), 0.0),
    )


def placed(batch, sensor, rows, config=CONFIG):
    n = len(batch)
    out = Located(np.zeros((n, 3)), np.zeros((n, 3, 3)), np.zeros(n, bool), np.zeros(n))
    return out, place_polar(batch, sensor, rows, start(config).sites, config, out)


@pytest.mark.parametrize("factor", [4.0 / 3.0, 1e6])
def test_plots_lie_where_the_twin_locates_them(factor):
    rng = np.random.default_rng(3)
    sensors = tuple(dataclasses.replace(s, earth_factor=factor) for s in SENSORS)
    config = dataclasses.replace(CONFIG, sensors=sensors)
    batch, sensor = polar(rng, 20_000), rng.integers(0, 2, 20_000).astype(np.int32)
    rows = rng.random(len(batch)) < 0.9
    got, beam_rad = placed(batch, sensor, rows, config)
    for index in range(2):
        mine = rows & (sensor == index)
        want = reference_reports.locate_polar(batch.take(mine), sensors[index], config)
        np.testing.assert_array_equal(got.full[mine], want.full)
        np.testing.assert_allclose(got.position_m[mine], want.position_m, rtol=1e-12, atol=1e-7)
        np.testing.assert_allclose(got.false_density[mine], want.false_density, rtol=1e-12)
        size = np.trace(want.position_cov_m2, axis1=1, axis2=2)[:, None, None]
        np.testing.assert_allclose(
            got.position_cov_m2[mine] / size, want.position_cov_m2 / size, atol=1e-12
        )
    assert got.full[rows].any()
    assert not got.full[rows].all()
    np.testing.assert_array_equal(beam_rad[rows], np.mod(batch.azimuth_rad, 2 * np.pi)[rows])
    assert np.isnan(beam_rad[~rows]).all()
    assert not got.position_m[~rows].any()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_covariances_are_exactly_symmetric_and_positive(seed):
    rng = np.random.default_rng(seed)
    batch = polar(rng, 40)
    out, _ = placed(batch, rng.integers(0, 2, 40).astype(np.int32), np.ones(40, bool))
    cov = out.position_cov_m2
    np.testing.assert_array_equal(cov, np.swapaxes(cov, 1, 2))
    size = np.trace(cov, axis1=1, axis2=2)
    assert (np.linalg.eigvalsh(cov).min(axis=1) > -1e-12 * size).all()
    assert np.isfinite(cov).all()


def test_columns_shared_by_all_rows_are_packed_like_others():
    shared = Reports.shared(4, measured_at_ns=T0_NS, range_m=5e4, azimuth_rad=0.1, sensor_id="any")
    sensor = np.zeros(4, np.int32)
    np.testing.assert_array_equal(judged(shared, sensor), judged(shared.owned(), sensor))
    alone, _ = placed(shared, sensor, np.ones(4, bool))
    own, _ = placed(shared.owned(), sensor, np.ones(4, bool))
    np.testing.assert_array_equal(alone.position_m, own.position_m)
