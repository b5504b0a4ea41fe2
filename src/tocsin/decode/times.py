"""Times of day to UTC."""

from __future__ import annotations

from tocsin.contract import NS

DAY_NS = 86_400 * NS


def nearest_time_of_day(of_day_ns: int, received_at_ns: int) -> int:
    """Return the instant with this time of day that is nearest to the receive time.

    So a time just before midnight that is received just after it falls on the day before.

    >>> nearest_time_of_day(86_399 * NS, 10 * DAY_NS + 2 * NS) == 10 * DAY_NS - NS
    True
    """
    late_ns = (received_at_ns - of_day_ns + DAY_NS // 2) % DAY_NS - DAY_NS // 2
    return received_at_ns - late_ns
