"""Tocsin from Python: `tocsin.track_plots` and `tocsin.Tracker`."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa

from tocsin.contract import (
    Faults,
    InputError,
    Looks,
    OperatorActions,
    Reports,
    Sensor,
    Tracks,
    to_arrow,
)
from tocsin.run.given import SiteLike, TableLike, looks_of, reports_of, site_of
from tocsin.run.offline import on_one_clock, ticks, track_config
from tocsin.run.pipeline import Pipeline


def track_plots(
    plots: TableLike,
    site: SiteLike | None = None,
    looks: TableLike | None = None,
    *,
    output_period_s: float | None = None,
) -> pa.Table:
    """Track a whole recording of plots, as the command `tocsin track` does.

    Args:
        plots: columns of `plots.parquet`: measured_at_ns, sensor_id, and range_m, azimuth_rad
            (polar about a sensor of the site) or latitude_deg, longitude_deg.
        site: where the sensors are and how well they see; None: geographic plots only.
        looks: columns of `looks.parquet`: what the radars swept; None: inferred.
        output_period_s: between output instants; None: each distinct plot time where plots come
            in whole scans, else a second.

    Returns:
        One row for each live track at each output instant, with the columns of `tracks.parquet`.

    Raises:
        InputError: an argument that cannot be used: which, where, and how to mend it.
    """
    reports, swept, known = reports_of(plots), looks_of(looks), site_of(site)
    if len(reports) == 0:
        return to_arrow(Tracks.empty())
    _check_sensors(reports, known.sensors if known else ())
    reports, _ = on_one_clock(reports)
    config = track_config(reports, known, "plots", output_period_s)
    faults: Counter[str] = Counter()
    parts = []
    for out in ticks(Pipeline(config), reports, swept)[0]:
        faults.update(out.faults.kind.tolist())
        parts.append(out.tracks)
    if faults:
        said = ", ".join(f"{kind} {count}" for kind, count in sorted(faults.items()))
        warnings.warn(f"what could not be used was left out: {said}", stacklevel=2)
    return to_arrow(Tracks.concat(parts))


class Tracker:
    """Track plots as they come, batch by batch.

    Args:
        site: where the sensors are and how well they see.
        output_period_s: between output instants; None: one at each distinct plot time.

    Attributes:
        faults: what could not be used so far, counted by kind.
    """

    def __init__(self, site: SiteLike, *, output_period_s: float | None = 1.0) -> None:
        """Start without tracks.

        Raises:
            InputError: the site cannot be used.
        """
        known = site_of(site)
        if known is None:
            raise InputError("site", "is missing", "give the path of a site.toml, or its content")
        config = replace(known.pipeline_config(), zones=(), output_period_s=output_period_s)
        self._pipeline = Pipeline(config)
        self._now_ns: int | None = None
        self.faults: Counter[str] = Counter()

    def step(
        self, plots: TableLike | None, now_ns: int, looks: TableLike | None = None
    ) -> pa.Table:
        """Take in what came since the last step; return the tracks at each new output instant.

        A radar's plots count once the sector that they lie in is complete.

        Args:
            plots: as in `track_plots`; None: silence.
            now_ns: present time, ns UTC; steps follow one another in time.
            looks: as in `track_plots`.

        Raises:
            InputError: an argument that cannot be used: which, where, and how to mend it.
        """
        reports, swept, now_ns = reports_of(plots), looks_of(looks), int(now_ns)
        _check_sensors(reports, self._pipeline.state.sensors)
        if self._now_ns is not None and now_ns < self._now_ns:
            raise InputError("now_ns", "is before the last step's", "step in the order of time")
        self._now_ns = now_ns
        out = self._pipeline.work(*_ordered(reports, swept), *_nothing(), now_ns)
        self.faults.update(out.faults.kind.tolist())
        return to_arrow(out.tracks)


def _ordered(reports: Reports, looks: Looks) -> tuple[Reports, Looks]:
    return (
        reports.sorted_by("measured_at_ns", "sensor_id", "sequence"),
        looks.sorted_by("start_ns", "sensor_id"),
    )


def _nothing() -> tuple[Faults, OperatorActions]:
    return Faults.empty(), OperatorActions.empty()


def _check_sensors(reports: Reports, sensors: tuple[Sensor, ...]) -> None:
    """Refuse polar plots about a place that is not known.

    Raises:
        InputError: names the first such sensor.
    """
    placed = {s.sensor_id for s in sensors if np.isfinite(s.latitude_deg)}
    polar = np.isfinite(reports.range_m) & ~np.isfinite(reports.latitude_deg)
    strange = [i for i in dict.fromkeys(reports.sensor_id[polar].tolist()) if i not in placed]
    if strange:
        what = f"the place of {strange[0]!r}, which its polar plots are about, is not known"
        mend = "give it in the site: [[sensor]] with sensor_id, latitude_deg and longitude_deg"
        raise InputError("plots, column sensor_id", what, mend)
