"""What ADS-B says of its own position error, as standard deviations.

Source: RTCA DO-260B, tables 2-71 (NACp) and N-4 (NUCp of version 0). A 95 % radius is 2.4477
standard deviations of one axis. SIL tells how often the integrity bound fails, not how large the
error is, so it does not enter.
"""

from __future__ import annotations

from math import log, nan, sqrt

_NM = 1852.0
_RADIUS_95 = sqrt(-2.0 * log(0.05))
_NACP_M = (
    nan, 10 * _NM, 4 * _NM, 2 * _NM, _NM, 0.5 * _NM, 0.3 * _NM, 0.1 * _NM, 0.05 * _NM, 30, 10, 3,
)  # fmt: skip
_NUCP_M = (
    nan, 10 * _NM, 5 * _NM, _NM, 0.5 * _NM, 0.25 * _NM, 0.1 * _NM, 0.05 * _NM, 10, 3,
)  # fmt: skip


def horizontal_std_m(nucp: int, nacp: int | None) -> float:
    """Return the standard deviation per axis; NaN where the aircraft does not know it.

    Args:
        nucp: quality that the position's type code states (NUCp).
        nacp: accuracy from the latest operational status (NACp), None where there was none.

    >>> round(horizontal_std_m(7, None), 1), round(horizontal_std_m(7, 10), 1)
    (37.8, 4.1)
    """
    if nacp is not None and nacp < len(_NACP_M):
        return _NACP_M[nacp] / _RADIUS_95
    return _NUCP_M[nucp] / _RADIUS_95 if 0 <= nucp < len(_NUCP_M) else nan
