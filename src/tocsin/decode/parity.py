"""The 24-bit parity of Mode S.

Source: ICAO Annex 10 volume IV, 3.1.2.3.3 (generator polynomial 0x1FFF409).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0xFFF409


def _entry(octet: int) -> int:
    remainder = octet << 16
    for _ in range(8):
        remainder <<= 1
        if remainder & 0x1000000:
            remainder ^= 0x1000000 | _POLYNOMIAL
    return remainder


_TABLE = np.array([_entry(octet) for octet in range(256)], np.int64)


def remainders(messages: Sequence[bytes]) -> list[int]:
    """Return what is left of each message's parity field: 0, an interrogator or an address.

    Args:
        messages: whole messages of 7 or 14 bytes, parity included.
    """
    left = [0] * len(messages)
    for size in (7, 14):
        rows = [k for k, message in enumerate(messages) if len(message) == size]
        block = np.frombuffer(b"".join(messages[k] for k in rows), np.uint8).reshape(-1, size)
        for row, value in zip(rows, _divide(block).tolist(), strict=True):
            left[row] = value
    return left


def _divide(block: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return (n,) remainders of (n, size) messages: table division, then the parity field."""
    octets = block.astype(np.int64)
    remainder = np.zeros(len(block), np.int64)
    for octet in octets[:, :-3].T:
        remainder = remainder << 8 & 0xFFFFFF ^ _TABLE[remainder >> 16 ^ octet]
    sent = octets[:, -3] << 16 | octets[:, -2] << 8 | octets[:, -1]
    return remainder ^ sent


def with_parity(body: bytes) -> bytes:
    """Return a message's body with its parity behind it, as in DF11, DF17 and DF18.

    >>> with_parity(bytes.fromhex("8D406B902015A678D4D220")).hex()
    '8d406b902015a678d4d220aa4bda'
    """
    return body + remainders([body + bytes(3)])[0].to_bytes(3, "big")
