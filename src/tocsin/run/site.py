"""Site configuration: `site.toml` checked and turned into what the rooms need."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tocsin import warn
from tocsin.contract import InputError, Origin, Sensor, SensorKind, Zone, read_zones
from tocsin.run.detection import AZIMUTHS, detection_table, table_from
from tocsin.run.masks import terrain_masks
from tocsin.run.pipeline import PipelineConfig
from tocsin.run.recipients import DeliverySection
from tocsin.track import DetectionTable

if TYPE_CHECKING:
    from tocsin.serve.cap_sign import Signer


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SiteSection(_Strict):
    """Hold the site's name, origin and files; paths are relative to the site file.

    Terrain heights are taken as above sea level, which here lies `geoid_m` above the ellipsoid.
    """

    name: str = "Tocsin"
    latitude_deg: float = Field(ge=-90, le=90)
    longitude_deg: float = Field(ge=-180, le=180)
    height_wgs84_m: float = 0.0
    status: Literal["Exercise", "Test", "Actual"] = "Exercise"
    sender: str | None = None
    zones: str | None = None
    place: str | None = None
    terrain: str | None = None
    geoid_m: float = 0.0
    policy: str = "balanced"
    tick_s: float = Field(default=1.0, gt=0, le=5)

    @model_validator(mode="after")
    def _someone_speaks(self) -> Self:
        if self.status == "Actual" and self.sender is None:
            raise ValueError("actual warnings need a `sender`, such as duty@your.domain")
        return self


class SensorSection(_Strict):
    """Describe one sensor; defaults are those of `contract.Sensor`."""

    sensor_id: str = Field(min_length=1)
    kind: Literal["radar", "adsb_receiver", "people", "external", "rf_detector", "acoustic"]
    latitude_deg: float | None = Field(default=None, ge=-90, le=90)
    longitude_deg: float | None = Field(default=None, ge=-180, le=180)
    height_wgs84_m: float | None = None
    range_m: float | None = Field(default=None, gt=0)
    period_s: float | None = Field(default=None, gt=0)
    detection_probability: float | None = Field(default=None, gt=0, lt=1)
    false_plots_per_look: float | None = Field(default=None, ge=0)
    range_std_m: float | None = Field(default=None, gt=0)
    azimuth_std_deg: float | None = Field(default=None, gt=0)
    elevation_std_deg: float | None = Field(default=None, gt=0)
    range_rate_std_mps: float | None = Field(default=None, gt=0)
    horizontal_std_m: float | None = Field(default=None, gt=0)
    vertical_std_m: float | None = Field(default=None, gt=0)
    elevation_min_deg: float | None = Field(default=None, ge=-90, le=90)
    elevation_max_deg: float | None = Field(default=None, ge=-90, le=90)
    earth_factor: float | None = Field(default=None, gt=0)
    clear_range_m: float | None = Field(default=None, gt=0)
    range_cell_m: float | None = Field(default=None, gt=0)
    azimuth_cell_deg: float | None = Field(default=None, gt=0)
    elevation_cell_deg: float | None = Field(default=None, gt=0)

    def sensor(self) -> Sensor:
        """Return the sensor in SI units and radians."""
        given = self.model_dump(exclude_none=True)
        values: dict[str, Any] = {}
        for name, value in given.items():
            angle = name.endswith("_deg") and name not in {"latitude_deg", "longitude_deg"}
            key = name.removesuffix("_deg") + "_rad" if angle else name
            values[key] = math.radians(value) if angle else value
        return Sensor(**{**values, "kind": SensorKind[self.kind.upper()]})


class InputSection(_Strict):
    """Name one input: its address and, where it cannot be told from the bytes, its format.

    With ``clock = "received"`` its own times are taken for spacing only and start when the first
    is received: for recordings played again, and for sensors whose clock nobody sets.
    """

    source_id: str = Field(min_length=1)
    url: str
    format: str | None = None
    clock: Literal["own", "received"] = "own"


class ClockSection(_Strict):
    """Take scenario time from a feed instead of this machine's clock (demo, exercises)."""

    feed: str


