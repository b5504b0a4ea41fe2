"""Settings of one input's decoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tocsin.contract import NS, Origin


@dataclass(frozen=True)
class DecodeConfig:
    """Tell a decoder what its bytes do not say.

    Args:
        receiver: place of the Mode S receiver, or of the ASTERIX system's reference point; without
            it, surface positions wait for an airborne one and ranges are not checked.
        receiver_range_m: farthest believable position from `receiver`; 600 km is well beyond the
            radio horizon of an aircraft at 15 km.
        sensor_names: sensor id for an ASTERIX source, by (SAC, SIC); others are named "SAC/SIC".
        recorded_on_ns: receive time for recordings that carry none (Beast files, raw ASTERIX);
            the default keeps the first time of day on the first day of 1970; each further one is
            taken nearest to the one before it, so that recordings may cross midnight.
        beast_clock: what the 48-bit time of Beast frames is: a free 12 MHz counter, or the GPS time
            of day that a Radarcape writes.
    """

    receiver: Origin | None = None
    receiver_range_m: float = 600_000.0
    sensor_names: Mapping[tuple[int, int], str] = field(default_factory=dict)
    recorded_on_ns: int = 12 * 3600 * NS
    beast_clock: Literal["counter", "gps"] = "counter"
