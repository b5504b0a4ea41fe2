"""Hold forecasts against what simulated raids then do; prints JSON.

python bench/reliability.py [--seeds N] [--first SEED] [--quick]

Objects move by the dynamics of the test range, which knows nothing of the forecasts' motion. Each
minute their true states, with a track's errors, are forecast as a run forecasts them, over level
ground; a row is a zone, a minute and a class. `reliability` has by class and bin of the probability
given: the rows, the mean given, and the share of them that were affected by the objects then in the
air. `brier` is the mean squared difference, `climate_brier` that of giving the mean each time.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tocsin import simulate, warn
from tocsin.contract import (
    CLASS_COUNT,
    F64,
    HAZARDS,
    NS,
    Effects,
    ObjectClass,
    Tracks,
    TrackStatus,
    Truth,
)
from tocsin.motion.ballistic import HORIZON_S
from tocsin.motion.classes import COURSES
from tocsin.warn.forecast import Model, build_model, outlook, probability_by

EDGES = (0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.001)
EVERY_S = 60
STD = (60.0, 60.0, 80.0, 2.5, 2.5, 2.0)
"""Errors of a track: metres, then metres per second."""
REACH_S = 255.0
"""What an alert of the balanced policy counts: 120 s to shelter, margin and window."""
SCENARIOS = ("", "ballistic-arcs", "fast-and-low")
_FOLDER = Path(__file__).parents[1] / "scenarios"


@dataclass(frozen=True, eq=False)
class Pairs:
    """Hold what was given and what happened, one row per zone, minute and class."""

    kind: F64
    given: F64
    given_soon: F64
    happened: F64
    happened_soon: F64

    @classmethod
    def of(cls, rows: list[tuple[float, ...]]) -> Pairs:
        """Return rows as columns."""
        return cls(*np.array(rows, float).reshape(-1, 5).T)


def scenario(name: str, seed: int) -> simulate.Scenario:
    """Return a scenario's hazardous objects alone, under another seed."""
    path = _FOLDER / f"{name}.toml" if name else simulate.demo_scenario()
    whole = simulate.with_seed(simulate.read_scenario(path), seed)
    seen = ("radar", "adsb_receiver", "rf_node", "acoustic_node", "fault", "spoof")
    harmless = ("traffic", "birds", "balloons")
    bare: dict[str, Any] = dict.fromkeys((*seen, *harmless), ())
    return replace(whole, file=whole.file.model_copy(update={**bare, "people": None}))


def flights(chosen: simulate.Scenario) -> Truth:
    """Return every hazardous object each second."""
    hazards = [int(kind) for kind in HAZARDS]
    rows = [step.truth for step in simulate.steps(chosen)]
    return Truth.concat([one.take(np.isin(one.object_class, hazards)) for one in rows])


def tracks_at(truth: Truth, now_ns: int, draw: np.random.Generator) -> Tracks:
    """Return the objects in the air at an instant as tracks, their errors drawn."""
    rows = truth.take(truth.measured_at_ns == now_ns)
    count = len(rows)
    off = draw.normal(size=(count, 6)) * STD
    scale = np.cos(np.radians(rows.latitude_deg)) * 111_320.0
    probability = np.zeros((count, CLASS_COUNT))
    probability[np.arange(count), rows.object_class] = 1.0
    packed = np.diag(np.square(STD))[np.triu_indices(6)]
    return Tracks.build(
        count,
        measured_at_ns=now_ns,
        emitted_at_ns=now_ns,
        track_id=rows.target_id,
        status=TrackStatus.CONFIRMED,
        existence_probability=1.0,
        latitude_deg=rows.latitude_deg + off[:, 1] / 111_000.0,
        longitude_deg=rows.longitude_deg + off[:, 0] / scale,
        height_wgs84_m=rows.height_wgs84_m + off[:, 2],
        velocity_east_mps=rows.velocity_east_mps + off[:, 3],
        velocity_north_mps=rows.velocity_north_mps + off[:, 4],
        velocity_up_mps=rows.velocity_up_mps + off[:, 5],
        state_cov_m_mps=np.tile(packed, (count, 1)),
        class_probability=probability,
        object_class=rows.object_class,
        hazardous=True,
    )


