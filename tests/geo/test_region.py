"""The region frame is rigid, and covariances turn with their axes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contract import Origin
from tocsin.geo import (
    Region,
    geodetic_to_ecef,
    pack_covariance,
    rotate_covariance,
    rotate_state_covariance,
    unpack_covariance,
)

DRAW = np.random.default_rng(11)
REGION = Region.at(Origin(-38.0, -20.0, 40.0))


def test_the_frame_is_rigid() -> None:
    """Distances across hundreds of kilometres are those in space: nothing is projected."""
    lat, lon = DRAW.uniform(-41, -35, 40), DRAW.uniform(-24, -16, 40)
    height = DRAW.uniform(0, 20_000, 40)
    ecef = geodetic_to_ecef(lat, lon, height)
    local = REGION.from_geodetic(lat, lon, height)
    apart = np.linalg.norm(ecef[:, None] - ecef[None], axis=2)
    np.testing.assert_allclose(
        np.linalg.norm(local[:, None] - local[None], axis=2), apart, atol=1e-6
    )


def test_the_origin_and_its_axes() -> None:
    here = REGION.from_geodetic(np.array([-38.0]), np.array([-20.0]), np.array([40.0]))
    np.testing.assert_allclose(here, 0.0, atol=1e-8)
    north = REGION.from_geodetic(np.array([-37.99]), np.array([-20.0]), np.array([40.0]))[0]
    east = REGION.from_geodetic(np.array([-38.0]), np.array([-19.99]), np.array([40.0]))[0]
    assert north[1] == pytest.approx(1109.9, abs=1)
    assert abs(north[0]) < 1e-6
    assert east[0] == pytest.approx(878.5, abs=1)
    np.testing.assert_allclose(REGION.local_rotation(-38.0, -20.0), np.eye(3), atol=1e-15)


def test_local_rotation_takes_region_vectors_to_local_ones() -> None:
    """A point straight above another one is up in the local frame, not in the region's."""
    lat, lon = np.array([-36.0]), np.array([-17.0])
    low = REGION.from_geodetic(lat, lon, np.array([0.0]))
    high = REGION.from_geodetic(lat, lon, np.array([1000.0]))
    rise = (high - low)[0]
    assert abs(rise[0]) > 20.0
    np.testing.assert_allclose(REGION.local_rotation(lat, lon)[0] @ rise, [0, 0, 1000], atol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_packing_round_trip_and_positions(seed: int) -> None:
    packed = np.random.default_rng(seed).normal(size=(3, 21))
    full = unpack_covariance(packed)
    np.testing.assert_array_equal(full, np.swapaxes(full, 1, 2))
    np.testing.assert_array_equal(pack_covariance(full), packed)
    np.testing.assert_array_equal(full[:, 0, :], packed[:, :6])
    np.testing.assert_array_equal(full[:, 5, 5], packed[:, 20])


def test_state_covariances_turn_as_samples_do() -> None:
    root = DRAW.normal(size=(6, 6))
    samples = DRAW.normal(size=(200_000, 6)) @ root.T
    rotation = REGION.local_rotation(-10.0, 60.0)
    turned = np.concatenate([samples[:, :3] @ rotation.T, samples[:, 3:] @ rotation.T], axis=1)
    packed = pack_covariance((root @ root.T)[None])
    ours = unpack_covariance(rotate_state_covariance(packed, rotation))[0]
    np.testing.assert_allclose(ours, np.cov(turned.T), atol=0.03 * np.abs(ours).max())


def test_one_rotation_each() -> None:
    roots = DRAW.normal(size=(4, 6, 6))
    packed = pack_covariance(roots @ np.swapaxes(roots, 1, 2))
    rotations = REGION.local_rotation(DRAW.uniform(-80, 80, 4), DRAW.uniform(-180, 180, 4))
    many = rotate_state_covariance(packed, rotations)
    for k in range(4):
        one = rotate_state_covariance(packed[k : k + 1], rotations[k])
        np.testing.assert_allclose(many[k], one[0], atol=1e-12)
    back = rotate_state_covariance(many, np.swapaxes(rotations, 1, 2))
    np.testing.assert_allclose(back, packed, atol=1e-12)
    small = rotate_covariance(unpack_covariance(packed)[:, :3, :3], rotations)
    np.testing.assert_allclose(small, unpack_covariance(many)[:, :3, :3], atol=1e-12)
