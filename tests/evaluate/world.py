"""Small truths and tracks, made of straight paths about a fictional place."""

import numpy as np

from tocsin.contract import NS, ObjectClass, Origin, Tracks, TrackStatus, Truth
from tocsin.geo import Region

ORIGIN = Origin(-38.0, -20.0)
REGION = Region.at(ORIGIN)
START_NS = 1_790_000_000 * NS


def truth_of(paths, seconds, kinds=None):
    """Truth rows of {target_id: (east_m, north_m, height_m, v_east, v_north)} at whole seconds."""
    rows = []
    for k, (name, (east, north, height, ve, vn)) in enumerate(paths.items()):
        for s in seconds:
            rows.append((s, name, k, east + ve * s, north + vn * s, height, ve, vn))
    rows.sort(key=lambda row: (row[0], row[1]))
    second, name, number, east, north, height, ve, vn = (list(c) for c in zip(*rows, strict=True))
    lat, lon, h = REGION.to_geodetic(np.column_stack([east, north, height]).astype(float))
    kinds = kinds or [ObjectClass.ONE_WAY_DRONE] * len(paths)
    return Truth.build(
        len(rows),
        measured_at_ns=np.array(second, np.int64) * NS + START_NS,
        target_id=name,
        object_class=[kinds[n] for n in number],
        latitude_deg=lat,
        longitude_deg=lon,
        height_wgs84_m=h,
        velocity_east_mps=np.array(ve, float),
        velocity_north_mps=np.array(vn, float),
        velocity_up_mps=np.zeros(len(rows)),
    )


def tracks_like(truth, shift_m=0.0, prefix="T", draw=None):
    """Tracks that follow the truth, displaced to the east, and at random where `draw` is given."""
    std = np.array([30.0, 30.0, 50.0, 3.0, 3.0, 5.0])
    error = np.zeros((len(truth), 6))
    if draw is not None:
        error = draw.normal(size=error.shape) * std
    error[:, 0] += shift_m
    place = REGION.from_geodetic(truth.latitude_deg, truth.longitude_deg, truth.height_wgs84_m)
    axes = REGION.local_rotation(truth.latitude_deg, truth.longitude_deg)
    lat, lon, h = REGION.to_geodetic(place + np.einsum("nij,ni->nj", axes, error[:, :3]))
    upper = np.triu_indices(6)
    return Tracks.build(
        len(truth),
        measured_at_ns=truth.measured_at_ns,
        emitted_at_ns=truth.measured_at_ns,
        track_id=[f"{prefix}-{name}" for name in truth.target_id],
        status=int(TrackStatus.CONFIRMED),
        existence_probability=0.99,
        latitude_deg=lat,
        longitude_deg=lon,
        height_wgs84_m=h,
        velocity_east_mps=truth.velocity_east_mps + error[:, 3],
        velocity_north_mps=truth.velocity_north_mps + error[:, 4],
        velocity_up_mps=truth.velocity_up_mps + error[:, 5],
        state_cov_m_mps=np.tile(np.diag(std**2)[upper], (len(truth), 1)),
    )
