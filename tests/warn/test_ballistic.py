"""Ballistic flight against closed forms and scipy's integrator; class limits against the table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from tocsin.contract import HAZARDS, ObjectClass
from tocsin.motion.ballistic import EARTH_RADIUS_M, impact
from tocsin.motion.classes import COURSES, LIMITS


def test_the_arc_of_300_km_without_drag():
    # 45 degrees on a flat earth: 1,715.22 m/s, 247.35 s.
    part = 1715.22 / 2**0.5
    state = np.array([[0.0, 0.0, 0.0, part, 0.0, part]])
    # The golden arc holds gravity constant with height, which a huge earth does.
    place, seconds, down = impact(state, np.zeros(1), 600.0, earth_radius_m=1e30, step_s=0.5)
    assert down[0]
    assert place[0, 0] == pytest.approx(300_000.0, abs=30.0)
    assert seconds[0] == pytest.approx(247.35, abs=0.05)


@settings(max_examples=20)
@given(
    speed=st.floats(300.0, 2500.0),
    angle=st.floats(0.1, 1.4),
    height=st.floats(0.0, 40e3),
    drag=st.floats(0.0, 1e-3),
    latitude=st.floats(-80.0, 80.0),
    turning=st.booleans(),
)
def test_agrees_with_scipy(speed, angle, height, drag, latitude, turning):
    north = np.radians(latitude)
    spin = turning * 7.292115e-5 * np.array([0.0, np.cos(north), np.sin(north)])
    start = np.array([0.0, 0.0, height, speed * np.cos(angle), 0.0, speed * np.sin(angle)])

    def rate(_, y):
        h, v = y[2], y[3:]
        density = 1.225 * np.exp(-max(h, 0.0) / 7200.0)
        a = -0.5 * density * drag * np.linalg.norm(v) * v
        a[2] -= 9.80665 / (1.0 + h / EARTH_RADIUS_M) ** 2
        a[2] += (v[0] ** 2 + v[1] ** 2) / (EARTH_RADIUS_M + h)
        a -= 2.0 * np.cross(spin, v)
        return np.r_[v, a]

    def ground(_, y):
        return y[2] + 1e-9

    ground.terminal, ground.direction = True, -1
    oracle = solve_ivp(rate, (0, 900), start, events=ground, rtol=1e-8, atol=1e-6)
    where = latitude if turning else None
    place, seconds, down = impact(start[None], np.array([drag]), 900.0, latitude_deg=where)
    assert down[0]
    assert seconds[0] == pytest.approx(oracle.t[-1], abs=0.1)
    assert place[0] == pytest.approx(oracle.y[:2, -1], abs=60.0)


def test_one_that_stays_up_has_no_impact():
    state = np.array([[0.0, 0.0, 1000.0, 0.0, 0.0, 1500.0], [0.0, 0.0, 1000.0, 10.0, 0.0, 0.0]])
    _, seconds, down = impact(state, np.zeros(2), 60.0)
    assert down.tolist() == [False, True]
    assert seconds[0] == 60.0


def test_limits_are_those_of_the_class_table():
    drone, fast = LIMITS[ObjectClass.ONE_WAY_DRONE], LIMITS[ObjectClass.FAST_LOW_FLYER]
    assert (drone.speed_mps, drone.height_m) == ((35.0, 65.0), (50.0, 3500.0))
    assert (fast.speed_mps, fast.height_m) == ((180.0, 280.0), (30.0, 300.0))
    # 2 g: turn rate = acceleration / speed.
    assert fast.turn_radps == pytest.approx(2 * 9.80665 / 230.0, rel=0.01)
    assert set(LIMITS) == set(ObjectClass)


def test_every_hazardous_class_can_be_forecast():
    assert set(HAZARDS) <= {*COURSES, ObjectClass.BALLISTIC}
