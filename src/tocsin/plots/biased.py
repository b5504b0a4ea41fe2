"""How the position of a plot depends on the biases of its sensor."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np

from tocsin.contract import F64, I64, NS, Associations, Bool, Dimension, Sensor, SensorKind
from tocsin.geo import enu_to_polar, polar_to_enu
from tocsin.plots.config import PlotsConfig

_STEEPEST_SINE = 0.7


class Biased(NamedTuple):
    """Hold plots with their dependence on biases.

    Args:
        position_m: (n, 3) region frame.
        cov_m2: (n, 3, 3).
        columns: (n, 3, 4) derivatives of the position by range, azimuth, elevation and time bias.
        dims: (n,) 3; 2: only east and north mean anything; 0: it cannot be used.
    """

    position_m: F64
    cov_m2: F64
    columns: F64
    dims: I64

    def take(self, rows: np.ndarray) -> Self:
        """Return the rows chosen by a mask."""
        return self._replace(**{name: value[rows] for name, value in self._asdict().items()})


def biased(rows: Associations, segment: I64, left: F64, config: PlotsConfig) -> Biased:
    """Return the plots of associations with their dependence on their sensors' biases.

    They are placed where believed biases in range, azimuth and elevation would have them: about
    there the dependence is linear, though 10 mrad make 5 m in range at 100 km. A plot whose sensor
    measured no height is placed at the height that others measured of the same target; where
    nobody did, it cannot be used.

    Args:
        rows: in order of their segment.
        segment: (n,) number of each one's.
        left: (sensors, 4) biases that are believed and not yet corrected.
        config: the site.
    """
    dims = np.where(rows.dimension == Dimension.FULL, 3, 2).astype(np.int64)
    dims[np.isnan(rows.range_m) & (rows.position_cov_m2[:, 2, 2] > _baro_m2(config))] = 2
    out = Biased(
        rows.position_m.copy(), rows.position_cov_m2.copy(), np.zeros((len(rows), 3, 4)), dims
    )
    # A clock that is ahead stamps a position with a time when the target is farther on already.
    out.columns[:, :, 3] = -rows.velocity_mps
    height = _heights(rows, segment, dims == 3)
    for index in np.unique(rows.sensor):
        mine = rows.sensor == index
        if config.sensors[index].kind == SensorKind.RADAR:
            _place(out, rows, mine, height, left[index], config.sensors[index], config)
    return out


def _baro_m2(config: PlotsConfig) -> float:
    return config.registration.reference_vertical_std_m**2


def _heights(rows: Associations, segment: I64, full: Bool) -> tuple[F64, F64]:
    """Return (n,) heights of the targets in the region frame, and their variances.

    The mean of a segment's measured heights, weighted by their variances and carried to each
    plot's time at the target's climb; NaN where none was measured.
    """
    count = int(segment.max(initial=-1)) + 1
    weight = np.where(full, 1.0 / rows.position_cov_m2[:, 2, 2], 0.0)
    total = np.bincount(segment, weight, minlength=count)
    at_s = (rows.measured_at_ns - rows.measured_at_ns[:1]) / NS
    climbed = at_s * rows.velocity_mps[:, 2]
    level = np.bincount(segment, weight * (rows.position_m[:, 2] - climbed), minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (level / total)[segment] + climbed, (1.0 / total)[segment]


def _place(
    out: Biased,
    rows: Associations,
    mine: Bool,
    height: tuple[F64, F64],
    left: F64,
    sensor: Sensor,
    config: PlotsConfig,
) -> None:
    """Write where one radar's plots are, and their columns."""
    place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    own = config.region.from_geodetic(*(np.array([value]) for value in place))[0]
    to_local = config.region.local_rotation(sensor.latitude_deg, sensor.longitude_deg)
    full, flat = mine & (out.dims == 3), mine & (out.dims == 2)
    polar = enu_to_polar((out.position_m[full] - own) @ to_local.T)
    enu = polar_to_enu(*(value - left[k] for k, value in enumerate(polar)))
    out.position_m[full] = own + enu @ to_local
    if flat.any():
        at_height = out.position_m[flat] - own
        azimuth_rad = np.arctan2(*(at_height @ to_local[:2].T).T) - left[1]
        at_height[:, 2] = height[0][flat] - own[2]
        polar = rows.range_m[flat] - left[0], azimuth_rad, at_height @ to_local[2]
        enu, cov, fits = _at_height(
            polar, height[1][flat], rows.position_cov_m2[flat], to_local, sensor
        )
        out.position_m[flat], out.cov_m2[flat] = own + enu @ to_local, to_local.T @ cov @ to_local
        out.dims[flat] = np.where(fits, 2, 0)
    enu = (out.position_m[mine] - own) @ to_local.T
    out.columns[mine, :, :3] = to_local.T @ _axes(enu, out.dims[mine] == 3)


def _at_height(
    polar: tuple[F64, F64, F64], variance_m2: F64, cov_m2: F64, to_local: F64, sensor: Sensor
) -> tuple[F64, F64, Bool]:
    """Return sensor-local positions from range, azimuth and height, covariances, and which can be.

    Args:
        polar: (n,) each, the height above the sensor's horizontal.
        variance_m2: (n,) of the height.
        cov_m2: (n, 3, 3) of the plots as they are, in the region frame; their azimuths' is kept.
        to_local: (3, 3) region to sensor axes.
        sensor: the radar.
    """
    range_m, azimuth, up = polar
    sine = up / range_m
    fits = np.abs(sine) < _STEEPEST_SINE
    cosine = np.sqrt(1.0 - np.where(fits, sine, 0.0) ** 2)
    along = np.stack([np.sin(azimuth), np.cos(azimuth), 0.0 * azimuth], axis=-1)
    cross = np.stack([np.cos(azimuth), -np.sin(azimuth), 0.0 * azimuth], axis=-1)
    across_m2 = np.einsum("ni,nij,nj->n", cross @ to_local, cov_m2, cross @ to_local)
    sine = np.where(fits, sine, 0.0)
    along_m2 = (sensor.range_std_m**2 + sine**2 * np.where(fits, variance_m2, 1.0)) / cosine**2
    cov = along_m2[:, None, None] * along[:, :, None] * along[:, None, :]
    cov += across_m2[:, None, None] * cross[:, :, None] * cross[:, None, :]
    cov[:, 2, 2] += 1.0
    placed = along * (range_m * cosine)[:, None]
    placed[:, 2] = np.where(fits, up, 0.0)
    return placed, cov, fits


def _axes(enu_m: F64, full: Bool) -> F64:
    """Return (n, 3, 3) derivatives of sensor-local positions by range, azimuth and elevation.

    Where no height was measured the height stays: a longer range is all farther away.
    """
    east, north, up = np.moveaxis(enu_m, -1, 0)
    across = np.maximum(np.hypot(east, north), 1.0)
    slant = np.hypot(across, up)
    zero = np.zeros(len(enu_m))
    radial = np.stack([east, north, up], axis=-1) / slant[:, None]
    level = np.stack([east, north, zero], axis=-1) * (slant / across**2)[:, None]
    turned = np.stack([north, -east, zero], axis=-1)
    raised = np.stack([-up * east / across, -up * north / across, across], axis=-1)
    axes = np.stack([np.where(full[:, None], radial, level), turned,
                     np.where(full[:, None], raised, 0.0)], axis=-1)  # fmt: skip
    return axes
