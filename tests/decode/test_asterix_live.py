"""ASTERIX from a live input: datagrams, copies, streams, midnight."""

import pytest

from tocsin.contract import NS, Frames
from tocsin.decode import DecodeConfig, decode_file, start, step

DAY_NS = 86_400 * NS
NOON_NS = 20_000 * DAY_NS + DAY_NS // 2
SERVICE = bytes.fromhex("41000cf80801020154600005")  # CAT065 at 12:00:00
PLOT = bytes.fromhex("30001efdd00703546040a0360040000f1104d94b17aa50f0f1c7882004d2")  # 12:00:00.5


def heard(chunks, config=None):
    state = start("asterix", "feed", config or DecodeConfig())
    frames = Frames.build(
        len(chunks),
        received_at_ns=[at for at, _ in chunks],
        source_id="feed",
        payload=[data for _, data in chunks],
    )
    return step(state, frames, chunks[-1][0])[1]


def test_a_copy_within_a_second_is_dropped_and_counted():
    chunks = [(NOON_NS, PLOT), (NOON_NS + NS, PLOT), (NOON_NS + 3 * NS, PLOT)]
    decoded = heard(chunks)
    assert decoded.faults.kind.tolist() == ["duplicate"]
    assert len(decoded.reports) == 2


@pytest.mark.parametrize("step_back_s", [0, 3600])
def test_datagrams_are_forgotten_after_a_second_whatever_the_clock_does(step_back_s):
    state = start("asterix", "feed")
    for k in range(600):
        block = bytes([200, 0, 7]) + k.to_bytes(4, "big")
        at_ns = NOON_NS + k * NS // 100 - (k >= 300) * step_back_s * NS
        frame = Frames.build(1, received_at_ns=[at_ns], source_id=["feed"], payload=[block])
        step(state, frame, at_ns)
        assert len(state.inner.recent) <= 101


def test_a_datagram_cut_off_does_not_spoil_the_next():
    decoded = heard([(NOON_NS, PLOT[:20]), (NOON_NS, SERVICE), (NOON_NS, PLOT)])
    assert decoded.faults.kind.tolist() == ["truncated"]
    assert len(decoded.reports) == 2


def test_a_stream_is_put_together():
    data = SERVICE + PLOT
    decoded = heard([(NOON_NS, data[:5]), (NOON_NS, data[5:30]), (NOON_NS, data[30:])])
    assert len(decoded.faults) == 0
    assert len(decoded.reports) == 2


@pytest.mark.parametrize("late_s", [-43_000, -2, 0, 2, 43_000])
def test_time_of_day_is_the_nearest_to_the_receive_time(late_s):
    decoded = heard([(NOON_NS + late_s * NS, SERVICE)])
    assert decoded.reports.measured_at_ns.tolist() == [NOON_NS]


def test_time_of_day_across_midnight():
    before_midnight = bytearray(SERVICE)
    before_midnight[8:11] = (86_399 * 128).to_bytes(3, "big")
    midnight_ns = 20_000 * DAY_NS
    decoded = heard([(midnight_ns + NS, bytes(before_midnight))])
    assert decoded.reports.measured_at_ns.tolist() == [midnight_ns - NS]


def service_at(of_day_s):
    return SERVICE[:8] + round(of_day_s * 128).to_bytes(3, "big") + SERVICE[11:]


def test_a_raw_recording_crosses_midnight_in_file_order():
    data = b"".join(service_at(s) for s in (86_398.0, 86_399.5, 0.5, 2.0, 43_000.0, 86_000.0, 9.0))
    times = decode_file(data, "asterix", "rec.ast").reports.measured_at_ns
    assert ((times - times[0]) / NS).tolist() == [0, 1.5, 2.5, 4, 43_002, 86_002, 86_411]


def test_a_gps_recording_crosses_midnight_in_file_order():
    data = bytes(2200)
    for of_day_s in (86_399.0, 1.0, 3.0):
        stamp = round(of_day_s * 128).to_bytes(3, "big")
        data += service_at(of_day_s) + bytes(6) + stamp + bytes(1)
    times = decode_file(data, "gps", "rec.gps").reports.measured_at_ns
    assert ((times - times[0]) / NS).tolist() == [0, 2, 4]


def test_sources_have_the_names_of_the_site():
    decoded = heard([(NOON_NS, PLOT)], DecodeConfig(sensor_names={(7, 3): "North Hill"}))
    assert decoded.reports.sensor_id.tolist() == ["North Hill"]
