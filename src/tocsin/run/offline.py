"""The rooms over files: decode, track, simulate, warn."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from tocsin import decode, sense, warn
from tocsin.contract import (
    NS,
    Faults,
    InputError,
    Looks,
    OperatorActions,
    Origin,
    Reports,
    Tracks,
    Warnings,
    read_parquet,
    read_zones,
    to_arrow,
    write_parquet,
)
from tocsin.geo import Region
from tocsin.run.outputs import Outputs
from tocsin.run.pipeline import Pipeline, PipelineConfig, TickOut
from tocsin.run.site import Site, policy_text, read_site

T = TypeVar("T")
_TAIL_S = 5
"""Ticks after the last report, so that the last look is worked."""


class Say(Protocol):
    """Tell people what happens."""

    def note(self, text: str) -> None:
        """Say one line."""

    def progress(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Yield items behind a progress bar."""


@dataclass(frozen=True)
class DecodedFiles:
    """Hold what recordings held."""

    summary: dict[str, Any]
    reports: Reports
    looks: Looks
    faults: Faults


def decode_files(
    files: Sequence[Path], format_: str, out: Path | None, input_format: str | None, note: Any
) -> DecodedFiles:
    """Decode recordings; write the reports where asked.

    Raises:
        InputError: a file that cannot be read, or of no known format.
    """
    if format_ not in {"summary", "table", "jsonl", "parquet"}:
        raise InputError("--format", f"unknown {format_!r}", "summary, table, jsonl or parquet")
    if format_ == "parquet" and out is None:
        raise InputError("--format parquet", "needs a file", "name one with -o")
    parts, summaries = [], {}
    for path in files:
        note(f"decoding {path} ...")
        part = decode.decode_file(sense.read_input(path), input_format, path.name)
        parts.append(part)
        summaries[str(path)] = decode.summary(part)
    result = DecodedFiles(
        {"files": summaries},
        Reports.concat([part.reports for part in parts]),
        Looks.concat([part.looks for part in parts]),
        Faults.concat([part.faults for part in parts]),
    )
    _write_reports(result.reports, format_, out)
    return result


def _write_reports(reports: Reports, format_: str, out: Path | None) -> None:
    if format_ == "parquet" and out is not None:
        try:
            write_parquet(reports, out)
        except OSError as error:
            raise InputError(out, f"cannot be written: {error}", "choose another -o") from error
    elif format_ == "jsonl":
        lines = "".join(
            json.dumps(row, default=str) + "\n" for row in to_arrow(reports).to_pylist()
        )
        if out is None:
            print(lines, end="")
        else:
            write_text(out, lines)


def track_files(
    inputs: Sequence[Path],
    site_path: Path | None,
    looks_path: Path | None,
    at_s: float | None,
    out: Path,
    say: Say,
) -> dict[str, Any]:
    """Track recordings or plots files; write tracks.parquet.

    Raises:
        InputError: an input that cannot be read, or polar plots without a site.
    """
    decoded = decode_files(inputs, "summary", None, None, say.note)
    looks = read_parquet(Looks, looks_path) if looks_path else decoded.looks
    site = read_site(site_path) if site_path else None
    config = _track_config(decoded.reports, site, inputs[0], at_s)
    outputs = Outputs(out)
    confirmed: dict[int, str] = {}
    rows = 0
    pipeline = Pipeline(config)
    for result in say.progress(*_ticks(pipeline, decoded, looks)):
        outputs.add(result.tracks)
        rows += len(result.tracks)
        mine = result.tracks.take(result.tracks.status == 1)
        confirmed.update(zip(mine.number.tolist(), mine.mode_s.tolist(), strict=True))
    outputs.close()
    inferred = [] if len(looks) or site is None else ["looks, from each radar's period"]
    return {
        "tracks": str(out / "tracks.parquet"),
        "reports": len(decoded.reports),
        "track_rows": rows,
        "tracks_confirmed": len(confirmed),
        "mode_s": sorted({f"{address:06x}" for address in confirmed.values() if address}),
        "faults": decode.summary(_as_decoded(decoded))["faults"],
        "inferred": inferred if site else ["origin and sensors, from the reports", *inferred],
    }


