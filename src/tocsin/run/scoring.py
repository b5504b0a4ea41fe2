"""Scores of what is in folders: tracks, warnings, the report about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tocsin import evaluate
from tocsin.contract import (
    NS,
    Effects,
    Forecasts,
    Innovations,
    InputError,
    ObjectClass,
    Origin,
    Origins,
    Reports,
    Table,
    Tracks,
    Truth,
    Warnings,
    Zone,
    read_parquet,
    read_zones,
)
from tocsin.geo import Region
from tocsin.motion.classes import COURSES
from tocsin.run.offline import in_folder, write_text
from tocsin.run.origins import Known, first_of, known_plots, plot_places
from tocsin.run.sight import Sight
from tocsin.run.site import Site, read_site
from tocsin.run.sweep import sweep

TableT = TypeVar("TableT", bound=Table)
Note = Callable[[str], None]
_HORIZONS = evaluate.ForecastScoring(
    horizons_s={kind: course.horizon_s for kind, course in COURSES.items()}
)
"""Forecasts speak as far ahead as the motion of their class; of what falls, ten minutes."""
LATE_DETECTION = 3
"""The second oracle knows an object from this detection on: what a careful tracker waits for."""


@dataclass(frozen=True)
class ScoreOptions:
    """Hold what was asked for.

    Args:
        truth: truth.parquet, or a folder that has one.
        zones: zones.geojson, to score warnings; None: the folder's own.
        report: where to write the page.
        standard: name of a standard, or a TOML file.
        oracle: whether to score the oracle beside.
        sweep: whether to score other warning policies on the same tracks too.
        scoring: cut-off, dimension and instants of the track scores.
    """

    truth: Path
    zones: Path | None = None
    report: Path | None = None
    standard: str | None = None
    oracle: bool = False
    sweep: bool = False
    scoring: evaluate.TrackScoring = field(default_factory=evaluate.TrackScoring)


@dataclass(frozen=True, eq=False)
class Given:
    """Hold what one tracker put out."""

    name: str
    tracks: Tracks
    warnings: Warnings | None = None
    innovations: Innovations | None = None
    forecasts: Forecasts | None = None


@dataclass(frozen=True, eq=False)
class World:
    """Hold what all trackers are scored against.

    Args:
        truth: where every object was.
        effects: what was truly affected.
        zones: areas that can be warned.
        site: where the sensors stand; None: not known.
        sight: what its radars see and tell apart; None: everything.
        scoring: how tracks are scored.
        reports: plots of all sensors; None: not known, or not asked for.
        origins: the true object behind each of them; None: not known.
    """

    truth: Truth
    effects: Effects | None
    zones: tuple[Zone, ...]
    site: Site | None
    sight: Sight | None
    scoring: evaluate.TrackScoring
    reports: Reports | None = None
    origins: Origins | None = None

    @property
    def origin(self) -> Origin:
        """Return the origin of the region frame."""
        return Origin(0.0, 0.0) if self.site is None else self.site.origin


def score_folder(
    out: Path, truth_path: Path, zones_path: Path | None, report: Path | None
) -> dict[str, Any]:
    """Score one folder's tracks, and its warnings where there are zones.

    Raises:
        InputError: a file that cannot be read.
    """
    return score((out,), ScoreOptions(truth_path, zones_path, report), lambda _: None)


def score(outs: Sequence[Path], options: ScoreOptions, note: Note) -> dict[str, Any]:
    """Score the tracks in folders, one beside another; write the report where asked.

    With one folder the result holds its scores; with several, `trackers` holds them by name.

    Raises:
        InputError: a file that is missing, cannot be read, or is of another time.
    """
    standard = None if options.standard is None else read_standard(options.standard)
    world = _world(outs, options)
    given = [_given(name, out, world) for name, out in zip(_names(outs), outs, strict=True)]
    known = known_plots(_places(outs, options.truth), world.site) if options.oracle else None
    if options.report is not None:
        need_folder(options.report)
    entries = []
    for one in given:
        note(f"scoring {one.name} ...")
        entry = _entry(one, world)
        if options.sweep and "warning_scores" in entry.scores:
            span = _span_ns(world.truth)
            effects = world.effects or Effects.empty()
            found = sweep(one.tracks, world.zones, effects, span, classes_of(world.truth), note)
            entry = entry.with_scores(warning_sweep=found)
        entries.append(entry)
    references = [] if known is None else _oracles(known, world, note)
    if known is not None:
        best, average = references[0].world, _expected(known, world)
        entries = [e.with_scores(oracle=evaluate.distance(e.world, best, average)) for e in entries]
    if standard is not None:
        entries = [entry.judged(standard) for entry in entries]
    result = _result(entries, references, standard)
    if options.report is not None:
        evidence = evaluate.Evidence(
            *plot_places(_places(outs, options.truth), world.site, known),
            world.effects or Effects.empty(),
            world.zones,
            _setting(world),
        )
        page = evaluate.report_page(_title(outs, world), evidence, entries, references, standard)
        write_text(options.report, page)
        result["report"] = str(options.report)
    return result


def read_standard(name: str) -> evaluate.Standard:
    """Return a standard by its name, or from a TOML file.

    Raises:
        InputError: neither, or an unusable file.
    """
    if name in evaluate.STANDARDS:
        return evaluate.parse_standard(evaluate.standard_text(name), name)
    path = Path(name)
    try:
        return evaluate.parse_standard(path.read_text("utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        mend = f"use one of {', '.join(evaluate.STANDARDS)}, or a TOML file"
        raise InputError(f"standard {name!r}", "is no standard", mend) from error


def all_met(result: Mapping[str, Any]) -> bool:
    """Return whether every tracker of a result met its standard; true where none was given."""
    trackers = result.get("trackers", {"": result})
    return all(row["requirements"]["met"] for row in trackers.values() if "requirements" in row)


def _world(outs: Sequence[Path], options: ScoreOptions) -> World:
    truth_path = in_folder(options.truth, "truth.parquet")
    truth = read_parquet(Truth, truth_path)
    if len(truth) == 0:
        raise InputError(truth_path, "holds no row", "give the truth of this run")
    places = _places(outs, options.truth)
    site_path, zones_path = first_of(places, "site.toml"), options.zones
    if zones_path is None:
        zones_path = first_of(places, "zones.geojson")
    site = None if site_path is None else read_site(site_path)
    return World(
        truth,
        _table(Effects, truth_path.parent / "effects.parquet"),
        read_zones(zones_path) if zones_path else (),
        site,
        None if site is None else Sight.of(site),
        options.scoring,
        *_detections(places, zones_path is not None),
    )


def _detections(
    places: Sequence[Path], warned: bool
) -> tuple[Reports, Origins] | tuple[None, None]:
    """Return the plots of a run and what is behind them, for the oracle of warnings."""
    plots, origins = (first_of(places, f"{name}.parquet") for name in ("plots", "origins"))
    if not warned or plots is None or origins is None:
        return None, None
    return read_parquet(Reports, plots), read_parquet(Origins, origins)


def _places(outs: Sequence[Path], truth: Path) -> list[Path]:
    """Return where the files of a run may be: with the truth first, as it is common to all."""
    folder = in_folder(truth, "truth.parquet").parent
    return [folder, folder.parent, *outs]


def _given(name: str, out: Path, world: World) -> Given:
    tracks = _tracks(out, world.truth)
    warnings = _table(Warnings, out / "warnings.parquet")
    forecasts = _table(Forecasts, out / "forecasts.parquet")
    return Given(name, tracks, warnings, innovations_in(out), forecasts)


def need_folder(path: Path) -> None:
    """Check early that a file can be made where it is wanted.

    Raises:
        InputError: there is no such folder.
    """
    if not path.parent.is_dir():
        raise InputError(
            path, "is in no folder that there is", "make the folder, or choose another"
        )


def _tracks(out: Path, truth: Truth) -> Tracks:
    """Return a folder's tracks, checked to be of the truth's time."""
    path = out / "tracks.parquet"
    if not path.is_file():
        made = "make them with tocsin track, tocsin run or tocsin demo"
        what = "holds no tracks.parquet" if out.is_dir() else "no such folder"
        raise InputError(out, what, made)
    tracks = read_parquet(Tracks, path)
    if len(tracks):
        first, last = int(tracks.measured_at_ns.min()), int(tracks.measured_at_ns.max())
        begin, end = int(truth.measured_at_ns.min()), int(truth.measured_at_ns.max())
        if last < begin or first > end:
            what = f"its tracks ({_span(first, last)}) and the truth ({_span(begin, end)}) do not"
            raise InputError(path, f"{what} overlap in time", "give the truth of the same run")
    return tracks


def innovations_in(out: Path) -> Innovations | None:
    """Return what a tracker says of its innovations; None where it says nothing.

    Raises:
        InputError: a file that cannot be read, or with a row that cannot be.
    """
    path = out / "innovations.parquet"
    found = _table(Innovations, path)
    if found is None:
        return None
    for name, good, mend in (
        ("dimension", found.dimension > 0, "give the degrees of freedom, 1 or more"),
        ("distance2", found.distance2 >= 0.0, "give the squared distance, 0 or more"),
        ("probability", (found.probability >= 0.0) & (found.probability <= 1.0), "give 0 to 1"),
    ):
        if not good.all():
            row = int(np.argmin(good))
            what = f"row {row} has the {name} {getattr(found, name)[row]}"
            raise InputError(path, what, mend)
    return found


def _span(first_ns: int, last_ns: int) -> str:
    ends = (datetime.fromtimestamp(at // NS, UTC) for at in (first_ns, last_ns))
    return " to ".join(f"{at:%Y-%m-%d %H:%M:%S}" for at in ends)


def _names(outs: Sequence[Path]) -> list[str]:
    """Return a name for each folder: its own, with its parent's where that is taken."""
    paths = [out.resolve() for out in outs]
    short = [path.name for path in paths]
    long = [f"{path.parent.name}/{path.name}" for path in paths]
    names = [own if short.count(own) == 1 else full for own, full in zip(short, long, strict=True)]
    repeated = [name for k, name in enumerate(names) if name in names[:k]]
    if repeated:
        raise InputError(repeated[0], "is given twice", "give each folder once")
    return names


