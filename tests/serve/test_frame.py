"""The binary frame against bytes written by hand and a decoder written apart from the encoder."""

import struct

import numpy as np
import pytest

from tests.serve.support import NOW_NS, tracks
from tocsin.contract import Corroboration, ObjectClass, Origin, Tracks, TrackStatus
from tocsin.serve.frame import encode_tracks

# One coasting, identified, hazardous, uncorroborated drone: number 66051, one degree west and half
# a degree north of the origin, 1,234 m up, due east at 45.6 m/s, existence 0.8, three sensors.
BY_HAND = bytes.fromhex(
    "5443534e 0100 0100 0100000000000010 01000000 00000000 0000000000000000"
    "03020100 000080bf 0000003f ba08 2823 c801 0000 07 1e cc 03".replace(" ", "")
)


def by_hand() -> Tracks:
    """Return the track that those bytes mean."""
    return Tracks.build(
        1,
        measured_at_ns=0,
        track_id=["T66051"],
        number=[66051],
        status=TrackStatus.COASTING,
        existence_probability=0.8,
        latitude_deg=50.5,
        longitude_deg=-31.0,
        height_wgs84_m=1234.0,
        velocity_east_mps=45.6,
        velocity_north_mps=0.0,
        velocity_up_mps=0.0,
        object_class=ObjectClass.ONE_WAY_DRONE,
        corroborated=Corroboration.UNCORROBORATED,
        hazardous=True,
        mode_s=[0xABCDEF],
        mode_s_valid=True,
        sensor_count=3,
    )


def decode(frame: bytes) -> list[tuple[float, ...]]:
    """Return (number, lon, lat, height, course, speed, class, flags, existence, sensors) rows."""
    magic, version, kind, _, count, _, _ = struct.unpack_from("<4sHHqIIQ", frame)
    assert (magic, version, kind) == (b"TCSN", 1, 1)
    offset, columns = 32, []
    for code in "IffHHHHBBBB":
        columns.append(struct.unpack_from(f"<{count}{code}", frame, offset))
        offset += struct.calcsize(code) * count
    assert offset == len(frame)
    number, lon, lat, height, course, speed, _, cls, flags, existence, sensors = columns
    rows = zip(number, lon, lat, height, course, speed, cls, flags, existence, sensors, strict=True)
    return [
        (n, x, y, h - 1000, c / 100, s / 10, k, f, e / 255, m)
        for n, x, y, h, c, s, k, f, e, m in rows
    ]


def test_bytes_written_by_hand() -> None:
    assert encode_tracks(by_hand(), Origin(50.0, -30.0), 0x1000000000000001) == BY_HAND


def test_independent_decoder_gets_the_tracks_back() -> None:
    given = tracks(5)
    rows = decode(encode_tracks(given, Origin(50.0, -30.0), NOW_NS))
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0][1:6] == pytest.approx((0.0, 0.0, 900.0, 36.87, 50.0), abs=1e-6)
    assert rows[1][1:6] == pytest.approx((-0.001, 0.001, 10_000.0, 270.0, 200.0), abs=1e-6)
    assert [row[6] for row in rows] == [7, 1, 1, 1, 1]
    assert [row[7] for row in rows] == [0b01001, 0b10101, 3, 3, 3]
    assert rows[0][8] == pytest.approx(0.998, abs=1 / 255)


@pytest.mark.parametrize("count", [0, 1, 10_000])
def test_size_is_24_bytes_per_track(count: int) -> None:
    assert len(encode_tracks(tracks(count), Origin(50.0, -30.0), NOW_NS)) == 32 + 24 * count


def test_columns_are_aligned_to_their_size_for_odd_counts() -> None:
    # JavaScript typed arrays refuse an offset that is no multiple of their size.
    for count in (1, 3, 5):
        offset = 32
        for size in (4, 4, 4, 2, 2, 2, 2, 1, 1, 1, 1):
            assert offset % size == 0
            offset += size * count


def test_the_unknown_and_the_extreme_stay_in_range() -> None:
    odd = by_hand().replace(
        height_wgs84_m=[np.nan], velocity_east_mps=[1e6], velocity_north_mps=[-1.0]
    )
    row = decode(encode_tracks(odd, Origin(50.0, -30.0), 0))[0]
    assert row[3] == -1000
    assert row[5] == 6553.5
    north = by_hand().replace(velocity_east_mps=[-1e-6], velocity_north_mps=[50.0])
    assert decode(encode_tracks(north, Origin(50.0, -30.0), 0))[0][4] == 0.0


def test_offsets_cross_the_date_line() -> None:
    over = by_hand().replace(longitude_deg=[-179.5])
    assert decode(encode_tracks(over, Origin(50.0, 179.5), 0))[0][1] == pytest.approx(1.0)
