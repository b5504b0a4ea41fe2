"""What the records of each ASTERIX category say.

Each reader takes one record's items and adds reports or looks. Items and scales are those of the
newest edition; older ones of CAT021 (0.x) differ where `_cat021` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Any

from tocsin.contract import NS, ReportKind
from tocsin.decode.accuracy import horizontal_std_m
from tocsin.decode.asterix_records import Record, subitems
from tocsin.decode.config import DecodeConfig
from tocsin.decode.mode_s import FOOT_M
from tocsin.decode.out import Out, Row
from tocsin.decode.times import nearest_time_of_day

_NM_M = 1852.0
_TURN = 2.0 * pi
_TICK_NS = NS // 128
_LATE_NS = 60 * NS
_QUARTER_LEVEL_M = 25.0 * FOOT_M
_LETTERS = " ABCDEFGHIJKLMNOPQRSTUVWXYZ????? ???????????????0123456789??????"


@dataclass
class Rotation:
    """Hold where a radar's beam was last, and how fast it turns."""

    azimuth_rad: float | None = None
    at_ns: int = 0
    period_ns: int = 0


Reader = Callable[[Record, str, DecodeConfig, dict[str, Rotation], Out], None]


def _unsigned(value: bytes) -> int:
    return int.from_bytes(value, "big")


def _signed(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)


def _words(value: bytes) -> list[int]:
    """Return 16-bit integers with sign."""
    return [_signed(value[k : k + 2]) for k in range(0, len(value), 2)]


def _low_bits(value: bytes, bits: int) -> int:
    """Return the lowest bits with sign: what is above them are flags."""
    low = _unsigned(value) & ((1 << bits) - 1)
    return low - (1 << bits) if low >> (bits - 1) else low


def _letters(value: bytes) -> str | None:
    """Return eight characters of six bits; None where any is not one or all are blank."""
    bits = _unsigned(value)
    text = "".join(_LETTERS[bits >> shift & 0x3F] for shift in range(42, -1, -6))
    return None if "?" in text else text.strip() or None


def _start(record: Record, kind: ReportKind, clock: str, config: DecodeConfig, out: Out) -> Row:
    """Return a report's source and time of day."""
    source = record.get("010", b"\0\0")
    names = (source[0], source[1])
    row: Row = {
        "kind": kind,
        "sensor_id": config.sensor_names.get(names, f"{source[0]}/{source[1]}"),
        "measured_at_ns": out.received_at_ns,
    }
    if clock in record:
        of_day_ns = _unsigned(record[clock]) * NS // 128
        row["measured_at_ns"] = nearest_time_of_day(of_day_ns, out.received_at_ns)
    if out.timeless:  # The next record is near this one, also on the next day.
        out.received_at_ns = row["measured_at_ns"]
    return row


def _mode_3a(value: bytes) -> Row:
    """Return a Mode 3/A code that is validated and not garbled."""
    return {} if value[0] & 0xC0 else {"mode_3a": _unsigned(value) & 0xFFF}


def _pick(record: Record, row: Row, readers: dict[str, tuple[str, Callable[[bytes], Any]]]) -> None:
    """Put the items that a record has into its report."""
    for item, (column, read) in readers.items():
        if item in record:
            row[column] = read(record[item])


def _over_ground(speed_mps: float, course_rad: float) -> Row:
    return {
        "velocity_east_mps": speed_mps * sin(course_rad),
        "velocity_north_mps": speed_mps * cos(course_rad),
    }


def _cat048(
    record: Record, _: str, config: DecodeConfig, __: dict[str, Rotation], out: Out
) -> None:
    """Read a monoradar target report."""
    descriptor = record.get("020", b"\x20")
    test = len(descriptor) > 1 and descriptor[1] & 0x80
    if test or descriptor[0] & 0x12:
        out.count("cat048 test, simulated or monitor targets")
        return
    if "040" not in record or descriptor[0] >> 5 == 0:
        out.count("cat048 records without detection")
        return
    row = _start(record, ReportKind.PLOT, "140", config, out)
    row["range_m"] = _unsigned(record["040"][:2]) * _NM_M / 256.0
    row["azimuth_rad"] = _unsigned(record["040"][2:]) * _TURN / 65536.0
    if "070" in record:
        row |= _mode_3a(record["070"])
    if "090" in record and not record["090"][0] & 0xC0:
        row["altitude_baro_m"] = _low_bits(record["090"], 14) * _QUARTER_LEVEL_M
    _pick(record, row, _CAT048)
    out.report(row)


