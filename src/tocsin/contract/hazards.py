"""What an object that can hurt people below does to the ground: one row per hazardous class.

Truth (`effects`), forecasts and scores share these figures, so that they speak of one thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from tocsin.contract.enums import ObjectClass


@dataclass(frozen=True)
class Hazard:
    """Say how far and how low an object of a class affects a zone.

    Args:
        effect_radius_m: a zone is affected by an impact within it, grown by this much.
        hazard_height_m: a zone is affected by a flight within it below this height above the
            ground (above the ellipsoid where the ground is not known); 0: by impact only.
    """

    effect_radius_m: float
    hazard_height_m: float


HAZARDS = MappingProxyType(
    {
        ObjectClass.ONE_WAY_DRONE: Hazard(effect_radius_m=500.0, hazard_height_m=150.0),
        ObjectClass.FAST_LOW_FLYER: Hazard(effect_radius_m=700.0, hazard_height_m=300.0),
        ObjectClass.BALLISTIC: Hazard(effect_radius_m=1500.0, hazard_height_m=0.0),
    }
)
"""Hazardous classes; every other class affects no zone."""
