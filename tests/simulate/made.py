"""Radars and skies made for one test: objects wherever the test wants them."""

from types import SimpleNamespace

import numpy as np

from tocsin import simulate
from tocsin.contract import NS, ObjectClass, Origin
from tocsin.geo import Region
from tocsin.simulate.draws import words
from tocsin.simulate.radar import radar_set
from tocsin.simulate.schema_base import Hill
from tocsin.simulate.schema_sensors import Radar
from tocsin.simulate.sensors import sensors_of
from tocsin.simulate.sky import Site, Sky
from tocsin.simulate.terrain import Ground

REGION = Region.at(Origin(0.0, 0.0))
FLAT = Ground.of(())
START_NS = 1_900_000_000 * NS
PLACE = simulate.read_scenario(simulate.demo_scenario()).file.place


def hill(latitude_deg=0.15, longitude_deg=0.0, height_m=900.0, radius_m=9000.0):
    return Hill(
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        height_m=height_m,
        radius_m=radius_m,
    )


def radar_of(**changes):
    keys = {
        "sensor_id": "r",
        "latitude_deg": 0.0,
        "longitude_deg": 0.0,
        "height_m": 100.0,
        "range_m": 200e3,
        "period_s": 4.0,
        "clear_range_m": 100e3,
        "false_plots_per_look": 0.0,
        "range_std_m": 40.0,
        "azimuth_std_deg": 0.1,
        "elevation_std_deg": 0.2,
        "range_rate_std_mps": 2.0,
        "elevation_min_deg": -5.0,
        "elevation_max_deg": 80.0,
    }
    keys.update(changes)
    return Radar(**{key: value for key, value in keys.items() if value is not None})


def unit_of(radar=None, ground=FLAT, seed=5, **changes):
    radar = radar or radar_of(**changes)
    file = SimpleNamespace(
        radar=(radar,), adsb_receiver=(), rf_node=(), acoustic_node=(), people=None
    )
    site = Site.of(sensors_of(file)[0], REGION, ground)
    return radar_set(radar, site, (PLACE, REGION, ground), seed)


def fleet_of(count, rcs_m2=1.0, kind=ObjectClass.ONE_WAY_DRONE, name="o"):
    key = np.array([words(name, k)[:2] for k in range(count)], np.uint64).reshape(-1, 2)
    return SimpleNamespace(
        key=key,
        rcs_m2=np.full(count, float(rcs_m2)),
        object_class=np.full(count, int(kind), np.int8),
        target_id=np.array([f"{name}-{k}" for k in range(count)], object),
        group=np.full(count, name, object),
        mode_s=np.zeros(count, np.uint32),
    )


def sky_of(position_m, velocity_mps=0.0, tick=0, tick_s=1.0, fleet=None, pull_mps2=0.0):
    """Objects that fly from a place at the start of the tick, evenly accelerated."""
    begin = np.atleast_2d(np.asarray(position_m, float))
    velocity = np.broadcast_to(np.asarray(velocity_mps, float), begin.shape)
    pull = np.broadcast_to(np.asarray(pull_mps2, float), begin.shape)
    end = begin + velocity * tick_s + 0.5 * pull * tick_s**2
    heights = [REGION.to_geodetic(place)[2] for place in (begin, end)]
    path = np.column_stack([begin, end, velocity, velocity + pull * tick_s, *heights])
    fleet = fleet or fleet_of(len(begin))
    start_ns = START_NS + round(tick * tick_s * NS)
    return Sky(fleet, np.arange(len(begin)), tick, start_ns, tick_s, np.ascontiguousarray(path))


def at_polar(range_m, azimuth_rad, height_m):
    """Region positions at a ground distance and an azimuth from the frame's origin."""
    angle = np.asarray(range_m) / 6_371_008.8
    latitude = np.degrees(angle * np.cos(azimuth_rad))
    longitude = np.degrees(angle * np.sin(azimuth_rad))
    shape = np.broadcast(latitude, np.asarray(height_m)).shape
    place = (np.broadcast_to(x, shape) for x in (latitude, longitude, np.asarray(height_m, float)))
    return REGION.from_geodetic(*place)
