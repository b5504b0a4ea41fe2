"""A folder of scenarios: chosen, worked in seconds, judged, and said in words."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.test_bad_input import refused, run
from tocsin import simulate
from tocsin.cli import words
from tocsin.contract import NS, InputError, Looks, Origins, Reports, Truth
from tocsin.run import suite
from tocsin.run.rehearse import HazardousReports, seconds_of
from tocsin.run.suite import Case, SuiteOptions, cases_of, work

LIBRARY = Path("scenarios")
AT_NS = 1_900_000_000 * NS


def names(**options: Any) -> list[str]:
    """Return the runs that are asked for."""
    return [case.name for case in cases_of(LIBRARY, SuiteOptions(**options))[0]]


def test_every_scenario_of_the_library_has_requirements() -> None:
    cases, skipped = cases_of(LIBRARY, SuiteOptions())
    found = {case.path.stem for case in cases} | {text.split(":")[0] for text in skipped}
    assert found == {path.stem for path in LIBRARY.glob("*.toml")}
    for case in cases:
        assert simulate.read_scenario(case.path).file.standards


def test_runs_are_chosen_by_name_length_seed_and_side() -> None:
    assert names(only=("quiet-evening",)) == ["quiet-evening-1345"]
    twice = names(only=("quiet-evening",), seeds=2, mirrored=True)
    assert twice == [
        "quiet-evening-1345",
        "quiet-evening-1345-mirrored",
        "quiet-evening-1346",
        "quiet-evening-1346-mirrored",
    ]
    short = names(longest_min=15.0)
    assert "spoofed-traffic-72" in short
    assert not any(name.startswith(("waves-72h", "quiet-evening")) for name in short)


def test_what_cannot_be_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no scenario"):
        cases_of(tmp_path, SuiteOptions())
    with pytest.raises(InputError, match="no scenario 'nothing' in scenarios; use one of ball"):
        cases_of(LIBRARY, SuiteOptions(only=("nothing",)))
    with pytest.raises(InputError, match="has no scenario left to run"):
        cases_of(LIBRARY, SuiteOptions(longest_min=1.0))
    text = (LIBRARY / "quiet-evening.toml").read_text("utf-8")
    (tmp_path / "evening.toml").write_text(text.replace("standards/quiet", "standards/none"))
    with pytest.raises(InputError, match="is no standard"):
        cases_of(tmp_path, SuiteOptions())


def step(received_s: list[float], ended_s: list[float], tick_s: int) -> simulate.SimStep:
    """Return a step of some seconds with a report and a look at each of these times."""
    at_ns = AT_NS + (np.array(received_s) * NS).astype(np.int64)
    reports = Reports.build(
        len(received_s), measured_at_ns=at_ns, received_at_ns=at_ns, sensor_id="radar"
    )
    looks = Looks.build(
        len(ended_s),
        sensor_id="radar",
        start_ns=AT_NS,
        end_ns=AT_NS + (np.array(ended_s) * NS).astype(np.int64),
    )
    now_ns = AT_NS + tick_s * NS
    return simulate.SimStep(now_ns, reports, looks, Origins.empty(), Truth.empty())


times = st.lists(st.floats(-2.0, 6.0, allow_nan=False), max_size=12)


@given(times, times, st.integers(1, 5))
def test_each_report_comes_once_and_in_its_second(
    received_s: list[float], ended_s: list[float], tick_s: int
) -> None:
    whole = step(sorted(received_s), sorted(ended_s), tick_s)
    parts = list(seconds_of(whole, tick_s * NS))
    assert [now_ns for now_ns, _, _ in parts] == [AT_NS + (k + 1) * NS for k in range(tick_s)]
    for pick, all_of_it in ((1, whole.reports.received_at_ns), (2, whole.looks.end_ns)):
        tables: list[Any] = [part[pick] for part in parts]
        column = "received_at_ns" if pick == 1 else "end_ns"
        found = [getattr(table, column) for table in tables]
        assert np.concatenate(found).tolist() == all_of_it.tolist()
        for (now_ns, _, _), at_ns in list(zip(parts, found, strict=True))[:-1]:
            assert (at_ns <= now_ns).all()
        for (now_ns, _, _), at_ns in list(zip(parts, found, strict=True))[1:]:
            assert (at_ns > now_ns - NS).all()


def test_reports_of_what_hurts_are_kept_even_after_its_end() -> None:
    scenario = simulate.read_scenario(LIBRARY / "fast-and-low.toml")
    choose, kept, all_hazards = HazardousReports(), 0, set()
    for number, one in enumerate(simulate.steps(scenario)):
        mine = choose(one)
        flying = one.truth.target_id.tolist()
        all_hazards.update(name for name in flying if name.startswith(("north", "south")))
        expected = [name in all_hazards for name in one.origins.target_id]
        assert mine.tolist() == expected
        kept += int(mine.sum())
        if number == 240:
            break
    assert kept > 50


def test_a_suite_is_told_as_a_table_and_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("suite", LIBRARY, "--only", "spoofed-traffic", "--minutes", "1", "--jobs", "1")
    assert run(monkeypatch, *asked, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    (row,) = document["scenarios"]
    assert document["met"]
    assert row["met"]
    assert row["ticks"] == 60
    assert row["reports"] > 500
    assert row["warning_scores"]["alerts"] == 0
    assert row["track_scores"]["completeness"] > 0.5
    (verdicts,) = row["standards"].values()
    assert {verdict["id"]: verdict["outcome"] for verdict in verdicts} == {
        "Q-1": "passed",
        "Q-2": "passed",
    }
    # The same with an alarm, and one that no sensor gave time for: told with its number and words.
    row["standards"]["Warnings in peace"][0] |= {"outcome": "failed", "measured": 2}
    told = list(words.suite({**document, "met": False, "scenarios": [{**row, "met": False}]}))
    assert told[0].startswith("scenario")
    assert told[1].endswith("NOT MET")
    assert "spoofed-traffic, seed 72: Q-1 not met (2, wanted <= 0): Nobody is alarmed" in told
    assert told[-1] == "NOT all requirements met"


def test_when_one_run_fails_those_that_wait_are_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    def fail_first(case: Case) -> dict[str, Any]:
        begun.append(case.seed)
        if case.seed == 0:
            raise InputError("a scenario", "cannot be used", "mend it")
        sleep(0.1)
        return {}

    monkeypatch.setattr(suite, "ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(suite, "work", fail_first)
    cases = [Case(LIBRARY, seed, False, None, None, None) for seed in range(40)]
    with pytest.raises(InputError, match="cannot be used"):
        list(suite._worked(cases, 2))
    sleep(0.3)
    assert len(begun) < 10


def test_a_scenario_whose_recording_is_not_here_is_left_out(tmp_path: Path) -> None:
    text = (LIBRARY / "quiet-evening.toml").read_text("utf-8")
    text = text.replace("standards/", f"{LIBRARY.resolve()}/standards/")
    (tmp_path / "whole.toml").write_text(text)
    more = '\n[[recorded]]\nname = "gone"\nfile = "gone.csv.gz"\n'
    (tmp_path / "lacking.toml").write_text(text + more)
    cases, skipped = cases_of(tmp_path, SuiteOptions())
    assert [case.path.stem for case in cases] == ["whole"]
    (said,) = skipped
    assert said.startswith("lacking: ")
    assert "gone.csv.gz: no such recording" in said


def test_a_wrong_folder_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(monkeypatch, capsys, "suite", tmp_path)
    assert "holds no scenario" in line
    line = refused(monkeypatch, capsys, "suite", LIBRARY, "--only", "nothing")
    assert "no scenario 'nothing'" in line


UNMET = {
    "ballistic-arcs": {"W-1", "W-2", "W-4"},
    # Small aircraft without transponders, at a drone's speed and height.
    "crossing-traffic": {"Q-1", "Q-2"},
    "drone-wave-50": {"W-1"},
    "fast-and-low": {"W-2"},
    "formation-split": {"Q-1", "Q-2"},
    "outage-mid-raid": {"W-4"},
}
"""Requirements that shorter scenarios are known not to meet yet; none may be added."""


@pytest.mark.long
def test_the_library_meets_its_requirements_but_for_those_known() -> None:
    """Run what lasts less than 50 minutes; what is met by now must leave the list above."""
    cases, _ = cases_of(LIBRARY, SuiteOptions(longest_min=49.0))
    cases = [case for case in cases if case.path.stem != "swarm-6000"]  # takes hours
    failed: dict[str, set[str]] = {}
    for case in cases:
        verdicts = [v for rows in work(case)["standards"].values() for v in rows]
        ids = {v["id"] for v in verdicts if v["outcome"] == "failed"}
        failed |= {case.path.stem: ids} if ids else {}
    assert failed == UNMET