class TokenSection(_Strict):
    """Give one token its role; with a name, what is done with it bears that name."""

    token: str = Field(min_length=16)
    role: Literal["viewer", "operator", "supervisor"]
    name: str = Field(default="", max_length=80)


class AccessSection(_Strict):
    """Say where the page is served, and who may do what; `token` is of the highest role."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    token: str | None = None
    hosts: tuple[str, ...] = ()
    tokens: list[TokenSection] = []

    @model_validator(mode="after")
    def _tokens_differ(self) -> Self:
        given = [t for t in (self.token, *(one.token for one in self.tokens)) if t]
        if len(set(given)) < len(given):
            raise ValueError("two tokens are the same, so their roles could not be told apart")
        return self


class CapSection(_Strict):
    """Say in which languages public messages are, and in whose time."""

    languages: tuple[str, ...] = ("en", "de")
    time_zone: str = "UTC"


class SignatureSection(_Strict):
    """Name the key that signs CAP messages, and its certificate: PEM files beside the site file."""

    key: str
    certificate: str


class RegistrationSection(_Strict):
    """Say whether the sensors' biases are learned from common targets, and taken out."""

    enabled: bool = True


class ClutterSection(_Strict):
    """Say whether the radars' false plots are learned cell by cell, or as the sensors say."""

    enabled: bool = True


class SiteFile(_Strict):
    """Hold a whole `site.toml`."""

    site: SiteSection
    sensor: list[SensorSection] = []
    input: list[InputSection] = []
    names: dict[str, str] = {}
    clock: ClockSection | None = None
    access: AccessSection = AccessSection()
    cap: CapSection = CapSection()
    signature: SignatureSection | None = None
    registration: RegistrationSection = RegistrationSection()
    clutter: ClutterSection = ClutterSection()
    delivery: list[DeliverySection] = []


@dataclass
class Site:
    """Hold a checked site: the file's content and what it points to.

    Args:
        file: the parsed file.
        zones: areas to warn.
        place: coastline and towns, for maps.
        policy_text: warning policy, as TOML.
        terrain: file of ground heights, not yet read.
        recorded: a record's table of detection, as text; None: no record.
        signer: of CAP messages; a record has none.
        folder: where the site file lies.
    """

    file: SiteFile
    zones: tuple[Zone, ...] = ()
    place: dict[str, Any] = field(default_factory=dict)
    policy_text: str = ""
    terrain: Path | None = None
    recorded: str | None = None
    signer: Signer | None = None
    folder: Path = Path()

    @property
    def name(self) -> str:
        """Return the site's name."""
        return self.file.site.name

    @property
    def origin(self) -> Origin:
        """Return the region frame's origin."""
        section = self.file.site
        return Origin(section.latitude_deg, section.longitude_deg, section.height_wgs84_m)

    @property
    def sensors(self) -> tuple[Sensor, ...]:
        """Return the site's sensors."""
        return tuple(section.sensor() for section in self.file.sensor)

    @cached_property
    def detection(self) -> DetectionTable | None:
        """Return how probably the sensors detect, over the terrain; None: by their constants.

        Raises:
            InputError: the terrain cannot be read, or lies elsewhere.
        """
        if self.recorded is not None:
            return table_from(self.recorded)
        sensors, sea_m = self.sensors, self.file.site.geoid_m
        masks = terrain_masks(sensors, self.terrain, sea_m, AZIMUTHS)
        return detection_table(sensors, masks, sea_m)

    def pipeline_config(self) -> PipelineConfig:
        """Return the set-up of the rooms for this site.

        Raises:
            InputError: the terrain cannot be read, or lies elsewhere.
        """
        return PipelineConfig(
            self.origin,
            self.sensors,
            self.zones,
            warn.parse_policy(self.policy_text),
            {_sac_sic(key): name for key, name in self.file.names.items()},
            {item.source_id: item.format for item in self.file.input},
            frozenset(item.source_id for item in self.file.input if item.clock == "received"),
            registration=self.file.registration.enabled,
            clutter_maps=self.file.clutter.enabled,
            detection=self.detection,
        )


