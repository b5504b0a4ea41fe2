"""The rooms over files: decode, track, simulate, warn."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import numpy as np

from tocsin import decode, sense, warn
from tocsin.contract import (
    ENDINGS,
    HAZARDS,
    I64,
    NS,
    Designation,
    Faults,
    Forecasts,
    InputError,
    Looks,
    NoticeKind,
    OperatorActions,
    Origin,
    ReportKind,
    Reports,
    Sensor,
    SensorKind,
    Tracks,
    TrackStatus,
    Warnings,
    Zone,
    parquet_columns,
    read_parquet,
    read_zones,
    to_arrow,
    write_parquet,
)
from tocsin.geo import Region
from tocsin.run.backwards import Backwards
from tocsin.run.given import by_content, check_times
from tocsin.run.outputs import Minutely, Outputs
from tocsin.run.pipeline import Pipeline, PipelineConfig, TickOut
from tocsin.run.site import Site, policy_text, read_site
from tocsin.run.warm import warm_up

T = TypeVar("T")
_LONGEST_S = 7_200
"""After the end of a track file, no longer than this is decided on an empty sky."""
_TAIL_S = 5
"""Ticks after the last report, so that the last look is worked."""
_WRONG_CLOCK_S = 60
_LEAST_SCAN_S = 0.2
"""Scans of a sensor that no site names are at least about this far apart."""
_ONCE: Mapping[str, int | None] = MappingProxyType({})
_TRACKABLE = [int(k) for k in ReportKind if k not in (ReportKind.SERVICE, ReportKind.IDENTITY)]


class Say(Protocol):
    """Tell people what happens."""

    def note(self, text: str) -> None:
        """Say one line."""

    def progress(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Yield items behind a progress bar."""


