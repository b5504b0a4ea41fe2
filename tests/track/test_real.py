"""Input that the tracker's authors did not make: recorded flights."""

import gzip
import json

import numpy as np
import pytest

from tests.track.scenes import REGION, T0_NS, held, listener, radar, sweep
from tocsin import plots as plots_room
from tocsin.contract import NS, Looks, Origin, ReportKind, Reports, TrackStatus
from tocsin.geo import Region
from tocsin.track import TrackConfig, track_plots, track_recording

FOOT_M = 0.3048


@pytest.fixture(scope="module")
def flight(shared):
    """Rows (time_s, latitude, longitude, altitude_m) of one recorded flight, 393322."""
    rows = []
    with gzip.open(shared / "adsb" / "full_flight_short.jsonl.gz", "rt") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("icao24") == "393322" and row.get("latitude") is not None:
                height = row.get("altitude")
                height_m = np.nan if height is None else height * FOOT_M
                rows.append((row["timestamp"], row["latitude"], row["longitude"], height_m))
    return np.array(rows)


@pytest.mark.shared
def test_a_recorded_flight_is_one_track_from_stand_to_stand(flight):
    region = Region.at(Origin(flight[:, 1].mean(), flight[:, 2].mean()))
    sensors = (listener(),)
    at_ns = np.round(flight[:, 0] * NS).astype(np.int64)
    reports = Reports.build(
        len(flight),
        measured_at_ns=at_ns,
        received_at_ns=at_ns,
        sensor_id=["adsb"] * len(flight),
        sequence=np.arange(len(flight)),
        kind=int(ReportKind.POSITION),
        latitude_deg=flight[:, 1],
        longitude_deg=flight[:, 2],
        altitude_baro_m=flight[:, 3],
        mode_s=0x393322,
        mode_s_valid=True,
    )
    state = plots_room.start(plots_room.PlotsConfig(region, sensors))
    _, out = plots_room.step(state, reports, int(at_ns[-1]))
    assert set(out.faults.kind) == {"duplicate"}
    assert len(out.plots) + len(out.faults) == len(flight)
    updates = track_plots(out.plots, Looks.empty(), TrackConfig(region, sensors))
    assert np.unique(updates.number).tolist() == [1]
    assert np.unique(updates.mode_s).tolist() == [0x393322]
    sure = updates.take(updates.status == TrackStatus.CONFIRMED)
    seconds = np.unique(sure.measured_at_ns // NS)
    assert seconds[-1] - seconds[0] >= flight[-1, 0] - flight[0, 0] - 15
    # Confirmed at every output instant: no break.
    assert (np.diff(seconds) == 1).all()
    near = np.interp(sure.measured_at_ns / NS, flight[:, 0], flight[:, 1])
    latitude, _, _ = region.to_geodetic(sure.state[:, :3])
    assert np.quantile(np.abs(latitude - near) * 111_000, 0.99) < 300.0


class Recorded:
    """A recorded flight as truth: states every ten seconds, moved near the region's origin."""

    def __init__(self, rows, region, offset):
        rows = sorted(rows, key=lambda r: r["timestamp"])
        self.t = np.array([r["timestamp"] for r in rows]) / 1000.0
        latitude, longitude = (np.array([r[k] for r in rows]) for k in ("latitude", "longitude"))
        height = np.array([r["altitude"] for r in rows]) * FOOT_M
        self.x = region.from_geodetic(latitude, longitude, height)
        self.t -= offset
        self.first_s, self.last_s = self.t[0], self.t[-1]

    def at(self, t_s):
        t = np.atleast_1d(t_s)
        return np.stack([np.interp(t, self.t, self.x[:, k]) for k in range(3)], axis=1)


@pytest.mark.shared
def test_recorded_traffic_seen_by_a_made_up_radar_is_held(shared):
    """Real kinematics: twelve minutes of traffic over Switzerland, 10 s states as truth."""
    with gzip.open(shared / "trajectories" / "switzerland.json.gz", "rt") as file:
        rows = json.load(file)
    begin = sorted(r["timestamp"] for r in rows)[len(rows) // 2] / 1000.0
    region = Region.at(Origin(46.8, 8.2))
    by_aircraft = {}
    for row in rows:
        usable = all(row.get(k) is not None for k in ("latitude", "longitude", "altitude"))
        if usable and begin - 60 <= row["timestamp"] / 1000.0 <= begin + 720:
            by_aircraft.setdefault(row["icao24"], []).append(row)
    flights = [Recorded(r, region, begin) for r in by_aircraft.values() if len(r) > 30]
    # Gaps in the recording are straight lines that no aircraft flew.
    flights = [f for f in flights if np.diff(f.t).max() <= 20 and f.last_s - f.first_s > 300]
    assert len(flights) >= 10
    rng = np.random.default_rng(20)
    sensors = (radar(false_plots_per_look=10.0, range_m=200_000.0),)
    scan = sweep(rng, flights, sensors, 0, 700)
    state, updates = track_recording(scan.plots, scan.looks, TrackConfig(REGION, sensors))
    missing, breaks, shown = 0, 0, 0
    for flight in flights:
        first, last = max(flight.first_s, 0) + 24, min(flight.last_s, 700) - 8
        numbers, _ = held(updates, [flight], first, last, near_m=2500.0)
        seen = numbers[:, 0]
        # Beyond the radar's range there is nothing to hold.
        times = np.arange(np.ceil(first), np.floor(last) + 1)[: len(seen)]
        inside = np.linalg.norm(flight.at(times), axis=1) < 185_000.0
        missing += int((seen[inside] == 0).sum())
        shown += int(inside.sum())
        breaks += max(len(np.unique(seen[inside & (seen > 0)])) - 1, 0)
    assert shown > 3000
    assert missing <= 0.02 * shown
    assert breaks <= shown / 1800
    assert state.counters.late == 0
    assert updates.measured_at_ns[0] >= T0_NS
