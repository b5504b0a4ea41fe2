"""Randomness as a function of (seed, purpose, object or sensor, tick): no running generator.

What one object or sensor draws never depends on which others exist, so removing one changes
nothing else. Per-object draws are Philox-4x32-10; rare draws use numpy's Philox.

Source: J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11, section 3.
"""

from __future__ import annotations

from enum import IntEnum
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64
from tocsin.simulate.kernels_sensors_draws import normal_rows, uniform_rows

U64 = NDArray[np.uint64]

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = np.array([0x9E3779B9, 0xBB67AE85], np.uint64)
_ROUNDS = 10
FIRST = np.zeros(0, np.int64)
"""Every encounter is the first."""


class Purpose(IntEnum):
    """What a draw is for: one word of the counter."""

    GUSTS = 1
    ECHO = 2
    RADAR_NOISE = 3
    POSITION_NOISE = 4
    RECEPTION = 5
    SIGHTING = 6
    BEARING_NOISE = 7
    HEARING = 8
    STAMP = 9
    RECEIPT = 10


def philox(key: U64, counter: U64) -> U64:
    """Return (n, 4) words of 32 random bits.

    Args:
        key: (n, 2) words of 32 bits.
        counter: (n, 4) or (4,) words of 32 bits.
    """
    c0, c1, c2, c3 = (counter[..., word] for word in range(4))
    rounds = np.arange(_ROUNDS, dtype=np.uint64)[:, None]
    schedule0 = (key[..., 0] + rounds * _WEYL[0]) & _LOW
    schedule1 = (key[..., 1] + rounds * _WEYL[1]) & _LOW
    for k0, k1 in zip(schedule0, schedule1, strict=True):
        first, second = c0 * _M0, c2 * _M1
        c0, c1 = (second >> _HALF) ^ c1 ^ k0, second & _LOW
        c2, c3 = (first >> _HALF) ^ c3 ^ k1, first & _LOW
    return np.stack([c0, c1, c2, c3], axis=-1)


def words(*names: object) -> U64:
    """Return (4,) words of 32 bits that stand for names, alike on every machine."""
    text = "\x1f".join(str(name) for name in names)
    digest = blake2b(text.encode(), digest_size=16).digest()
    return np.frombuffer(digest, "<u4").astype(np.uint64)


def uniforms(key: U64, purpose: Purpose, when: int | U64, sensor: int = 0) -> F64:
    """Return (n, 4) numbers in (0, 1), one row per key.

    Args:
        key: (n, 2) words, one pair per object.
        purpose: what the draw is for.
        when: tick or slot number, scalar or (n,); may be negative.
        sensor: word of 32 bits that stands for the sensor, 0 for none.
    """
    out = np.empty((len(key), 4))
    uniform_rows(key, instants(when, len(key)), int(purpose), sensor, out)
    return out


def normals(key: U64, purpose: Purpose, when: int | U64, sensor: int = 0) -> F64:
    """Return (n, 4) standard normal numbers (Box-Muller), one row per key."""
    out = np.empty((len(key), 4))
    normal_rows(key, instants(when, len(key)), int(purpose), sensor, FIRST, out)
    return out


def instants(when: int | U64, count: int) -> U64:
    """Return tick or slot numbers as words of a counter."""
    return np.full(count, np.asarray(when).astype(np.int64), np.int64).astype(np.uint64)


def reference_uniforms(key: U64, purpose: Purpose, when: int | U64, sensor: int = 0) -> F64:
    """Return what `uniforms` does, by NumPy: its twin."""
    counter = np.empty((len(key), 4), np.uint64)
    counter[:, 0] = instants(when, len(key)) & _LOW
    counter[:, 1] = int(purpose)
    counter[:, 2] = sensor
    counter[:, 3] = 0
    return np.asarray((philox(key, counter).astype(np.float64) + 0.5) / 2.0**32)


def reference_normals(key: U64, purpose: Purpose, when: int | U64, sensor: int = 0) -> F64:
    """Return what `normals` does, by NumPy: its twin."""
    u = reference_uniforms(key, purpose, when, sensor)
    radius = np.sqrt(-2.0 * np.log(u[:, :2]))
    angle = 2.0 * np.pi * u[:, 2:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def stream(*names: object) -> np.random.Generator:
    """Return a generator that belongs to these names and to nothing else."""
    low, high = words(*names).reshape(2, 2) @ np.array([1, 1 << 32], np.uint64)
    return np.random.Generator(np.random.Philox(key=np.array([low, high], np.uint64)))
