"""Scores of what is in folders: tracks, warnings, the report about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tocsin import evaluate
from tocsin.contract import (
    F64,
    Bool,
    Effects,
    ObjectClass,
    Origin,
    SensorKind,
    Table,
    Tracks,
    Truth,
    Warnings,
    read_parquet,
    read_zones,
)
from tocsin.geo import Region, within_coverage
from tocsin.run.offline import in_folder, write_text
from tocsin.run.site import read_site

TableT = TypeVar("TableT", bound=Table)
Coverage = Callable[[F64], Bool]


def score_folder(
    out: Path, truth_path: Path, zones_path: Path | None, report: Path | None
) -> dict[str, Any]:
    """Score a folder's tracks, and its warnings where there are zones.

    Raises:
        InputError: a file that cannot be read.
    """
    truth = read_parquet(Truth, in_folder(truth_path, "truth.parquet"))
    tracks = read_parquet(Tracks, out / "tracks.parquet")
    zones_path = zones_path or _existing(out / "zones.geojson")
    effects = _table(Effects, in_folder(truth_path, "effects.parquet"))
    warnings = _table(Warnings, out / "warnings.parquet")
    zones = read_zones(zones_path) if zones_path else ()
    origin, coverage = _radar_coverage(out / "site.toml")
    result: dict[str, Any] = {
        "track_scores": evaluate.score_tracks(truth, tracks, origin, coverage=coverage)
    }
    if zones and effects is not None and warnings is not None:
        begin, end = int(truth.measured_at_ns.min()), int(truth.measured_at_ns.max())
        result["warning_scores"] = evaluate.score_warnings(
            effects, warnings, zones, begin, end, _classes(truth)
        )
    if report is not None:
        evidence = evaluate.Evidence(
            truth, tracks, effects or Effects.empty(), warnings or Warnings.empty(), zones
        )
        page = evaluate.report_page(
            out.name, evidence, result["track_scores"], result.get("warning_scores")
        )
        write_text(report, page)
        result["report"] = str(report)
    return result


def _table(cls: type[TableT], path: Path) -> TableT | None:
    return read_parquet(cls, path) if path.is_file() else None


def _classes(truth: Truth) -> dict[str, ObjectClass]:
    names, first = np.unique(truth.target_id.astype(str), return_index=True)
    kinds = [ObjectClass(kind) for kind in truth.object_class[first].tolist()]
    return dict(zip(names.tolist(), kinds, strict=True))


def _radar_coverage(path: Path) -> tuple[Origin, Coverage | None]:
    """Return a site's origin, and where any of its radars can see; None: no site, everywhere."""
    if not path.is_file():
        return Origin(0.0, 0.0), None
    site = read_site(path)
    region = Region.at(site.origin)
    radars = [s for s in site.pipeline_config().sensors if s.kind is SensorKind.RADAR]

    def coverage(position_m: F64) -> Bool:
        seen = [within_coverage(radar, region, position_m) for radar in radars]
        return np.any(seen, axis=0) if seen else np.zeros(len(position_m), bool)

    return site.origin, coverage


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None
