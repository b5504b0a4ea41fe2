"""Every object that will ever fly, in columns: what it is, when it begins, where it is to go."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from tocsin.contract import F64, I8, I32, I64, U32, Bool, ObjectClass, Objects
from tocsin.simulate.draws import U64, words
from tocsin.simulate.limits import LIMITS, Trait, traits
from tocsin.simulate.script import Script, scripted

FIRST_ADDRESS = 0xF00000
"""Mode S addresses from here on belong to no state (ICAO Annex 10, vol. III, table 9-1)."""


class End(IntEnum):
    """What an object does at its last waypoint."""

    LEAVE = 0
    LAND = 1
    IMPACT = 2
    STAY = 3
    FALL = 4


class Mode(IntEnum):
    """How an object's motion comes about."""

    STEERED = 0
    DRIFTING = 1
    SCRIPTED = 2
    FALLING = 3


@dataclass(frozen=True)
class Leg:
    """Give one waypoint: degrees, height in metres (above ground for a terrain follower)."""

    latitude_deg: float
    longitude_deg: float
    height_m: float
    speed_mps: float
    hover_s: float = 0.0


@dataclass(frozen=True)
class Station:
    """Give a place in a formation.

    Args:
        lead: the target id of the point that the formation is flown about.
        right_m: to the right of it.
        ahead_m: ahead of it, negative behind.
        leaves_leg: the member goes its own way once the point flies to this leg.
    """

    lead: str
    right_m: float
    ahead_m: float
    leaves_leg: int


@dataclass(frozen=True)
class Plan:
    """Describe one object before it is put into columns; the first leg is where it begins.

    Args:
        target_id: its name; its chances hang on it.
        group: the table of the scenario file that it comes from.
        object_class: what it is.
        begins_s: when, seconds since the scenario's start.
        rcs_m2: radar cross-section.
        legs: its way.
        end: what it does at the last of them.
        callsign: None: no transponder.
        home_m: within this of the last waypoint it flies as it likes; 0: never.
        course_rad: at the beginning; NaN: towards the second leg.
        lost_s: when it is lost and falls, seconds since the scenario's start.
        station: its place in a formation.
        ghost: a formation's point, of which nothing is seen and nothing told.
        turn_radps: a lower limit of turning than its class's.
        script: (k, 7) seconds, ECEF position and velocity, for an object that follows a record.
    """

    target_id: str
    group: str
    object_class: ObjectClass
    begins_s: float
    rcs_m2: float
    legs: tuple[Leg, ...]
    end: End
    callsign: str | None = None
    home_m: float = 0.0
    course_rad: float = field(default=np.nan)
    lost_s: float = np.inf
    station: Station | None = None
    ghost: bool = False
    turn_radps: float = np.inf
    script: F64 | None = None

    @property
    def mode(self) -> Mode:
        """Return how it moves."""
        if self.script is not None:
            return Mode.SCRIPTED
        drifts = self.object_class == ObjectClass.BALLOON
        return Mode.DRIFTING if drifts else Mode.STEERED


@dataclass(frozen=True, eq=False)
class Fleet:
    """Hold all objects in columns of n rows, ordered by group and number.

    Args:
        key: (n, 2) words, the object's own randomness.
        way: (w, 5) latitude, longitude, height, speed and hovering time of all waypoints.
        way_first: (n,) where an object's waypoints begin in `way`.
        way_count: (n,) how many it has.
        mode: (n,) `Mode` at the beginning.
        follows_ground: (n,) heights are above the ground.
        mode_s: (n,) transponder address, 0: no transponder.
        callsign: (n,) identification, None: no transponder.
        limits: (n, 14) what it can do, by `Trait`.
        lost_s: (n,) when it is lost, infinite: never.
        lead: (n,) row of the point that its formation is flown about, -1: none.
        station_m: (n, 2) its place right and ahead of that point.
        leaves_leg: (n,) it leaves the formation once the point flies to this leg.
        ghost: (n,) nothing flies there: the point of a formation.
        by_begin: (n,) rows in order of beginning.
        script: records that scripted objects follow.
        wind: (k, 3) height and wind towards east and north, by height.
    """

    target_id: Objects
    group: Objects
    object_class: I8
    begins_s: F64
    rcs_m2: F64
    key: U64
    way: F64
    way_first: I64
    way_count: I64
    end: I32
    mode: I8
    follows_ground: Bool
    mode_s: U32
    callsign: Objects
    course_rad: F64
    limits: F64
    lost_s: F64
    lead: I64
    station_m: F64
    leaves_leg: I64
    ghost: Bool
    by_begin: I64
    script: Script
    wind: F64

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self.target_id)

    def leg(self, row: I64, leg: I64) -> F64:
        """Return (m, 5) the waypoints that objects fly to."""
        return np.asarray(self.way[self.way_first[row] + leg])

    def trait(self, row: I64, which: Trait) -> F64:
        """Return (m,) one limit of objects."""
        return np.asarray(self.limits[row, which])

    def beginning(self, from_s: float, to_s: float) -> I64:
        """Return the rows of the objects that begin in a span, its end left out."""
        begins = self.begins_s[self.by_begin]
        low, high = np.searchsorted(begins, [from_s, to_s])
        return np.sort(self.by_begin[low:high])


