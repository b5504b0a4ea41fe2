"""Whom others would have warned, and for how long: the oracle, districts, regions, circles.

Every baseline is a set of alarms per zone, scored as ours are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tocsin.contract import F64, I64, NS, Origin, Origins, Reports, Tracks, TrackStatus, Zone
from tocsin.evaluate.config import WarningScoring
from tocsin.evaluate.spans import common_ns, joined, length_ns, union
from tocsin.evaluate.warning_leads import Affected, detection, lead_quantiles, leads_s, ratio
from tocsin.evaluate.warning_oracle import known_from_ns, oracle_alarm
from tocsin.evaluate.warning_records import ZoneRecord
from tocsin.geo import Region, zone_shapes

HOUR_NS = 3600 * NS
_CELLS_AT_ONCE = 2_048
_STANDING = (TrackStatus.CONFIRMED, TrackStatus.COASTING)

Spans = Sequence[I64]
Bits = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class RunTables:
    """Hold what a run left besides its warnings; what is None is not scored.

    Args:
        tracks: of the run: what circles are drawn about, and what was known when.
        reports: plots of all sensors.
        origins: the true object behind each of them, row by row.
    """

    tracks: Tracks | None = None
    reports: Reports | None = None
    origins: Origins | None = None

    def known_ns(self, records: Sequence[ZoneRecord], detections: int) -> dict[str, int] | None:
        """Return from when an oracle knows each object that did anything; None: nobody knows."""
        if self.reports is None or self.origins is None:
            return None
        targets = [effect.target_id for record in records for effect in record.effects]
        return known_from_ns(self.reports, self.origins, targets, detections)


def baseline_alarms(
    records: Sequence[ZoneRecord],
    span_ns: tuple[int, int],
    run: RunTables,
    known_ns: Mapping[str, int] | None,
    config: WarningScoring,
) -> dict[str, Spans]:
    """Return when each baseline alarms each zone, by the baseline's name."""
    ours = [record.alarm for record in records]
    hindsight = [oracle_alarm(record, span_ns, None) for record in records]
    found: dict[str, Spans] = {"hindsight": hindsight}
    if known_ns is not None:
        oracle = [oracle_alarm(record, span_ns, known_ns) for record in records]
        found |= {
            "oracle": oracle,
            "oracle_district": by_district(records, oracle),
            "oracle_whole_region": everywhere(oracle),
        }
    found |= {"district": by_district(records, ours), "whole_region": everywhere(ours)}
    if run.tracks is not None:
        zones = [record.zone for record in records]
        for radius_m in config.radii_m:
            circles = around_tracks(zones, run.tracks, radius_m, span_ns, config)
            found[f"radius_{radius_m / 1000.0:g}_km"] = circles
    return found


def score_alarms(
    records: Sequence[ZoneRecord], alarms: Spans, cells: Affected, events: Affected
) -> dict[str, Any]:
    """Return whom alarms reached in time, and what they cost."""
    of_cells, of_events = detection(cells, leads_s(cells, alarms)), leads_s(events, alarms)
    spent, needed, hits = person_h(records, alarms)
    return {
        "person_h": spent,
        "pod": of_cells["pod"],
        "pod_usable_lead": of_cells["pod_usable_lead"],
        "event_pod_usable_lead": detection(events, of_events)["pod_usable_lead"],
        **lead_quantiles(events, of_events),
        "false_time_ratio": ratio(spent - hits, spent),
        "csi": ratio(hits, spent + needed - hits),
    }


def person_h(records: Sequence[ZoneRecord], alarms: Spans) -> tuple[float, float, float]:
    """Return person-hours in alarm, needed, and both at once."""
    people = np.array([record.zone.population for record in records], float)
    alarm = np.array([length_ns(spans) for spans in alarms], float)
    needed = np.array([length_ns(record.needed) for record in records], float)
    both = [common_ns(spans, r.needed) for spans, r in zip(alarms, records, strict=True)]
    sums = (float(hours @ people) / HOUR_NS for hours in (alarm, needed, np.array(both, float)))
    return next(sums), next(sums), next(sums)


