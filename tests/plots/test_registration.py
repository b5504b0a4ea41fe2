"""Biases are recovered within their uncertainty, and what is corrected is as if there were none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plots.scenes import (
    ADSB,
    EAST,
    REGION,
    SENSORS,
    SOUTH,
    T0_NS,
    WEST,
    Flights,
    Run,
    associated,
    radar,
    registered,
    spoken,
)
from tocsin.contract import NS, Associations, BiasComponent, Looks, NoticeKind, Reports
from tocsin.plots import (
    PlotsConfig,
    RegistrationConfig,
    kernels,
    reference,
    start,
    step,
    true_looks,
    with_sensors,
)
from tocsin.plots.biased import Biased
from tocsin.plots.registration import Registration, believed, estimates, learn
from tocsin.plots.segments import priors

RIGHT = (0.0, 0.0, 0.0, 0.0)
WRONG = {"west": (180.0, 0.006, 0.003, 0.0), "east": (-60.0, -0.002, 0.0, 0.8)}
FLAT = radar("flat", 11.7, 34.3, elevation_std_rad=float("nan"))
NEVER = RegistrationConfig(significance=1e9)


def scene(biases, seed=1, sensors=SENSORS, seconds=120, targets=10, **more):
    flights = Flights(np.random.default_rng(seed), targets)
    said = [spoken(flights, s, seconds, biases.get(s.sensor_id, RIGHT)) for s in sensors]
    return flights, registered(flights, Reports.concat(said), sensors, **more)


def estimated(run: Run):
    return estimates(run.state.registration, run.state.config)


def truth(biases, sensors=SENSORS):
    return np.array([biases.get(s.sensor_id, RIGHT) for s in sensors])


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_the_kernel_equals_generalised_least_squares(seed, count, slots):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(count, 3, 3))
    plots = Biased(
        rng.normal(0, 300.0, (count, 3)),
        2500.0 * root @ np.swapaxes(root, 1, 2) + 100.0 * np.eye(3),
        rng.normal(0, 100.0, (count, 3, 4)),
        rng.choice([2, 3], count),
    )
    at_s, slot = np.sort(rng.uniform(0, 20, count)), rng.integers(0, slots, count)
    at_s -= at_s[0]
    velocity, noise = rng.normal(0, 150.0, 3), np.array([20.0, 20.0, 4.0])
    info, score = np.zeros((1, 4 * slots, 4 * slots)), np.zeros((1, 4 * slots))
    energy = np.zeros(1)
    kernels.eliminate(
        np.array([0, count]), at_s, plots.dims, slot, plots.position_m, plots.cov_m2,
        plots.columns, np.tile(velocity, (count, 1)), noise, info, score, energy,
    )  # fmt: skip
    want = reference.eliminate(at_s, slot, plots, velocity, noise, slots)
    full = np.triu(info[0]) + np.triu(info[0], 1).T
    scale = np.abs(plots.columns).max() ** 2 / 100.0
    np.testing.assert_allclose(full, want[0], rtol=1e-5, atol=1e-7 * scale)
    np.testing.assert_allclose(score[0], want[1], rtol=1e-5, atol=1e-6 * scale)
    np.testing.assert_allclose(energy[0], want[2], rtol=1e-5, atol=1e-6)


def test_biases_are_recovered_and_corrected():
    _, run = scene(WRONG)
    bias, std = estimated(run)
    assert (np.abs(bias - truth(WRONG)) <= 3.0 * std).all()
    assert (std[:2] < [10.0, 0.0005, 0.001, 0.11]).all()
    applied = run.state.registration.applied
    assert (np.abs(applied - truth(WRONG))[:2] < [25.0, 0.001, 0.002, 0.1]).all()
    assert not applied[2].any()


def normalised(seeds, sensors, **more):
    """Return (seeds, sensors, 4) errors over their standard deviations, and normalised squares.

    The biases are drawn as the priors say.
    """
    errors, squares = [], []
    for seed in seeds:
        drawn = priors(PlotsConfig(REGION, sensors)) * np.random.default_rng(seed).normal(
            size=(len(sensors), 4)
        )
        biases = {s.sensor_id: tuple(b) for s, b in zip(sensors, drawn, strict=True)}
        _, run = scene(biases, seed, sensors, 60, 8, tick_s=10.0, **more)
        bias, std = estimated(run)
        registration, used = run.state.registration, std.ravel() > 0.0
        errors.append(np.where(std > 0.0, (bias - drawn) / np.where(std > 0.0, std, 1.0), np.nan))
        prior = priors(run.state.config).ravel()[used]
        off = (bias - drawn).ravel()[used] / prior
        squares.append(off @ np.linalg.solve(registration.cov[np.ix_(used, used)], off))
    return np.array(errors), np.array(squares)


@pytest.mark.parametrize(
    "sensors", [SENSORS, (WEST, EAST, SOUTH), (WEST, FLAT, ADSB)], ids=["adsb", "radars", "flat"]
)
def test_two_standard_deviations_hold_what_they_say(sensors):
    errors, squares = normalised(range(50), sensors)
    free = np.isfinite(errors[0]).sum()
    # 95.4 % of all within two; 50 seeds of some dozen correlated values.
    inside = np.nanmean(np.where(np.isnan(errors), np.nan, np.abs(errors) < 2.0))
    assert 0.92 < inside < 0.995
    # A chi-square of 50 * free degrees of freedom, 3.5 standard deviations.
    assert abs(squares.mean() / free - 1.0) < 3.5 * np.sqrt(2.0 / (50 * free)) + 0.05


def test_correcting_plots_does_not_feed_back_into_the_estimate():
    applies, never = (
        scene(WRONG, seconds=300, config=PlotsConfig(REGION, SENSORS, registration=settings))[1]
        for settings in (RegistrationConfig(), NEVER)
    )
    assert applies.state.registration.applied.any()
    assert not never.state.registration.applied.any()
    (with_, std), (without, _) = estimated(applies), estimated(never)
    # Less data, about changes of the correction, is all the difference.
    assert (np.abs(with_ - without) <= 1.5 * std).all()
    changes = {tuple(row) for out in applies.outs for row in [out.biases.applied] if len(row)}
    assert 1 <= len(changes) <= 8


def late_errors_m(run, flights, sensor):
    plots = [out.plots for out in run.outs[len(run.outs) // 2 :]]
    off = []
    for table in plots:
        table = table.take(table.sensor == sensor)
        who, at_s = table.sequence.astype(int), (table.measured_at_ns - T0_NS) / NS
        off.append(table.position_m - flights.at(who, at_s)[0])
    return float(np.sqrt(np.mean(np.sum(np.concatenate(off) ** 2, axis=1))))


def test_the_error_of_plots_returns_to_that_of_sensors_without_bias():
    flights, good = scene({}, seconds=240)
    for sensor in (0, 1):
        unbiased = late_errors_m(good, flights, sensor)
        own, run = scene(WRONG, seconds=240)
        config = PlotsConfig(REGION, SENSORS, registration=NEVER)
        others, wrong = scene(WRONG, seconds=240, config=config)
        assert late_errors_m(run, own, sensor) < 1.1 * unbiased
        assert late_errors_m(wrong, others, sensor) > 1.1 * unbiased


def test_sensors_in_order_are_left_alone():
    _, run = scene({}, seconds=240)
    accuracy = np.array([50.0, 0.0015, 0.004, 0.1])
    assert (np.abs(run.state.registration.applied) < 0.3 * accuracy).all()
    assert not any(len(out.notices) for out in run.outs)


def test_what_only_disagreement_tells_stays_uncertain():
    """The clocks of radars alone could all be wrong together; so could two norths at one place."""
    twin = radar("twin", WEST.latitude_deg, WEST.longitude_deg, period_s=5.0)
    _, run = scene({"twin": (0.0, 0.008, 0.0, 0.0)}, sensors=(WEST, twin))
    _, std = estimated(run)
    prior = priors(run.state.config)
    shared = [BiasComponent.AZIMUTH, BiasComponent.TIME]
    assert (std[:, shared] > 0.6 * prior[:, shared]).all()
    cov = run.state.registration.cov
    for c in shared:
        apart = cov[c, c] + cov[c + 4, c + 4] - 2.0 * cov[c, c + 4]
        assert np.sqrt(apart) < 0.15
    # One is corrected to agree with the other; which of them is wrong, nobody knows.
    azimuth = run.state.registration.applied[:, 1]
    assert abs(azimuth[1] - azimuth[0] - 0.008) < 0.0005
    assert np.count_nonzero(azimuth) == 1


def test_one_clock_that_disagrees_with_two_is_the_one_corrected():
    biases = {"east": (0.0, 0.0, 0.0, 0.8)}
    _, run = scene(biases, sensors=(WEST, EAST, SOUTH), seconds=180)
    now = believed(run.state.registration, run.state.config)
    assert now.significant[:, 3].tolist() == [False, True, False]
    assert abs(now.bias[1, 3] - 0.8) < 3.0 * now.std[1, 3]


def test_a_guess_of_which_clock_is_wrong_is_corrected_but_not_told():
    _, run = scene({"east": (0.0, 0.0, 0.0, 0.45)}, sensors=(WEST, EAST), seconds=180)
    time_s = run.state.registration.applied[:, 3]
    assert abs(time_s[1] - time_s[0] - 0.45) < 0.1
    assert not any(len(out.notices) for out in run.outs)


def test_a_radar_without_heights_is_registered_at_the_heights_of_others():
    biases = {"flat": (150.0, 0.005, 0.0, 0.0)}
    _, run = scene(biases, sensors=(FLAT, ADSB), seconds=180)
    bias, std = estimated(run)
    assert std[0, 0] < 10.0
    assert np.abs(bias[0, :2] - [150.0, 0.005]) @ (1.0 / std[0, :2]) < 5.0
    assert std[0, 2] == pytest.approx(0.01, rel=1e-6)


def split(flights, plots):
    """Associate as a tracker does whose gate keeps a biased radar out: tracks of its own."""
    table = associated(flights, plots)
    return table.replace(number=table.number + np.where(table.sensor == 0, 1000, 0))


def test_tracks_that_a_bias_splits_are_learned_from():
    biases = {"west": (0.0, 0.015, 0.0, 0.0)}
    _, run = scene(biases, tracker=split)
    bias, std = estimated(run)
    assert std[0, 1] < 0.0005
    assert abs(bias[0, 1] - 0.015) < 3.0 * std[0, 1]


def test_tracks_with_two_possible_twins_are_not():
    flights = Flights(np.random.default_rng(1), 8)
    # Four pairs of aircraft, 300 m apart all the way.
    flights.follow(np.repeat(np.arange(4), 2), np.tile([0.0, 300.0], 4))
    said = [spoken(flights, s, 60, {"west": (0, 0.015, 0, 0)}.get(s.sensor_id, RIGHT))
            for s in (WEST, ADSB)]  # fmt: skip
    run = registered(flights, Reports.concat(said), (WEST, ADSB), tracker=split)
    assert estimated(run)[1][0, 1] == pytest.approx(0.01, rel=0.02)


def test_a_bias_that_jumps_is_learned_anew_and_told():
    flights = Flights(np.random.default_rng(4), 10)
    steady = [spoken(flights, s, 240) for s in (EAST, ADSB)]
    before = spoken(flights, WEST, 240, (0.0, 0.004, 0.0, 0.0))
    after = spoken(flights, WEST, 240, (0.0, -0.006, 0.0, 0.0))
    early = before.measured_at_ns < T0_NS + 100 * NS
    late = after.measured_at_ns >= T0_NS + 100 * NS
    said = Reports.concat([*steady, before.take(early), after.take(late)])
    run = registered(flights, said, SENSORS)
    bias, std = estimated(run)
    assert abs(bias[0, 1] + 0.006) < 4.0 * std[0, 1]
    told = [row for out in run.outs for row in out.notices.rows()]
    assert {row["kind"] for row in told} == {NoticeKind.SENSOR_BIASED}
    own = [row for row in told if row["sensor_id"] == "west" and "azimuth" in row["notice_id"]]
    assert own[0]["text"].startswith("The azimuth bias of west is +0.2")
    assert "has drifted to -0.3" in own[-1]["text"]
    assert len({row["notice_id"] for row in told}) == len(told)


def test_wrong_associations_and_understated_noise_do_not_deceive():
    def confused(flights, plots):
        table = associated(flights, plots)
        number = table.number.copy()
        wrong = flights.rng.random(len(table)) < 0.005
        number[wrong] = flights.rng.integers(1, flights.count + 1, wrong.sum())
        return table.replace(number=number)

    worse = tuple(
        replace(s, range_std_m=1.5 * s.range_std_m, azimuth_std_rad=1.5 * s.azimuth_std_rad)
        for s in (WEST, EAST)
    )
    flights = Flights(np.random.default_rng(5), 20)
    said = [spoken(flights, s, 120, WRONG.get(s.sensor_id, RIGHT)) for s in (*worse, ADSB)]
    run = registered(flights, Reports.concat(said), SENSORS, tracker=confused)
    bias, std = estimated(run)
    assert (std[:2, 0] < 20.0).all()
    assert (np.abs(bias - truth(WRONG)) <= 3.0 * std).all()


def test_reports_and_sector_marks_are_corrected_by_what_is_applied():
    biases = (120.0, 0.004, -0.002, 0.25)
    state = start(PlotsConfig(REGION, SENSORS))
    known = replace(state.registration, applied=np.array([biases, RIGHT, RIGHT]))
    flights = [Flights(np.random.default_rng(6), 5) for _ in range(2)]
    right, wrong = spoken(flights[0], WEST, 8), spoken(flights[1], WEST, 8, biases)
    want = step(state, right, T0_NS + 9 * NS)[1].plots
    state, out = step(replace(state, registration=known), wrong, T0_NS + 9 * NS)
    np.testing.assert_array_equal(out.plots.measured_at_ns, want.measured_at_ns)
    np.testing.assert_allclose(out.plots.position_m, want.position_m, atol=1e-6)
    np.testing.assert_allclose(out.plots.range_m, want.range_m, atol=1e-6)
    marks = Looks.build(
        2,
        sensor_id=["west", "nobody"],
        start_ns=[10 * NS, 10 * NS],
        end_ns=[11 * NS, 11 * NS],
        azimuth_from_rad=1.0,
        azimuth_to_rad=2.0,
    )
    corrected = true_looks(state, marks)
    assert corrected.start_ns.tolist() == [10 * NS - NS // 4, 10 * NS]
    assert corrected.end_ns.tolist() == [11 * NS - NS // 4, 11 * NS]
    np.testing.assert_allclose(corrected.azimuth_from_rad, [0.996, 1.0])
    np.testing.assert_allclose(corrected.azimuth_to_rad, [1.996, 2.0])


def test_a_copy_is_known_although_the_correction_changed_in_between():
    state = start(PlotsConfig(REGION, SENSORS))
    batch = spoken(Flights(np.random.default_rng(7), 3), WEST, 4)
    state, _ = step(state, batch, T0_NS + 5 * NS)
    applied = np.array([(50.0, 0.001, 0.0, 0.1), RIGHT, RIGHT])
    state = replace(state, registration=replace(state.registration, applied=applied))
    _, out = step(state, batch, T0_NS + 6 * NS)
    assert set(out.faults.kind) == {"duplicate"}


def test_what_was_known_stays_when_sensors_are_added():
    _, run = scene(WRONG, seconds=60)
    more = with_sensors(run.state, (*SENSORS, SOUTH))
    bias, std = estimates(more.registration, more.config)
    np.testing.assert_array_equal(bias[:3], estimated(run)[0])
    np.testing.assert_array_equal(std[:3], estimated(run)[1])
    np.testing.assert_allclose(std[3], more.config.registration.prior_std)
    np.testing.assert_array_equal(more.registration.applied[:3], run.state.registration.applied)


def test_knowledge_fades_to_the_prior_and_no_farther():
    _, run = scene(WRONG, seconds=60)
    state = run.state.registration
    config, at_ns = run.state.config, state.closed_ns
    widths = []
    for hours in (1, 30, 1e7):
        later = learn(state, Associations.empty(), config, at_ns + round(hours * 3600 * NS))
        widths.append(estimates(later, config)[1][0])
    assert (np.diff(widths, axis=0) > 0.0).all()
    np.testing.assert_allclose(widths[-1], config.registration.prior_std, rtol=1e-3)


def test_a_flood_of_associations_is_worked_in_part():
    settings_ = RegistrationConfig(max_rows=200)
    config = PlotsConfig(REGION, SENSORS, registration=settings_)
    _, few = scene(WRONG, config=config)
    _, all_ = scene(WRONG)
    assert (estimated(few)[1][:2, 0] > 1.2 * estimated(all_)[1][:2, 0]).all()
    bias, std = estimated(few)
    assert (np.abs(bias - truth(WRONG)) <= 3.5 * std).all()


def test_the_table_names_every_estimated_bias_and_silence_tells_nothing():
    _, run = scene(WRONG, seconds=60)
    table = [out.biases for out in run.outs if len(out.biases)][-1]
    assert table.sensor_id.tolist() == ["west"] * 4 + ["east"] * 4 + ["adsb"] * 4
    assert table.component.tolist() == [0, 1, 2, 3] * 3
    np.testing.assert_array_equal(table.bias.reshape(3, 4), estimated(run)[0])
    assert table.significant.reshape(3, 4)[:, 1].tolist() == [True, True, False]
    state = start(PlotsConfig(REGION, SENSORS))
    for minute in range(5):
        state, out = step(state, Reports.empty(), T0_NS + minute * 60 * NS)
        assert len(out.biases) == len(out.notices) == 0
    assert isinstance(state.registration, Registration)
