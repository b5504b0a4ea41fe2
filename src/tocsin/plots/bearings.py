"""Bearings as plots: a direction about its node and how sure it is, never a place."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, I32, Bool, Dimension, Plots, Reports, SensorKind
from tocsin.plots.config import PlotsConfig
from tocsin.plots.locate import or_default

_LEAST_FALSE = 1e-3
"""False bearings per look of a node that is said to make none: nobody is without."""
_LEAST_SPAN_RAD = 0.1


def of_nodes(sensor: I32, config: PlotsConfig) -> Bool:
    """Return which bearings are of a node; a radar's alone says nothing of an object."""
    nodes: Bool = np.array([s.kind != SensorKind.RADAR for s in config.sensors])
    return nodes[sensor]


def bearing_plots(reports: Reports, sensor: I32, config: PlotsConfig) -> Plots:
    """Return the plots of bearings.

    Args:
        reports: bearings.
        sensor: (n,) index of each one's sensor.
        config: the site.
    """
    own_std = _of_sensors(config, "azimuth_std_rad")[sensor]
    azimuth_std = or_default(reports.azimuth_std_rad, own_std)
    own_std = _of_sensors(config, "elevation_std_rad")[sensor]
    own_std = np.where(own_std > 0.0, own_std, azimuth_std)
    risen = np.isfinite(reports.elevation_rad)
    elevation_std = or_default(reports.elevation_std_rad, own_std)
    return Plots.build(
        len(reports),
        measured_at_ns=reports.measured_at_ns,
        received_at_ns=reports.received_at_ns,
        sensor=sensor,
        sequence=reports.sequence,
        kind=reports.kind,
        dimension=int(Dimension.BEARING),
        azimuth_rad=np.mod(reports.azimuth_rad, 2.0 * np.pi),
        elevation_rad=reports.elevation_rad,
        azimuth_std_rad=azimuth_std,
        elevation_std_rad=np.where(risen, elevation_std, np.nan),
        false_density=_false_density(sensor, risen, config),
        mode_s=reports.mode_s,
        mode_s_valid=reports.mode_s_valid,
    )


def _of_sensors(config: PlotsConfig, name: str) -> F64:
    return np.array([getattr(s, name) for s in config.sensors], float)


def _false_density(sensor: I32, risen: Bool, config: PlotsConfig) -> F64:
    """Return (n,) false bearings per rad of azimuth, or per rad2 with elevation, and look."""
    per_look = np.maximum(_of_sensors(config, "false_plots_per_look"), _LEAST_FALSE)
    low, high = (_of_sensors(config, f"elevation_{end}_rad") for end in ("min", "max"))
    span = np.maximum(high - low, _LEAST_SPAN_RAD)
    return per_look[sensor] / (2.0 * np.pi) / np.where(risen, span[sensor], 1.0)
