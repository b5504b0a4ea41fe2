"""`tocsin replay --what-if`: the same night under another policy or zone map, or a sensor dead.

The whole record is worked again by the same rooms, set up differently. Nothing is delivered, and
nothing is written into the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tocsin import evaluate, simulate, warn
from tocsin.contract import (
    I64,
    NS,
    Effects,
    InputError,
    ObjectClass,
    SensorHealth,
    Truth,
    Warnings,
    Zone,
    from_ipc,
    read_parquet,
    read_zones,
)
from tocsin.geo.terrain_file import read_terrain
from tocsin.record import read_journal
from tocsin.run.offline import Say, in_folder
from tocsin.run.origins import first_of
from tocsin.run.outputs import Outputs
from tocsin.run.pipeline import PipelineConfig
from tocsin.run.recording import (
    Player,
    recorded_decisions,
    recorded_site,
    recorded_ticks,
    recorded_zones,
)
from tocsin.run.scoring import classes_of
from tocsin.run.site import Site, policy_text, read_site
from tocsin.run.warm import warm_up

MARGIN_DEG = 0.1


@dataclass(frozen=True)
class WhatIf:
    """Hold what shall be different.

    Args:
        policy: a preset or a policy file; None: the recorded one.
        zones: another zone map; None: the recorded one.
        without_sensors: sensors that are dead.
        truth: truth.parquet, or a folder with it, to score both against; None: not known.
    """

    policy: str | None = None
    zones: Path | None = None
    without_sensors: tuple[str, ...] = ()
    truth: Path | None = None


@dataclass(frozen=True, eq=False)
class _Night:
    """Hold one outcome of a night: what was decided, on which zone map, and if it is another."""

    warnings: Warnings
    zones: tuple[Zone, ...]
    other_map: bool = False


def what_if(record: Path, change: WhatIf, out: Path | None, say: Say) -> dict[str, Any]:
    """Work a record again, differently; return both outcomes side by side.

    Args:
        record: folder of a run's record.
        change: what shall be different.
        out: folder for the tables of the other outcome.
        say: tells people.

    Raises:
        InputError: no record, an unusable policy or zone map, a sensor that is not in the record,
            a truth of another time, or an output folder in the record.
    """
    site, zones = recorded_site(record), _zones(record, change)
    policy = _policy(change)
    dead = _sensors(record, site, change.without_sensors)
    if out is not None and record.resolve() in (out.resolve(), *out.resolve().parents):
        raise InputError(out, "is in the record", "choose a folder beside it")
    truth = None if change.truth is None else _truth(change.truth)

    def set_up(recorded: Site) -> PipelineConfig:
        config = recorded.pipeline_config()
        return replace(
            config,
            zones=config.zones if change.zones is None else zones,
            policy=config.policy if policy is None else policy,
            silenced=dead,
        )

    warm_up(say.note, site.sensors)
    warnings, span_ns = _work(record, set_up, out, say)
    nights = {
        "recorded": _Night(recorded_decisions(record)[0], recorded_zones(record)),
        "what_if": _Night(warnings, zones, other_map=change.zones is not None),
    }
    span_ns = span_ns if truth is None else _common(span_ns, truth, change.truth)
    return {
        "record": str(record),
        "changed": {
            "policy": change.policy,
            "zones": None if change.zones is None else str(change.zones),
            "without_sensors": list(change.without_sensors),
        },
        "start_ns": span_ns[0],
        "end_ns": span_ns[1],
        "scored_against": None if change.truth is None else str(change.truth),
        **{name: _scores(night, span_ns, truth, change) for name, night in nights.items()},
        "zones": _different(nights, span_ns),
        "out": None if out is None else str(out),
    }


def _work(
    record: Path, set_up: Callable[[Site], PipelineConfig], out: Path | None, say: Say
) -> tuple[Warnings, tuple[int, int]]:
    outputs = None if out is None else Outputs(out)
    player, decided, times = Player(record, set_up=set_up), [], []
    for tick in say.progress(recorded_ticks(record), "what if"):
        result = player.tick(tick)
        decided.append(result.warnings)
        times.append(tick.now_ns)
        if outputs is not None:
            outputs.add(result)
    if outputs is not None:
        outputs.close()
    if not times:
        raise InputError(record, "holds no tick", "record a run first")
    return Warnings.concat(decided), (times[0], times[-1])


def _policy(change: WhatIf) -> warn.Policy | None:
    if change.policy is None:
        return None
    return warn.parse_policy(policy_text(change.policy, Path()), change.policy)


def _zones(record: Path, change: WhatIf) -> tuple[Zone, ...]:
    """Return the other zone map, checked to be of the same place; else the recorded one."""
    recorded = recorded_zones(record)
    if change.zones is None:
        return recorded
    zones = read_zones(change.zones)
    if not zones:
        raise InputError(change.zones, "holds no zone", "give at least one feature")
    if recorded:
        low, high = _bounds(recorded)
        near = [_bounds([zone]) for zone in zones]
        if not any(
            (a <= high + MARGIN_DEG).all() and (b >= low - MARGIN_DEG).all() for a, b in near
        ):
            what = "none of its zones is near those of the record"
            raise InputError(change.zones, what, "give a zone map of the same place")
    return zones


def _bounds(zones: Sequence[Zone]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    places = np.array([p for zone in zones for part in zone.polygons for p in part[0]], float)
    return places.min(axis=0), places.max(axis=0)


def _sensors(record: Path, site: Site, wanted: Sequence[str]) -> frozenset[str]:
    """Return the sensors that shall be dead, each of which the record has."""
    known = dict.fromkeys(sensor.sensor_id for sensor in site.sensors)
    if any(name not in known for name in wanted):
        for entry in read_journal(record, ("health",)):
            known |= dict.fromkeys(from_ipc(SensorHealth, entry.blob).sensor_id.tolist())
    for name in wanted:
        if name not in known:
            mend = f"use one of {', '.join(known) or 'none: it has no sensor'}"
            raise InputError("--without-sensor", f"no sensor {name!r} in the record", mend)
    return frozenset(wanted)


def _truth(path: Path) -> Truth:
    truth = read_parquet(Truth, in_folder(path, "truth.parquet"))
    if len(truth) == 0:
        raise InputError(path, "holds no row", "give the truth of this run")
    return truth


def _common(span_ns: tuple[int, int], truth: Truth, path: Path | None) -> tuple[int, int]:
    """Return the time that record and truth share."""
    begin = max(span_ns[0], int(truth.measured_at_ns.min()))
    end = min(span_ns[1], int(truth.measured_at_ns.max()) + 1)
    if end <= begin:
        raise InputError(str(path), "is of another time than the record", "give the truth of it")
    return begin, end


def _effects(night: _Night, truth: Truth, path: Path) -> Effects:
    """Return what was truly affected; of another zone map, found over the ground of the truth's."""
    folder = in_folder(path, "truth.parquet").parent
    if not night.other_map:
        return read_parquet(Effects, folder / "effects.parquet")
    site_path = first_of([folder, folder.parent], "site.toml")
    site = None if site_path is None else read_site(site_path)
    low, high = _bounds(night.zones)
    ground = None
    if site is not None and site.terrain is not None:
        box = (low[1] - MARGIN_DEG, low[0] - MARGIN_DEG, high[1] + MARGIN_DEG, high[0] + MARGIN_DEG)
        ground = read_terrain(site.terrain, box, site.file.site.geoid_m)
    middle = (low + high) / 2.0
    centre = (float(middle[1]), float(middle[0]))
    return simulate.effects_over(simulate.Ground.of((), ground), truth, night.zones, centre)


