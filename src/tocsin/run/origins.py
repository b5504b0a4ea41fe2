"""Plots in files, located again, and the true object behind each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tocsin import plots
from tocsin.contract import (
    F64,
    I64,
    InputError,
    Objects,
    Origins,
    Plots,
    Reports,
    SensorKind,
    read_parquet,
)
from tocsin.evaluate import OracleSite
from tocsin.geo import Region
from tocsin.run.site import Site


@dataclass(frozen=True, eq=False)
class Known:
    """Hold located plots and the true object behind each.

    Args:
        plots: located, in the region frame.
        target_id: (n,) the true object; None: false.
        site: the sensors, as plots number them.
        radars: which of these numbers are radars.
    """

    plots: Plots
    target_id: Objects
    site: OracleSite
    radars: tuple[int, ...]


def known_plots(folders: Sequence[Path], site: Site | None) -> Known:
    """Return located plots and their origins, as `tocsin simulate` writes them.

    Raises:
        InputError: a file that is missing, cannot be read, or does not fit the other.
    """
    plots_path, origins_path = (first_of(folders, f"{n}.parquet") for n in ("plots", "origins"))
    mend = "score what tocsin simulate wrote, or leave --oracle away"
    if plots_path is None:
        raise InputError("plots.parquet", "not found, and the oracle needs it", mend)
    if origins_path is None:
        raise InputError("origins.parquet", "not found, and the oracle needs it", mend)
    if site is None:
        raise InputError("site.toml", "not found, and the oracle needs it", "put it beside plots")
    reports, origins = read_parquet(Reports, plots_path), read_parquet(Origins, origins_path)
    if len(reports) != len(origins):
        what = f"has {len(origins)} rows, {plots_path} has {len(reports)}"
        raise InputError(origins_path, what, "give the origins of these plots")
    located = _located(reports, site)
    sensors = site.sensors
    radars = tuple(k for k, sensor in enumerate(sensors) if sensor.kind is SensorKind.RADAR)
    known = OracleSite.of(sensors, Region.at(site.origin))
    return Known(located, origins.target_id[located.sequence], known, radars)


def plot_places(folders: Sequence[Path], site: Site | None, known: Known | None) -> tuple[F64, I64]:
    """Return (n, 2) longitudes and latitudes of plots and their times, where there are any."""
    path = first_of(folders, "plots.parquet")
    if site is None or path is None:
        return np.zeros((0, 2)), np.zeros(0, np.int64)
    located = _located(read_parquet(Reports, path), site) if known is None else known.plots
    placed = located.take(np.flatnonzero(np.isfinite(located.position_m).all(axis=1)))
    latitude, longitude, _ = Region.at(site.origin).to_geodetic(placed.position_m)
    return np.stack([longitude, latitude], axis=-1), placed.measured_at_ns


def first_of(folders: Sequence[Path], name: str) -> Path | None:
    """Return a file in the first folder that has it."""
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _located(reports: Reports, site: Site) -> Plots:
    """Return the plots of reports; `sequence` says which report each came from."""
    config = plots.PlotsConfig(Region.at(site.origin), site.sensors)
    numbered = reports.replace(sequence=np.arange(len(reports)))
    # Both times in one: nothing is late to an oracle.
    ready = numbered.replace(received_at_ns=numbered.measured_at_ns)
    now_ns = int(reports.measured_at_ns.max(initial=0))
    return plots.step(plots.start(config), ready, now_ns)[1].plots
