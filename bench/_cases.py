"""The benchmark cases: `bench/data/cases.toml` as checked, frozen objects."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tocsin.contract import InputError

DATA = Path(__file__).parent / "data"


class _Checked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Models(_Checked):
    """What every tracker is told of targets and sensors; the file's head explains each."""

    measurement: Literal["position", "polar"]
    period_s: float = Field(gt=0.0)
    std: tuple[float, ...] = Field(min_length=2, max_length=3)
    process_noise_m2ps3: float = Field(gt=0.0)
    detection_probability: float = Field(gt=0.0, lt=1.0)
    survival_probability: float = Field(gt=0.0, lt=1.0)
    births_per_target: float = Field(gt=0.0)
    first_births_per_target: float = Field(gt=0.0)
    birth_speed_std_mps: float = Field(gt=0.0)


class Metric(_Checked):
    """How tracks are compared with truth: GOSPA's parameters and the positions' dimension."""

    p: float = Field(ge=1.0)
    c_m: float = Field(gt=0.0)
    alpha: float = Field(ge=2.0, le=2.0)
    dimension: Literal[2, 3]


class StoneSoup(_Checked):
    """What this peer needs beside the models."""

    gate: float
    min_points: int
    drop_after: int = 2
    delete_after: int


class Setup(_Checked):
    """One run of the default benchmark: how large, and who takes part."""

    targets: int = Field(gt=0)
    scans: int = Field(gt=1)
    runs: int = Field(gt=0)
    trackers: tuple[str, ...]


class Case(_Checked):
    """One benchmark case."""

    name: str
    summary: str
    source: str
    generator: Literal["published", "crossing", "plane", "turns", "formations", "recorded"]
    scene: dict[str, Any]
    models: Models
    metric: Metric
    stonesoup: StoneSoup
    seed: int
    setups: tuple[Setup, ...] = Field(min_length=1)
    published: tuple[dict[str, Any], ...] = ()


def read_cases(path: Path = DATA / "cases.toml") -> dict[str, Case]:
    """Return all cases, in file order.

    Raises:
        InputError: a case that is not complete.
    """
    cases = {}
    for name, table in tomllib.loads(path.read_text("utf-8")).items():
        try:
            cases[name] = Case(name=name, **table)
        except ValidationError as error:
            first = error.errors()[0]
            place = f"{path.name}: {name}.{'.'.join(map(str, first['loc']))}"
            raise InputError(place, first["msg"], "see the head of the file") from error
    return cases


def read_case(name: str) -> Case:
    """Return one case.

    Raises:
        InputError: there is none of that name.
    """
    cases = read_cases()
    if name not in cases:
        raise InputError("bench compare", f"no case {name!r}", f"use one of {', '.join(cases)}")
    return cases[name]
