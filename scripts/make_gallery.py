"""Write docs/gallery.md from the scenarios' own words, and run its examples for the pictures.

make_gallery.py           the page only
make_gallery.py pictures  the page, then every example on it: docs/images/gallery/NAME.svg
"""

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCENARIOS = ROOT / "scenarios"
PAGE = ROOT / "docs" / "gallery.md"
PICTURES = ROOT / "docs" / "images" / "gallery"
HEAD = """# Gallery

Every scenario of the library in [`scenarios`](../scenarios), as a picture: land, sensors with the
range of each radar, every true path, and below it how many fly when. The pictures are what the
command below each of them draws (`scripts/make_gallery.py pictures` runs them all). All places are
invented; nothing in a scenario is optimised against anybody's sensors. How to write your own:
[scenario.md](reference/scenario.md).
"""


def words(text: str) -> str:
    """Return the comment at the head of a scenario file as Markdown."""
    lines = [line[1:].strip() for line in text[: text.index("\n\n")].splitlines()]
    return re.sub(r" (?=Tests )", "\n\n", " ".join(lines), count=1)


def section(path: Path) -> str:
    """Return what the page says of one scenario."""
    text = path.read_text()
    file = tomllib.loads(text)
    name, hours = path.stem, file["duration_s"] / 3600.0
    span = f"{hours:g} hours" if hours >= 2 else f"{hours * 60:g} minutes"
    return f"""
## {name}

{words(text)}

![{name}](images/gallery/{name}.svg)

{span} of scenario, a step of {file.get("tick_s", 1):g} s, seed {file["seed"]}.

```console long
$ tocsin simulate scenarios/{name}.toml -o {name} --picture {name}.svg
```
"""


def page() -> str:
    """Return the whole page."""
    return HEAD + "".join(section(path) for path in sorted(SCENARIOS.glob("*.toml")))


def draw(text: str) -> None:
    """Run the page's examples in an empty folder, and keep the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "scenarios").symlink_to(SCENARIOS)
        for line in re.findall(r"^\$ (tocsin .*)$", text, re.MULTILINE):
            print(line, flush=True)
            program = str(ROOT / ".venv" / "bin" / "tocsin")
            subprocess.run([program, *shlex.split(line)[1:]], cwd=folder, check=True)
        for picture in Path(folder).glob("*.svg"):
            shutil.copy(picture, PICTURES / picture.name)


if __name__ == "__main__":
    PAGE.write_text(page())
    if "pictures" in sys.argv[1:]:
        draw(PAGE.read_text())