def _scores(
    night: _Night, span_ns: tuple[int, int], truth: Truth | None, change: WhatIf
) -> dict[str, Any]:
    """Return what an outcome cost, and where the truth is known whom it reached."""
    effects, classes = Effects.empty(), dict[str, ObjectClass]()
    if truth is not None and change.truth is not None:
        effects, classes = _effects(night, truth, change.truth), classes_of(truth)
    found = evaluate.score_warnings(effects, night.warnings, night.zones, *span_ns, classes)
    keys = _COSTS if truth is None else (*_REACHED, *_COSTS)
    return {"zones": len(night.zones), **{key: found[key] for key in keys}}


_COSTS = (
    "alarm_person_h",
    "pre_alert_person_h",
    "zones_alarmed",
    "alerts",
    "re_alerts",
    "never_cleared",
)
_REACHED = (
    "event_people",
    "event_people_not_in_time",
    "unwarned_person_h",
    "pod",
    "pod_usable_lead",
    "event_pod_usable_lead",
    "lead_p50_s",
    "false_alerts",
    "csi",
    "needed_person_h",
)


def _different(nights: Mapping[str, _Night], span_ns: tuple[int, int]) -> list[dict[str, Any]]:
    """Return the zones that were alarmed at other times, with these; longest difference first."""
    alarms: dict[str, dict[str, I64]] = {}
    names: dict[str, str] = {}
    for which, night in nights.items():
        none = Effects.empty()
        for row in evaluate.zone_records(none, night.warnings, night.zones, span_ns, {}):
            alarms.setdefault(row.zone.zone_id, {})[which] = row.alarm
            names.setdefault(row.zone.zone_id, row.zone.name)
    rows = []
    for zone_id, both in alarms.items():
        spans = {which: both.get(which) for which in nights}
        if len({None if s is None else s.tobytes() for s in spans.values()}) > 1 and any(
            s is not None and len(s) for s in spans.values()
        ):
            times = {f"{which}_alarms": _written(s, span_ns[0]) for which, s in spans.items()}
            lengths = {f"{which}_min": _minutes(s) for which, s in spans.items()}
            rows.append({"zone_id": zone_id, "name": names[zone_id], **lengths, **times})
    return sorted(rows, key=lambda row: (-_gap(row), row["zone_id"]))


def _gap(row: Mapping[str, Any]) -> float:
    return abs(float(row["what_if_min"] or 0.0) - float(row["recorded_min"] or 0.0))


def _minutes(spans: I64 | None) -> float | None:
    """Return how long a zone was in alarm; None: the zone is not on this map."""
    return None if spans is None else float(np.sum(spans[:, 1] - spans[:, 0])) / (60.0 * NS)


def _written(spans: I64 | None, start_ns: int) -> list[list[float]] | None:
    """Return begin and end of each alarm, in seconds since the start."""
    if spans is None:
        return None
    return [[(a - start_ns) / NS, (b - start_ns) / NS] for a, b in spans.tolist()]
