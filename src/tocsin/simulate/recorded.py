"""Real trajectories as truth: recordings read, made smooth, and put into the scenario's time.

A recording gives positions and velocities. Velocities are taken as they are. Positions of real
recordings come late by hundreds of metres at times: they are replaced by the integral of the
velocities, shifted by a slowly changing offset that keeps it on the recorded positions (a median,
then a mean, over two minutes). So the truth has the recorded velocities and invents no wiggles.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from scipy.ndimage import median_filter, uniform_filter1d

from tocsin.contract import F64, I8, I64, NS, InputError, ObjectClass, Objects, Truth, read_parquet
from tocsin.geo import enu_rotation, geodetic_to_ecef
from tocsin.simulate.draws import stream
from tocsin.simulate.fleet import End, Leg, Plan
from tocsin.simulate.limits import LIMITS
from tocsin.simulate.schema import ScenarioFile
from tocsin.simulate.schema_objects import Recorded
from tocsin.simulate.terrain import metres_per_degree
from tocsin.simulate.ways import log_uniform

FOOT_M, KNOT_MPS = 0.3048, 1852.0 / 3600.0
WINDOW_S = 120.0
TORN_MPS = 15.0
"""Where a smoothed way still differs by this from its velocities, the object is split."""
LEAST_ROWS = 3
SENDS = (ObjectClass.AIRLINER, ObjectClass.LIGHT_AIRCRAFT, ObjectClass.HELICOPTER)


class NoRecordingError(InputError):
    """Tell that the file of a recording is not there; real ones are not everywhere."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Hold the rows of a recording, by object and time.

    Args:
        table: what the scenario file says of it.
        who: (n,) the object's name in the recording.
        callsign: (n,) None where there is none.
        kind: (n,) class, 0 where the recording does not say.
        at_s: (n,) seconds since its first row.
        place: (n, 3) latitude, longitude, height.
        velocity_mps: (n, 3) east, north, up.
    """

    table: Recorded
    who: Objects
    callsign: Objects
    kind: I8
    at_s: F64
    place: F64
    velocity_mps: F64


def read_recording(folder: Path, table: Recorded) -> Recording:
    """Return the rows of a recording: `truth.parquet`, OpenSky states or a small aircraft's log.

    Raises:
        NoRecordingError: the file is not there.
        InputError: the file cannot be read, or is none of these.
    """
    path = folder / table.file
    if not path.is_file():
        mend = "check recorded.file; it is relative to the scenario"
        raise NoRecordingError(path, "no such recording", mend)
    try:
        if path.suffix == ".parquet":
            return _sorted(table, *_truth_rows(path))
        columns = _columns(path)
        read = next((rows for key, rows in _FORMATS.items() if key in columns), None)
        if read is not None:
            return _sorted(table, *read(columns))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise InputError(
            path, f"is no recording ({error!r})", "see recorded in scenario.md"
        ) from error
    raise InputError(path, "has none of the columns of a recording", "see recorded in scenario.md")


Columns = dict[str, Any]
Rows = tuple[Objects, Objects, I8, F64, F64, F64]


def _columns(path: Path) -> Columns:
    """Return the columns of a JSON list of objects or of a CSV file."""
    if path.name.endswith((".json", ".json.gz")):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return pa.Table.from_pylist(json.loads(raw)).to_pydict()
    return pyarrow.csv.read_csv(path).to_pydict()


def _floats(columns: Columns, name: str) -> F64:
    return np.array([np.nan if v is None else v for v in columns[name]], float)


def _names(values: list[object]) -> Objects:
    out = np.empty(len(values), object)
    out[:] = [None if v is None else str(v).strip() or None for v in values]
    return out


def _truth_rows(path: Path) -> Rows:
    truth = read_parquet(Truth, path)
    place = (truth.latitude_deg, truth.longitude_deg, truth.height_wgs84_m)
    velocity = (truth.velocity_east_mps, truth.velocity_north_mps, truth.velocity_up_mps)
    none = np.full(len(truth), None, object)
    since = truth.measured_at_ns - truth.measured_at_ns.min(initial=np.iinfo(np.int64).max)
    return (
        truth.target_id, none, truth.object_class, since / NS,
        np.stack(place, axis=1), np.stack(velocity, axis=1),
    )  # fmt: skip


def _states(columns: Columns) -> Rows:
    """Return states as the traffic library keeps them: feet, knots, feet per minute."""
    course = np.radians(_floats(columns, "track"))
    speed = _floats(columns, "groundspeed") * KNOT_MPS
    up = _floats(columns, "vertical_rate") * FOOT_M / 60.0
    place = [_floats(columns, "latitude"), _floats(columns, "longitude")]
    place.append(_floats(columns, "altitude") * FOOT_M)
    velocity = np.stack([speed * np.sin(course), speed * np.cos(course), up], axis=1)
    who, sign = _names(columns["icao24"]), _names(columns["callsign"])
    at_s = _floats(columns, "timestamp") / 1e3
    return who, sign, _no_class(who), at_s, np.stack(place, axis=1), velocity


def _opensky(columns: Columns) -> Rows:
    """Return states as the OpenSky network gives them: metres and metres per second."""
    course = np.radians(_floats(columns, "heading"))
    speed, up = _floats(columns, "velocity"), _floats(columns, "vertrate")
    place = np.stack([_floats(columns, name) for name in ("lat", "lon", "geoaltitude")], axis=1)
    velocity = np.stack([speed * np.sin(course), speed * np.cos(course), up], axis=1)
    who, sign = _names(columns["icao24"]), _names(columns["callsign"])
    return who, sign, _no_class(who), _floats(columns, "time"), place, velocity


def _logged(columns: Columns) -> Rows:
    """Return one aircraft's log: seconds, metres, velocity east and north."""
    names = ("latitude", "longitude", "altitude (m)")
    place = np.stack([_floats(columns, name) for name in names], axis=1)
    east, north = _floats(columns, "Vx m/s"), _floats(columns, "Vy m/s")
    who = _names([str(number) for number in columns["groupNb"]])
    velocity = np.stack([east, north, np.full(len(who), np.nan)], axis=1)
    none = np.full(len(who), None, object)
    return who, none, _no_class(who), _floats(columns, "timestamp"), place, velocity


