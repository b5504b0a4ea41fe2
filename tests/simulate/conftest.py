"""The demo, run once for all tests of the room."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.simulate.worlds import HEAD
from tocsin import simulate
from tocsin.contract import Looks, Origins, Reports, Truth


@dataclass(frozen=True)
class Run:
    """Everything that a whole run put out."""

    scenario: simulate.Scenario
    steps: list[simulate.SimStep]
    reports: Reports
    looks: Looks
    origins: Origins
    truth: Truth


def collected(scenario: simulate.Scenario, ticks: int | None = None) -> Run:
    """Run a scenario, or its first ticks, to the end."""
    steps = []
    for step in simulate.steps(scenario):
        steps.append(step)
        if len(steps) == ticks:
            break
    return Run(
        scenario,
        steps,
        Reports.concat([s.reports for s in steps]),
        Looks.concat([s.looks for s in steps]),
        Origins.concat([s.origins for s in steps]),
        Truth.concat([s.truth for s in steps]),
    )


@pytest.fixture(scope="session")
def demo() -> Run:
    """Run the demo scenario once."""
    return collected(simulate.read_scenario(simulate.demo_scenario()))


@pytest.fixture(scope="session")
def collect():
    """Give the function that runs a scenario."""
    return collected


@pytest.fixture
def write(tmp_path: Path):
    """Write a scenario on the demo's island and read it."""

    def _write(text: str, duration_s: int = 600, seed: int = 1) -> simulate.Scenario:
        path = tmp_path / "s.toml"
        path.write_text(HEAD.format(duration_s=duration_s, seed=seed) + text, "utf-8")
        return simulate.read_scenario(path)

    return _write
