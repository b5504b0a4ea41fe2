"""A live run on real recordings, replayed over loopback."""

import socket
from pathlib import Path

import pytest

from tests.run.feeds import TcpReplay, pcap_payloads, send_udp
from tests.run.live import LiveRun
from tests.support import free_port

pytestmark = pytest.mark.shared


def test_own_receiver_without_a_site_shows_its_aircraft(shared: Path) -> None:
    feed = TcpReplay((shared / "adsb" / "sample_dump1090.bin").read_bytes())
    run = LiveRun("--input", f"tcp://127.0.0.1:{feed.port}", "--origin", "43.6,1.4")
    try:
        run.until(lambda: run.get("/api/v1/summary")["plots"] >= 3)
        sensor = run.get("/api/v1/sensors")["sensors"][0]
        assert sensor["kind"] == "adsb_receiver"
        assert sensor["state"] == "ok"
    finally:
        run.kill()
        feed.close()


# The places are made up: the capture does not say where its radars stand.
RADARS = ("25/11", "25/12", "25/13", "25/14", "25/201", "25/204", "25/205")
SITE = """
[site]
name = "Two feeds"
latitude_deg = 45.7
longitude_deg = 16.0

{sensors}
[[input]]
source_id = "asterix"
url = "udp://127.0.0.1:{port}"
clock = "received"
"""


def test_asterix_over_udp_gives_plots_and_external_tracks(shared: Path, tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    sensors = "".join(
        f'[[sensor]]\nsensor_id = "{name}"\nkind = "radar"\nlatitude_deg = 45.7\n'
        "longitude_deg = 16.0\nperiod_s = 5.0\nrange_m = 400000.0\n"
        for name in RADARS
    )
    site = tmp_path / "site.toml"
    site.write_text(SITE.format(sensors=sensors, port=port))
    run = LiveRun(site)
    folder = shared / "asterix_croatiacontrol"
    try:
        send_udp(port, pcap_payloads((folder / "cat_034_048.pcap").read_bytes()))
        send_udp(port, pcap_payloads((folder / "cat_062_065.pcap").read_bytes()))
        run.until(lambda: any(t["external"] for t in run.get("/api/v1/tracks")["tracks"]))
        external = [t for t in run.get("/api/v1/tracks")["tracks"] if t["external"]]
        assert len(external) == 2
        run.until(lambda: run.get("/api/v1/summary")["plots"] >= 50)
        faults = {s["sensor_id"]: s["faults"] for s in run.get("/api/v1/sensors")["sensors"]}
        counted = [kinds for kinds in faults.values() if kinds.get("duplicate")]
        assert counted, faults
    finally:
        run.kill()
