"""The gallery shows every scenario of the library, as its examples draw it."""

import shlex
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from scripts import make_gallery
from tests.docs.examples import commands
from tests.support import ROOT, shared_data, tocsin

NAMES = sorted(path.stem for path in make_gallery.SCENARIOS.glob("*.toml"))


def test_the_page_is_what_the_scenarios_say() -> None:
    written = make_gallery.PAGE.read_text("utf-8")
    assert written == make_gallery.page(), "run `python scripts/make_gallery.py`"


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_has_its_picture(name: str) -> None:
    text = (make_gallery.PICTURES / f"{name}.svg").read_text("utf-8")
    root = ET.fromstring(text)
    titles = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert str(titles[0]).startswith(f"{name} (")
    assert text.count("<path") > 3


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_its_example_draws_the_picture(name: str, tmp_path: Path) -> None:
    if name == "real-flights" and shared_data() is None:
        pytest.skip("the recording of real flights is not here")
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    page = make_gallery.PAGE.read_text("utf-8")
    line = next(c.line for c in commands(page, "console long") if f"/{name}.toml" in c.line)
    done = tocsin(*shlex.split(line)[1:], cwd=tmp_path, timeout_s=1_800)
    assert done.returncode == 0, done.stderr
    drawn = (tmp_path / f"{name}.svg").read_text("utf-8")
    assert drawn == (make_gallery.PICTURES / f"{name}.svg").read_text("utf-8")
