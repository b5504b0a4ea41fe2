"""Terrain along rays and the horizon along them, compiled. The twins are in `masking`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


@njit(cache=True, nogil=True, error_model="numpy")
def sample(height: Array, row: Array, column: Array, spacing: int, out: Array) -> None:
    """Write terrain heights along rays; NaN outside the grid or beside an unknown point.

    Args:
        height: (rows, columns) terrain, float32.
        row: (rays, knots) fractional rows at every `spacing` rings, the sensor's own place first;
            between knots the ray is straight in the grid.
        column: (rays, knots) fractional columns.
        spacing: rings between knots.
        out: (rays, rings) float32; ring i lies i + 1 steps from the sensor.
    """
    rows, columns = height.shape
    flat = height.reshape(-1)
    rays, rings = out.shape
    share = 1.0 / spacing
    for ray in range(rays):
        for knot in range(row.shape[1] - 1):
            begin = knot * spacing
            piece = out[ray, begin : min(begin + spacing, rings)]
            r0, r1 = row[ray, knot], row[ray, knot + 1]
            c0, c1 = column[ray, knot], column[ray, knot + 1]
            inside = min(r0, r1) >= 0.0 and max(r0, r1) < rows - 1
            inside = inside and min(c0, c1) >= 0.0 and max(c0, c1) < columns - 1
            if inside:
                _within(flat, columns, (r0, (r1 - r0) * share), (c0, (c1 - c0) * share), piece)
            else:
                _across(height, (r0, (r1 - r0) * share), (c0, (c1 - c0) * share), piece)


@njit(cache=True, nogil=True, error_model="numpy")
def _within(flat: Array, columns: int, row: Any, column: Any, out: Array) -> None:
    """Sample a straight piece that stays inside the grid: no branch, so that it runs in lanes."""
    r0, dr, c0, dc = row[0], row[1], column[0], column[1]
    for i in range(len(out)):
        r, c = r0 + dr * (i + 1), c0 + dc * (i + 1)
        ir, ic = int(r), int(c)
        up, right = np.float32(r - ir), np.float32(c - ic)
        at = np.uint64(ir * columns + ic)
        above = np.uint64(ir * columns + ic + columns)
        one = np.uint64(1)
        south, north = flat[at], flat[above]
        south += (flat[at + one] - south) * right
        north += (flat[above + one] - north) * right
        out[i] = south + (north - south) * up


@njit(cache=True, nogil=True, error_model="numpy")
def _across(height: Array, row: Any, column: Any, out: Array) -> None:
    """Sample a straight piece that leaves the grid, or touches its rim."""
    last_row, last_column = height.shape[0] - 1, height.shape[1] - 1
    for i in range(len(out)):
        r, c = row[0] + row[1] * (i + 1), column[0] + column[1] * (i + 1)
        if not (0.0 <= r <= last_row and 0.0 <= c <= last_column):
            out[i] = np.nan
            continue
        ir, ic = min(int(r), last_row - 1), min(int(c), last_column - 1)
        up, right = np.float32(r - ir), np.float32(c - ic)
        south, north = height[ir, ic], height[ir + 1, ic]
        south += (height[ir, ic + 1] - south) * right
        north += (height[ir + 1, ic + 1] - north) * right
        out[i] = south + (north - south) * up


@njit(cache=True, nogil=True, error_model="numpy")
def horizon(ring: Array, ground: Array, curvature: float) -> None:
    """Turn ground heights along rays into the lowest visible heights above them, in place.

    Args:
        ring: (5, rings) float32, for each ring: secant and cosine of its angle at the centre of
            the effective earth, rise of the antenna's horizontal plane above the level of zero,
            distance in that plane, and its inverse.
        ground: (rays, rings) float32; NaN stays and hides all beyond.
        curvature: of the effective earth, 1/m.
    """
    rays, rings = ground.shape
    bend = np.float32(curvature)
    secant, cosine, rise, far, near = ring[0], ring[1], ring[2], ring[3], ring[4]
    slope = np.empty(rings, np.float32)
    for ray in range(rays):
        line = ground[ray]
        for i in range(rings):
            h = line[i]
            small = h * bend  # 1 / (1 + small), to the millimetre for any land
            slope[i] = ((h - h * small * (np.float32(1.0) - small)) * secant[i] - rise[i]) * near[i]
        steepest, known = np.float32(-np.inf), rings
        for i in range(rings):
            if slope[i] != slope[i]:
                known = i
                break
            steepest = max(steepest, slope[i])
            slope[i] = steepest
        for i in range(known):
            level = (slope[i] * far[i] + rise[i]) * cosine[i]
            line[i] = level / (np.float32(1.0) - level * bend)
        line[known:] = np.nan
