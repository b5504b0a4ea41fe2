"""Ballistic arcs as truth: gravity, and drag where the file asks for it.

An arc is the part of an ellipse about the earth's centre that leaves one point, reaches the stated
height, and meets another point of the turning earth; `flat` is the parabola of textbooks. With drag
the object starts as it would without, and comes down short. The object begins at full speed.

Source: R. R. Bate, D. D. Mueller, J. E. White, Fundamentals of Astrodynamics (1971), chapters 1, 4
and 6; WGS-84 gravitational constant and rotation (NIMA TR8350.2, table 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, pi, sin, sqrt

import numpy as np
import shapely
from scipy.optimize import brentq

from tocsin.contract import F64, InputError, ObjectClass
from tocsin.geo import ecef_to_geodetic, enu_rotation, geodetic_to_ecef
from tocsin.simulate.draws import stream
from tocsin.simulate.fleet import End, Leg, Plan
from tocsin.simulate.limits import GRAVITY_MPS2, LIMITS
from tocsin.simulate.raids import choose, point_in, zone_shape
from tocsin.simulate.scenario import Scenario
from tocsin.simulate.schema_objects import Ballistic
from tocsin.simulate.script import hermite
from tocsin.simulate.terrain import Ground, offset_m
from tocsin.simulate.ways import Slot, beside, log_uniform, resolved, slots

MU_M3PS2 = 3.986004418e14
SPIN_RADPS = 7.292115e-5
AIR_KGPM3 = 1.225
AIR_SCALE_M = 7_200.0
"""Density falls by e in this height: the standard atmosphere to 20 % below 30 km."""
STEP_S = 0.5
KEPT = 2
"""Every so many steps are kept as samples."""
LONGEST_S = 4_000.0
TRIES = 8


@dataclass(frozen=True)
class Flat:
    """Hold the parabola over a flat earth: its start's two speeds and how long it lasts."""

    across_mps: float
    up_mps: float
    flight_s: float

    @property
    def speed_mps(self) -> float:
        """Return the speed at the start."""
        return sqrt(self.across_mps**2 + self.up_mps**2)


def flat_arc(range_m: float, apogee_m: float) -> Flat:
    """Return the parabola of a range and an apogee.

    >>> arc = flat_arc(300e3, 75e3)
    >>> round(arc.speed_mps, 2), round(arc.flight_s, 2)
    (1715.22, 247.35)
    """
    up = sqrt(2.0 * GRAVITY_MPS2 * apogee_m)
    flight = 2.0 * up / GRAVITY_MPS2
    return Flat(range_m / flight, up, flight)


def arc_plans(scenario: Scenario, arcs: Ballistic) -> list[Plan]:
    """Return the objects of one group of arcs.

    Raises:
        InputError: an arc needs another speed than the class has.
    """
    shapes = [zone_shape(scenario.zones, target.zone) for target in arcs.target]
    return [_plan(scenario, arcs, shapes, slot) for slot in slots(arcs)]


def _plan(scenario: Scenario, arcs: Ballistic, shapes: list[shapely.Geometry], slot: Slot) -> Plan:
    file, ground = scenario.file, scenario.ground
    rng = stream(file.seed, "ballistic", slot.name)
    start = _near(rng, resolved(file.place, arcs.start), arcs.start_spread_m)
    if arcs.to is not None:
        end = _near(rng, resolved(file.place, arcs.to), arcs.to_spread_m)
    else:
        zone = choose(rng, [target.weight for target in arcs.target])
        latitude, longitude = point_in(rng, shapes[zone])
        end = float(latitude), float(longitude)
    begins = slot.first_s + slot.spread_s * rng.random()
    sample = samples(arcs, ground, start, end)
    _check_speed(arcs, sample)
    # Shift by less than a tick, so that the object comes down at the end of one.
    down = np.ceil((begins + sample[-1, 0]) / file.tick_s) * file.tick_s
    sample[:, 0] += down - sample[-1, 0]
    first = np.ceil(sample[0, 0] / file.tick_s) * file.tick_s
    legs = (Leg(*start, 0.0, 0.0), Leg(*end, 0.0, 0.0))
    rcs = log_uniform(rng, arcs.rcs_m2)
    kind = ObjectClass.BALLISTIC
    return Plan(slot.name, arcs.name, kind, first, rcs, legs, End.IMPACT, script=sample)


