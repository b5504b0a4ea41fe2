"""A simulated ADS-B receiver's words: reports to DF17 squitters in Beast frames."""

from __future__ import annotations

import math

from tocsin.contract import ReportKind, Reports
from tocsin.decode import (
    beast,
    encode_identification,
    encode_position,
    encode_velocity,
)


class BeastFeed:
    """Encode one receiver's reports; each aircraft sends its two position grids in turn."""

    def __init__(self, start_ns: int) -> None:
        """Set the receiver's counter to zero at a time."""
        self._start_ns = start_ns
        self._odd: dict[int, bool] = {}

    def encode(self, reports: Reports) -> bytes:
        """Return the Beast frames of reports, in their order."""
        messages: list[bytes] = []
        counters: list[int] = []
        for row in reports.rows():
            said = self._messages(row)
            messages += said
            counters += [beast.counter_at(row["measured_at_ns"] - self._start_ns)] * len(said)
        return beast.encode(messages, counters)

    def _messages(self, row: dict[str, float | int | str | None]) -> list[bytes]:
        mode_s = int(row["mode_s"] or 0)
        if row["kind"] == ReportKind.IDENTITY:
            return [encode_identification(mode_s, str(row["callsign"] or ""))]
        value = {name: float(v) for name, v in row.items() if isinstance(v, float)}
        baro = value["altitude_baro_m"]
        odd = self._odd[mode_s] = not self._odd.get(mode_s, True)
        position = encode_position(
            mode_s, value["latitude_deg"], value["longitude_deg"], baro, odd, type_code=10
        )
        east, north, up = (value[f"velocity_{axis}_mps"] for axis in ("east", "north", "up"))
        if math.isnan(east + north + up):
            return [position]
        above = value["height_wgs84_m"] - baro
        known = None if math.isnan(above) else above
        return [position, encode_velocity(mode_s, east, north, up, known)]
