"""Every example in the documentation that can run does run, and prints what the page says."""

import doctest
import re
import shlex
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.examples import Command, commands, matches, sessions
from tests.support import ROOT, tocsin

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
QUICK = [page for page in PAGES if any(commands(page.read_text()))]
GALLERY = ROOT / "docs" / "gallery.md"  # test_gallery.py runs its examples, and compares pictures
LONG = [
    page for page in PAGES if page != GALLERY and any(commands(page.read_text(), "console long"))
]
PYTHON = [page for page in PAGES if any(sessions(page.read_text()))]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def check(examples: Iterable[Command], folder: Path, timeout_s: float) -> None:
    (folder / "scenarios").symlink_to(ROOT / "scenarios")
    for example in examples:
        done = tocsin(*shlex.split(example.line)[1:], cwd=folder, timeout_s=timeout_s)
        printed = done.stderr + done.stdout
        assert done.returncode == example.code, (example.line, printed)
        assert matches(example.expected, printed), (example.line, printed)


@pytest.mark.parametrize("page", QUICK, ids=name)
def test_console_examples(page: Path, tmp_path: Path) -> None:
    check(commands(page.read_text()), tmp_path, 60)


@pytest.mark.long
@pytest.mark.parametrize("page", LONG, ids=name)
def test_long_console_examples(page: Path, tmp_path: Path) -> None:
    check(commands(page.read_text(), "console long"), tmp_path, 600)


@pytest.mark.parametrize("page", PYTHON, ids=name)
def test_python_examples(page: Path) -> None:
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    names: dict[str, object] = {}
    for number, session in enumerate(
        sessions(page.read_text(), find_spec("stonesoup") is not None)
    ):
        example = parser.get_doctest(session, {}, f"{page.name} {number}", str(page), 0)
        example.globs = names
        runner.run(example, clear_globs=False)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    missing = [to for to in LINK.findall(page.read_text()) if not (page.parent / to).exists()]
    assert not missing


def test_examples_are_cut_out() -> None:
    console = "```console\n$ tocsin a x\none\n...\n$ ls\n$ tocsin b  # exit 2\n```\n"
    page = console + "```pycon\n>>> 1\n```\n"
    assert list(commands(page)) == [
        Command("tocsin a x", "one\n...\n", 0),
        Command("tocsin b", "", 2),
    ]
    assert list(sessions(page)) == [">>> 1\n"]
    peers = page + "```pycon peers\n>>> 2\n```\n"
    assert list(sessions(peers)) == [">>> 1\n", ">>> 2\n"]
    assert list(sessions(peers, peers=False)) == [">>> 1\n"]


def test_dots_stand_for_any_text() -> None:
    assert matches("one ... three\n...", "one two three\nfour\n")
    assert not matches("one ... three", "one two\n")
