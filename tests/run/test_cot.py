"""CoT to a fake TAK server: shapes, their end, repetition, tracks, UDP and protobuf."""

import asyncio
import contextlib
import socket
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import takproto

from tests.run.test_delivery import CANCEL, CLEAR, ISSUE, UPDATE, statuses
from tests.run.told import T0, ZONES, Telling, rows
from tocsin.contract import NS, Designation, ObjectClass, Tracks, TrackStatus, Warnings, Zone
from tocsin.serve.cot import CotWriter, track_type
from tocsin.serve.rows import iso
from tocsin.serve.tak import Address, Tak, TakConfig

DRONE = rows("north", [ISSUE, UPDATE, CLEAR])


HEADER = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


class TakServer:
    """Take what clients send, event by event, and say something to them as servers do."""

    def __init__(self) -> None:
        self.events: list[ET.Element] = []
        self.connections = 0
        self._open: list[socket.socket] = []
        self.port = 0
        self.reopen()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def reopen(self) -> None:
        self._server = socket.create_server(("127.0.0.1", self.port))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def _accept(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        parser = ET.XMLPullParser(["end"])
        parser.feed(b"<stream>")
        with contextlib.suppress(OSError):
            connection.sendall(b"<event/>")
            while data := connection.recv(65_536):
                parser.feed(data.replace(HEADER, b""))
                for _, element in parser.read_events():
                    if element.tag == "event":
                        self.events.append(element)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._open.clear()

    def by_type(self, kind: str) -> list[ET.Element]:
        return [event for event in self.events if event.get("type") == kind]


@pytest.fixture
def server() -> Iterator[TakServer]:
    one = TakServer()
    yield one
    one.close()


def section(url: str, **more: Any) -> dict[str, Any]:
    return {"name": "tak", "kind": "cot", "url": url, "secret": None, **more}


def text(event: ET.Element, path: str, name: str) -> str:
    element = event.find(path)
    assert element is not None
    return str(element.get(name))


def test_a_warning_is_a_shape_until_it_expires(tmp_path: Path, server: TakServer) -> None:
    telling = Telling(tmp_path, section(server.url))
    telling.tell(rows("north", [ISSUE]))
    telling.run(lambda: bool(server.events) and statuses(tmp_path)[0][1] == "DELIVERED")
    event = server.events[0]
    assert (event.get("type"), event.get("how")) == ("u-d-f", "m-g")
    assert (event.get("start"), event.get("stale")) == (iso(T0), iso(T0 + 900 * NS))
    points = [str(link.get("point")) for link in event.findall("detail/link")]
    assert points[0] == points[-1] == "50.000000,10.000000"
    assert len(points) == 5
    assert text(event, "detail/contact", "callsign") == "EXERCISE ALERT North"
    assert 50.0 < float(text(event, "point", "lat")) < 50.1
    remarks = event.findtext("detail/remarks")
    assert remarks is not None
    assert "one way drone. Arrival 17:48 to 17:51 UTC. one drone" in remarks
    (row,) = statuses(tmp_path)
    assert row == ("tak", "DELIVERED", 1)


@pytest.mark.parametrize(("action", "title"), [(CLEAR, "ALL CLEAR"), (CANCEL, "CANCELLED")])
def test_its_end_is_said_and_takes_the_shape_away(
    tmp_path: Path, server: TakServer, action: Any, title: str
) -> None:
    telling = Telling(tmp_path, section(server.url))
    telling.tell(rows("north", [ISSUE]))
    whole = rows("north", [ISSUE, action])
    ended = False

    def done() -> bool:
        nonlocal ended
        if server.events and not ended:
            telling.tell(whole.take(slice(1, 2)))
            ended = True
        return bool(server.by_type("t-x-d-d"))

    telling.run(done)
    shape, last = server.events[0], server.by_type("u-d-f")[-1]
    assert shape.get("uid") == last.get("uid")
    assert last.get("stale") == last.get("time")
    assert text(last, "detail/contact", "callsign") == f"EXERCISE {title} North"
    deletion = server.by_type("t-x-d-d")[0]
    assert text(deletion, "detail/link", "uid") == shape.get("uid")
    assert deletion.find("detail/__forcedelete") is not None


def test_while_nobody_listens_the_newest_takes_the_place(tmp_path: Path, server: TakServer) -> None:
    telling = Telling(tmp_path, section(server.url))
    server.close()
    for k in range(3):
        telling.tell(DRONE.take(slice(k, k + 1)))
    telling.tell(rows("south", [ISSUE]))
    reopened = False

    def done() -> bool:
        nonlocal reopened
        shown = telling.dispatch.undelivered()
        if shown and shown[0]["waiting"] and shown[0]["unreachable"] and not reopened:
            server.reopen()
            reopened = True
        return reopened and all(status != "QUEUED" for _, status, _ in statuses(tmp_path))

    telling.run(done)
    assert statuses_of(tmp_path) == ["SUPERSEDED"] * 2 + ["DELIVERED"] * 2
    assert server.by_type("t-x-d-d")


def test_a_new_connection_hears_all_that_is_in_force(tmp_path: Path, server: TakServer) -> None:
    telling = Telling(tmp_path, section(server.url))
    telling.tell(Warnings.concat([DRONE, rows("south", [ISSUE])]))
    cut = False

    def done() -> bool:
        nonlocal cut
        if (
            not cut
            and telling.dispatch.counts()
            and all(status != "QUEUED" for _, status, _ in statuses(tmp_path))
        ):
            server.close()
            server.events.clear()
            server.reopen()
            cut = True
        return cut and bool(server.events)

    telling.run(done)
    assert {event.get("uid") for event in server.events} == {f"tocsin-south-{T0 // NS}-1"}


def tracks() -> Tracks:
    cov = np.zeros((4, 21))
    cov[:, [0, 6, 11]] = 900.0, 400.0, 2500.0
    return Tracks.build(
        4,
        track_id=["T1", "T2", "T3", "T<4>"],
        status=[
            TrackStatus.CONFIRMED,
            TrackStatus.TENTATIVE,
            TrackStatus.COASTING,
            TrackStatus.EXTERNAL,
        ],
        latitude_deg=[50.0, 50.1, 50.2, 50.3],
        longitude_deg=10.0,
        height_wgs84_m=[900.0, 900.0, np.nan, 900.0],
        velocity_east_mps=[-30.0, 0.0, 0.0, 0.0],
        velocity_north_mps=[40.0, 0.0, 0.0, 0.0],
        state_cov_m_mps=cov,
        object_class=[ObjectClass.ONE_WAY_DRONE, 0, ObjectClass.AIRLINER, 0],
        designation=[0, 0, Designation.KNOWN, 0],
        hazardous=[True, False, False, False],
        callsign=[None, None, 'A&"B', None],
    )


def test_tracks_are_points_where_they_are_wanted(tmp_path: Path, server: TakServer) -> None:
    telling = Telling(tmp_path, section(server.url, tracks=True, tracks_period_s=0.5))
    telling.dispatch.watch(tracks(), T0)
    telling.run(lambda: len(server.events) >= 3)
    first, second, third = server.events[:3]
    assert [e.get("type") for e in (first, second, third)] == ["a-s-A-M-F-Q", "a-n-A-C-F", "a-u-A"]
    assert first.get("stale") == iso(T0 + 2 * NS)
    assert (text(first, "point", "hae"), text(first, "point", "ce")) == ("900.0", "30.0")
    assert text(second, "point", "hae") == "9999999.0"
    assert (text(first, "detail/track", "speed"), text(first, "detail/track", "course")) == (
        "50.0",
        "323.1",
    )
    assert text(second, "detail/contact", "callsign") == 'A&"B'
    assert third.get("uid") == "tocsin-Tocsin-T<4>"


def test_no_track_is_shown_to_who_wants_none(tmp_path: Path, server: TakServer) -> None:
    telling = Telling(tmp_path, section(server.url))
    telling.dispatch.watch(tracks(), T0)
    telling.tell(rows("north", [ISSUE]))
    telling.run(lambda: bool(server.events) and statuses(tmp_path)[0][1] == "DELIVERED")
    assert {event.get("type") for event in server.events} == {"u-d-f"}


@pytest.mark.parametrize("encoding", ["xml", "protobuf"])
def test_datagrams_are_read_by_others(tmp_path: Path, encoding: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        url = f"udp://127.0.0.1:{receiver.getsockname()[1]}"
        telling = Telling(tmp_path, section(url, encoding=encoding))
        telling.tell(rows("north", [ISSUE]))
        telling.run(lambda: statuses_of(tmp_path) == ["DELIVERED"])
        data = bytearray(receiver.recv(65_536))
    assert data.startswith(b"<?xml" if encoding == "xml" else b"\xbf\x01\xbf")
    event = takproto.parse_proto(data).cotEvent  # reads both
    assert (event.type, event.uid) == ("u-d-f", f"tocsin-north-{T0 // NS}-1")
    assert event.staleTime == (T0 + 900 * NS) // 1_000_000
    assert event.detail.contact.callsign == "EXERCISE ALERT North"
    assert event.detail.xmlDetail.count("<link") == 5


def statuses_of(folder: Path) -> list[str]:
    return [status for _, status, _ in statuses(folder)]


def test_a_server_that_takes_nothing_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        url = f"tcp://127.0.0.1:{deaf.getsockname()[1]}"
        telling = Telling(tmp_path, section(url, timeout_s=0.3))
        large = Zone("north", "N" * 6_000_000, None, 1, 60.0, ZONES[0].polygons)
        writer = CotWriter([large], "S", "Exercise")
        sender = next(iter(telling.dispatch._lines.values())).recipient.sender
        sender._writer = writer
        telling.dispatch._body = lambda warnings, row, form, documents: writer.warning(
            warnings, row
        )
        telling.tell(rows("north", [ISSUE]))
        telling.run(lambda: any("not taken" in str(e) or "lost" in str(e) for e in errors(telling)))


class _Wordy(CotWriter):
    """Write what fits into no buffer."""

    def warning(self, warnings: Warnings, row: int) -> bytes:
        return b"x" * 30_000_000

    def tracks(self, tracks: Tracks, now_ns: int, stale_s: float) -> list[bytes]:
        return [b"x" * 30_000_000]


@pytest.mark.parametrize("what", ["repeated", "tracks"])
def test_a_server_that_stops_reading_is_left_with_nothing_to_tell(what: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = Address("tcp", "127.0.0.1", deaf.getsockname()[1])
        config = TakConfig(timeout_s=0.3, tracks_period_s=1.0 if what == "tracks" else None)
        tak = Tak(address, _Wordy(ZONES, "S", "Exercise"), config)
        if what == "tracks":
            tak.watch(tracks(), T0)
        else:
            tak.follow(rows("north", [ISSUE]))
        with pytest.raises(ConnectionError, match=r"nothing taken within 0\.3 s"):
            asyncio.run(asyncio.wait_for(tak.keep(), 5.0))


def errors(telling: Telling) -> list[Any]:
    return [row["last_error"] for row in telling.dispatch.undelivered()]


def test_polygons_are_shapes_each() -> None:
    ring = ((11.0, 50.0), (11.1, 50.0), (11.1, 50.1), (11.0, 50.0))
    two = Zone("north", "A & <B>", None, 1, 60.0, (ZONES[0].polygons[0], (ring, ring)))
    events = CotWriter([two], "S", "Actual").warning(rows("north", [ISSUE]), 0).split(b"\n")
    read = [ET.fromstring(event) for event in events]
    assert [event.get("uid") for event in read] == [f"tocsin-north-{T0 // NS}-{k}" for k in (1, 2)]
    assert text(read[1], "detail/contact", "callsign") == "ALERT A & <B>"


def test_types_say_what_is_known_and_no_more() -> None:
    assert [track_type(tracks(), k) for k in range(4)] == [
        "a-s-A-M-F-Q",
        "a-u-A",
        "a-n-A-C-F",
        "a-u-A",
    ]
