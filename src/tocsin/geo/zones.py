"""Zones as polygons of the region plane, and a raster that finds the zones at a point at once.

The region plane is the region frame seen from above. A cell of the raster belongs to every zone
that its centre lies in, so an answer is exact but for points within half a cell's diagonal of a
border. Cells hold the number of a *set* of zones, so that one gather answers for many points,
whatever the number of zones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tocsin.contract import F64, I32, I64, InputError, Zone
from tocsin.geo.region import Region

CELL_M = 250.0
MAX_CELLS = 100_000_000
_QUARTER_SEGMENTS = 4
_LEAST_AREA_M2 = 1.0

Index = NDArray[np.intp]


def zone_shapes(zones: Sequence[Zone], region: Region, grow_m: float = 0.0) -> list[Any]:
    """Return each zone as a valid shapely geometry in the region plane, grown by a margin.

    What a border that crosses itself encloses is all in the zone, and so is where parts overlap.

    Args:
        zones: zones in WGS-84 degrees.
        region: frame whose first two axes are the plane.
        grow_m: how far borders move outwards.

    Raises:
        InputError: a zone without area.
    """
    shapes = [_shape(zone, region) for zone in zones]
    if grow_m == 0.0:
        return shapes
    return list(shapely.buffer(shapes, grow_m, quad_segs=_QUARTER_SEGMENTS))


def _shape(zone: Zone, region: Region) -> Any:
    shape: Any = shapely.MultiPolygon([_polygon(part, region) for part in zone.polygons])
    if not shape.is_valid:
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    if not shape.area > _LEAST_AREA_M2:
        raise InputError(f"zone {zone.zone_id}", "has no area", "draw its border around it")
    return shape


def _polygon(rings: Sequence[Sequence[tuple[float, float]]], region: Region) -> Any:
    plane = []
    for ring in rings:
        longitude, latitude = np.array(ring, float).T
        plane.append(region.from_geodetic(latitude, longitude, np.zeros(len(ring)))[:, :2])
    return shapely.Polygon(plane[0], plane[1:])


@dataclass(frozen=True, eq=False)
class ZoneIndex:
    """Hold the raster; build it with `zone_index`.

    Args:
        low_m: (2,) lower left corner of the raster.
        cell_m: edge of a cell.
        cells: (rows, columns) number of the set of zones at each cell; the rim is empty.
        offsets: (sets + 1,) where each set's zones begin; set 0 is empty.
        members: zones of all sets, ascending within a set.
        centroid_m: (zones, 2) centroid of each zone, not grown.
        bounds_m: (zones, 4) least and greatest coordinates of each zone as rastered.
    """

    low_m: F64
    cell_m: float
    cells: I32
    offsets: I64
    members: I32
    centroid_m: F64
    bounds_m: F64

    def sets(self, x_m: NDArray[Any], y_m: NDArray[Any]) -> I32:
        """Return the number of the set of zones at each point.

        Args:
            x_m: finite region coordinates, any shape, float32 or float64.
            y_m: likewise, of the same shape.
        """
        row, column = self.places(x_m, y_m)
        row *= self.cells.shape[1]
        row += column
        found: I32 = self.cells.reshape(-1).take(row)
        return found

    def places(self, x_m: NDArray[Any], y_m: NDArray[Any]) -> tuple[I32, I32]:
        """Return the row and column of the cell at each point, the nearest one outside."""
        rows, columns = self.cells.shape
        row = _cell(y_m, self.low_m[1], self.cell_m, rows)
        return row, _cell(x_m, self.low_m[0], self.cell_m, columns)

    def centres_m(self) -> F64:
        """Return (rows, columns, 2) the centres of the cells."""
        rows, columns = self.cells.shape
        x, y = (np.arange(count) + 0.5 for count in (columns, rows))
        return np.stack(np.meshgrid(x, y), axis=-1) * self.cell_m + self.low_m

    def zones_of(self, sets: I32) -> tuple[Index, I32]:
        """Return, for (n,) set numbers, pairs: which of the n, and the zone.

        Pairs are ordered by point, then zone.
        """
        point, place = _runs(self.offsets[sets], np.diff(self.offsets)[sets])
        return point, self.members[place]

    def lookup(self, position_m: F64) -> tuple[Index, I32]:
        """Return, for (n, 2) region-plane points, pairs: which of the n, and a zone it is in."""
        return self.zones_of(self.sets(position_m[:, 0], position_m[:, 1]))


def _cell(coordinate_m: NDArray[Any], low_m: float, cell_m: float, count: int) -> I32:
    scaled = (coordinate_m - coordinate_m.dtype.type(low_m)) * (1.0 / cell_m)
    cell: I32 = np.clip(scaled, 0, count - 1, out=scaled).astype(np.int32)
    return cell


def zone_index(
    zones: Sequence[Zone], region: Region, grow_m: float = 0.0, cell_m: float = CELL_M
) -> ZoneIndex:
    """Return the raster of zones grown by a margin.

    Args:
        zones: zones in WGS-84 degrees; a zone's number is its place here.
        region: frame whose first two axes are the plane.
        grow_m: how far borders move outwards: a class's effect radius.
        cell_m: edge of a cell.

    Raises:
        InputError: the raster would be too large.
    """
    shapes = zone_shapes(zones, region, grow_m)
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    centres = [shapely.centroid(shape) for shape in zone_shapes(zones, region)]
    low, shape = _extent(bounds, cell_m)
    spans = [_spans(outline, low, cell_m) for outline in shapes]
    cell = np.concatenate([_fill(*span, shape[1]) for span in spans] or [np.empty(0, np.int64)])
    zone = np.repeat(np.arange(len(zones)), [int((b - a).sum()) for _, a, b in spans])
    cells, offsets, members = _sets(cell, zone, shape, len(zones))
    centroid = np.array([(c.x, c.y) for c in centres]).reshape(-1, 2)
    return ZoneIndex(low, cell_m, cells, offsets, members, centroid, bounds)


def _extent(bounds: F64, cell_m: float) -> tuple[F64, tuple[int, int]]:
    """Return the lower left corner and (rows, columns) with an empty rim."""
    if len(bounds) == 0:
        return np.zeros(2), (1, 1)
    low = np.floor(bounds[:, :2].min(0) / cell_m - 1.0) * cell_m
    columns, rows = (np.ceil((bounds[:, 2:].max(0) - low) / cell_m) + 1).astype(int).tolist()
    if rows * columns > MAX_CELLS:
        mend = "choose larger cells, or leave out zones that lie far away"
        raise InputError("zones", f"the raster would have {rows * columns} cells", mend)
    return low, (rows, columns)


def _spans(outline: Any, low: F64, cell_m: float) -> tuple[I64, I64, I64]:
    """Return runs of cells whose centres lie inside: row, first column, column after the last.

    Scan lines through the cell centres, even-odd rule: holes and several parts need no care.
    """
    start, end = _edges(outline, low, cell_m)
    first = np.ceil(np.minimum(start[:, 1], end[:, 1])).astype(np.int64)
    after = np.ceil(np.maximum(start[:, 1], end[:, 1])).astype(np.int64)
    edge, row = _runs(first, after - first)
    slope = (end[edge, 0] - start[edge, 0]) / (end[edge, 1] - start[edge, 1])
    crossing = start[edge, 0] + (row - start[edge, 1]) * slope
    order = np.lexsort((crossing, row))
    row, column = row[order], np.ceil(crossing[order]).astype(np.int64)
    return row[::2], column[::2], column[1::2]


def _runs(first: I64, count: I64) -> tuple[Index, I64]:
    """Return, for runs of consecutive integers, pairs: which run, and the integer."""
    run = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(run)) - np.repeat(np.cumsum(count) - count, count)
    return run, first[run] + within


def _edges(outline: Any, low: F64, cell_m: float) -> tuple[F64, F64]:
    """Return both ends of all edges of an outline, in units of cells from the first centre."""
    points, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(outline)), return_index=True
    )
    points = (points - low) / cell_m - 0.5
    same = ring[1:] == ring[:-1]
    return points[:-1][same], points[1:][same]


def _fill(row: I64, first: I64, after: I64, columns: int) -> I64:
    """Return the flat cells of runs of columns."""
    return _runs(row * columns + first, after - first)[1]


def _sets(cell: I64, zone: Index, shape: tuple[int, int], zones: int) -> tuple[I32, I64, I32]:
    """Return the raster of set numbers and the zones of each set.

    Set 0 is empty, set k + 1 is zone k alone, sets of several zones follow.
    """
    order = np.lexsort((zone, cell))
    cell, zone = cell[order], zone[order]
    lead = np.flatnonzero(np.diff(cell, prepend=-1))
    size = np.diff(lead, append=len(cell))
    cells = np.zeros(shape, np.int32)
    cells.reshape(-1)[cell[lead]] = zone[lead] + 1
    lead, size = lead[size > 1], size[size > 1]
    number, example = _combinations(zone, lead, size, zones)
    cells.reshape(-1)[cell[lead]] = number + zones + 1
    offsets = np.cumsum(np.r_[0, 0, np.ones(zones, np.int64), size[example]])
    several = zone[_runs(lead[example], size[example])[1]]
    return cells, offsets, np.r_[np.arange(zones), several].astype(np.int32)


def _combinations(zone: Index, lead: Index, size: Index, zones: int) -> tuple[Index, Index]:
    """Return a number for each run ``zone[lead : lead + size]``, and an example of each number."""
    key = zone[lead]
    for place in range(1, int(size.max(initial=1))):
        # Renumbered after each further zone, so that keys stay far within 64 bits.
        member = zone[np.minimum(lead + place, len(zone) - 1)] + 1
        key = np.unique(key, return_inverse=True)[1] * (zones + 1)
        key += np.where(size > place, member, 0)
    _, example, number = np.unique(key, return_index=True, return_inverse=True)
    return number, example
