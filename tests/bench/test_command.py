"""`tocsin bench`: its help, its errors, its table."""

import sys

import pytest

from tests.support import tocsin
from tocsin.cli import main, words
from tocsin.contract import InputError
from tocsin.run import benches


class Quiet:
    """Takes notes and says nothing."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_help_says_what_can_be_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tocsin", "bench", "--help"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    said = capsys.readouterr().out
    for word in ("compare", "--case", "--targets", "--trackers", "gnn", "peers", "--json"):
        assert word in said


def test_the_benchmarks_are_the_programs_of_the_folder() -> None:
    names = benches.cases()
    assert {"compare", "decode", "record", "serve", "simulate", "track", "warn"} <= set(names)
    assert not any(name.startswith(("_", "kernels")) for name in names)


def test_an_unknown_benchmark_names_the_known() -> None:
    with pytest.raises(InputError, match=r"no benchmark 'nothing'; use one of .*compare"):
        benches.run("nothing", [], Quiet())


def test_a_program_s_refusal_is_one_clear_line() -> None:
    done = tocsin("bench", "compare", "--case", "nothing")
    assert done.returncode == 2
    assert done.stdout == ""
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("tocsin: bench compare: no case 'nothing'; use one of williams15")
    assert "Traceback" not in done.stderr


def test_arguments_reach_the_program_and_its_rows_become_a_table() -> None:
    done = tocsin(
        *("bench", "compare", "--case", "dense", "--targets", "12", "--scans", "4"),
        *("--trackers", "oracle,tocsin"),
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    head = next(k for k, line in enumerate(lines) if line == "rows:") + 1
    assert lines[head].split()[:3] == ["case", "targets", "tracker"]
    assert [line.split()[2] for line in lines[head + 1 :]] == ["oracle", "tocsin"]
    assert "dense, 12 targets: tocsin" in done.stderr


def test_a_table_has_a_column_for_every_key() -> None:
    rows = [{"a": 1, "b": 2.5}, {"a": 20, "c": "x"}, {"b": 123456.0}]
    assert list(words.benched({"one": {"total": 3, "rows": rows}})) == [
        "one:",
        "  total  3",
        "rows:",
        "  a   b        c",
        "  1   2.5",
        "  20           x",
        "      123,456",
    ]
