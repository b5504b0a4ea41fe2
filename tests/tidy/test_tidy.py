"""The tree obeys the rules; what does not yet is in ratchet.json, which may only shrink."""

import configparser
import json
import statistics
import subprocess
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.tidy import rules
from tests.tidy.rules import Finding, Source

RATCHET = Path(__file__).with_name("ratchet.json")
CORE = {"contract", "geo", "motion", "decode", "radar", "plots", "track", "picture", "warn"}
CORE |= {"evaluate"}
NOT_TEXT = {".png", ".jpg", ".ico", ".woff2", ".parquet", ".pcap", ".raw", ".bin", ".ff", ".ast"}
NOT_TEXT |= {".npy", ".npz", ".gz"}


def _tracked(*patterns: str) -> list[str]:
    # What git would commit: nothing that was built, nothing that was downloaded.
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if (ROOT / line).is_file()]


def _sources(*patterns: str) -> list[Source]:
    return [Source(path, (ROOT / path).read_text()) for path in _tracked(*patterns)]


def _findings() -> list[Finding]:
    package = _sources("src/*.py")
    found = [hit for source in package for rule in rules.PYTHON_RULES for hit in rule(source)]
    found += rules.deep_classes(package)
    for source in _sources("tests/*.py", "scripts/*.py"):
        found += rules.long_functions(source)
        found += rules.long_files(source)
    for path in _tracked("*.lock", "web/package-lock.json"):
        found += rules.addresses_in_lock(path, (ROOT / path).read_text())
    for path in _tracked():
        if Path(path).suffix not in NOT_TEXT:
            found += rules.machine_names(path, (ROOT / path).read_text())
    return found


def test_nothing_breaks_a_rule_that_did_not_before() -> None:
    known: dict[str, int] = json.loads(RATCHET.read_text())
    found: dict[str, int] = {}
    for hit in _findings():
        key = f"{hit.rule}: {hit.place}"
        found[key] = max(found.get(key, 0), hit.size)
    worse = {key: size for key, size in found.items() if size > known.get(key, 0)}
    assert not worse, "mend these; the ratchet takes no new ones"
    mended = {key: size for key, size in known.items() if found.get(key, 0) < size}
    assert not mended, f"well done: lower these in {RATCHET.name}"


def test_functions_stay_small() -> None:
    sizes = [rules.length(f) for source in _sources("src/*.py") for f in rules.functions(source)]
    assert statistics.median(sizes) <= 8


@pytest.mark.parametrize(
    ("contract", "rooms"), [("pure", CORE), ("truth", {"simulate", "evaluate"})]
)
def test_the_import_rules_name_every_room_that_exists(contract: str, rooms: set[str]) -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    held = config.get(f"importlinter:contract:{contract}", "source_modules", fallback="").split()
    exist = {path.parent.name for path in (ROOT / "src/tocsin").glob("*/__init__.py")}
    assert {f"tocsin.{room}" for room in exist & rooms} == set(held)
