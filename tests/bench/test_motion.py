"""Sets of motion models against one model, with known association."""

import pytest

from bench._flights import Radar, seen_by, turning_aircraft
from bench.motion import best_single, score, single
from tocsin.motion import AGILE, SETS

NEAR = Radar(2.0, (30.0, 0.002, 0.002), 81)


@pytest.fixture(scope="module")
def flights():
    return [seen_by(turning_aircraft(NEAR, 36), NEAR, seed) for seed in (1, 2)]


def test_turning_aircraft_are_followed_better_than_by_any_one_model(flights):
    train, test = flights
    one, two = (score(test, models) for models in best_single(train))
    got = score(test, AGILE)
    assert got.position_m <= 0.8 * one.position_m
    assert got.position_m < 0.9 * two.position_m
    assert got.velocity_mps < 0.7 * one.velocity_mps
    # 95 % of one scan's means over 36 flights lie between these.
    assert 2.3 < got.nees3 < 3.9
    assert 5.0 < got.nees6 < 7.2


def test_models_that_do_not_turn_are_worse_at_it(flights):
    quiet = SETS[0].models[0].noise.floor_m2ps3
    assert score(flights[1], single(quiet, quiet)).position_m > 500.0