def _entry(given: Given, world: World) -> evaluate.Entry:
    truth, warnings = world.truth, given.warnings
    sees = (None, None) if world.sight is None else (world.sight.coverage, world.sight.resolution)
    paired = evaluate.scene(truth, given.tracks, world.origin, world.scoring, *sees)
    told = given.innovations
    nis = {} if told is None else evaluate.innovation_scores(told)
    scores: dict[str, Any] = {"track_scores": {**evaluate.score_scene(paired), **nis}}
    if world.zones and world.effects is not None and warnings is not None:
        begin, end = _span_ns(truth)
        run = evaluate.RunTables(given.tracks, world.reports, world.origins)
        scores["warning_scores"] = evaluate.score_warnings(
            world.effects, warnings, world.zones, begin, end, classes_of(truth), run=run
        )
    if world.zones and world.effects is not None and given.forecasts is not None:
        scores["forecast_scores"] = evaluate.score_forecasts(
            given.forecasts,
            world.effects,
            world.zones,
            _span_ns(truth),
            classes_of(truth),
            _HORIZONS,
        )
    return evaluate.Entry(given.name, paired, scores, warnings or Warnings.empty())


def _span_ns(truth: Truth) -> tuple[int, int]:
    """Return the time that truth tells of, its last instant included."""
    return int(truth.measured_at_ns.min()), int(truth.measured_at_ns.max()) + 1


