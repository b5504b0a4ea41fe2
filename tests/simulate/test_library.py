"""Every scenario of the library is read, says what it tests, and runs."""

from itertools import islice

import numpy as np
import pytest

from tests.support import NO_RECORDINGS, ROOT, shared_data
from tocsin import simulate
from tocsin.simulate.flight import flown, plans_of, under_way

FILES = sorted((ROOT / "scenarios").glob("*.toml"))
BY_NAME = {path.stem: path for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_scenario_runs_and_says_what_it_is_for(path):
    text = path.read_text("utf-8")
    assert text.startswith("# ")
    assert "Tests " in text.split("\n\n")[0]
    if "shared/data" in text and shared_data() is None:
        pytest.skip(NO_RECORDINGS)
    scenario = simulate.read_scenario(path)
    assert scenario.file.name == path.stem
    steps = list(islice(simulate.steps(scenario), 3))
    assert len(steps[-1].looks) > 0
    assert len(scenario.sensors) >= 1
    for step in steps:
        step.truth.validate()
        step.reports.validate()


def test_the_library_holds_what_it_should():
    wanted = {
        "quiet-evening", "crossing-traffic", "formation-split", "swarm-6000", "waves-72h",
        "fast-and-low", "ballistic-arcs", "birds-and-balloons", "holding-and-landing",
        "real-flights",
    }  # fmt: skip
    assert wanted <= set(BY_NAME)


def test_the_swarm_is_six_thousand_at_once():
    scenario = simulate.read_scenario(BY_NAME["swarm-6000"])
    objects, motion = plans_of(scenario), None
    assert sum(name == "swarm" for name in objects.group) == 6000
    motion, most = under_way(objects, scenario.ground, 1.0), 0
    for tick in range(200):
        motion = flown(objects, scenario.ground, motion, tick, 1.0)[1]
        most = max(most, len(motion))
    assert most > 5900


def test_three_days_hold_only_what_is_in_the_air():
    scenario = simulate.read_scenario(BY_NAME["waves-72h"])
    objects, tick_s = plans_of(scenario), scenario.tick_s
    assert len(objects) > 1300
    begins = objects.begins_s
    assert begins.max() > 2.9 * 86400
    # Walk through the second night only: objects that begin in it fly, none that ended comes back.
    motion, counts = under_way(objects, scenario.ground, tick_s), []
    for tick in range(20_000, 21_000):
        motion = flown(objects, scenario.ground, motion, tick, tick_s)[1]
        counts.append(len(motion))
    assert 10 < np.median(counts) < 150