def objects(values: list[str] | list[str | None]) -> Objects:
    """Return strings as an object column."""
    column = np.empty(len(values), object)
    column[:] = values
    return column


def fleet(plans: list[Plan], seed: int, wind: F64 | None = None) -> Fleet:
    """Return plans as columns.

    Args:
        plans: every object.
        seed: of the scenario.
        wind: (k, 3) height and wind towards east and north, by height; None: calm.
    """
    count = np.array([len(plan.legs) for plan in plans], np.int64)
    begins = np.array([plan.begins_s for plan in plans], float)
    word = np.array([words(seed, plan.target_id) for plan in plans], np.uint64).reshape(-1, 4)
    rows = {plan.target_id: row for row, plan in enumerate(plans)}
    stations = [plan.station or Station("", 0.0, 0.0, 0) for plan in plans]
    return Fleet(
        target_id=objects([plan.target_id for plan in plans]),
        group=objects([plan.group for plan in plans]),
        object_class=np.array([plan.object_class for plan in plans], np.int8),
        begins_s=begins,
        rcs_m2=np.array([plan.rcs_m2 for plan in plans]),
        key=np.ascontiguousarray(word[:, :2]),
        way=_ways(plans),
        way_first=np.cumsum(count) - count,
        way_count=count,
        end=np.array([plan.end for plan in plans], np.int32),
        mode=np.array([plan.mode for plan in plans], np.int8),
        follows_ground=np.array(
            [p.object_class == ObjectClass.FAST_LOW_FLYER for p in plans], bool
        ),
        mode_s=_addresses(plans),
        callsign=objects([plan.callsign for plan in plans]),
        course_rad=np.array([plan.course_rad for plan in plans]),
        limits=_limits(plans, word[:, 2] / 2.0**32),
        lost_s=np.array([plan.lost_s for plan in plans]),
        lead=np.array([rows.get(station.lead, -1) for station in stations], np.int64),
        station_m=np.array([(s.right_m, s.ahead_m) for s in stations]).reshape(-1, 2),
        leaves_leg=np.array([station.leaves_leg for station in stations], np.int64),
        ghost=np.array([plan.ghost for plan in plans], bool),
        by_begin=np.argsort(begins, kind="stable"),
        script=scripted([plan.script for plan in plans]),
        wind=np.zeros((1, 3)) if wind is None else wind,
    )


def _limits(plans: list[Plan], luck: F64) -> F64:
    out = np.empty((len(plans), len(Trait)))
    whole = {kind: traits(kind, 0.0, 0.0) for kind in LIMITS}
    for row, plan in enumerate(plans):
        out[row] = whole[plan.object_class]
        out[row, Trait.TURN] = min(out[row, Trait.TURN], plan.turn_radps)
        out[row, Trait.HOME] = plan.home_m
        if LIMITS[plan.object_class].weakest_climb_mps < np.inf:
            out[row, Trait.CLIMB] = traits(plan.object_class, luck[row], 0.0)[Trait.CLIMB]
    return out


def _ways(plans: list[Plan]) -> F64:
    legs = [
        (leg.latitude_deg, leg.longitude_deg, leg.height_m, leg.speed_mps, leg.hover_s)
        for plan in plans
        for leg in plan.legs
    ]
    return np.array(legs, float).reshape(-1, 5)


def _addresses(plans: list[Plan]) -> U32:
    """Return addresses that depend on the object's own name only."""
    taken: set[int] = set()
    out = np.zeros(len(plans), np.uint32)
    for row, plan in enumerate(plans):
        if plan.callsign is None:
            continue
        address = FIRST_ADDRESS + int(words("address", plan.target_id)[0] % (1 << 20))
        while address in taken:
            address += 1
        taken.add(address)
        out[row] = address
    return out