def _oracles(known: Known, world: World, note: Note) -> list[evaluate.Entry]:
    """Return the oracle that knows of an object at its first plot, and the one that waits."""
    at_ns = evaluate.instants(world.truth, Tracks.empty(), world.scoring)
    entries = []
    for name, k in (("oracle", 1), (f"oracle, {LATE_DETECTION}rd plot", LATE_DETECTION)):
        note(f"scoring the {name} ...")
        found = evaluate.oracle(
            world.truth,
            known.plots,
            known.target_id,
            at_ns,
            Region.at(world.origin),
            evaluate.OracleConfig(k),
            world.scoring,
            known.site,
        )
        told = Given(name, found.tracks, innovations=found.innovations)
        entries.append(_entry(told, world))
    return entries


def _expected(known: Known, world: World) -> evaluate.Bound | None:
    """Return the bound of what the site's radars give on the average, and of what others told."""
    if world.sight is None:
        return None
    others = ~np.isin(known.plots.sensor, known.radars)
    sight, reports = world.sight, known.plots.take(others)
    sources = evaluate.Sources(sight.radars, sight.chance, reports, known.target_id[others])
    at_ns = evaluate.instants(world.truth, Tracks.empty(), world.scoring)
    return evaluate.expected_bound(world.truth, sources, at_ns, sight.region, scoring=world.scoring)


def _result(
    entries: Sequence[evaluate.Entry],
    references: Sequence[evaluate.Entry],
    standard: evaluate.Standard | None,
) -> dict[str, Any]:
    rows = {entry.name: _document(entry, standard) for entry in entries}
    result: dict[str, Any] = {"trackers": rows} if len(rows) > 1 else next(iter(rows.values()))
    if references:
        result["oracles"] = {entry.name: entry.scores["track_scores"] for entry in references}
    return result


def _document(entry: evaluate.Entry, standard: evaluate.Standard | None) -> dict[str, Any]:
    if standard is None:
        return dict(entry.scores)
    requirements = {
        "standard": standard.name,
        "met": evaluate.met(entry.verdicts),
        "verdicts": [verdict.row() for verdict in entry.verdicts],
    }
    return {**entry.scores, "requirements": requirements}


def _setting(world: World) -> evaluate.Setting:
    if world.site is None:
        return evaluate.Setting("")
    place: Mapping[str, Any] = world.site.place
    sensors = world.site.sensors
    return evaluate.Setting(
        world.site.name, place.get("coastline") or {}, place.get("towns") or (), sensors
    )


def _title(outs: Sequence[Path], world: World) -> str:
    own = world.site.name if world.site is not None else outs[0].resolve().name
    return own if len(outs) == 1 else f"{own}: {len(outs)} trackers"


def _table(cls: type[TableT], path: Path) -> TableT | None:
    return read_parquet(cls, path) if path.is_file() else None


def classes_of(truth: Truth) -> dict[str, ObjectClass]:
    """Return the class of each true object."""
    names, first = np.unique(truth.target_id.astype(str), return_index=True)
    kinds = [ObjectClass(kind) for kind in truth.object_class[first].tolist()]
    return dict(zip(names.tolist(), kinds, strict=True))