def _near(
    rng: np.random.Generator, point: tuple[float, float], spread_m: float
) -> tuple[float, float]:
    away, bearing = spread_m * sqrt(rng.random()), rng.uniform(0.0, 2.0 * pi)
    return beside(point, away * sin(bearing), away * cos(bearing))


def _check_speed(arcs: Ballistic, sample: F64) -> None:
    speed = float(np.linalg.norm(sample[0, 4:]))
    low, high = LIMITS[ObjectClass.BALLISTIC].speed_mps
    if not low <= speed <= high:
        raise InputError(
            f"ballistic {arcs.name}",
            f"its arc begins at {speed:.0f} m/s, beyond the class's {low:g} to {high:g}",
            "change apogee_m or flight_s, or the distance",
        )


def samples(
    arcs: Ballistic, ground: Ground, start: tuple[float, float], end: tuple[float, float]
) -> F64:
    """Return (k, 7) seconds from the start, ECEF position and velocity, down to the ground."""
    if arcs.earth == "flat":
        return _flat_samples(arcs, start, end)
    height = [float(ground.under_m(np.array(p[0]), np.array(p[1]))) for p in (start, end)]
    a = geodetic_to_ecef(*(np.array([v]) for v in (*start, height[0])))[0]
    b = geodetic_to_ecef(*(np.array([v]) for v in (*end, height[1])))[0]
    velocity = launch_mps(a, b, arcs.apogee_m, arcs.flight_s)
    return _down_to(ground, _integrated(np.concatenate([a, velocity]), arcs.drag_m2_per_kg))


def _flat_samples(arcs: Ballistic, start: tuple[float, float], end: tuple[float, float]) -> F64:
    east, north = offset_m(*(np.array(v) for v in (*start, *end)))
    apogee = arcs.apogee_m or GRAVITY_MPS2 * (arcs.flight_s or 0.0) ** 2 / 8.0
    arc = flat_arc(float(np.hypot(east, north)), apogee)
    t = np.append(np.arange(0.0, arc.flight_s, STEP_S * KEPT), arc.flight_s)
    share = t / arc.flight_s
    latitude = start[0] + share * (end[0] - start[0])
    longitude = start[1] + share * (end[1] - start[1])
    height = arc.up_mps * t - GRAVITY_MPS2 * t**2 / 2.0
    place = geodetic_to_ecef(latitude, longitude, height)
    # The way is straight on the map: what it is in ECEF follows by differences.
    tick = 1e-3
    later = geodetic_to_ecef(
        latitude + tick / arc.flight_s * (end[0] - start[0]),
        longitude + tick / arc.flight_s * (end[1] - start[1]),
        height,
    )
    up = enu_rotation(latitude, longitude)[:, 2]
    velocity = (later - place) / tick + (arc.up_mps - GRAVITY_MPS2 * t)[:, None] * up
    return np.concatenate([t[:, None], place, velocity], axis=1)


def launch_mps(a: F64, b: F64, apogee_m: float | None, flight_s: float | None) -> F64:
    """Return the ECEF velocity at a point from which an arc meets another point.

    Args:
        a: (3,) ECEF, where the arc begins.
        b: (3,) where it ends.
        apogee_m: greatest height above the higher of the two, or None.
        flight_s: how long it lasts, where there is no apogee.
    """
    top = max(float(np.linalg.norm(a)), float(np.linalg.norm(b)))
    if apogee_m is not None:
        return _meeting(a, b, top + apogee_m)[0]
    assert flight_s is not None
    longest = GRAVITY_MPS2 * flight_s**2 / 8.0

    def late(apogee: float) -> float:
        return _meeting(a, b, top + apogee)[1] - flight_s

    apogee = brentq(late, 1e-3 * longest, 4.0 * longest + 1e5, xtol=1e-3)
    return _meeting(a, b, top + float(apogee))[0]


def _meeting(a: F64, b: F64, apogee_radius_m: float) -> tuple[F64, float]:
    """Return the ECEF velocity and the flight time; the end turns with the earth meanwhile."""
    spin = np.array([0.0, 0.0, SPIN_RADPS])
    flight = 0.0
    for _ in range(TRIES):
        turn = SPIN_RADPS * flight
        met = np.array([[cos(turn), -sin(turn), 0], [sin(turn), cos(turn), 0], [0, 0, 1]]) @ b
        velocity, flight = _ellipse(a, met, apogee_radius_m)
    return velocity - np.cross(spin, a), flight