_FORMATS = {"groundspeed": _states, "geoaltitude": _opensky, "altitude (m)": _logged}


def _no_class(who: Objects) -> I8:
    return np.zeros(len(who), np.int8)


def _sorted(
    table: Recorded, who: Objects, sign: Objects, kind: I8, at_s: F64, place: F64, velocity: F64
) -> Recording:
    """Return whole rows, by object and time, one for an instant."""
    known = ~np.isnan(place).any(axis=1) & ~np.isnan(velocity[:, :2]).any(axis=1) & ~np.isnan(at_s)
    order = np.flatnonzero(known)
    if not len(order):
        raise ValueError("no row has a position and a velocity")
    order = order[np.lexsort((at_s[order], who[order].astype(str)))]
    same = (who[order[1:]] == who[order[:-1]]) & (at_s[order[1:]] == at_s[order[:-1]])
    order = order[np.append(True, ~same)]
    if table.object_class is not None:
        kind = np.full(len(who), int(ObjectClass[table.object_class.upper()]), np.int8)
    if (kind[order] == 0).any():
        raise ValueError("it does not say what flew: give object_class")
    since = at_s[order] - at_s[order].min()
    return Recording(
        table, who[order], sign[order], kind[order], since, place[order], velocity[order]
    )


def recorded_plans(file: ScenarioFile, recording: Recording) -> Iterator[Plan]:
    """Yield the objects of a recording: each part of one without a gap and without a tear."""
    table = recording.table
    turn = _to_place(file, recording) if table.to_place else None
    name, part = "", 0
    for rows, ecef in _parts(recording):
        who = f"{table.name}-{recording.who[rows.start]}"
        name, part = who, part + 1 if who == name else 1
        at_s = recording.at_s[rows] - table.from_s + table.at_s
        if at_s[-1] <= table.at_s or at_s[0] >= file.duration_s:
            continue
        if turn is not None:
            ecef = np.concatenate(
                [ecef[:, :3] @ turn[0].T + turn[1], ecef[:, 3:] @ turn[0].T], axis=1
            )
        sample = np.concatenate([at_s[:, None], ecef], axis=1)
        yield _plan(file, recording, rows, name + (f"-{part}" if part > 1 else ""), sample)


