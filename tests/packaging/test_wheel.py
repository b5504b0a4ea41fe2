"""A wheel of this tree is enough: the page and all data are inside, and the demo runs from it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support import ROOT


def _run(*command: str | Path, cwd: Path = ROOT) -> str:
    bare = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=bare,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,  # the demo compiles first, beside other tests
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).parent / "uv"
    _run(uv, "build", "--offline", "--quiet", "--wheel", "--out-dir", folder)
    return next(folder.glob("tocsin-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel and its locked dependencies into an environment of its own."""
    environment = tmp_path_factory.mktemp("empty") / "venv"
    _run(sys.executable, "-m", "venv", environment)
    install = ROOT / "scripts/install.sh"
    _run(install, environment, "--require-hashes", "-r", "requirements.lock")
    _run(install, environment, "--no-deps", wheel)
    return environment / "bin" / "tocsin"


def test_the_page_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "tocsin/serve/page/index.html" in names, "build the page first: make page"
    assert any(name.startswith("tocsin/serve/page/assets/") for name in names)
    assert "tocsin/py.typed" in names


def test_the_licences_of_the_page_are_beside_it(wheel: Path) -> None:
    page = zipfile.ZipFile(wheel)
    files = [name for name in page.namelist() if name.startswith("tocsin/serve/page/licences")]
    licences = "".join(page.read(name).decode() for name in files)
    for work in ("@deck.gl/core", "fontsource-variable/inter", "ibm-plex-mono", "world-atlas"):
        assert work in licences


def test_every_data_file_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = _run("git", "ls-files", "src/tocsin").split()
    assert {path.removeprefix("src/") for path in tracked} <= names


def test_nothing_else_is_in_the_wheel(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    outside = [n for n in names if not n.startswith("tocsin/") and ".dist-info/" not in n]
    assert not outside
    assert not [name for name in names if name.endswith(".pyc")]


def test_the_program_shows_its_commands(installed: Path, tmp_path: Path) -> None:
    assert "demo" in _run(installed, "--help", cwd=tmp_path)


def test_the_demo_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    short = ("--headless", "--speed", "max", "--minutes", "3", "--json")
    report = json.loads(_run(installed, "demo", *short, cwd=tmp_path))
    assert report["plots"] > 1000
    assert report["tracks_confirmed"] > 10
    assert "warnings" in report