def _ellipse(a: F64, b: F64, apogee_radius_m: float) -> tuple[F64, float]:
    """Return the inertial velocity at a, and the time to b, by the ellipse with an apogee."""
    ra, rb, top = float(np.linalg.norm(a)), float(np.linalg.norm(b)), apogee_radius_m
    radial = a / ra
    across = b - (b @ radial) * radial
    angle = atan2(float(np.linalg.norm(across)), float(b @ radial))
    across = across / np.linalg.norm(across)

    def mismatch(before: float) -> float:
        return (top - ra) / (top - ra * cos(before)) - (top - rb) / (top - rb * cos(angle - before))

    before = float(brentq(mismatch, 0.0, angle, xtol=1e-15))
    e = (top - ra) / (top - ra * cos(before))
    axis = top / (1.0 + e)
    p = axis * (1.0 - e * e)
    speed = sqrt(MU_M3PS2 / p)
    velocity = speed * (e * sin(before) * radial + (1.0 - e * cos(before)) * across)
    flight = sqrt(axis**3 / MU_M3PS2) * (_mean(angle - before, e) + _mean(before, e))
    return velocity, flight


def _mean(from_apogee: float, e: float) -> float:
    """Return the mean anomaly between the apogee and a true anomaly counted from it."""
    eccentric = 2.0 * atan2(
        sqrt(1.0 - e) * cos(from_apogee / 2), sqrt(1.0 + e) * sin(from_apogee / 2)
    )
    return pi - (eccentric - e * sin(eccentric))


def _pull(state: F64, drag_m2_per_kg: float) -> F64:
    """Return the change of an ECEF position and velocity: gravity, the earth's turn, drag."""
    place, velocity = state[:3], state[3:]
    radius = sqrt(float(place @ place))
    turned = np.array([velocity[1], -velocity[0], 0.0]) * (2.0 * SPIN_RADPS)
    outward = SPIN_RADPS**2 * np.array([place[0], place[1], 0.0])
    pull = -MU_M3PS2 / radius**3 * place + turned + outward
    if drag_m2_per_kg:
        height = max(float(ecef_to_geodetic(place[None])[2][0]), 0.0)
        air = AIR_KGPM3 * np.exp(-height / AIR_SCALE_M)
        pull = pull - 0.5 * air * drag_m2_per_kg * sqrt(float(velocity @ velocity)) * velocity
    return np.concatenate([velocity, pull])


def _integrated(state: F64, drag_m2_per_kg: float) -> F64:
    """Return (k, 7) samples of the fourth-order Runge-Kutta rule until well under the ground."""
    out, h = [np.concatenate([[0.0], state])], STEP_S
    for number in range(1, int(LONGEST_S / h)):
        k1 = _pull(state, drag_m2_per_kg)
        k2 = _pull(state + h / 2 * k1, drag_m2_per_kg)
        k3 = _pull(state + h / 2 * k2, drag_m2_per_kg)
        k4 = _pull(state + h * k3, drag_m2_per_kg)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        if number % KEPT == 0:
            out.append(np.concatenate([[number * h], state]))
            if ecef_to_geodetic(state[None, :3])[2][0] < -500.0:
                break
    return np.array(out)


def _down_to(ground: Ground, sample: F64) -> F64:
    """Return samples up to the one on the ground, which is put exactly there."""
    latitude, longitude, height = ecef_to_geodetic(sample[:, 1:4])
    above = height - ground.under_m(latitude, longitude)
    last = int(np.flatnonzero((above[1:] <= 0.0) & (above[:-1] > -1.0))[-1])
    a, b = sample[last], sample[last + 1]
    step = np.array([[b[0] - a[0]]])

    def over(share: float) -> float:
        point = hermite(a[None, 1:], b[None, 1:], np.array([[share]]), step)
        phi, lam, up = ecef_to_geodetic(point[:, :3])
        return float((up - ground.under_m(phi, lam))[0])

    share = float(brentq(over, 0.0, 1.0, xtol=1e-9)) if over(0.0) * over(1.0) < 0.0 else 1.0
    end = hermite(a[None, 1:], b[None, 1:], np.array([[share]]), step)
    when = np.array([[a[0] + share * step[0, 0]]])
    kept = sample[: last + (share > 1e-6)]
    return np.concatenate([kept, np.concatenate([when, end], axis=1)])