def _parts(recording: Recording) -> Iterator[tuple[slice, F64]]:
    """Yield rows that belong to one way, with their ECEF positions and velocities."""
    table, at_s = recording.table, recording.at_s
    smooth = not table.file.endswith(".parquet") if table.smooth is None else table.smooth
    new = np.append(True, recording.who[1:] != recording.who[:-1])
    gap = np.append(True, np.diff(at_s) > table.gap_s) | new
    for a, b in pairwise(np.append(np.flatnonzero(gap), len(at_s))):
        if b - a < LEAST_ROWS:
            continue
        rows = slice(a, b)
        ecef = _ecef(at_s[rows], recording.place[rows], recording.velocity_mps[rows], smooth)
        tears = _tears(at_s[rows], ecef) if smooth else np.zeros(0, np.int64)
        for c, d in pairwise([0, *tears, b - a]):
            if d - c >= LEAST_ROWS:
                yield slice(a + c, a + d), ecef[c:d]


def _tears(at_s: F64, ecef: F64) -> I64:
    """Return the rows before which positions run away from velocities: it jumped there."""
    mean = (ecef[1:, 3:] + ecef[:-1, 3:]) / 2.0
    off = np.diff(ecef[:, :3], axis=0) / np.diff(at_s)[:, None] - mean
    return np.flatnonzero(np.linalg.norm(off, axis=1) > TORN_MPS) + 1


def _plan(file: ScenarioFile, recording: Recording, rows: slice, name: str, sample: F64) -> Plan:
    table, tick = recording.table, file.tick_s
    kind = ObjectClass(int(recording.kind[rows][0]))
    sign = recording.callsign[rows][0]
    rng = stream(file.seed, "recorded", name)
    return Plan(
        name,
        table.name,
        kind,
        float(np.ceil(max(sample[0, 0], table.at_s) / tick) * tick),
        log_uniform(rng, table.rcs_m2 or LIMITS[kind].rcs_m2),
        (Leg(0.0, 0.0, 0.0, 0.0), Leg(0.0, 0.0, 0.0, 0.0)),
        End.LEAVE,
        callsign=sign if table.transponders and kind in SENDS else None,
        script=sample,
    )


def _ecef(at_s: F64, place: F64, velocity_mps: F64, smooth: bool) -> F64:
    """Return (k, 6) ECEF positions and velocities of one part."""
    velocity = velocity_mps.copy()
    if np.isnan(velocity[:, 2]).any():
        velocity[:, 2] = np.gradient(place[:, 2], at_s)
    place = smoothed(at_s, place, velocity) if smooth else place
    ecef = geodetic_to_ecef(*place.T)
    to_ecef = np.swapaxes(enu_rotation(place[:, 0], place[:, 1]), -1, -2)
    return np.concatenate([ecef, (to_ecef @ velocity[..., None])[..., 0]], axis=1)


def smoothed(at_s: F64, place: F64, velocity_mps: F64) -> F64:
    """Return (k, 3) positions that agree with velocities, and slowly with recorded positions.

    Args:
        at_s: (k,) seconds.
        place: (k, 3) latitude and longitude in degrees, height in metres, as recorded.
        velocity_mps: (k, 3) east, north, up.
    """
    step = np.diff(at_s)[:, None] * (velocity_mps[1:] + velocity_mps[:-1]) / 2.0
    course = np.arctan2(velocity_mps[:, 0], velocity_mps[:, 1])
    half = np.abs(np.angle(np.exp(1j * np.diff(course)))) / 2.0
    # The chord of an arc is longer than the mean of the velocities at its ends.
    bend = np.where(half < np.pi / 4.0, np.sinc(half / np.pi) / np.cos(half), 1.0)
    step[:, :2] *= bend[:, None]
    scale = np.ones((len(at_s), 3))
    scale[:, 1], scale[:, 0] = metres_per_degree(place[:, 0])
    flown = np.zeros_like(place)
    flown[1:] = np.cumsum(step[:, [1, 0, 2]] / (scale[1:] + scale[:-1]) * 2.0, axis=0)
    off = place - flown
    wide = 2 * int(WINDOW_S / 2.0 / np.median(np.diff(at_s))) + 1
    off = median_filter(off, size=(wide, 1), mode="nearest")
    off = uniform_filter1d(off, wide, axis=0, mode="nearest")
    return np.asarray(flown + off)


def _to_place(file: ScenarioFile, recording: Recording) -> tuple[F64, F64]:
    """Return rotation and shift that put the recording's middle on the scenario's centre."""
    middle = recording.place[:, :2].mean(axis=0)
    centre = np.array([file.place.latitude_deg, file.place.longitude_deg])
    turn = enu_rotation(*map(float, centre)).T @ enu_rotation(*map(float, middle))
    there, here = (
        geodetic_to_ecef(*(np.array([v]) for v in (*p, 0.0)))[0] for p in (centre, middle)
    )
    return turn, there - turn @ here