_CAT048: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    "161": ("track_number", lambda value: _unsigned(value) & 0xFFF),
    "220": ("mode_s", _unsigned),
    "240": ("callsign", _letters),
}


def _cat034(
    record: Record, _: str, config: DecodeConfig, rotations: dict[str, Rotation], out: Out
) -> None:
    """Read a monoradar service message: its sector or north mark ends a look."""
    row = _start(record, ReportKind.SERVICE, "030", config, out)
    if "120" in record:
        row["height_wgs84_m"] = float(_signed(record["120"][:2]))
        row["latitude_deg"] = _signed(record["120"][2:5]) * 180.0 / (1 << 23)
        row["longitude_deg"] = _signed(record["120"][5:]) * 180.0 / (1 << 23)
    out.report(row)
    rotation = rotations.setdefault(row["sensor_id"], Rotation())
    if "041" in record:
        rotation.period_ns = _unsigned(record["041"]) * NS // 128
    message = _unsigned(record.get("000", b"\0"))
    if message in (1, 2):
        sector = record.get("020", b"\0") if message == 2 else b"\0"
        _beam(rotation, sector[0] * _TURN / 256.0, row, out)


def _beam(rotation: Rotation, azimuth_rad: float, row: Row, out: Out) -> None:
    """Add the look that ends where the beam is now."""
    at_ns, before_ns, before_rad = row["measured_at_ns"], rotation.at_ns, rotation.azimuth_rad
    waited_ns = at_ns - before_ns
    if before_rad is not None and -_LATE_NS < waited_ns < 0:
        out.count("cat034 late marks")  # north marks overtake sectors; its look covered this one
        return
    period_ns = rotation.period_ns
    whole = waited_ns > (period_ns // 2 or NS)
    swept_rad = 0.0 if before_rad is None else (azimuth_rad - before_rad) % _TURN
    if swept_rad == 0.0 and before_rad is not None:
        if not whole:
            return  # north mark and sector 0 at once
        swept_rad = _TURN
    rotation.azimuth_rad, rotation.at_ns = azimuth_rad, at_ns
    if before_rad is None or waited_ns <= 0:
        return
    if period_ns and abs(waited_ns - period_ns * swept_rad / _TURN) > period_ns / 4:
        detail = f"{row['sensor_id']}: {waited_ns / NS:.2f} s for {swept_rad:.2f} rad"
        out.fault("broken_sectors", detail)
        return
    out.looks.append(
        {
            "sensor_id": row["sensor_id"],
            "start_ns": before_ns,
            "end_ns": at_ns,
            "azimuth_from_rad": before_rad,
            "azimuth_to_rad": before_rad + swept_rad,
        }
    )


def _cat021(
    record: Record, edition: str, config: DecodeConfig, _: dict[str, Rotation], out: Out
) -> None:
    """Read an ADS-B target report."""
    clock = next((item for item in ("071", "073", "030", "077") if item in record), "071")
    row = _start(record, ReportKind.IDENTITY, clock, config, out)
    if "131" in record or "130" in record:
        value = record.get("131") or record["130"]
        half = len(value) // 2
        # LSB: 131 and 130 of 2.x 180/2^30 and 180/2^23; 130 of 0.x 180/2^25.
        bits = {8: 30 if "131" in record else 25, 6: 23}[len(value)]
        row["kind"] = ReportKind.POSITION
        row["latitude_deg"] = _signed(value[:half]) * 180.0 / (1 << bits)
        row["longitude_deg"] = _signed(value[half:]) * 180.0 / (1 << bits)
    if "160" in record:
        speed_mps = _low_bits(record["160"][:2], 15) * _NM_M / (1 << 14)
        row |= _over_ground(speed_mps, _unsigned(record["160"][2:]) * _TURN / 65536.0)
    if "070" in record:
        row["mode_3a"] = _unsigned(record["070"]) & 0xFFF
    if "090" in record and not edition.startswith("0."):
        row["horizontal_std_m"] = _quality(record["090"])
    _pick(record, row, _CAT021)
    if "height_wgs84_m" not in row and "altitude_baro_m" in row:
        row |= {"height_wgs84_m": row["altitude_baro_m"], "vertical_std_m": 150.0}
    out.report(row)


def _quality(value: bytes) -> float:
    """Return the horizontal error: from NACp where stated, else from NUCp or NIC."""
    nacp = value[1] >> 1 & 0x0F if len(value) > 1 else None
    return horizontal_std_m(value[0] >> 1 & 0x0F, nacp)


_CAT021: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    "161": ("track_number", lambda value: _unsigned(value) & 0xFFF),
    "080": ("mode_s", _unsigned),
    "170": ("callsign", _letters),
    "140": ("height_wgs84_m", lambda value: _signed(value) * 6.25 * FOOT_M),
    "145": ("altitude_baro_m", lambda value: _signed(value) * _QUARTER_LEVEL_M),
    "155": ("velocity_up_mps", lambda value: _low_bits(value, 15) * 6.25 * FOOT_M / 60.0),
    "157": ("velocity_up_mps", lambda value: _low_bits(value, 15) * 6.25 * FOOT_M / 60.0),
}


