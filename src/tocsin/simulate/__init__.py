"""Scenarios, true motion, sensors and their faults; it never sees a track."""

from tocsin.simulate.effects import effects, effects_over
from tocsin.simulate.recorded import NoRecordingError
from tocsin.simulate.scenario import Scenario, demo_scenario, read_scenario
from tocsin.simulate.site import site_toml, write_site
from tocsin.simulate.step import SimStep, steps
from tocsin.simulate.terrain import Ground
from tocsin.simulate.variants import civil_only, mirrored, with_seed, without_sensor

__all__ = [
    "Ground",
    "NoRecordingError",
    "Scenario",
    "SimStep",
    "civil_only",
    "demo_scenario",
    "effects",
    "effects_over",
    "mirrored",
    "read_scenario",
    "site_toml",
    "steps",
    "with_seed",
    "without_sensor",
    "write_site",
]
