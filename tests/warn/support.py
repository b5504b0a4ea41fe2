"""A small island of square zones, and tracks over it."""

import numpy as np

from tocsin.contract import NS, ObjectClass, Origin, Tracks, TrackStatus, Zone
from tocsin.geo import Region

REGION = Region.at(Origin(45.0, -30.0))
NOW = 1_900_000_000 * NS


def box(name, x, y, w, h, shelter_s=120.0, population=1000):
    """Return a rectangular zone, in region-plane metres."""
    plane = np.array([(x, y, 0), (x + w, y, 0), (x + w, y + h, 0), (x, y + h, 0), (x, y, 0)], float)
    latitude, longitude, _ = REGION.to_geodetic(plane)
    ring = tuple(zip(longitude.tolist(), latitude.tolist(), strict=True))
    return Zone(name, name.title(), None, population, shelter_s, ((ring,),))


def grid(columns, rows, edge_m, low=(0.0, 0.0), **more):
    """Return a chessboard of zones."""
    return tuple(
        box(f"Z{i:02d}-{j:02d}", low[0] + i * edge_m, low[1] + j * edge_m, edge_m, edge_m, **more)
        for j in range(rows)
        for i in range(columns)
    )


def tracks(
    position_m,
    velocity_mps,
    object_class=ObjectClass.ONE_WAY_DRONE,
    at_ns=NOW,
    std=(50.0, 2.0),
    ids=None,
    **more,
):
    """Return hazardous confirmed tracks at (n, 3) plane positions and heights."""
    position = np.atleast_2d(np.asarray(position_m, float))
    velocity = np.broadcast_to(np.asarray(velocity_mps, float), position.shape)
    flat = np.c_[position[:, :2], np.zeros(len(position))]
    latitude, longitude, _ = REGION.to_geodetic(flat)
    packed = np.diag([std[0] ** 2] * 3 + [std[1] ** 2] * 3)[np.triu_indices(6)]
    probability = np.zeros((len(position), len(ObjectClass)))
    probability[:, object_class] = 1.0
    columns = {
        "measured_at_ns": at_ns,
        "emitted_at_ns": at_ns,
        "track_id": ids or [f"T{k + 1}" for k in range(len(position))],
        "status": TrackStatus.CONFIRMED,
        "existence_probability": 1.0,
        "latitude_deg": latitude,
        "longitude_deg": longitude,
        "height_wgs84_m": position[:, 2],
        "velocity_east_mps": velocity[:, 0],
        "velocity_north_mps": velocity[:, 1],
        "velocity_up_mps": velocity[:, 2],
        "state_cov_m_mps": np.tile(packed, (len(position), 1)),
        "class_probability": probability,
        "object_class": int(object_class),
        "hazardous": True,
    }
    return Tracks.build(len(position), **{**columns, **more})
