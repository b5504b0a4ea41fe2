"""From heights on rays to heights on a map, compiled. The twin is `coverage.drawn_reference`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]
F = np.float32
ONE, ZERO, INFINITE = F(1.0), F(0.0), F(np.inf)
QUARTER, HALF, TURN = F(np.pi / 2.0), F(np.pi), F(2.0 * np.pi)


@njit(cache=True, nogil=True, error_model="numpy")
def draw(
    parallel: Array, meridian: Array, frame: Array, lowest: Array, beam: Array, out: Array
) -> None:
    """Lower the map where one sensor sees lower; what is unknown stays so unless another sees.

    Args:
        parallel: (rows, 2) float32: radius of each parallel, and north of the sensor's meridian.
        meridian: (columns, 2) float32: sine and cosine less one of each angle from the sensor's.
        frame: (4,) float32: sine of the sensor's latitude, one over the earth's radius, rays per
            radian, rings per metre.
        lowest: (rays, rings) float32 from the mask.
        beam: (2, rings) float32: lowest and highest height in the beam; where they cross the
            sensor sees nothing.
        out: (rows, columns) float32: NaN unknown, infinite not seen at any height.
    """
    columns, rays, rings = len(meridian), lowest.shape[0], lowest.shape[1]
    flat = lowest.reshape(-1)
    sine, cosine = meridian[:, 0].copy(), meridian[:, 1].copy()
    floor, ceiling = beam[0], beam[1]
    ring, ray, level = np.empty(columns, F), np.empty(columns, F), np.empty(columns, F)
    for row in range(len(parallel)):
        _polar(parallel[row, 0], parallel[row, 1], sine, cosine, frame, ring, ray)
        _look(flat, rays, rings, ring, ray, level)
        _lower(ring, level, floor, ceiling, out[row])


@njit(cache=True, nogil=True, error_model="numpy")
def _polar(
    radius: Any, north_0: Any, sine: Array, cosine: Array, frame: Array, ring: Array, ray: Array
) -> None:
    """Write the place of each cell of a row in rings (0: the first) and in rays.

    Arc tangent within 2e-8: M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions,
    equation 4.4.49.
    """
    tilt, bend, rays_per_rad, rings_per_m = frame[0], frame[1], frame[2], frame[3]
    for c in range(len(sine)):
        east = radius * sine[c]
        north = north_0 - tilt * radius * cosine[c]
        across2 = east * east + north * north
        bow = across2 * bend * bend
        along = np.sqrt(across2) * (ONE + bow * (F(1 / 6) + bow * F(0.075)))
        a, b = abs(east), abs(north)
        less, more = (a, b) if a < b else (b, a)
        t = less / (more + F(1e-3))
        x = t * t
        p = F(0.0028662257) * x - F(0.0161657367)
        p = p * x + F(0.0429096138)
        p = p * x - F(0.0752896400)
        p = p * x + F(0.1065626393)
        p = p * x - F(0.1420889944)
        p = p * x + F(0.1999355085)
        p = p * x - F(0.3333314528)
        p = (p * x + ONE) * t
        p = p if a < b else QUARTER - p
        p = p if north > ZERO else HALF - p
        p = p if east >= ZERO else TURN - p
        ray[c] = p * rays_per_rad
        ring[c] = along * rings_per_m - ONE


@njit(cache=True, nogil=True, error_model="numpy")
def _look(flat: Array, rays: int, rings: int, ring: Array, ray: Array, level: Array) -> None:
    """Write the mask's height at each cell, linear between two rays and two rings."""
    width, count, last = np.uint32(rings), np.int32(rays), F(rings - 2)
    one = np.uint64(1)
    for c in range(len(ring)):
        i = np.int32(ray[c])
        side = ray[c] - F(i)
        i = i if i < count else np.int32(0)
        beside = i + np.int32(1)
        beside = beside if beside < count else np.int32(0)
        place = ring[c] if ring[c] > ZERO else ZERO
        place = place if place < last else last
        j = np.uint32(place)
        share = place - F(j)
        at = np.uint64(np.uint32(i) * width + j)
        by = np.uint64(np.uint32(beside) * width + j)
        near, far = flat[at], flat[by]
        near += (flat[at + one] - near) * share
        far += (flat[by + one] - far) * share
        level[c] = near + (far - near) * side


@njit(cache=True, nogil=True, error_model="numpy")
def _lower(ring: Array, level: Array, floor: Array, ceiling: Array, out: Array) -> None:
    """Take each cell's height into the map, where it is in the beam and lower."""
    rings = len(floor)
    last, one = F(rings - 2), np.uint64(1)
    for c in range(len(ring)):
        place = ring[c] if ring[c] > ZERO else ZERO
        place = place if place < last else last
        j = np.uint64(np.uint32(place))
        share = place - F(np.uint32(place))
        low = floor[j] + (floor[j + one] - floor[j]) * share
        high = ceiling[j] + (ceiling[j + one] - ceiling[j]) * share
        new, held = level[c], out[c]
        new = low if new < low else new
        new = INFINITE if (low > high) | (new > high) | (ring[c] > last) else new
        lower = (new < held) | (np.isnan(held) & (new < INFINITE))
        doubt = np.isnan(new) & (held == INFINITE)
        out[c] = new if lower | doubt else held
