"""Scenarios chosen on the command line."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from tocsin import simulate
from tocsin.contract import InputError


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
