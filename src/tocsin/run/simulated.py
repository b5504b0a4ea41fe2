"""Scenarios chosen on the command line: written to files, or spoken on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tocsin import evaluate, simulate
from tocsin.contract import (
    HAZARDS,
    Bool,
    InputError,
    Looks,
    Origins,
    Reports,
    Table,
    Truth,
    write_parquet,
)
from tocsin.run.offline import Say
from tocsin.run.outputs import TableFile

_DRAWN_TICKS = 2_000


def choose(
    path: Path | None,
    seed: int | None = None,
    without_sensors: tuple[str, ...] = (),
    civil_only: bool = False,
    mirrored: bool = False,
    minutes: float | None = None,
) -> simulate.Scenario:
    """Return a scenario as asked for; None is the demo's.

    Raises:
        InputError: no such file, a wrong value in it, or a sensor that it does not have.
    """
    scenario = simulate.read_scenario(path or simulate.demo_scenario())
    if seed is not None:
        scenario = simulate.with_seed(scenario, seed)
    for sensor_id in without_sensors:
        known = [sensor.sensor_id for sensor in scenario.sensors]
        if sensor_id not in known:
            mend = f"use one of {', '.join(known)}"
            raise InputError("--without-sensor", f"no sensor {sensor_id!r}", mend)
        scenario = simulate.without_sensor(scenario, sensor_id)
    if minutes is not None:
        duration_s = min(minutes * 60.0, scenario.file.duration_s)
        file = scenario.file.model_copy(update={"duration_s": duration_s})
        scenario = replace(scenario, file=file)
    scenario = simulate.civil_only(scenario) if civil_only else scenario
    return simulate.mirrored(scenario) if mirrored else scenario


def speak_until_done(scenario: simulate.Scenario, out: Path, speed: float) -> None:
    """Speak a scenario on loopback until it is over.

    Raises:
        InputError: the output folder cannot be written.
    """
    from tocsin.run.speak import speak

    asyncio.run(speak(scenario, out, speed))


def simulate_to(
    scenario: simulate.Scenario,
    out: Path,
    say: Say,
    picture: Path | None = None,
    each: Callable[[simulate.SimStep], None] = lambda step: None,
    only: Callable[[simulate.SimStep], Bool] | None = None,
) -> dict[str, Any]:
    """Simulate a scenario into a folder: site, zones, plots, looks; truth in a folder of its own.

    Rows are written as they come, so that days of traffic need no more memory than minutes; only
    the rows of hazardous objects are held, for the effects.

    Args:
        scenario: what happens.
        out: folder, made where it is missing.
        say: for the progress bar.
        picture: SVG file for a picture of the scenario.
        each: is given every step, before it is written.
        only: which of a step's reports to write; None: all.

    Raises:
        InputError: the folder or the picture cannot be written.
    """
    site = simulate.write_site(scenario, out)
    (out / "truth").mkdir(exist_ok=True)
    names: dict[type[Table], str] = {
        Reports: "plots",
        Looks: "looks",
        Truth: "truth/truth",
        Origins: "truth/origins",
    }
    files = {cls: TableFile(cls, out / f"{name}.parquet") for cls, name in names.items()}
    hazards = [int(kind) for kind in HAZARDS]
    hazardous, drawn = [], []
    seldom = max(scenario.ticks // _DRAWN_TICKS, 1)
    for number, step in enumerate(
        say.progress(simulate.steps(scenario), "simulating", scenario.ticks)
    ):
        each(step)
        chosen = slice(None) if only is None else only(step)
        reports, origins = step.reports.take(chosen), step.origins.take(chosen)
        for table in (reports, step.looks, step.truth, origins):
            files[type(table)].add(table)
        hazardous.append(step.truth.take(np.isin(step.truth.object_class, hazards)))
        if number % seldom == 0:
            drawn.append(step.truth)
    for file in files.values():
        file.close()
    effects = simulate.effects(scenario, Truth.concat(hazardous))
    write_parquet(effects, out / "truth" / "effects.parquet")
    if picture is not None:
        _draw(scenario, Truth.concat(drawn), picture)
    counts = {name.removeprefix("truth/"): files[cls].rows for cls, name in names.items()}
    return {"out": str(out), "site": str(site), "rows": {**counts, "effects": len(effects)}}


def _draw(scenario: simulate.Scenario, truth: Truth, picture: Path) -> None:
    place = scenario.file.place
    towns = [town.model_dump() for town in place.town]
    title = f"{scenario.file.name} ({place.name})"
    setting = evaluate.Setting(title, scenario.coastline, towns, scenario.sensors)
    try:
        picture.write_text(evaluate.chart_scenario(setting, truth), "utf-8")
    except OSError as error:
        raise InputError(picture, f"cannot be written: {error}", "choose another file") from error
