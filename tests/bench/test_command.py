"""`tocsin bench`: its help, its errors, its table."""

import sys
from pathlib import Path

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


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checkout with three benchmarks: one fails, one works, one says nothing."""
    folder = tmp_path / "bench"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "a_broken.py").write_text("raise SystemExit('no disk')")
    done = "import sys\nprint('half way', file=sys.stderr)\nprint('{\"rate\": 5}')"
    (folder / "b_whole.py").write_text(done)
    (folder / "c_silent.py").write_text("")
    monkeypatch.setattr(benches, "_ROOT", tmp_path)
    return tmp_path


def test_one_that_fails_does_not_stop_the_others(few: Path) -> None:
    quiet = Quiet()
    results = benches.run(None, [], quiet)
    assert results["b_whole"] == {"rate": 5}
    assert benches.failed(results) == ["a_broken", "c_silent"]
    assert "no disk" in results["a_broken"]["failed"]
    assert "printed no JSON" in results["c_silent"]["failed"]
    took = results["elapsed_s"]
    assert list(took) == ["a_broken", "b_whole", "c_silent", "total"]
    assert took["total"] == pytest.approx(sum(list(took.values())[:3]), abs=0.01)
    assert quiet.notes[0].startswith("3 benchmarks, ")
    assert "  half way" in quiet.notes
    assert quiet.notes[-1] == f"all: {took['total']:.0f} s"
    with pytest.raises(InputError, match="no disk"):
        benches.run("a_broken", [], quiet)


def test_one_that_is_killed_says_by_what(few: Path) -> None:
    program = "import os, sys\nprint('half way', file=sys.stderr)\nos.kill(os.getpid(), 9)"
    (few / "bench" / "d_killed.py").write_text(program)
    with pytest.raises(InputError, match="d_killed: was stopped by signal 9"):
        benches.run("d_killed", [], Quiet())


def test_all_end_with_one_where_one_failed(
    few: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for left_out, code in ((), 1), (("a_broken.py", "c_silent.py"), 0):
        for name in left_out:
            (few / "bench" / name).unlink()
        monkeypatch.setattr(sys, "argv", ["tocsin", "bench"])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == code
        said = capsys.readouterr().out
        assert "b_whole:\n  rate  5\n" in said
        assert "\n  total " in said


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