class Silent:
    """Say nothing: many runs at a time would talk across each other."""

    def note(self, text: str) -> None:
        """Keep a line to itself."""

    def progress(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Yield the items."""
        yield from items


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
    again: Mapping[str, int | None] = _ONCE,
) -> dict[str, Any]:
    """Track recordings or plots files; write tracks.parquet.

    Args:
        inputs: recordings or plots files.
        site_path: site file.
        looks_path: looks of the plots.
        at_s: between output instants; None: see `_output_period_s`.
        out: folder.
        say: tells people.
        again: files to write beside it with the same tracks smoothed, and how many output instants
            each of them looks ahead; None: to the track's end.

    Raises:
        InputError: an input that cannot be read, or polar plots without a site.
    """
    decoded = decode_files(inputs, "summary", None, None, say.note)
    if len(decoded.reports) == 0:
        faults = decode.summary(_as_decoded(decoded))["faults"]
        mend = "give them with --looks" if len(decoded.looks) else "see tocsin decode"
        why = f" (faults: {faults})" if faults else ""
        what = "holds looks only" if len(decoded.looks) else f"holds no report{why}"
        raise InputError(inputs[0], what, mend)
    if not np.isin(decoded.reports.kind, _TRACKABLE).any():
        raise InputError(inputs[0], "holds nothing to track", "is it looks? give those as --looks")
    check_times(decoded.reports, inputs[0])
    looks = read_parquet(Looks, looks_path) if looks_path else decoded.looks
    reports, clock = on_one_clock(decoded.reports)
    reports = reports.replace(sequence=by_content(reports))
    site = read_site(site_path) if site_path else None
    config = track_config(reports, site, inputs[0], at_s)
    warm_up(say.note, config.sensors)
    outputs = Outputs(out)
    confirmed: dict[int, str] = {}
    external: dict[str, None] = {}
    rows = 0
    refused: Counter[str] = Counter()
    pipeline, backwards = Pipeline(config), Backwards()
    for result in say.progress(*ticks(pipeline, reports, looks)):
        refused.update(result.faults.kind.tolist())
        outputs.add(result)
        for text in result.notices.text[result.notices.kind == NoticeKind.SENSOR_BIASED]:
            say.note(text)
        if again:
            backwards.add(pipeline, result)
        rows += len(result.tracks)
        mine = result.tracks.take(result.tracks.status == TrackStatus.CONFIRMED)
        confirmed.update(zip(mine.number.tolist(), mine.mode_s.tolist(), strict=True))
        others = result.tracks.status == TrackStatus.EXTERNAL
        external.update(dict.fromkeys(result.tracks.track_id[others].tolist()))
    outputs.close()
    for name, steps in again.items():
        backwards.write(pipeline, out / name, steps)
    inferred = clock if len(looks) or site is None else ["looks, from each radar's period", *clock]
    found = decode.summary(_as_decoded(decoded))["faults"]
    return {
        "tracks": str(out / "tracks.parquet"),
        **({"smoothed": [str(out / name) for name in again]} if again else {}),
        "late": _late(pipeline),
        "reports": len(reports),
        "track_rows": rows,
        "tracks_confirmed": len(confirmed),
        "tracks_external": len(external),
        "mode_s": sorted({f"{address:06x}" for address in confirmed.values() if address}),
        "faults": {**found, **dict(sorted(refused.items()))},
        "inferred": inferred if site else ["origin and sensors, from the reports", *inferred],
    }


def _late(pipeline: Pipeline) -> dict[str, int]:
    """Return what plots that came late did, where any came."""
    counters = pipeline.state.track.counters
    counts = {name: getattr(counters, name) for name in ("late", "redone", "unordered")}
    return {name: count for name, count in counts.items() if count}


def on_one_clock(reports: Reports) -> tuple[Reports, list[str]]:
    """Return reports with the recorder's clock set to the sensors' where it was far off.

    What was done is said in the list.
    """
    ahead_ns = int(np.median(reports.measured_at_ns - reports.received_at_ns))
    if abs(ahead_ns) < _WRONG_CLOCK_S * NS:
        return reports, []
    said = f"the recorder's clock, {-ahead_ns / NS:+.0f} s off the sensors'"
    return reports.replace(received_at_ns=reports.received_at_ns + ahead_ns), [said]


def _as_decoded(files: DecodedFiles) -> decode.Decoded:
    return decode.Decoded(files.reports, files.looks, files.faults)


def track_config(
    reports: Reports, site: Site | None, where: object, at_s: float | None
) -> PipelineConfig:
    """Return the set-up to track reports with; what it lacks is inferred from them.

    Args:
        reports: all of them.
        site: None: they give the origin and the sensors.
        where: their name for errors.
        at_s: between output instants; None: see `_output_period_s`.

    Raises:
        InputError: without a site, polar reports or none with a position.
    """
    if site is not None:
        config = site.pipeline_config()
    else:
        config = PipelineConfig(_first_place(reports, where))
    period = _output_period_s(reports, config.sensors) if at_s is None else at_s
    return replace(config, zones=(), output_period_s=period)


_MEND_PLACE = "give range_m and azimuth_rad, or latitude_deg and longitude_deg"


def _first_place(reports: Reports, where: object) -> Origin:
    placed = np.flatnonzero(~np.isnan(reports.latitude_deg))
    if not np.isnan(reports.range_m).all():
        raise InputError(where, "holds polar plots", "give their sensors' places with --site")
    if len(placed) == 0:
        raise InputError(where, "holds no position", _MEND_PLACE)
    first = int(placed[0])
    return Origin(float(reports.latitude_deg[first]), float(reports.longitude_deg[first]))


def _output_period_s(reports: Reports, sensors: Sequence[Sensor]) -> float | None:
    """Return None (each distinct plot time) where plots come in whole scans, else a second.

    Times that are merely rounded are shared by many plots too, but are no whole scan apart.
    """
    # Tracks of another tracker come in bunches too, but give no instants of our own.
    own = reports.take(reports.kind != ReportKind.EXTERNAL_TRACK)
    times = len(np.unique(own.measured_at_ns))
    radars = {s.sensor_id: s.period_s for s in sensors if s.kind == SensorKind.RADAR}
    names = dict.fromkeys(own.sensor_id.tolist())
    scans = [
        _in_scans(own.measured_at_ns[own.sensor_id == name], radars.get(name, _LEAST_SCAN_S))
        for name in names
    ]
    return None if times and len(own) >= 2 * times and all(scans) else 1.0


def _in_scans(times_ns: I64, period_s: float) -> bool:
    """Return whether distinct times lie about a scan apart."""
    gaps_s = np.diff(np.unique(times_ns)) / NS
    return len(gaps_s) == 0 or float(np.median(gaps_s)) >= 0.5 * period_s


def ticks(pipeline: Pipeline, reports: Reports, looks: Looks) -> tuple[Iterator[TickOut], str, int]:
    """Return the ticks over a recording, their name and their number.

    There is one a second in which something was received, and a few after the last.

    Args:
        pipeline: to work them.
        reports: at least one, in any order.
        looks: in any order.
    """
    reports = reports.sorted_by("received_at_ns", "measured_at_ns", "sensor_id", "sequence")
    looks = looks.sorted_by("end_ns")
    seconds = np.unique(-(-reports.received_at_ns // NS))
    tail = np.arange(1, _TAIL_S + 1) + seconds[-1]

    def work() -> Iterator[TickOut]:
        none = (Faults.empty(), OperatorActions.empty())
        begin, swept = 0, 0
        for second in np.concatenate([seconds, tail]):
            now_ns = int(second) * NS
            end = int(np.searchsorted(reports.received_at_ns, now_ns, "right"))
            closed = int(np.searchsorted(looks.end_ns, now_ns, "right"))
            mine, marks = reports.take(slice(begin, end)), looks.take(slice(swept, closed))
            yield pipeline.work(mine, marks, *none, now_ns)
            begin, swept = end, closed

    return work(), "tracking", len(seconds) + _TAIL_S


def warn_tracks(
    tracks_path: Path, zones_path: Path, policy: str, out: Path, say: Say
) -> dict[str, Any]:
    """Forecast and decide over a track file; write warnings.parquet.

    Decisions are made at every instant of the file, each second of a gap in it, and after its end
    until the last warning is cleared.

    Raises:
        InputError: a file that cannot be read, no zone, or tracks without a class.
    """
    path = in_folder(tracks_path, "tracks.parquet")
    tracks = _with_hazard(read_parquet(Tracks, path), path).sorted_by("measured_at_ns", "track_id")
    zones = read_zones(zones_path)
    if not zones:
        raise InputError(zones_path, "holds no zone", "give at least one feature")
    config = warn.WarnConfig(
        zones, Region.at(first_corner(zones)), warn.parse_policy(policy_text(policy, Path()))
    )
    forecasts, warnings = decided(config, tracks, say)
    out.mkdir(parents=True, exist_ok=True)
    write_parquet(warnings, out / "warnings.parquet")
    write_parquet(forecasts, out / "forecasts.parquet")
    return {"warnings": str(out / "warnings.parquet"), "rows": len(warnings)}


def decided(config: warn.WarnConfig, tracks: Tracks, say: Say) -> tuple[Forecasts, Warnings]:
    """Return the forecasts of each minute, and all warnings, over a track file."""
    minutely, results = Minutely(), list(_decided(config, tracks, say))
    forecasts = Forecasts.concat([minutely(result.forecasts) for result in results])
    return forecasts, Warnings.concat([result.warnings for result in results])


def _with_hazard(tracks: Tracks, path: Path) -> Tracks:
    """Return tracks with `hazardous` set from the class where another program left it out."""
    if "hazardous" in parquet_columns(path):
        return tracks
    if "object_class" not in parquet_columns(path):
        mend = "add the column object_class, or hazardous"
        raise InputError(path, "does not say which tracks are hazardous", mend)
    kinds = [int(kind) for kind in HAZARDS]
    declared = tracks.designation == Designation.HAZARD
    return tracks.replace(hazardous=np.isin(tracks.object_class, kinds) | declared)


def _decided(config: warn.WarnConfig, tracks: Tracks, say: Say) -> Iterator[warn.WarnOut]:
    """Yield the decisions; a sky without tracks is decided on too."""
    state = warn.start(config)
    instants, starts = np.unique(tracks.measured_at_ns, return_index=True)
    rows = zip(instants.tolist(), starts.tolist(), [*starts[1:].tolist(), len(tracks)], strict=True)
    standing: dict[str, None] = {}
    last_ns = None
    none, nobody = OperatorActions.empty(), Tracks.empty()

    def until(end_ns: float) -> Iterator[warn.WarnOut]:
        nonlocal state, last_ns
        while standing and last_ns is not None and last_ns + NS < end_ns:
            last_ns += NS
            state, result = warn.step(state, nobody, last_ns, none)
            _stand(standing, result.warnings)
            yield result

    for now_ns, begin, end in say.progress(rows, "warning", len(instants)):
        yield from until(now_ns)
        state, result = warn.step(state, tracks.take(slice(begin, end)), now_ns, none)
        _stand(standing, result.warnings)
        last_ns = now_ns
        yield result
    if last_ns is not None:
        yield from until(last_ns + _LONGEST_S * NS)


def _stand(standing: dict[str, None], decided: Warnings) -> None:
    """Keep which warnings stand."""
    for warning_id, action in zip(decided.warning_id.tolist(), decided.action, strict=True):
        if action in ENDINGS:
            standing.pop(warning_id, None)
        else:
            standing[warning_id] = None


def in_folder(path: Path, name: str) -> Path:
    """Return a file, found by its name where a folder is given."""
    return path / name if path.is_dir() else path


def first_corner(zones: Sequence[Zone]) -> Origin:
    """Return a corner of the first zone, for the origin of a region frame."""
    longitude, latitude = zones[0].polygons[0][0][0]
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
