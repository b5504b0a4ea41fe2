"""Whether a sensor that does not listen to an object's own claims confirms it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64, I8, I64, NS, U64, Bool, Corroboration, Sensor, SensorKind
from tocsin.picture.config import PictureConfig
from tocsin.picture.sight import chance_in_sight

LIKELY = 0.5
"""More probably in sight than this: a sensor should see or hear it."""


@dataclass(frozen=True, eq=False)
class Watch:
    """Hold (n,) what live sensors should see of each track, and what contributed to it.

    Args:
        radar_window_s: longest time within which a live radar should have seen it; 0: none covers.
        receiver: how probably it is within the hearing of a live receiver.
        by_radar: whether a radar contributed lately.
        by_receiver: whether a receiver of its own claims did.
    """

    radar_window_s: F64
    receiver: F64
    by_radar: Bool
    by_receiver: Bool


def watch(
    config: PictureConfig, live: Bool, position_m: F64, height_std_m: F64, sensor_bits: U64
) -> Watch:
    """Return what sensors should see and do see of (n, 3) region positions.

    Args:
        config: the site.
        live: (sensors,) which are heard.
        position_m: (n, 3) in the region frame.
        height_std_m: (n,) how unsure the heights are.
        sensor_bits: (n,) bit s: sensor s contributed lately.
    """
    window_s = np.zeros(len(position_m))
    receiver = np.zeros(len(position_m))
    for number, (sensor, heard) in enumerate(zip(config.sensors, live, strict=True)):
        where = (sensor, number, config.sight, config.region, position_m, height_std_m)
        if heard and sensor.kind == SensorKind.RADAR:
            covered = chance_in_sight(*where) > LIKELY
            needed = config.corroboration_periods * sensor.period_s
            window_s = np.where(covered, np.maximum(window_s, needed), window_s)
        elif heard and sensor.kind == SensorKind.ADSB_RECEIVER:
            np.maximum(receiver, chance_in_sight(*where), out=receiver)
    by_radar = sensor_bits & bits_of(config.sensors, SensorKind.RADAR) != 0
    by_receiver = sensor_bits & bits_of(config.sensors, SensorKind.ADSB_RECEIVER) != 0
    return Watch(window_s, receiver, by_radar, by_receiver)


def bits_of(sensors: Sequence[Sensor], kind: SensorKind) -> np.uint64:
    """Return the bits of the sensors of a kind; the tracker knows 64 at most."""
    bits = [1 << s for s, sensor in enumerate(sensors[:64]) if sensor.kind == kind]
    return np.uint64(sum(bits))


def corroborate(
    cooperative: Bool,
    seen: Watch,
    radar_at_ns: I64,
    alone_since_ns: I64,
    at_ns: int,
    longest_s: float,
) -> tuple[I8, I64, I64]:
    """Return each track's corroboration and what to remember of it.

    Args:
        cooperative: (n,) whether the track rests on claims of its own, or has an identity.
        seen: what sensors should see and do see.
        radar_at_ns: (n,) when a radar last contributed; 0: never.
        alone_since_ns: (n,) since when one should and none does; 0: not so.
        at_ns: the instant.
        longest_s: within which a radar's contribution still counts where none covers now.

    Returns:
        (n,) `Corroboration`, then the new `radar_at_ns` and `alone_since_ns`.
    """
    radar_at = np.where(seen.by_radar, at_ns, radar_at_ns)
    covered = seen.radar_window_s > 0.0
    since = np.where(alone_since_ns > 0, alone_since_ns, at_ns)
    alone_since = np.where(covered & ~seen.by_radar, since, 0)
    window_ns = np.where(covered, seen.radar_window_s, longest_s) * NS
    confirmed = cooperative & (radar_at > 0) & (at_ns - radar_at <= window_ns)
    alone = (alone_since > 0) & (at_ns - alone_since >= window_ns)
    said = np.full(len(cooperative), Corroboration.NOT_APPLICABLE, np.int8)
    said[cooperative & ~confirmed & alone] = Corroboration.UNCORROBORATED
    said[confirmed] = Corroboration.CONFIRMED
    return said, radar_at, alone_since
