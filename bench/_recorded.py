"""Recorded flights as truth of a flat scene: projected to a plane, straight between their rows."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tocsin.contract import F64, I64, InputError

_ROOT = Path(__file__).parents[1]
_EARTH_M = 6_371_008.8


@dataclass(frozen=True, eq=False)
class Flights:
    """Hold straight legs of flights, one row each, ordered by their beginning.

    Args:
        who: (n,) aircraft.
        begin_s: (n,) of the leg, since the recording's first row.
        end_s: (n,).
        begin_m: (n, 2) east and north at its beginning.
        velocity_mps: (n, 2).
        count: aircraft.
    """

    who: I64
    begin_s: F64
    end_s: F64
    begin_m: F64
    velocity_mps: F64
    count: int

    def at(self, at_s: float) -> tuple[I64, F64]:
        """Return who is in the air at an instant, and their states."""
        rows = np.flatnonzero((self.begin_s <= at_s) & (at_s < self.end_s))
        who, first = np.unique(self.who[rows], return_index=True)
        rows = rows[first]
        place = self.begin_m[rows] + (at_s - self.begin_s[rows])[:, None] * self.velocity_mps[rows]
        return who, np.concatenate([place, self.velocity_mps[rows]], axis=1)


def shared_data() -> Path:
    """Return the folder of recordings: TOCSIN_SHARED_DATA, else ../shared/data."""
    return Path(os.environ.get("TOCSIN_SHARED_DATA") or _ROOT.parent / "shared" / "data")


def recorded(name: str, gap_s: float) -> Flights:
    """Return the flights of a recording.

    Args:
        name: file below the folder of recordings.
        gap_s: rows of an aircraft further apart than this are not joined.

    Raises:
        InputError: the recording is not there.
    """
    path = shared_data() / name
    if not path.is_file():
        mend = "put it there, or name its folder in TOCSIN_SHARED_DATA"
        raise InputError(name, "the recording is not in ../shared/data", mend)
    return _read(path, gap_s)


@cache
def _read(path: Path, gap_s: float) -> Flights:
    with gzip.open(path, "rt") as file:
        rows = json.load(file)
    at_s = np.array([row["timestamp"] for row in rows]) / 1000.0
    names, who = np.unique([row["icao24"] for row in rows], return_inverse=True)
    degrees = np.array([[row["longitude"], row["latitude"]] for row in rows], float)
    return _legs(who.astype(np.int64), at_s - at_s.min(), _plane(degrees), gap_s, len(names))


def _plane(degrees: F64) -> F64:
    """Return east and north about the mean place; true to 1 % over a few hundred km."""
    middle = degrees.mean(axis=0)
    scale = _EARTH_M * np.radians(1.0) * np.array([np.cos(np.radians(middle[1])), 1.0])
    place: F64 = (degrees - middle) * scale
    return place


def _legs(who: I64, at_s: F64, place_m: F64, gap_s: float, count: int) -> Flights:
    order = np.lexsort((at_s, who))
    who, at_s, place_m = who[order], at_s[order], place_m[order]
    lasting = np.diff(at_s)
    joined = np.flatnonzero((np.diff(who) == 0) & (lasting > 0.0) & (lasting <= gap_s))
    velocity = np.diff(place_m, axis=0)[joined] / lasting[joined, None]
    return Flights(who[joined], at_s[joined], at_s[joined + 1], place_m[joined], velocity, count)