def _sac_sic(text: str) -> tuple[int, int]:
    """Return the numbers of ``SAC/SIC``.

    Raises:
        InputError: not two numbers.
    """
    try:
        sac, sic = (int(part) for part in text.split("/"))
    except ValueError as error:
        raise InputError(f"site, names.{text}", "is no SAC/SIC", 'for example "25/10"') from error
    return sac, sic


def policy_text(name: str, folder: Path) -> str:
    """Return the TOML of a preset, or of a policy file, checked.

    Raises:
        InputError: neither, or an unusable file.
    """
    if name in warn.PRESETS:
        return warn.preset_text(name)
    path = folder / name
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        mend = f"use one of {', '.join(warn.PRESETS)} or a TOML file"
        raise InputError(path, "no such policy", mend) from error
    warn.parse_policy(text, path)
    return text


def read_site(path: Path) -> Site:
    """Return the site that a `site.toml` describes.

    Raises:
        InputError: no such file, no TOML, an unknown or wrong key, or a file it names is unusable.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise InputError(path, "no such file", "check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read: {error}", "expected a TOML site file") from error
    site = parse_site(text, path)
    if site.file.signature:
        site.signer = _signer(site.file.signature, path.parent)
    return site


def _signer(section: SignatureSection, folder: Path) -> Signer:
    # Cryptography takes longer to load than all else: only sites that sign pay for it.
    from tocsin.serve.cap_sign import Signer

    key, certificate = folder / section.key, folder / section.certificate
    try:
        return Signer.from_pem(key.read_bytes(), certificate.read_bytes(), str(key))
    except OSError as error:
        raise InputError(error.filename, "cannot be read", "check [signature]") from error


def parse_site(text: str, path: Path) -> Site:
    """Return the site in TOML text; `path` names it in errors and anchors its relative paths.

    Raises:
        InputError: as `read_site`.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(path, f"is no TOML: {error}", "mend the line it names") from error
    return checked_site(data, path)


def checked_site(data: Mapping[str, Any], path: Path) -> Site:
    """Return the site that the content of a `site.toml` describes; `path` as in `parse_site`.

    Raises:
        InputError: as `read_site`.
    """
    try:
        file = SiteFile.model_validate(data)
    except ValidationError as error:
        raise _first_problem(path, error) from error
    _unique(path, "sensor", [s.sensor_id for s in file.sensor])
    _unique(path, "input", [i.source_id for i in file.input])
    _unique(path, "delivery", [d.name for d in file.delivery])
    section, folder = file.site, path.parent
    return Site(
        file,
        read_zones(folder / section.zones) if section.zones else (),
        _read_json(folder / section.place) if section.place else {},
        policy_text(section.policy, folder),
        _existing(folder / section.terrain) if section.terrain else None,
        folder=folder,
    )


def _first_problem(path: Path, error: ValidationError) -> InputError:
    """Return the first thing wrong, with its place as a person would write it."""
    # An unknown key is why another is missing: a typo is named first.
    problem = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in problem["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if problem["type"] == "extra_forbidden":
        return InputError(f"{path}, {key}", f"is not a known key{more}", "remove or spell it right")
    own = problem["type"] == "value_error"
    said = problem["msg"].removeprefix("Value error, ") if own else problem["msg"].lower()
    return InputError(f"{path}, {key}", f"{said}{more}", "mend this value")


def _unique(path: Path, section: str, names: list[str]) -> None:
    repeated = [name for k, name in enumerate(names) if name in names[:k]]
    if repeated:
        raise InputError(f"{path}, {section}", f"{repeated[0]!r} occurs twice", "use each id once")


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(path, "no such file", "check the path of the terrain")
    return path


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(path, f"cannot be read: {error}", "expected a JSON object") from error
    if not isinstance(data, dict):
        raise InputError(path, "is no JSON object", "expected coastline and towns")
    return data
