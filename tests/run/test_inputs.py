"""From frames to reports: nothing that an input says, or loses, goes by without a word."""

import json

import numpy as np
import pytest

from tocsin.contract import (
    NS,
    Frames,
    NoticeKind,
    OperatorActions,
    Origin,
    ReportKind,
    Reports,
    Sensor,
    SensorKind,
)
from tocsin.decode import plot_stream
from tocsin.run.inputs import HEAD_MAX_BYTES, MOST_BROUGHT, InputsConfig, InputsState, hear
from tocsin.run.live import INBOX_BYTES, Inbox
from tocsin.run.pipeline import Pipeline, PipelineConfig

T0_NS = 1_790_000_000 * NS
ORIGIN = Origin(50.0, 10.0)
RADAR = Sensor("radar", SensorKind.RADAR, 50.0, 10.0, range_m=100_000.0)
NOBODY = OperatorActions.empty()


class Inputs:
    """The inputs of a site, tick by tick."""

    def __init__(self, formats=None, sensors=()):
        self.config = InputsConfig(ORIGIN, sensors, {}, formats or {}, frozenset())
        self.state, self.now_ns = InputsState(), T0_NS

    def tick(self, *payloads, source="in", lost=None, after_s=1):
        self.now_ns += after_s * NS
        frames = Frames.build(
            len(payloads),
            received_at_ns=[self.now_ns] * len(payloads),
            source_id=[source] * len(payloads),
            payload=list(payloads),
            lost=[lost] * len(payloads),
        )
        return hear(self.state, self.config, frames, self.now_ns)


def positions(*sensor_ids, kind=ReportKind.POSITION):
    count = len(sensor_ids)
    return plot_stream.encode(
        Reports.build(
            count,
            measured_at_ns=[T0_NS] * count,
            sensor_id=list(sensor_ids),
            kind=int(kind),
            latitude_deg=50.1,
            longitude_deg=10.1,
            origin_id=[f"person {k}" for k in range(count)],
        )
    )


def test_an_input_of_no_known_format_is_given_up_with_one_fault_and_one_notice():
    inputs = Inputs()
    told = [inputs.tick(bytes([7]) * 40_000) for _ in range(5)]
    assert [part.faults.kind.tolist() for part in told] == [[], ["unknown_format"], [], [], []]
    assert [len(part.notices) for part in told] == [0, 1, 0, 0, 0]
    assert told[1].notices.kind.tolist() == [NoticeKind.INPUT_REFUSED]
    assert "65536 bytes are of no known format: input in is not read" in told[1].notices.text[0]
    assert len(inputs.state.decoders["in"].head) < HEAD_MAX_BYTES
    assert inputs.tick(None, positions("r")).reports.sensor_id.tolist() == ["r"]


@pytest.mark.parametrize("formats", [{}, {"in": "plots_parquet"}])
def test_a_whole_file_is_refused_live_and_never_held(formats):
    inputs = Inputs(formats)
    told = [inputs.tick(b"PAR1" + bytes(100_000)) for _ in range(3)]
    assert [part.faults.kind.tolist() for part in told] == [["whole_file_format"], [], []]
    assert told[0].notices.kind.tolist() == [NoticeKind.INPUT_REFUSED]
    assert inputs.state.decoders["in"].head == b""


def test_frames_before_a_new_connection_are_decoded_and_the_cut_is_counted():
    inputs = Inputs()
    inputs.tick(None, positions("a"))
    whole, cut = positions("b"), positions("c")[:-7]
    told = inputs.tick(whole, cut, None, positions("d"), None, b"half")
    assert sorted(told.reports.sensor_id) == ["b", "d"]
    assert told.faults.kind.tolist() == ["truncated"]
    assert inputs.tick(None).faults.detail.tolist() == [
        "4 bytes of a connection that ended before its format was known"
    ]


def test_what_was_lost_on_the_way_is_a_fault_each_time_and_a_notice_once():
    inputs = Inputs()
    told = [inputs.tick(b"", lost="9 datagrams dropped in all", after_s=s) for s in (1, 1, 601)]
    assert [part.faults.kind.tolist() for part in told] == [["dropped"]] * 3
    assert [part.notices.kind.tolist() for part in told] == [
        [NoticeKind.OVERFLOW],
        [],
        [NoticeKind.OVERFLOW],
    ]
    assert told[0].notices.text.tolist() == ["Input in: 9 datagrams dropped in all."]


def test_an_inbox_tells_what_the_system_and_it_itself_dropped():
    inbox = Inbox(lambda: T0_NS)
    inbox.state("radar", "overflow: 5 datagrams dropped in all")
    inbox.state("radar", "overflow: 12 datagrams dropped in all")
    inbox.deliver("feed", bytes(1000))
    inbox._waiting_bytes = INBOX_BYTES
    inbox.deliver("feed", b"abc")
    frames, _ = inbox.drain(T0_NS)
    told = dict(zip(frames.source_id, frames.lost, strict=True))
    assert told == {
        "radar": "12 datagrams dropped in all",
        "feed": "3 bytes dropped in all: more came than a tick can hold",
    }
    assert inbox.overflows == {"radar datagrams": 12, "feed": 3}
    assert len(inbox.drain(T0_NS)[0]) == 0
    out = Pipeline(PipelineConfig(ORIGIN)).tick(frames, NOBODY, T0_NS)
    assert sorted(out.faults.source_id) == ["feed", "radar"]
    assert out.notices.kind.tolist() == [NoticeKind.OVERFLOW] * 2


def test_invented_sensor_names_of_one_input_take_no_room_from_another():
    inputs = Inputs(sensors=(RADAR,))
    strays = [f"stray-{k:02}" for k in range(70)]
    told = inputs.tick(positions("radar", "in", *strays), positions("radar"))
    assert set(told.reports.sensor_id) == {"radar", "in", *strays[:MOST_BROUGHT]}
    assert told.faults.kind.tolist() == ["too_many_sensors"] * (70 - MOST_BROUGHT)
    assert told.notices.sensor_id.tolist() == ["in"]
    again = inputs.tick(positions(*strays))
    assert set(again.reports.sensor_id) == set(strays[:MOST_BROUGHT])
    assert len(again.notices) == 0
    assert inputs.tick(positions("gate"), source="other").reports.sensor_id.tolist() == ["gate"]


def test_people_of_one_input_are_one_sensor_and_leave_room_for_radars():
    def line(k):
        said = {
            "observer": {"latitude_deg": 50 + k * 1e-3, "longitude_deg": 10},
            "observed_at": T0_NS / NS,
            "grade": "B2",
            "origin_id": f"person {k}",
            "kind": "unknown",
            "sensor_id": f"phone {k}",
        }
        return json.dumps(said).encode() + b"\n"

    pipeline = Pipeline(PipelineConfig(ORIGIN))

    def tick(source, payload):
        frames = Frames.build(
            1, received_at_ns=[T0_NS], source_id=[source], payload=np.array([payload], object)
        )
        return pipeline.tick(frames, NOBODY, T0_NS)

    said = tick("people", b"".join(line(k) for k in range(70)))
    assert set(said.reports.sensor_id) == {"people"}
    assert sorted(said.reports.origin_id) == sorted(f"person {k}" for k in range(70))
    assert len(said.plots) == 70
    gate = tick("gate", positions("gate-radar"))
    assert (len(gate.plots), len(gate.faults)) == (1, 0)
    assert [sensor.kind for sensor in pipeline.state.sensors] == [
        SensorKind.PEOPLE,
        SensorKind.ADSB_RECEIVER,
    ]