def pairs(chosen: simulate.Scenario, seed: int) -> Iterator[tuple[float, ...]]:
    """Yield class, probabilities given within horizon and reach, and what happened, of one raid."""
    truth = flights(chosen)
    done = simulate.effects(chosen, truth)
    config = warn.WarnConfig(chosen.zones, chosen.region)
    model, draw = build_model(config), np.random.default_rng(seed)
    last_ns = int(truth.measured_at_ns.max(initial=0))
    for now_ns in np.unique(truth.measured_at_ns)[::EVERY_S].tolist():
        own = tracks_at(truth, now_ns, draw)
        if now_ns + EVERY_S * NS > last_ns or len(own) == 0:
            continue
        yield from _rows(model, own, done, now_ns)


def _rows(model: Model, own: Tracks, done: Effects, now_ns: int) -> Iterator[tuple[float, ...]]:
    risk = outlook(model, own, now_ns).risk
    soon = probability_by(risk.curve, model.seconds, np.full(len(risk.zone), REACH_S))
    given = {
        (z, k): (float(p), float(s))
        for z, k, p, s in zip(
            risk.zone.tolist(), risk.threat.tolist(), risk.curve[:, -1], soon, strict=True
        )
    }
    kinds = dict(zip(own.track_id.tolist(), own.object_class.tolist(), strict=True))
    number = {zone.zone_id: k for k, zone in enumerate(model.config.zones)}
    first: dict[tuple[int, int], float] = {}
    for row in done.rows():
        if row["target_id"] in kinds and row["last_ns"] >= now_ns:
            key = (number[row["zone_id"]], kinds[row["target_id"]])
            first[key] = min(first.get(key, np.inf), max(row["first_ns"] - now_ns, 0) / NS)
    for key in sorted({*given, *first}):
        p, s = given.get(key, (0.0, 0.0))
        after_s = first.get(key, np.inf)
        yield (key[1], p, s, float(after_s <= horizon_s(key[1])), float(after_s <= REACH_S))


def horizon_s(kind: int) -> float:
    """Return how far ahead a class is forecast."""
    course = COURSES.get(ObjectClass(kind))
    return HORIZON_S if course is None else course.horizon_s


def reliability(given: F64, happened: F64) -> list[dict[str, Any]]:
    """Return the table of a class, one row per bin that was given."""
    rows = []
    for low, high in pairwise(EDGES):
        mine = (given >= low) & (given < high)
        if mine.any():
            said, was = float(given[mine].mean()), float(happened[mine].mean())
            rows.append({"from": low, "to": high, "rows": int(mine.sum()), "given": said,
                         "happened": was})  # fmt: skip
    return rows


def report(found: Pairs) -> dict[str, Any]:
    """Return the tables by class."""
    result = {}
    for kind in HAZARDS:
        mine = found.kind == int(kind)
        for name, given, happened in (
            ("horizon", found.given[mine], found.happened[mine]),
            ("reach", found.given_soon[mine], found.happened_soon[mine]),
        ):
            if len(given) == 0:
                continue
            base = float(happened.mean())
            result[f"{kind.name.lower()}_{name}"] = {
                "rows": len(given),
                "given": float(given.mean()),
                "happened": base,
                "brier": float(((given - happened) ** 2).mean()),
                "climate_brier": base * (1.0 - base),
                "reliability": reliability(given, happened),
            }
    return result


def measured(seeds: range, names: tuple[str, ...] = SCENARIOS) -> Pairs:
    """Return the pairs of scenarios under seeds."""
    rows: list[tuple[float, ...]] = []
    for seed in seeds:
        for name in names:
            print(f"seed {seed}, {name or 'demo'} ...", file=sys.stderr)
            rows += pairs(scenario(name, seed), seed)
    return Pairs.of(rows)


def main() -> None:
    """Print the tables as JSON."""
    given = sys.argv[1:]
    count = int(given[given.index("--seeds") + 1]) if "--seeds" in given else 8
    first = int(given[given.index("--first") + 1]) if "--first" in given else 1000
    names = SCENARIOS[:1] if "--quick" in given else SCENARIOS
    seeds = range(first, first + (1 if "--quick" in given else count))
    print(json.dumps(report(measured(seeds, names)), indent=1))


if __name__ == "__main__":
    main()
