"""How probably the site's sensors detect an object, by range, height and terrain: for the tracker.

A radar whose clear range is known detects by the fourth power of range, for an object of which
nothing is known: the mean over all classes, each with the middle of its cross-sections. Others, and
all that do not turn, have the site's constant, which no law exceeds.
"""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from tocsin import track
from tocsin.contract import F64, ObjectClass, Sensor, SensorKind
from tocsin.geo import Ground, Mask, el2height, ground_range_m, mask
from tocsin.geo.masking import MAX_RANGE_M
from tocsin.radar.coverage import radars
from tocsin.radar.detection import detection_probability, required_snr
from tocsin.radar.equation import CLEAR_PD
from tocsin.run.masks import MASK_STEP_M, receivers
from tocsin.simulate.limits import LIMITS
from tocsin.track import DetectionTable

AZIMUTHS, RANGES = 360, 256
MIDDLE_RCS_M2 = np.full(max(ObjectClass) + 1, np.nan)
"""Geometric mean of each class's limits of radar cross-section; NaN: it has none."""
for _kind, _limits in LIMITS.items():
    MIDDLE_RCS_M2[_kind] = np.sqrt(_limits.rcs_m2[0] * _limits.rcs_m2[1])


def law(radar: Sensor, range_m: F64, rcs_m2: F64) -> F64:
    """Return the chance that a look of a radar of known clear range detects echoes in its sight.

    Args:
        radar: the radar.
        range_m: slant ranges, any shape.
        rcs_m2: broadcast against it.
    """
    gain = float(required_snr(CLEAR_PD)) * (radar.clear_range_m / range_m) ** 4
    return detection_probability(gain * rcs_m2)


def detection_table(
    sensors: Sequence[Sensor], masks: Mapping[str, Mask], sea_m: float
) -> DetectionTable | None:
    """Return the table of a site's sensors; None: each has its constant within its coverage.

    Args:
        sensors: of the site.
        masks: what terrain hides from them, by sensor id; none: the ground is the sea.
        sea_m: height of the sea above the ellipsoid.
    """
    placed = {radar.sensor_id for radar in radars(sensors)}
    hearing = {receiver.sensor_id for receiver in receivers(sensors)}
    if not masks and not any(np.isfinite(s.clear_range_m) for s in radars(sensors)):
        return None
    table = track.everywhere(np.array([s.detection_probability for s in sensors], float))
    wide = np.zeros((len(sensors), AZIMUTHS, RANGES), np.float32)
    per_m, chance, lowest_m, highest_m = track.joined(
        DetectionTable(np.zeros(0), wide[:0, 0], wide[:0], wide[:0, 0]), table
    )
    for k, sensor in enumerate(sensors):
        if sensor.sensor_id in placed | hearing:
            per_m[k] = RANGES / min(sensor.range_m, MAX_RANGE_M)
            range_m = (np.arange(RANGES) + 0.5) / per_m[k]
            hides = masks.get(sensor.sensor_id) or mask(_sea(sea_m), sensor, MASK_STEP_M, 1)
            lowest_m[k] = _lowest_m(sensor, hides, range_m)
        if sensor.sensor_id in placed:
            chance[k] = _chance(sensor, range_m)
            highest_m[k] = _edge_m(sensor, sensor.elevation_max_rad, range_m)
    return DetectionTable(per_m, chance, lowest_m, highest_m)


def looked(table: DetectionTable | None, sensors: Sequence[Sensor]) -> DetectionTable | None:
    """Return the table of sensors that look, for the tracker: receivers see everything alike.

    What hides objects from a receiver tells whose silence means something, and no more than that.

    Args:
        table: of all sensors.
        sensors: its first ones, in order.
    """
    hears = np.array([sensor.kind == SensorKind.ADSB_RECEIVER for sensor in sensors], bool)
    if table is None or not hears.any():
        return table
    return table._replace(
        per_m=np.where(hears, 0.0, table.per_m),
        lowest_m=np.where(hears[:, None, None], np.float32(-np.inf), table.lowest_m),
    )


def _chance(sensor: Sensor, range_m: F64) -> F64:
    most = min(sensor.detection_probability, track.MOST_PROBABLE)
    if np.isnan(sensor.clear_range_m):
        return np.full(len(range_m), most)
    classes = MIDDLE_RCS_M2[np.isfinite(MIDDLE_RCS_M2)]
    mean: F64 = law(sensor, range_m, classes[:, None]).mean(axis=0)
    return np.minimum(mean, most)


def _lowest_m(sensor: Sensor, hides: Mask, range_m: F64) -> F64:
    """Return (azimuths, ranges) lowest heights in sight; infinite where terrain is unknown."""
    azimuth_rad = np.linspace(0.0, 2.0 * np.pi, AZIMUTHS, endpoint=False)[:, None]
    height_m = np.full((AZIMUTHS, RANGES), sensor.height_wgs84_m)
    for _ in range(2):  # which place is below a slant range depends on the height, a little
        along_m = ground_range_m(range_m, height_m, sensor.height_wgs84_m)
        seen_m = hides.lowest_visible_m(along_m, azimuth_rad)
        height_m = np.where(np.isfinite(seen_m), seen_m, height_m)
    lowest_m = np.maximum(seen_m, _edge_m(sensor, sensor.elevation_min_rad, range_m))
    # Whole metres keep the table small in a record.
    return np.where(np.isnan(lowest_m), np.inf, np.ceil(lowest_m))


def _edge_m(sensor: Sensor, elevation_rad: float, range_m: F64) -> F64:
    return np.asarray(el2height(elevation_rad, sensor.height_wgs84_m, range_m, sensor.earth_factor))


def _sea(height_m: float) -> Ground:
    def level(latitude_deg: F64, _: F64) -> F64:
        return np.full(np.shape(latitude_deg), height_m)

    return level


def table_text(table: DetectionTable | None) -> str:
    """Return a table as text, for a record: terrain may have changed when it is replayed."""
    if table is None:
        return ""
    file = io.BytesIO()
    for part in table:
        np.save(file, part, allow_pickle=False)
    return base64.b64encode(zlib.compress(file.getvalue())).decode("ascii")


def table_from(text: str) -> DetectionTable | None:
    """Return the table that was made text."""
    if not text:
        return None
    file = io.BytesIO(zlib.decompress(base64.b64decode(text)))
    return DetectionTable(*(np.load(file, allow_pickle=False) for _ in DetectionTable._fields))