def _as_decoded(files: DecodedFiles) -> decode.Decoded:
    return decode.Decoded(files.reports, files.looks, files.faults)


def _track_config(
    reports: Reports, site: Site | None, path: Path, at_s: float | None
) -> PipelineConfig:
    if site is not None:
        config = site.pipeline_config()
    else:
        config = PipelineConfig(_first_place(reports, path))
    period = _output_period_s(reports) if at_s is None else at_s
    return replace(config, zones=(), output_period_s=period)


def _first_place(reports: Reports, path: Path) -> Origin:
    placed = np.flatnonzero(~np.isnan(reports.latitude_deg))
    if not np.isnan(reports.range_m).all():
        raise InputError(path, "holds polar plots", "give their sensors' places with --site")
    if len(placed) == 0:
        raise InputError(path, "holds no position", "track needs plots or positions")
    first = int(placed[0])
    return Origin(float(reports.latitude_deg[first]), float(reports.longitude_deg[first]))


def _output_period_s(reports: Reports) -> float | None:
    """Return None (each distinct plot time) where plots come in whole scans, else a second."""
    times = len(np.unique(reports.measured_at_ns))
    return None if times and len(reports) >= 2 * times else 1.0


def _ticks(
    pipeline: Pipeline, decoded: DecodedFiles, looks: Looks
) -> tuple[Iterator[TickOut], str, int]:
    """Return the ticks over a recording: one a second in which something was received."""
    reports = decoded.reports
    seconds = np.unique(-(-reports.received_at_ns // NS))
    tail = np.arange(1, _TAIL_S + 1) + seconds[-1]

    def work() -> Iterator[TickOut]:
        done_ns = np.iinfo(np.int64).min
        none = (Faults.empty(), OperatorActions.empty())
        for second in np.concatenate([seconds, tail]):
            now_ns = int(second) * NS
            mine = (reports.received_at_ns > done_ns) & (reports.received_at_ns <= now_ns)
            swept = (looks.end_ns > done_ns) & (looks.end_ns <= now_ns)
            yield pipeline.work(reports.take(mine), looks.take(swept), *none, now_ns)
            done_ns = now_ns

    return work(), "tracking", len(seconds) + _TAIL_S


def warn_tracks(
    tracks_path: Path, zones_path: Path, policy: str, out: Path, say: Say
) -> dict[str, Any]:
    """Forecast and decide over a track file; write warnings.parquet.

    Raises:
        InputError: a file that cannot be read.
    """
    tracks = read_parquet(Tracks, in_folder(tracks_path, "tracks.parquet"))
    zones = read_zones(zones_path)
    region = Region.at(_first_of_zones(zones_path))
    state = warn.start(
        warn.WarnConfig(zones, region, warn.parse_policy(policy_text(policy, Path())))
    )
    instants, starts = np.unique(tracks.measured_at_ns, return_index=True)
    ends = np.append(starts[1:], len(tracks))
    decided = []
    rows = list(zip(instants.tolist(), starts.tolist(), ends.tolist(), strict=True))
    for now_ns, begin, end in say.progress(rows, "warning", len(rows)):
        now_tracks = tracks.take(slice(begin, end))
        state, result = warn.step(state, now_tracks, now_ns, OperatorActions.empty())
        decided.append(result.warnings)
    warnings = Warnings.concat(decided)
    out.mkdir(parents=True, exist_ok=True)
    write_parquet(warnings, out / "warnings.parquet")
    return {"warnings": str(out / "warnings.parquet"), "rows": len(warnings)}


def in_folder(path: Path, name: str) -> Path:
    """Return a file, found by its name where a folder is given."""
    return path / name if path.is_dir() else path


def _first_of_zones(path: Path) -> Origin:
    longitude, latitude = read_zones(path)[0].polygons[0][0][0]
    return Origin(latitude, longitude)


def write_text(path: Path, text: str) -> None:
    """Write text.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(path, f"cannot be written: {error}", "choose another file") from error
