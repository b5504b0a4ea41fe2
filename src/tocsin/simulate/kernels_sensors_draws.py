"""Kernels of draws: Philox words and echoes in noise; their twins: `draws` and `radar_twin`.

Every draw is a function of a key (the object's), the tick, the purpose, the sensor and the number
of the encounter within the tick; blocks of four words follow one another where one is not enough.

Source: J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11, section 3;
G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000)
363-372; P. Swerling, "Probability of detection for fluctuating targets", IRE Trans. IT-6 (1960).
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64, I64, U64
from tocsin.simulate.kernels_lanes import logarithm, sine_cosine

BLOCKS = 4096
"""Blocks of four words that one encounter may use."""
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_UNIT = 1.0 / 2.0**32
_FEW = 6
_WIDE = 64
_Four = tuple[float, float, float, float]


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _uniform4(
    k0: np.uint64, k1: np.uint64, c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64
) -> _Four:
    """Return four numbers in (0, 1) from one Philox block."""
    for _ in range(10):
        first, second = c0 * _M0, c2 * _M1
        c0, c1 = (second >> _HALF) ^ c1 ^ k0, second & _LOW
        c2, c3 = (first >> _HALF) ^ c3 ^ k1, first & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return (
        (np.float64(c0) + 0.5) * _UNIT,
        (np.float64(c1) + 0.5) * _UNIT,
        (np.float64(c2) + 0.5) * _UNIT,
        (np.float64(c3) + 0.5) * _UNIT,
    )


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _lanes(block: U64, purpose: np.uint64, sensor: np.uint64) -> None:
    """Turn rows of keys, instants and block numbers into rows of four words, side by side."""
    for j in range(_WIDE):
        k0, k1 = block[j], block[_WIDE + j]
        c0, c1, c2, c3 = block[2 * _WIDE + j], purpose, sensor, block[3 * _WIDE + j]
        for _ in range(10):
            first, second = c0 * _M0, c2 * _M1
            c0, c1 = (second >> _HALF) ^ c1 ^ k0, second & _LOW
            c2, c3 = (first >> _HALF) ^ c3 ^ k1, first & _LOW
            k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
        block[j], block[_WIDE + j] = c0, c1
        block[2 * _WIDE + j], block[3 * _WIDE + j] = c2, c3


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _uniforms(
    key: U64, when: U64, purpose: int, sensor: int, encounter: I64, begin: int, block: F64
) -> None:
    """Fill (4 WIDE,) with four rows of numbers in (0, 1) of objects from one on."""
    words = np.zeros(4 * _WIDE, np.uint64)
    for j in range(min(_WIDE, when.size - begin)):
        words[j], words[_WIDE + j] = key[begin + j, 0], key[begin + j, 1]
        words[2 * _WIDE + j] = when[begin + j] & _LOW
        if encounter.size:
            words[3 * _WIDE + j] = np.uint64(encounter[begin + j]) * np.uint64(BLOCKS)
    _lanes(words, np.uint64(purpose), np.uint64(sensor))
    for k in range(4 * _WIDE):
        block[k] = (np.float64(words[k]) + 0.5) * _UNIT


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _normals(block: F64) -> None:
    """Turn four rows of numbers in (0, 1) into standard normal ones (Box-Muller)."""
    for j in range(_WIDE):
        r0 = math.sqrt(-2.0 * logarithm(block[j]))
        r1 = math.sqrt(-2.0 * logarithm(block[_WIDE + j]))
        s0, c0 = sine_cosine(block[2 * _WIDE + j])
        s1, c1 = sine_cosine(block[3 * _WIDE + j])
        block[j], block[_WIDE + j] = r0 * c0, r1 * c1
        block[2 * _WIDE + j], block[3 * _WIDE + j] = r0 * s0, r1 * s1


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _put(block: F64, begin: int, out: F64) -> None:
    """Copy four rows of a block to rows of the output."""
    for j in range(min(_WIDE, out.shape[0] - begin)):
        for c in range(4):
            out[begin + j, c] = block[c * _WIDE + j]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def uniform_rows(key: U64, when: U64, purpose: int, sensor: int, out: F64) -> None:
    """Fill (n, 4) with numbers in (0, 1), one row per key and instant."""
    block, none = np.empty(4 * _WIDE), np.zeros(0, np.int64)
    for begin in range(0, out.shape[0], _WIDE):
        _uniforms(key, when, purpose, sensor, none, begin, block)
        _put(block, begin, out)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def normal_rows(key: U64, when: U64, purpose: int, sensor: int, encounter: I64, out: F64) -> None:
    """Fill (n, 4) with standard normal numbers; `encounter` is (n,) or empty for zero."""
    block = np.empty(4 * _WIDE)
    for begin in range(0, out.shape[0], _WIDE):
        _uniforms(key, when, purpose, sensor, encounter, begin, block)
        _normals(block)
        _put(block, begin, out)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _gamma(
    shape: int,
    k0: np.uint64,
    k1: np.uint64,
    c0: np.uint64,
    c1: np.uint64,
    c2: np.uint64,
    c3: np.uint64,
) -> tuple[float, np.uint64]:
    """Return a gamma number of whole shape and unit scale, and the next unused block."""
    one = np.uint64(1)
    if shape <= 0:
        return 0.0, c3
    if shape <= _FEW:
        total, left = 0.0, shape
        while left > 0:
            u = _uniform4(k0, k1, c0, c1, c2, c3)
            c3 = c3 + one
            product = u[0]
            product *= u[1] if left > 1 else 1.0
            product *= u[2] if left > 2 else 1.0
            product *= u[3] if left > 3 else 1.0
            total -= math.log(product)
            left -= 4
        return total, c3
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        u = _uniform4(k0, k1, c0, c1, c2, c3)
        c3 = c3 + one
        x = math.sqrt(-2.0 * math.log(u[0])) * math.cos(2.0 * math.pi * u[1])
        v = (1.0 + c * x) ** 3
        if v > 0.0 and math.log(u[2]) < 0.5 * x * x + d - d * v + d * math.log(v):
            return d * v, c3


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _extra(
    count: int,
    chance: float,
    k0: np.uint64,
    k1: np.uint64,
    c0: np.uint64,
    c1: np.uint64,
    c2: np.uint64,
    c3: np.uint64,
) -> tuple[int, np.uint64]:
    """Return a binomial number and the next unused block."""
    hits, left = 0, count
    while left > 0:
        u = _uniform4(k0, k1, c0, c1, c2, c3)
        c3 = c3 + np.uint64(1)
        for j in range(min(left, 4)):
            hits += 1 if u[j] < chance else 0
        left -= 4
    return hits, c3


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _power(
    case: int,
    pulses: int,
    snr: float,
    k0: np.uint64,
    k1: np.uint64,
    c0: np.uint64,
    c1: np.uint64,
    c2: np.uint64,
    c3: np.uint64,
) -> float:
    """Return one draw of the sum of `pulses` squared envelopes over the mean noise power."""
    u = _uniform4(k0, k1, c0, c1, c2, c3)
    c3 = c3 + np.uint64(1)
    first = -math.log(u[0])
    if case == 0:
        noise, phase = math.sqrt(first), 2.0 * math.pi * u[1]
        along, across = math.sqrt(pulses * snr) + noise * math.cos(phase), noise * math.sin(phase)
        rest, _ = _gamma(pulses - 1, k0, k1, c0, c1, c2, c3)
        return along * along + across * across + rest
    if case == 1:
        rest, _ = _gamma(pulses - 1, k0, k1, c0, c1, c2, c3)
        return first * (1.0 + pulses * snr) + rest
    if case == 2:
        rest, _ = _gamma(pulses - 1, k0, k1, c0, c1, c2, c3)
        return (first + rest) * (1.0 + snr)
    c = 1.0 + 0.5 * snr * (pulses if case == 3 else 1)
    both = first - (math.log(u[2]) if u[1] * c > 1.0 else 0.0)
    if case == 3:
        rest, _ = _gamma(pulses - 1, k0, k1, c0, c1, c2, c3)
        return c * both + rest
    more, c3 = _extra(pulses - 1, 1.0 - 1.0 / c, k0, k1, c0, c1, c2, c3)
    rest, _ = _gamma(pulses - 1 + more, k0, k1, c0, c1, c2, c3)
    return c * (both + rest)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def powers(
    key: U64,
    when: U64,
    purpose: int,
    sensor: int,
    encounter: I64,
    snr: F64,
    case: int,
    pulses: int,
    out: F64,
) -> None:
    """Fill (n,) with draws of echo plus noise, in units of the mean noise power of one pulse.

    Swerling 0 is a steady echo. Case 1 (scan to scan) and 2 (pulse to pulse) have exponential
    power, 3 and 4 gamma power of shape 2. Sums of squared envelopes of complex normal numbers are
    gamma; for shape 2 each pulse is gamma of shape 1 or 2 with scale c, the first with chance 1/c.
    """
    c1, c2 = np.uint64(purpose), np.uint64(sensor)
    blocks = np.uint64(BLOCKS)
    for i in range(out.size):
        c3 = np.uint64(encounter[i]) * blocks
        k0, k1, c0 = key[i, 0], key[i, 1], when[i] & _LOW
        out[i] = _power(case, pulses, snr[i], k0, k1, c0, c1, c2, c3)