def by_district(records: Sequence[ZoneRecord], alarms: Spans) -> list[I64]:
    """Return the alarms if a whole district were alarmed whenever one of its zones is."""
    districts: dict[str, list[I64]] = {}
    for record, spans in zip(records, alarms, strict=True):
        districts.setdefault(record.district, []).append(spans)
    whole = {name: joined(group) for name, group in districts.items()}
    return [whole[record.district] for record in records]


def everywhere(alarms: Spans) -> list[I64]:
    """Return the alarms if every zone were alarmed whenever one is."""
    return [joined(alarms)] * len(alarms)


def around_tracks(
    zones: Sequence[Zone],
    tracks: Tracks,
    radius_m: float,
    span_ns: tuple[int, int],
    config: WarningScoring,
) -> list[I64]:
    """Return the alarms if every zone within a distance of any hazardous track were alarmed.

    A zone is in alarm for each whole `radius_period_s` in which a row of a hazardous track was put
    out within the distance of its border; places are rounded to `radius_cell_m`.
    """
    period_ns = round(config.radius_period_s * NS)
    here = tracks.hazardous & np.isin(tracks.status, [int(status) for status in _STANDING])
    here &= (tracks.emitted_at_ns >= span_ns[0]) & (tracks.emitted_at_ns < span_ns[1])
    if not zones or not here.any():
        return [union(())] * len(zones)
    region = Region.at(_middle(zones))
    place = (tracks.latitude_deg, tracks.longitude_deg, tracks.height_wgs84_m)
    east_north = region.from_geodetic(*(column[here] for column in place))[:, :2]
    cell = np.rint(east_north / config.radius_cell_m).astype(np.int64)
    period = (tracks.emitted_at_ns[here] - span_ns[0]) // period_ns
    rows = np.unique(np.column_stack([period, cell]), axis=0)
    cells, which = np.unique(rows[:, 1:], axis=0, return_inverse=True)
    reached = _reached(zones, region, np.asarray(cells * config.radius_cell_m), radius_m)
    first = np.flatnonzero(np.diff(rows[:, 0], prepend=-1))
    alarmed = np.stack(list(_any(reached, which.reshape(-1), first)))
    starts = span_ns[0] + rows[first, 0] * period_ns
    ends = np.minimum(starts + period_ns, span_ns[1])
    on = np.unpackbits(alarmed, axis=1, count=len(zones)).astype(bool)
    return [
        union(zip(starts[column].tolist(), ends[column].tolist(), strict=True)) for column in on.T
    ]


def _middle(zones: Sequence[Zone]) -> Origin:
    places = np.array([zone.polygons[0][0][0] for zone in zones], float)
    longitude, latitude = (places.min(axis=0) + places.max(axis=0)) / 2.0
    return Origin(float(latitude), float(longitude))


def _reached(zones: Sequence[Zone], region: Region, place_m: F64, radius_m: float) -> Bits:
    """Return, for (n, 2) places, which zones lie within a distance: a bit each."""
    tree = shapely.STRtree(zone_shapes(zones, region))
    parts = []
    for begin in range(0, len(place_m), _CELLS_AT_ONCE):
        some = place_m[begin : begin + _CELLS_AT_ONCE]
        near = np.zeros((len(some), len(zones)), bool)
        pairs = tree.query(shapely.points(some), predicate="dwithin", distance=radius_m)
        near[pairs[0], pairs[1]] = True
        parts.append(np.packbits(near, axis=1))
    return np.concatenate(parts)


def _any(reached: Bits, which: NDArray[np.intp], first: NDArray[np.intp]) -> Iterator[Bits]:
    """Yield, for each run of rows, the zones that any of them reaches."""
    for begin, end in zip(first.tolist(), [*first[1:].tolist(), len(which)], strict=True):
        yield np.bitwise_or.reduce(reached[which[begin:end]], axis=0)
