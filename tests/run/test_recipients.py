"""What a site file may say of recipients, and what it is told where it is wrong."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.run.told import ZONES
from tocsin.contract import InputError
from tocsin.run.recipients import Around, DeliverySection, recipients
from tocsin.run.recording import site_meta
from tocsin.run.site import checked_site

SITE = {"site": {"name": "S", "latitude_deg": 50.0, "longitude_deg": 10.0}}
HOOK = {"name": "r", "kind": "webhook", "url": "https://a.example/", "secret_env": "HOOK_SECRET"}
MQTT = {"name": "b", "kind": "mqtt", "url": "mqtts://b.example"}
COT = {"name": "t", "kind": "cot", "url": "tcp://t.example:8087"}


def made(folder: Path, *sections: dict[str, Any]) -> Any:
    """Return the recipients of a site with these sections."""
    site = checked_site({**SITE, "delivery": list(sections)}, folder / "site.toml")
    return recipients(site.file.delivery, Around(folder, ZONES, lambda: 0))


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({**HOOK, "url": "ftp://a.example/"}, "begins with http:// or https://"),
        ({**HOOK, "url": "https://me:pw@a.example/"}, "no name or password"),
        ({**HOOK, "url": "https://a.example:99999/"}, "no usable port"),
        ({**HOOK, "kind": "fax"}, "'webhook', 'mqtt' or 'cot'"),
        ({**HOOK, "topic": "a"}, "topic is no key of a webhook"),
        ({**HOOK, "format": "pdf"}, "'cap' or 'json'"),
        ({**HOOK, "name": "a b"}, "is not letters"),
        ({**HOOK, "classes": ["ufo"]}, "classes has 'ufo'"),
        ({**HOOK, "stages": ["quiet"]}, "'pre_alert' or 'alert'"),
        ({**HOOK, "timeout_s": 0}, "greater than 0"),
        ({**HOOK, "retries": 3}, "is not a known key"),
        ({**HOOK, "key_file": "a.key"}, "belong together"),
        ({**HOOK, "zones": ["west"]}, "zones has 'west', which is no zone"),
        ({**HOOK, "secret": "x"}, "needs exactly one secret"),
        ({**HOOK, "secret_env": None, "secret": "x"}, "where it does not belong"),
        ({**HOOK, "secret_env": None}, "needs exactly one secret"),
        ({**HOOK, "secret_env": "NOT_SET_ANYWHERE"}, "$NOT_SET_ANYWHERE is not set"),
        ({**HOOK, "secret_env": None, "secret_file": "none"}, "cannot be read"),
        ({**HOOK, "ca_file": "none.pem"}, "certificates cannot be used"),
        ({**HOOK, "url": "http://a.example/", "ca_file": "a.pem"}, "ca_file is for https, mqtts"),
        ({**MQTT, "url": "mqtt://b.example", "ca_file": "a.pem"}, "mqtt is not encrypted"),
        ({**COT, "certificate_file": "a", "key_file": "b"}, "certificate_file is for https"),
        ({**MQTT, "url": "mqtt://b.example/topic"}, "ends with its port"),
        ({**MQTT, "topic": "a/#"}, "without + and #"),
        ({**MQTT, "secret_env": "HOOK_SECRET"}, "needs the username"),
        ({**COT, "url": "tcp://t.example"}, "needs a port"),
        ({**COT, "encoding": "protobuf"}, "is for udp"),
        ({**COT, "secret_env": "HOOK_SECRET"}, "secret_env is no key of a cot"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: dict[str, Any], said: str
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "s3cret")
    with pytest.raises(InputError) as error:
        made(tmp_path, {key: value for key, value in section.items() if value is not None})
    assert said.lower() in str(error.value).lower()
    assert "delivery" in str(error.value)


def test_names_are_unique(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'t' occurs twice"):
        checked_site({**SITE, "delivery": [COT, COT]}, tmp_path / "site.toml")


def test_secrets_come_from_files_and_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "from-there")
    (tmp_path / "hook.secret").write_text("from-here\n")
    other = {**HOOK, "name": "r2", "secret_file": "hook.secret"}
    del other["secret_env"]
    one, two = made(tmp_path, HOOK, other)
    assert (one.sender._secret, two.sender._secret) == (b"from-there", b"from-here")


def test_brokers_and_servers_are_found_by_their_address(tmp_path: Path) -> None:
    broker, plain, tak = made(
        tmp_path, MQTT, {**MQTT, "name": "c", "url": "mqtt://b.example:99"}, {**COT, "tracks": True}
    )
    assert (broker.sender._broker.port, plain.sender._broker.port) == (8883, 99)
    assert isinstance(broker.sender._broker.tls, ssl.SSLContext)
    assert plain.sender._broker.tls is None
    assert broker.sender._topic == "tocsin/Tocsin"
    assert (tak.sender._address.host, tak.sender._address.port) == ("t.example", 8087)
    assert (tak.form, tak.patience.newest_only, broker.form) == ("cot", True, "json")


def test_a_zone_is_heard_of_by_all_above_it(tmp_path: Path) -> None:
    from tocsin.contract import ObjectClass, Stage

    section = DeliverySection.model_validate({**COT, "zones": ["county"], "classes": ["ballistic"]})
    (one,) = recipients([section], Around(tmp_path, ZONES, lambda: 0))
    alert = Stage.ALERT
    assert one.hears("north", alert, ObjectClass.BALLISTIC)
    assert not one.hears("east", alert, ObjectClass.BALLISTIC)
    assert not one.hears("north", alert, ObjectClass.ONE_WAY_DRONE)


def test_no_address_and_no_secret_gets_into_a_record(tmp_path: Path) -> None:
    site = checked_site({**SITE, "delivery": [HOOK]}, tmp_path / "site.toml")
    plain = checked_site(SITE, tmp_path / "site.toml")
    assert site_meta(site) == site_meta(plain)
    assert "a.example" not in str(site_meta(site))
