"""`[[delivery]]` of a site file: who is told of warnings, how, and of which."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tocsin.contract import InputError, ObjectClass, Stage, Zone
from tocsin.serve.config import is_loopback
from tocsin.serve.cot import CotWriter
from tocsin.serve.districts import lineage
from tocsin.serve.outbox import Patience, Sender
from tocsin.serve.tak import Address, Tak, TakConfig
from tocsin.serve.webhook import Webhook
from tocsin.serve.zone_states import ZoneStates

_KINDS: dict[str, tuple[str, ...]] = {
    "webhook": ("http", "https"),
    "mqtt": ("mqtt", "mqtts"),
    "cot": ("tcp", "tls", "udp"),
}
_SECRET = frozenset({"secret", "secret_env", "secret_file"})
_OWN: dict[str, frozenset[str]] = {
    "webhook": _SECRET | {"format", "parallel"},
    "mqtt": _SECRET | {"format", "topic", "username"},
    "cot": frozenset({"encoding", "repeat_s", "tracks", "tracks_period_s"}),
}
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_ENCRYPTED = ("https", "mqtts", "tls")
_CERTIFICATES = ("ca_file", "certificate_file", "key_file")
_SPECIAL = frozenset().union(*_OWN.values())
_TOPIC = re.compile(r"[^/+#\0]+(/[^/+#\0]+)*")
_NAME = re.compile(r"[\w.@-]{1,64}")


class DeliverySection(BaseModel):
    """Name one recipient: its address, what proves who we are, and of which warnings it hears."""

    model_config = ConfigDict(extra="forbid")

    name: str
    kind: Literal["webhook", "mqtt", "cot"]
    url: str
    format: Literal["cap", "json"] | None = None
    zones: tuple[str, ...] | None = None
    stages: tuple[Literal["pre_alert", "alert"], ...] | None = None
    classes: tuple[str, ...] | None = None
    secret: str | None = None
    secret_env: str | None = None
    secret_file: str | None = None
    parallel: int | None = Field(default=None, ge=1, le=64)
    topic: str | None = None
    username: str | None = None
    encoding: Literal["xml", "protobuf"] = "xml"
    repeat_s: float = Field(default=60.0, ge=1, le=3600)
    tracks: bool = False
    tracks_period_s: float = Field(default=5.0, ge=0.5, le=600)
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    timeout_s: float = Field(default=10.0, gt=0, le=300)
    retry_first_s: float = Field(default=1.0, gt=0, le=3600)
    retry_most_s: float = Field(default=60.0, gt=0, le=86_400)
    give_up_s: float = Field(default=86_400.0, ge=0)
    waiting_max: int = Field(default=10_000, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Refuse what cannot work; pydantic wants the errors as ValueError."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name {self.name!r} is not letters, digits and . @ _ - (64 at most)")
        if self.topic is not None and not _TOPIC.fullmatch(self.topic):
            raise ValueError("topic is levels between single /, without + and #")
        if self.kind == "mqtt" and self.username is None and self.model_fields_set & _SECRET:
            raise ValueError("a secret needs the username that it is the password of")
        strange = self.model_fields_set & (_SPECIAL - _OWN[self.kind])
        if strange:
            raise ValueError(f"{sorted(strange)[0]} is no key of a {self.kind}")
        self._check_address(urlsplit(self.url))
        self._check_filter()
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file belong together")
        return self

    def _check_address(self, url: SplitResult) -> None:
        schemes = _KINDS[self.kind]
        if url.scheme not in schemes or not url.hostname:
            begins = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ValueError(f"url of a {self.kind} begins with {begins} and a host")
        if url.username or url.password:
            raise ValueError("url must hold no name or password: the file is no place for them")
        try:
            port = url.port
        except ValueError as error:
            raise ValueError(f"url has no usable port: {error}") from error
        if port is None and url.scheme not in {"http", "https", *_PORTS}:
            raise ValueError("url needs a port")
        if self.encoding == "protobuf" and url.scheme != "udp":
            raise ValueError("encoding protobuf is for udp: servers take XML from who connects")
        shown = [name for name in _CERTIFICATES if getattr(self, name) is not None]
        if shown and url.scheme not in _ENCRYPTED:
            given = f"{shown[0]} is for {', '.join(_ENCRYPTED)}"
            raise ValueError(f"{given}: {url.scheme} is not encrypted")
        if self.kind == "mqtt" and (url.path.strip("/") or url.query):
            raise ValueError("url of a broker ends with its port; `topic` says where to publish")

    def _check_filter(self) -> None:
        known = [member.name.lower() for member in ObjectClass]
        unknown = [name for name in self.classes or () if name not in known]
        if unknown:
            raise ValueError(f"classes has {unknown[0]!r}, expected some of {', '.join(known)}")

    @property
    def form(self) -> str:
        """Return the form of the bodies."""
        return self.format or {"webhook": "cap", "mqtt": "json", "cot": "cot"}[self.kind]


@dataclass(frozen=True)
class Recipient:
    """Hold a checked recipient.

    Args:
        name: as in the site file.
        form: of the bodies: cap, json or cot.
        hears: whether it hears of a zone, at a stage, from a class.
        patience: how often and how long a message is tried.
        parallel: messages under way at once.
        sender: brings them.
    """

    name: str
    form: str
    hears: Callable[[str, Stage, ObjectClass], bool]
    patience: Patience
    parallel: int
    sender: Sender


@dataclass(frozen=True)
class Around:
    """Hold what all recipients share.

    Args:
        folder: of the site file; names of files are relative to it.
        zones: that the site has.
        wall_ns: this machine's time.
        site: its name.
        status: of public messages.
        former: zones that the site had: their warnings may still have to end.
    """

    folder: Path
    zones: Sequence[Zone]
    wall_ns: Callable[[], int]
    site: str = "Tocsin"
    status: str = "Exercise"
    former: Sequence[Zone] = ()

    @property
    def all_zones(self) -> tuple[Zone, ...]:
        """Return the zones of now and before, each as it was last."""
        return tuple({zone.zone_id: zone for zone in (*self.former, *self.zones)}.values())


def recipients(sections: Sequence[DeliverySection], around: Around) -> tuple[Recipient, ...]:
    """Return the recipients that a site names, ready to be told.

    Raises:
        InputError: a zone that is not there, a secret or file that cannot be read.
    """
    return tuple(_recipient(section, around) for section in sections)


def _recipient(section: DeliverySection, around: Around) -> Recipient:
    patience = Patience(
        section.retry_first_s,
        section.retry_most_s,
        section.give_up_s,
        section.waiting_max,
        newest_only=section.kind == "cot",
    )
    hears = _hears(section, around.zones)
    sender, parallel = _SENDERS[section.kind](section, around)
    return Recipient(section.name, section.form, hears, patience, parallel, sender)


def _webhook(section: DeliverySection, around: Around) -> tuple[Sender, int]:
    secret = _secret(section, around.folder)
    tls = _tls(section, around.folder)
    sender = Webhook(section.url, secret, section.timeout_s, tls, around.wall_ns)
    return sender, section.parallel or 8


def _mqtt(section: DeliverySection, around: Around) -> tuple[Sender, int]:
    # Only sites that have a broker pay for loading the client.
    from tocsin.serve.mqtt import Broker, Mqtt, level

    url = urlsplit(section.url)
    tls = _tls(section, around.folder)
    if tls is None and url.scheme == "mqtts":
        tls = ssl.create_default_context()
    has_name = section.username is not None
    password = _secret(section, around.folder).decode() if has_name else None
    port = url.port or _PORTS[url.scheme]
    broker = Broker(str(url.hostname), port, tls, section.username, password)
    topic = section.topic or f"tocsin/{level(around.site)}"
    named = _named(section, around.zones)
    zones = [zone for zone in around.zones if named(zone.zone_id)]
    states = ZoneStates(zones, around.site, around.status)
    return Mqtt(broker, topic, section.timeout_s, states), 32


def _cot(section: DeliverySection, around: Around) -> tuple[Sender, int]:
    url = urlsplit(section.url)
    tls = _tls(section, around.folder)
    if tls is None and url.scheme == "tls":
        tls = ssl.create_default_context()
    address = Address(url.scheme, str(url.hostname), int(url.port or 0), tls)
    config = TakConfig(
        section.timeout_s,
        section.repeat_s,
        section.tracks_period_s if section.tracks else None,
        _protobuf(section) if section.encoding == "protobuf" else None,
    )
    writer = CotWriter(around.all_zones, around.site, around.status)
    return Tak(address, writer, config), 1


def _protobuf(section: DeliverySection) -> Callable[[bytes], bytes]:
    """Return what turns XML into a datagram of TAK protocol 1.

    Raises:
        InputError: the library for it is not installed.
    """
    try:
        from takproto import xml2proto
    except ImportError as error:
        what, mend = "encoding protobuf needs takproto", 'pip install "tocsin[tak]"'
        raise InputError(_where(section), what, mend) from error
    return lambda event: bytes(xml2proto(event))


_SENDERS: dict[str, Callable[[DeliverySection, Around], tuple[Sender, int]]] = {
    "webhook": _webhook,
    "mqtt": _mqtt,
    "cot": _cot,
}


def _named(section: DeliverySection, zones: Sequence[Zone]) -> Callable[[str], bool]:
    """Return what says whether a zone, or one above it, is of those that a recipient hears of."""
    parents = {zone.zone_id: zone.parent_id for zone in zones}
    named = None if section.zones is None else frozenset(section.zones)
    return lambda zone_id: named is None or not named.isdisjoint(lineage(zone_id, parents))


def _hears(
    section: DeliverySection, zones: Sequence[Zone]
) -> Callable[[str, Stage, ObjectClass], bool]:
    known = {name for zone in zones for name in (zone.zone_id, zone.parent_id)}
    unknown = sorted(set(section.zones or ()) - known)
    if unknown:
        mend = "use a zone_id or parent_id of the zones file"
        raise InputError(_where(section), f"zones has {unknown[0]!r}, which is no zone", mend)
    stages = {Stage[name.upper()] for name in section.stages or ("pre_alert", "alert")}
    classes = {ObjectClass[name.upper()] for name in section.classes or ()} or set(ObjectClass)

    named = _named(section, zones)

    def hears(zone_id: str, stage: Stage, threat: ObjectClass) -> bool:
        return named(zone_id) and stage in stages and threat in classes

    return hears


def _secret(section: DeliverySection, folder: Path) -> bytes:
    """Return the secret, from where the section says.

    Raises:
        InputError: none or several are named, it is not there, or it stands in the file of a site
            that talks to other machines.
    """
    where, mend = _where(section), "name one of secret_env and secret_file"
    given = [section.secret, section.secret_env, section.secret_file]
    if sum(one is not None for one in given) != 1:
        raise InputError(where, "needs exactly one secret", mend)
    if section.secret is not None:
        if not is_loopback(urlsplit(section.url).hostname or ""):
            raise InputError(where, "has its secret in the file, where it does not belong", mend)
        return section.secret.encode()
    if section.secret_env is not None:
        value = os.environ.get(section.secret_env, "")
        if not value:
            raise InputError(where, f"${section.secret_env} is not set", "set it, or use a file")
        return value.encode()
    return _read(section, folder / str(section.secret_file)).strip()


def _read(section: DeliverySection, path: Path) -> bytes:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(_where(section), f"{path} cannot be read", "check the path") from error
    if not text.strip():
        raise InputError(_where(section), f"{path} is empty", "put the secret into it")
    return text


def _tls(section: DeliverySection, folder: Path) -> ssl.SSLContext | None:
    """Return whom we trust and what we show; None: what this machine trusts.

    Raises:
        InputError: a file that cannot be used.
    """
    if section.ca_file is None and section.certificate_file is None:
        return None
    try:
        trusted = None if section.ca_file is None else str(folder / section.ca_file)
        context = ssl.create_default_context(cafile=trusted)
        if section.certificate_file is not None:
            own, key = folder / section.certificate_file, folder / str(section.key_file)
            context.load_cert_chain(str(own), str(key), password="")
    except (OSError, ValueError) as error:
        what, mend = f"its certificates cannot be used: {error}", "give PEM files, a bare key"
        raise InputError(_where(section), what, mend) from error
    return context


def _where(section: DeliverySection) -> str:
    return f"delivery {section.name!r}"
