"""Elementary functions without a branch or a call, so that loops over them run in vector lanes.

Each is within a few units of the last digit of the library's, and alike on every machine. Their
NumPy twins are `arctan2`, `log`, `sin` and `cos`.

Source: S. L. Moshier, Cephes Mathematical Library 2.8: atan.c, log.c, sin.c.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64

_TAN_EIGHTH = math.tan(math.pi / 8.0)
_MANTISSA, _HALF_BITS = (1 << 52) - 1, 1022 << 52
_LN2_HIGH, _LN2_LOW = 0.693359375, -2.121944400546905827679e-4


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def angle(y: float, x: float) -> float:
    """Return the angle whose sine and cosine are as y to x, from -pi to pi."""
    tall, wide = abs(y), abs(x)
    low = tall if tall < wide else wide
    high = wide if tall < wide else tall
    high = high if high > 0.0 else 1.0
    steep = low > _TAN_EIGHTH * high
    t = (low - high if steep else low) / (low + high if steep else high)
    z = t * t
    p = -8.750608600031904122785e-1 * z - 1.615753718733365076637e1
    p = (p * z - 7.500855792314704667340e1) * z - 1.228866684490136173410e2
    p = p * z - 6.485021904942025371773e1
    q = (z + 2.485846490142306297962e1) * z + 1.650270098316988542046e2
    q = (q * z + 4.328810604912902668951e2) * z + 4.853903996359136964868e2
    q = q * z + 1.945506571482613964425e2
    turned = (0.25 * math.pi if steep else 0.0) + (t + t * (z * p / q))
    turned = 0.5 * math.pi - turned if tall > wide else turned
    turned = math.pi - turned if x < 0.0 else turned
    return -turned if y < 0.0 else turned


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def logarithm(value: float) -> float:
    """Return the natural logarithm of a number that is normal and positive."""
    bits = np.float64(value).view(np.int64)
    share = np.int64((bits & _MANTISSA) | _HALF_BITS).view(np.float64)  # from 1/2 to 1
    small = share < math.sqrt(0.5)
    power = np.float64((bits >> 52) - 1022) - (1.0 if small else 0.0)
    x = (share + share if small else share) - 1.0
    p = 1.01875663804580931796e-4 * x + 4.97494994976747001425e-1
    p = (p * x + 4.70579119878881725854) * x + 1.44989225341610930846e1
    p = (p * x + 1.79368678507819816313e1) * x + 7.70838733755885391666
    q = (x + 1.12873587189167450590e1) * x + 4.52279145837532221105e1
    q = (q * x + 8.29875266912776603211e1) * x + 7.11544750618563894466e1
    q = q * x + 2.31251620126765340583e1
    z = x * x
    tail = x * (z * p / q) + power * _LN2_LOW - 0.5 * z
    return float((x + tail) + power * _LN2_HIGH)


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def sine_cosine(turns: float) -> tuple[float, float]:
    """Return sine and cosine of an angle from nothing to one turn."""
    quarter = np.floor(4.0 * turns + 0.5)
    x = (4.0 * turns - quarter) * (0.5 * math.pi)
    z = x * x
    s = (1.58962301576546568060e-10 * z - 2.50507477628578072866e-8) * z
    s = ((s + 2.75573136213857245213e-6) * z - 1.98412698295895385996e-4) * z
    s = (s + 8.33333333332211858878e-3) * z - 1.66666666666666307295e-1
    c = (-1.13585365213876817300e-11 * z + 2.08757008419747316778e-9) * z
    c = ((c - 2.75573141792967388112e-7) * z + 2.48015872888517045348e-5) * z
    c = (c - 1.38888888888730564116e-3) * z + 4.16666666666665929218e-2
    s, c = x + x * (z * s), 1.0 - 0.5 * z + z * z * c
    odd = (quarter == 1.0) | (quarter == 3.0)
    sine, cosine = (c if odd else s), (s if odd else c)
    back = (quarter == 2.0) | (quarter == 3.0)
    left = (quarter == 1.0) | (quarter == 2.0)
    return (-sine if back else sine), (-cosine if left else cosine)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def elementary(y: F64, x: F64, out: F64) -> None:
    """Fill (4, n) with angles of y to x, logarithms of x, sines and cosines of x turns."""
    for i in range(x.size):
        out[0, i], out[1, i] = angle(y[i], x[i]), logarithm(abs(x[i]))
        out[2, i], out[3, i] = sine_cosine(abs(x[i]))
