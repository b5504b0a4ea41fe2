"""Ballistic arcs obey gravity, end where they are told, and stay within their class."""

import numpy as np
import pytest

from tests.simulate.worlds import ARCS, truth_of
from tocsin import simulate
from tocsin.contract import InputError, Origin, Truth
from tocsin.geo import Region, geodetic_to_ecef
from tocsin.simulate.arcs import flat_arc, launch_mps
from tocsin.simulate.flight import plans_of


def test_the_flat_arc_is_the_textbooks():
    arc = flat_arc(300e3, 75e3)
    assert arc.speed_mps == pytest.approx(1715.22, abs=0.005)
    assert arc.flight_s == pytest.approx(247.35, abs=0.005)
    assert np.degrees(np.arctan2(arc.up_mps, arc.across_mps)) == pytest.approx(45.0)


@pytest.mark.parametrize("earth", ["round", "flat"])
def test_arcs_reach_their_apogee_and_their_zone(write, earth):
    scenario = write(ARCS.format(distance=250000, more=f'apogee_m = 75000\nearth = "{earth}"'), 400)
    tracks = truth_of(scenario)
    assert len(tracks) == 3
    for track in tracks.values():
        assert track.height_wgs84_m.max() == pytest.approx(75e3, abs=400)
        assert abs(track.height_wgs84_m[-1]) < 0.01
        speed = np.linalg.norm(
            [track.velocity_east_mps, track.velocity_north_mps, track.velocity_up_mps], axis=0
        )
        assert 500 <= speed[0] <= 3000
        region = Region.at(Origin(-31.6, -20.4))
        place = region.from_geodetic(track.latitude_deg, track.longitude_deg, track.height_wgs84_m)
        # Positions are the integral of velocities: the chord is the mean velocity of its ends.
        chord = np.linalg.norm(np.diff(place, axis=0), axis=1)
        assert chord == pytest.approx((speed[1:] + speed[:-1]) / 2, abs=0.1)
    found = simulate.effects(scenario, Truth.concat(list(tracks.values())))
    hit = found.take(found.zone_id == "VS-13")
    assert sorted(hit.target_id) == ["arcs-01", "arcs-02", "arcs-03"]
    assert (found.kind == 0).all()


def test_a_round_earth_arc_obeys_gravity_and_takes_its_time(write):
    """Energy in the inertial frame is kept, by the vis-viva integral; no code of the arc's own."""
    scenario = write(ARCS.format(distance=600000, more="flight_s = 420"), 600)
    for track in truth_of(scenario).values():
        assert len(track) == pytest.approx(420, abs=1)
        place = geodetic_to_ecef(track.latitude_deg, track.longitude_deg, track.height_wgs84_m)
        spin = 7.292115e-5 * np.stack([-place[:, 1], place[:, 0], 0 * place[:, 0]], axis=1)
        lat, lon = np.radians(track.latitude_deg), np.radians(track.longitude_deg)
        up = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
        east = np.stack([-np.sin(lon), np.cos(lon), 0 * lon], axis=1)
        velocity = spin + (
            track.velocity_east_mps[:, None] * east
            + track.velocity_north_mps[:, None] * np.cross(up, east)
            + track.velocity_up_mps[:, None] * up
        )
        energy = (velocity**2).sum(axis=1) / 2 - 3.986004418e14 / np.linalg.norm(place, axis=1)
        assert np.ptp(energy) < 20.0  # of 6e7
        momentum = np.linalg.norm(np.cross(place, velocity), axis=1)  # the axes turn, it does not
        assert np.ptp(momentum) < 1e-7 * momentum.max()


def test_steep_and_flat_arcs_of_one_flight_time_have_one_velocity():
    a = geodetic_to_ecef(*(np.array([v]) for v in (10.0, 20.0, 0.0)))[0]
    b = geodetic_to_ecef(*(np.array([v]) for v in (12.0, 22.0, 500.0)))[0]
    by_height = launch_mps(a, b, 90e3, None)
    assert np.linalg.norm(by_height) < 3000
    for flight_s in (200.0, 300.0, 500.0):
        again = launch_mps(a, b, None, flight_s)
        assert np.isfinite(again).all()
    assert np.linalg.norm(launch_mps(a, b, None, 300.0)) != pytest.approx(
        np.linalg.norm(by_height), rel=1e-3
    )


def test_drag_shortens_an_arc(write):
    free = truth_of(write(ARCS.format(distance=250000, more="apogee_m = 75000"), 400))
    more = "apogee_m = 75000\ndrag_m2_per_kg = 0.0003"
    braked = truth_of(write(ARCS.format(distance=250000, more=more), 500))
    for name, track in braked.items():
        assert track.longitude_deg[-1] < free[name].longitude_deg[-1] - 0.02
        assert track.height_wgs84_m.max() < free[name].height_wgs84_m.max()


def test_an_arc_beyond_its_class_is_refused(write):
    with pytest.raises(InputError, match=r"ballistic arcs.*m/s, beyond the class"):
        plans_of(write(ARCS.format(distance=3_000_000, more="apogee_m = 900000"), 400))