def _cat062(
    record: Record, edition: str, config: DecodeConfig, _: dict[str, Rotation], out: Out
) -> None:
    """Read another tracker's track."""
    status = record.get("080", b"\0")
    if len(status) > 1 and status[1] & 0x80:
        out.count("cat062 simulated tracks")
        return
    row = _start(record, ReportKind.EXTERNAL_TRACK, "070", config, out)
    row["ended"] = len(status) > 1 and bool(status[1] & 0x40)
    if "105" in record:
        row["latitude_deg"] = _signed(record["105"][:4]) * 180.0 / (1 << 25)
        row["longitude_deg"] = _signed(record["105"][4:]) * 180.0 / (1 << 25)
    elif not row["ended"]:
        out.count("cat062 records without WGS-84 position")
    if "185" in record:
        east, north = _words(record["185"])
        row |= {"velocity_east_mps": east * 0.25, "velocity_north_mps": north * 0.25}
    if "060" in record:
        row |= _mode_3a(record["060"])
    if "380" in record:
        _pick(subitems(62, edition, "380", record["380"]), row, _DERIVED)
    if "500" in record:
        parts = subitems(62, edition, "500", record["500"])
        _pick(parts, row, _ACCURACIES)
    _pick(record, row, _CAT062)
    if "height_wgs84_m" not in row and "altitude_baro_m" in row:
        row |= {"height_wgs84_m": row["altitude_baro_m"], "vertical_std_m": 150.0}
    out.report(row)


def _stated_identity(value: bytes) -> str | None:
    return _letters(value[1:])


_CAT062: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    "040": ("track_number", _unsigned),
    "136": ("altitude_baro_m", lambda value: _signed(value) * _QUARTER_LEVEL_M),
    "130": ("height_wgs84_m", lambda value: _signed(value) * 6.25 * FOOT_M),
    "220": ("velocity_up_mps", lambda value: _signed(value) * 6.25 * FOOT_M / 60.0),
    "245": ("callsign", _stated_identity),
}
_DERIVED: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    "ADR": ("mode_s", _unsigned),
    "ID": ("callsign", _letters),
}
_ACCURACIES: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    # Estimated position accuracy, one component each 0.5 m; the larger stands for both.
    "APC": (
        "horizontal_std_m",
        lambda value: max(_unsigned(value[:2]), _unsigned(value[2:])) * 0.5,
    ),
}


def _cat065(
    record: Record, _: str, config: DecodeConfig, __: dict[str, Rotation], out: Out
) -> None:
    """Read a service message of a tracker."""
    out.report(_start(record, ReportKind.SERVICE, "030", config, out))


READERS: dict[int, Reader] = {
    21: _cat021,
    34: _cat034,
    48: _cat048,
    62: _cat062,
    65: _cat065,
}
