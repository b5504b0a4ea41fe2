"""Every object that will ever fly, in columns: what it is, when it begins, where it is to go."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, I8, I32, U32, Bool, ObjectClass, Objects
from tocsin.simulate.draws import U64, words
from tocsin.simulate.limits import GRAVITY_MPS2, LIMITS

FIRST_ADDRESS = 0xF00000
"""Mode S addresses from here on belong to no state (ICAO Annex 10, vol. III, table 9-1)."""


class End(IntEnum):
    """What an object does at its last waypoint."""

    LEAVE = 0
    LAND = 1
    IMPACT = 2
    STAY = 3


@dataclass(frozen=True)
class Leg:
    """Give one waypoint: degrees, height in metres (above ground for a terrain follower)."""

    latitude_deg: float
    longitude_deg: float
    height_m: float
    speed_mps: float


@dataclass(frozen=True)
class Plan:
    """Describe one object before it is put into columns; the first leg is where it begins."""

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


@dataclass(frozen=True, eq=False)
class Fleet:
    """Hold all objects in columns of n rows, ordered by group and number.

    Args:
        key: (n, 2) words, the object's own randomness.
        way: (n, w, 4) latitude, longitude, height, speed of each waypoint, the first the start.
        way_count: (n,) how many of them are meant.
        follows_ground: (n,) heights are above the ground.
        home_m: (n,) within this of the last waypoint it flies as it likes; 0: never.
        mode_s: (n,) transponder address, 0: no transponder.
        callsign: (n,) identification, None: no transponder.
    """

    target_id: Objects
    group: Objects
    object_class: I8
    begins_s: F64
    rcs_m2: F64
    key: U64
    way: F64
    way_count: NDArray[np.int64]
    end: I32
    follows_ground: Bool
    home_m: F64
    mode_s: U32
    callsign: Objects
    course_rad: F64
    speed_limit_mps: F64
    height_limit_m: F64
    climb_limit_mps: F64
    turn_limit_radps: F64
    acceleration_mps2: F64
    heave_mps2: F64
    wander_rad: F64
    wander_s: F64
    gust_mps: F64
    lift_mps: F64

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self.target_id)


def objects(values: list[str] | list[str | None]) -> Objects:
    """Return strings as an object column."""
    column = np.empty(len(values), object)
    column[:] = values
    return column


def fleet(plans: list[Plan], seed: int) -> Fleet:
    """Return plans as columns."""
    limits = [LIMITS[plan.object_class] for plan in plans]
    column = {
        name: np.array([getattr(limit, name) for limit in limits], float)
        for name in ("acceleration_mps2", "heave_mps2", "wander_rad", "wander_s")
    }
    fast = np.array([limit.speed_mps[1] for limit in limits])
    lateral = np.array([limit.turn_g for limit in limits]) * GRAVITY_MPS2
    return Fleet(
        target_id=objects([plan.target_id for plan in plans]),
        group=objects([plan.group for plan in plans]),
        object_class=np.array([plan.object_class for plan in plans], np.int8),
        begins_s=np.array([plan.begins_s for plan in plans]),
        rcs_m2=np.array([plan.rcs_m2 for plan in plans]),
        key=np.array([words(seed, plan.target_id)[:2] for plan in plans], np.uint64).reshape(-1, 2),
        way=_ways(plans),
        way_count=np.array([len(plan.legs) for plan in plans], np.int64),
        end=np.array([plan.end for plan in plans], np.int32),
        follows_ground=np.array(
            [p.object_class == ObjectClass.FAST_LOW_FLYER for p in plans], bool
        ),
        home_m=np.array([plan.home_m for plan in plans]),
        mode_s=_addresses(plans),
        callsign=objects([plan.callsign for plan in plans]),
        course_rad=np.array([plan.course_rad for plan in plans]),
        speed_limit_mps=np.array([limit.speed_mps for limit in limits]).reshape(-1, 2),
        height_limit_m=np.array([limit.height_m for limit in limits]).reshape(-1, 2),
        climb_limit_mps=np.array([limit.climb_mps for limit in limits]),
        turn_limit_radps=np.minimum(
            np.array([limit.turn_radps for limit in limits]), lateral / np.maximum(fast, 1.0)
        ),
        gust_mps=np.array([limit.gust_mps for limit in limits]),
        lift_mps=np.array([limit.lift_mps for limit in limits]),
        **column,
    )


def _ways(plans: list[Plan]) -> F64:
    width = max((len(plan.legs) for plan in plans), default=1)
    way = np.full((len(plans), width, 4), np.nan)
    for row, plan in enumerate(plans):
        way[row, : len(plan.legs)] = [
            (leg.latitude_deg, leg.longitude_deg, leg.height_m, leg.speed_mps) for leg in plan.legs
        ]
    return way


def _addresses(plans: list[Plan]) -> U32:
    """Return addresses that depend on the object's own name only."""
    taken: dict[int, str] = {}
    out = np.zeros(len(plans), np.uint32)
    for row, plan in enumerate(plans):
        if plan.callsign is None:
            continue
        address = FIRST_ADDRESS + int(words("address", plan.target_id)[0] % (1 << 20)) - 1
        while (address := address + 1) in taken:
            pass
        taken[address] = plan.target_id
        out[row] = address
    return out
