"""Each rule finds what it is there to find, and lets good code pass."""

from collections.abc import Callable, Iterator

import pytest

from tests.tidy import rules
from tests.tidy.rules import Finding, Source

LONG = "def f():\n" + "    x = 1\n" * 71
DOCUMENTED = 'def f():\n    """' + "Say.\n" * 90 + '    """\n    return 1\n'


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        (rules.long_functions, LONG, DOCUMENTED),
        (rules.long_functions, LONG, '"""Made by x; do not edit."""\n' + LONG),
        (rules.long_files, "x = 1\n" * 601, "x = 1\n" * 600),
        (rules.numba_outside_kernels, "import numba.core", "import numbers"),
        (rules.numba_outside_kernels, "from numba import njit", "from .kernels import f"),
        (rules.names_without_unit, "def f(*, dist): ...", "def f(*, dist_m): ..."),
        (rules.names_without_unit, "class A:\n    time: int", "class A:\n    time_ns: int"),
        (rules.names_without_unit, "def f(course: F64): ...", "def f(course: Course): ..."),
        (rules.wrong_words, "class WeaponControl: ...", "class SensorControl: ..."),
        (rules.wrong_words, "row.confidence = 1", "row.existence_probability = 1"),
        (rules.unfinished, "x = 1  # " + "TODO", "x = 1  # done"),
        (rules.silenced, "x = 1  # " + "noqa: E1", "x = 1  # " + "noqa: E1  # generated name"),
        (rules.silenced, "x = 1  # " + "type: ignore[a]", "x = 1  # type"),
    ],
)
def test_rule(rule: Callable[[Source], Iterator[Finding]], bad: str, good: str) -> None:
    assert list(rule(Source("src/a.py", bad)))
    assert not list(rule(Source("src/a.py", good)))


def test_numba_is_allowed_in_kernels() -> None:
    assert not list(rules.numba_outside_kernels(Source("src/kernels_cv.py", "import numba")))


def test_depth_counts_our_own_classes_only() -> None:
    two = Source("a.py", "class A(Exception): ...\nclass B(A): ...")
    three = Source("b.py", "class C(B): ...")
    assert not list(rules.deep_classes([two]))
    assert [hit.place for hit in rules.deep_classes([two, three])] == ["b.py:C"]


@pytest.mark.parametrize("text", ["/" + "home/ann/x", 'open("/' + 'root/x")', "pypi" + ".org"])
def test_names_of_machines_are_found(text: str) -> None:
    assert list(rules.machine_names("a.md", text))


@pytest.mark.parametrize("text", ["docs/work/x", "~/work/x", "src/root/a", "<path>/" + "home/x"])
def test_relative_paths_pass(text: str) -> None:
    assert not list(rules.machine_names("a.md", text))


def test_an_address_in_a_lock_is_found() -> None:
    assert list(rules.addresses_in_lock("a.lock", "a @ http" + "s://b.example/c.whl"))
    assert not list(rules.addresses_in_lock("a.lock", "httpx==0.28.1 \\"))
