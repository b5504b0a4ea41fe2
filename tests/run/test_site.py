"""Site files: the documented one is whole and right; wrong ones are refused by place."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.support import ROOT
from tocsin.contract import InputError, SensorKind
from tocsin.run.site import (
    AccessSection,
    CapSection,
    ClutterSection,
    InputSection,
    RegistrationSection,
    SensorSection,
    SignatureSection,
    SiteFile,
    SiteSection,
    parse_site,
    read_site,
)

TEXT = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/reference/site.md").read_text(), re.S)[0]
SMALL = "[site]\nlatitude_deg = 1.0\nlongitude_deg = 2.0\n"


def test_the_documented_site_names_every_key() -> None:
    data = tomllib.loads(TEXT)
    sensors = {key for sensor in data["sensor"] for key in sensor}
    inputs = {key for item in data["input"] for key in item}
    assert set(data["site"]) == set(SiteSection.model_fields)
    assert sensors == set(SensorSection.model_fields)
    assert inputs == set(InputSection.model_fields)
    assert set(data["access"]) == set(AccessSection.model_fields)
    assert set(data["cap"]) == set(CapSection.model_fields)
    assert set(data["signature"]) == set(SignatureSection.model_fields)
    assert set(data["registration"]) == set(RegistrationSection.model_fields)
    assert set(data["clutter"]) == set(ClutterSection.model_fields)
    assert set(data) | {"clock"} == set(SiteFile.model_fields)


def test_the_documented_site_is_read(tmp_path: Path) -> None:
    text = re.sub(r'^(zones|place|terrain) = ".*\n', "", TEXT, flags=re.M)
    site = parse_site(re.sub(r"^ *#.*\n", "", text, flags=re.M), tmp_path / "site.toml")
    config = site.pipeline_config()
    radar = config.sensors[0]
    assert radar.kind is SensorKind.RADAR
    assert radar.azimuth_std_rad == pytest.approx(0.1 * 3.14159265 / 180)
    assert config.names == {(25, 10): "hill-radar"}
    assert config.formats == {"hill-radar": "asterix", "roof-receiver": None}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SMALL + "tick_s = 0\n", ["site.tick_s"]),
        (SMALL + "tick_s = 6\n", ["site.tick_s", "less than or equal to 5"]),
        (SMALL + 'status = "Actual"\n', ["site", "sender"]),
        (SMALL + "colour = 1\n", ["site.colour", "not a known key"]),
        (SMALL.replace("1.0", "91.0"), ["latitude_deg"]),
        (SMALL + 'policy = "brave"\n', ["brave", "cautious"]),
        (SMALL + 'zones = "none.geojson"\n', ["none.geojson", "no such file"]),
        (SMALL + 'terrain = "none.tif"\n', ["none.tif", "no such file"]),
        (SMALL + '[names]\n"a/b" = "x"\n', ["a/b", "SAC/SIC"]),
        (SMALL + 2 * '[[input]]\nsource_id = "a"\nurl = "udp://127.0.0.1:1"\n', ["'a'", "twice"]),
        ("[site\n", ["no TOML"]),
        ("", ["site"]),
    ],
)
def test_a_wrong_site_is_refused_with_its_place(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    path = tmp_path / "site.toml"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_site(path).pipeline_config()
    for word in words:
        assert word in str(error.value)
