"""Mode S: own encoders against rs1090, own positions against the recording's and rs1090's."""

import gzip
import json

import numpy as np
import pytest
import rs1090
from hypothesis import given
from hypothesis import strategies as st

from tests.support import NO_RECORDINGS, shared_data
from tocsin.contract import NS, Origin, ReportKind
from tocsin.decode import (
    DecodeConfig,
    cpr,
    encode_identification,
    encode_position,
    encode_velocity,
)
from tocsin.decode.mode_s import FOOT_M, KNOT_MPS, ModeS, decode_messages
from tocsin.decode.out import Out
from tocsin.decode.parity import remainders, with_parity

latitudes = st.floats(-86.9, 86.9)
longitudes = st.floats(-180.0, 179.999)
addresses = st.integers(1, 0xFFFFFF)
T0 = 1_900_000_000 * NS


def run(messages, times=None, receiver=None):
    state, out = ModeS(DecodeConfig(receiver=receiver)), Out("rx", T0)
    decode_messages(state, messages, times or [T0 + k * NS // 2 for k in range(len(messages))], out)
    return out.decoded({})


@given(addresses, latitudes, longitudes, st.floats(-300.0, 14_000.0))
def test_position_round_trip_and_rs1090_agrees(address, latitude, longitude, altitude):
    pair = [encode_position(address, latitude, longitude, altitude, odd) for odd in (False, True)]
    said = rs1090.decode([m.hex() for m in pair], [1.9e9, 1.9e9 + 0.5])
    reports = run(pair).reports
    assert reports.mode_s.tolist() == [address] * 2
    assert np.abs(reports.altitude_baro_m - altitude).max() <= 12.5 * FOOT_M + 1e-9
    assert reports.kind[0] == ReportKind.IDENTITY
    if reports.kind[1] != ReportKind.POSITION:  # the two grids see different zone counts here
        seen = [latitude + d for d in (-5e-5, 5e-5)]
        assert cpr.longitude_zones(seen[0]) != cpr.longitude_zones(seen[1])
        return
    metres = 111_320.0
    assert abs(reports.latitude_deg[1] - latitude) * metres < 3.0
    east = (reports.longitude_deg[1] - longitude + 180.0) % 360.0 - 180.0
    assert abs(east) * metres * np.cos(np.radians(latitude)) < 9.0
    if said[1].get("latitude") is not None:
        assert said[1]["latitude"] == pytest.approx(reports.latitude_deg[1], abs=1e-9)
        turn = (said[1]["longitude"] - reports.longitude_deg[1] + 180.0) % 360.0 - 180.0
        assert turn == pytest.approx(0.0, abs=1e-9)


@given(addresses, *[st.floats(-520.0, 520.0)] * 2, st.floats(-150.0, 150.0), st.floats(-950, 950))
def test_velocity_round_trip(address, east, north, up, above):
    message = encode_velocity(address, east, north, up, above)
    said = rs1090.decode(message.hex())
    difference_ft = said["geo_minus_baro"] or 0  # rs1090 gives None for a difference of zero
    assert difference_ft * FOOT_M == pytest.approx(above, abs=12.6 * FOOT_M)
    row = run([message]).reports
    if abs(east) < KNOT_MPS and abs(north) < KNOT_MPS:
        return  # standing: rs1090 gives no course
    assert row.velocity_east_mps[0] == pytest.approx(east, abs=0.51 * KNOT_MPS)
    assert row.velocity_north_mps[0] == pytest.approx(north, abs=0.51 * KNOT_MPS)
    assert row.velocity_up_mps[0] == pytest.approx(up, abs=32.1 * FOOT_M / 60.0)


@given(addresses, st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=8))
def test_identification_round_trip(address, callsign):
    message = encode_identification(address, callsign)
    assert rs1090.decode(message.hex())["callsign"] == callsign
    assert run([message]).reports.callsign.tolist() == [callsign]


@given(st.binary(min_size=11, max_size=11), st.integers(0, 111))
def test_every_single_bit_error_is_seen(body, bit):
    whole = int.from_bytes(with_parity(body), "big")
    assert remainders([whole.to_bytes(14, "big")]) == [0]
    assert remainders([(whole ^ 1 << bit).to_bytes(14, "big")]) != [0]


@given(latitudes, longitudes, st.booleans(), st.booleans())
def test_local_decode_finds_the_position_again(latitude, longitude, odd, surface):
    code = cpr.encode(latitude, longitude, odd, surface)
    found = cpr.decode_local(code, latitude + 0.2, longitude, surface)
    assert found[0] == pytest.approx(latitude, abs=3e-5)
    width = abs(found[1] - longitude) % 360.0
    assert min(width, 360.0 - width) * np.cos(np.radians(latitude)) < 1e-4


def test_damaged_squitter_is_a_fault_and_gives_nothing():
    message = bytearray(encode_position(0x4840D6, 52.0, 4.0, 3000.0, False))
    message[5] ^= 4
    decoded = run([bytes(message)])
    assert len(decoded.reports) == 0
    assert decoded.faults.kind.tolist() == ["bad_parity"]


def test_address_parity_is_trusted_for_a_minute_after_a_squitter():
    altitude_reply = bytes.fromhex("212800bf40f1ef")
    squitter = bytes.fromhex("8f393322384a02aea63afc43dcba")
    messages = [altitude_reply, squitter, altitude_reply, altitude_reply]
    decoded = run(messages, [T0, T0 + NS, T0 + 30 * NS, T0 + 62 * NS])
    assert decoded.counts["mode s messages of unknown address"] == 2
    assert decoded.reports.mode_s.tolist() == [0x393322] * 2
    assert decoded.reports.altitude_baro_m[1] == pytest.approx(575 * FOOT_M)


def test_a_leap_is_refused_and_a_wrong_start_heals():
    here = [encode_position(7, 52.0, 4.0, 3000.0, bool(k % 2)) for k in range(4)]
    there = [encode_position(7, 53.0, 4.0, 3000.0, bool(k % 2)) for k in range(6)]
    decoded = run([*here, there[0], here[1]])
    assert decoded.faults.kind.tolist() == ["implausible_position"]
    assert decoded.reports.latitude_deg[-1] == pytest.approx(52.0, abs=1e-4)
    healed = run([*here, *there])
    assert healed.reports.latitude_deg[-1] == pytest.approx(53.0, abs=1e-4)
    assert not np.any(
        np.abs(healed.reports.latitude_deg[~np.isnan(healed.reports.latitude_deg)] - 52.5) < 0.4
    )


def test_range_from_the_receiver_is_checked():
    pair = [encode_position(7, 52.0, 4.0, 3000.0, odd) for odd in (False, True)]
    far = run(pair, receiver=Origin(40.0, 4.0))
    assert not np.any(far.reports.kind == ReportKind.POSITION)
    assert far.faults.kind.tolist() == ["implausible_position"]
    assert np.any(run(pair, receiver=Origin(51.0, 4.0)).reports.kind == ReportKind.POSITION)


def test_height_uses_the_difference_from_the_velocity_message():
    pair = [encode_position(7, 52.0, 4.0, 3048.0, odd) for odd in (False, True)]
    reports = run([*pair, encode_velocity(7, 100.0, 0.0, 0.0, 76.2), *pair]).reports
    assert reports.height_wgs84_m[[1, 3]].tolist() == pytest.approx([3048.0, 3124.2])
    assert reports.vertical_std_m[[1, 3]].tolist() == [150.0, 25.0]
    assert reports.velocity_east_mps[4] == pytest.approx(100.0, abs=0.3)


@pytest.mark.shared
def test_real_flight_agrees_with_its_published_decode():
    folder = shared_data()
    if folder is None:
        pytest.skip(NO_RECORDINGS)
    with gzip.open(folder / "adsb" / "full_flight_short.jsonl.gz") as lines:
        flight = [json.loads(line) for line in lines]
    published = {
        round(f["timestamp"] * 1e6): (f["latitude"], f["longitude"])
        for f in flight
        if "latitude" in f
    }
    times = [round(f["timestamp"] * 1e6) * 1000 for f in flight]
    decoded = run([bytes.fromhex(f["frame"]) for f in flight], times, Origin(49.0, 2.55))
    reports = decoded.reports
    assert len(reports) == len(flight) == 57_793
    found = reports.take(reports.kind == ReportKind.POSITION)
    assert len(found) > 0.99 * len(published)
    ours = np.stack([found.latitude_deg, found.longitude_deg], axis=1)
    theirs = np.array([published[t // 1000] for t in found.measured_at_ns.tolist()])
    assert np.abs(ours - theirs).max() < 1e-9
