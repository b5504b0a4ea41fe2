"""The class guess against integration, invariances, textbook aircraft and real flights."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from tests.picture.support import CONFIG
from tocsin.contract import CLASS_COUNT, F64, ObjectClass
from tocsin.motion.classes import LIMITS
from tocsin.picture import classify
from tocsin.picture.classify import Motion


def motion(
    speed_mps: F64 | float,
    height_m: F64 | float,
    climb_mps: F64 | float = 0.0,
    *,
    turn_radps: float = 0.0,
    speed_std_mps: float = 3.0,
    height_std_m: float = 40.0,
) -> Motion:
    """Return features of (n,) objects."""
    speed, height, climb = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(v, float)) for v in (speed_mps, height_m, climb_mps))
    )
    full = np.ones_like(speed)
    return Motion(
        speed,
        speed_std_mps * full,
        height,
        height_std_m * full,
        climb,
        2.0 * full,
        turn_radps * full,
        0.02 * full,
    )


def guess(
    seen: Motion, *, identified: bool = False, silent: bool = False, looks: float = 2.0
) -> F64:
    """Return (n, classes) probabilities after some independent looks."""
    count = len(seen.speed_mps)
    evidence = 2.0 * classify.log_likelihood(seen, CONFIG.ground_std_m)
    evidence += classify.identity_evidence(
        np.full(count, identified), np.full(count, float(silent)), CONFIG
    )
    return classify.posterior(evidence, CONFIG)


def test_a_limit_folded_with_uncertainty_is_its_integral() -> None:
    limits, std = np.array([[35.0, 65.0]]), 6.0
    spread = np.hypot(std, np.hypot(0.05 * 30.0, 1.0))
    for speed in (20.0, 34.0, 50.0, 70.0, 90.0):
        folded = classify._within(np.array([speed]), np.array([std]), limits, 1.0, 3000.0)[0, 0]
        integral, _ = integrate.quad(
            lambda u, v=speed: stats.norm.pdf(v, u, spread) / 30.0, 35.0, 65.0, epsabs=1e-12
        )
        assert folded == pytest.approx(0.99 * integral + 0.01 / 3000.0, rel=1e-6)


def test_a_rate_is_a_density() -> None:
    rate = np.linspace(-300.0, 300.0, 60_001)
    std, usual = np.full_like(rate, 2.0), np.array([4.0, 15.0])
    density = classify._around_zero(rate, std, usual, 1.0, 30.0)
    assert np.trapezoid(density, rate, axis=0) == pytest.approx([1.0, 1.0], rel=1e-6)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 4000), st.floats(-500, 4e5), st.floats(-3000, 3000), st.floats(0.1, 1e4)
        ),
        min_size=1,
        max_size=20,
    ),
    st.booleans(),
    st.booleans(),
)
def test_probabilities_sum_to_one_whatever_is_seen(
    rows: list[tuple[float, float, float, float]], identified: bool, silent: bool
) -> None:
    speed, height, climb, std = np.array(rows).T
    seen = motion(speed, height, climb, speed_std_mps=1.0)
    seen = Motion(**{**vars(seen), "speed_std_mps": std, "height_std_m": std})
    probability = guess(seen, identified=identified, silent=silent)
    assert probability.shape == (len(rows), CLASS_COUNT)
    assert np.all(probability >= 0.0)
    assert probability.sum(axis=1) == pytest.approx(1.0)


# Cruise figures as makers and operators publish them, not this program's limits.
TEXTBOOK = [
    ("airliner in cruise", 230.0, 11_000.0, True, {ObjectClass.AIRLINER}),
    ("airliner on approach", 75.0, 500.0, True, {ObjectClass.AIRLINER, ObjectClass.LIGHT_AIRCRAFT}),
    ("four-seater", 57.0, 900.0, True, {ObjectClass.LIGHT_AIRCRAFT}),
    ("goose", 17.0, 150.0, False, {ObjectClass.BIRD, ObjectClass.MULTIROTOR}),
    ("propeller drone", 50.0, 1000.0, False, {ObjectClass.ONE_WAY_DRONE}),
    ("propeller drone, low", 42.0, 120.0, False, {ObjectClass.ONE_WAY_DRONE}),
    ("sea-skimming cruise", 240.0, 60.0, False, {ObjectClass.FAST_LOW_FLYER}),
    ("short-range ballistic", 1500.0, 60_000.0, False, {ObjectClass.BALLISTIC}),
    ("weather balloon", 8.0, 20_000.0, False, {ObjectClass.BALLOON}),
    ("fighter", 420.0, 15_000.0, False, {ObjectClass.UNKNOWN}),
]


@pytest.mark.parametrize(("name", "speed", "height", "named", "expected"), TEXTBOOK)
def test_textbook_objects(
    name: str, speed: float, height: float, named: bool, expected: set[ObjectClass]
) -> None:
    probability = guess(motion(speed, height), identified=named, silent=not named)
    assert ObjectClass(classify.most_probable(probability)[0]) in expected


def test_what_is_hazardous_is_called_so_and_nothing_else() -> None:
    for _, speed, height, named, expected in TEXTBOOK:
        probability = guess(motion(speed, height), identified=named, silent=not named)
        hazardous = classify.hazard_probability(probability)[0] >= CONFIG.hazard_on
        assert hazardous == bool(expected & set(classify.HAZARDOUS))


def test_identity_turns_the_same_flight_from_drone_to_aircraft() -> None:
    same = motion(50.0, 700.0)
    silent, named = guess(same, silent=True)[0], guess(same, identified=True)[0]
    assert silent[ObjectClass.ONE_WAY_DRONE] > 0.6
    assert named[ObjectClass.ONE_WAY_DRONE] < 0.05
    assert guess(same)[0][ObjectClass.ONE_WAY_DRONE] < CONFIG.hazard_on


def test_a_dive_does_not_hide_a_drone() -> None:
    dive = guess(motion(60.0, 400.0, -30.0), silent=True)[0]
    assert dive[ObjectClass.ONE_WAY_DRONE] > CONFIG.hazard_off


def test_what_is_not_known_leaves_the_priors() -> None:
    vague = motion(50.0, 1000.0, speed_std_mps=1e5, height_std_m=1e7)
    nothing = Motion(
        **{
            **vars(vague),
            "climb_std_mps": np.array([1e6]),
            "turn_radps": np.array([np.nan]),
        }
    )
    prior = np.array([CONFIG.priors[member] for member in ObjectClass])
    assert guess(nothing)[0] == pytest.approx(prior, abs=0.03)
    assert guess(motion(50.0, 1000.0))[0] != pytest.approx(prior, abs=0.1)


def test_priors_are_probabilities_and_every_class_has_them() -> None:
    assert set(CONFIG.priors) == set(CONFIG.cooperative) == set(LIMITS) == set(ObjectClass)
    assert sum(CONFIG.priors.values()) == pytest.approx(1.0)
    assert all(0.0 < share < 1.0 for share in CONFIG.cooperative.values())


def test_evidence_does_not_depend_on_the_step() -> None:
    look = classify.log_likelihood(motion(50.0, 1000.0), CONFIG.ground_std_m)
    once = classify.fold_evidence(np.zeros_like(look), np.array([10.0]), look, 30.0)
    often = np.zeros_like(look)
    for _ in range(40):
        often = classify.fold_evidence(often, np.array([0.25]), look, 30.0)
    assert often == pytest.approx(once, rel=1e-9)


def test_a_long_steady_past_counts_as_one_look() -> None:
    look = classify.log_likelihood(motion(50.0, 1000.0), CONFIG.ground_std_m)
    evidence = np.zeros_like(look)
    for _ in range(100):
        evidence = classify.fold_evidence(evidence, np.array([10.0]), look, 30.0)
    assert evidence == pytest.approx(look, rel=1e-6)


@pytest.mark.shared
def test_real_aircraft_are_no_hazard(shared: Path) -> None:
    path = shared / "trajectories" / "stonesoup_OpenSky_Plane_States.csv"
    with path.open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["onground"] == "False"]
    names = ("velocity", "geoaltitude", "vertrate")
    speed, height, climb = np.array([[float(r[n] or "nan") for n in names] for r in rows]).T
    # Some transponders state a height of exactly nought in flight.
    usable = np.isfinite(speed + height + climb) & (height > 0.0)
    seen = motion(speed[usable], height[usable], climb[usable])
    assert usable.sum() > 5000
    named = guess(seen, identified=True)
    assert classify.hazard_probability(named).max() < CONFIG.hazard_off
    fast = seen.speed_mps > 150.0
    assert np.all(classify.most_probable(named)[fast] == ObjectClass.AIRLINER)
    assert classify.hazard_probability(guess(seen)).max() < CONFIG.hazard_on


def test_what_only_a_hazard_or_the_unknown_explains_is_a_hazard() -> None:
    def chance(**share: float) -> float:
        row = np.zeros((1, len(ObjectClass)))
        for name, value in share.items():
            row[0, ObjectClass[name.upper()]] = value
        return float(classify.hazard_probability(row)[0])

    assert chance(ballistic=0.4, unknown=0.6) == pytest.approx(0.8)
    assert chance(ballistic=0.6, unknown=0.4) == pytest.approx(1.0)
    assert chance(ballistic=0.1, unknown=0.9) == pytest.approx(0.2)
    assert chance(one_way_drone=0.4, bird=0.6) == pytest.approx(0.4)
    assert chance(one_way_drone=0.4, bird=0.4, unknown=0.2) == pytest.approx(0.5)
    assert chance(bird=1.0) == chance(unknown=1.0) == 0.0
