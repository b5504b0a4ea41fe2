"""A record goes on under a site that was edited since, and replays under each of its sites."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from tests.run.test_ticks import T0, heard
from tocsin.contract import (
    NS,
    Action,
    Frames,
    NoticeKind,
    OperatorActions,
    Tracks,
    Warnings,
    Zone,
    from_ipc,
)
from tocsin.decode import plot_stream
from tocsin.record import digest, newest, read_journal
from tocsin.run.messages import Messages
from tocsin.run.pipeline import Pipeline, TickOut
from tocsin.run.recording import (
    OUTPUTS,
    Digests,
    Player,
    Recording,
    recorded_decisions,
    recorded_ticks,
    recorded_zones,
    resume,
    site_meta,
)
from tocsin.run.site import Site, SiteFile
from tocsin.run.told import tell

RADAR = {
    "sensor_id": "r",
    "kind": "radar",
    "latitude_deg": 50.0,
    "longitude_deg": 10.0,
    "height_wgs84_m": 100.0,
    "range_m": 120e3,
    "period_s": 1.0,
    "elevation_std_deg": 0.1,
}
HAZARD = json.dumps({"designation": "hazard"})


def zone(zone_id: str, longitude_deg: float) -> Zone:
    """Return a zone on the drone's way."""
    west, east, south, north = longitude_deg - 0.02, longitude_deg + 0.02, 50.04, 50.07
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return Zone(zone_id, zone_id, None, 1000, 60.0, ((ring,),))


ZONES = (zone("first", 9.66), zone("second", 9.70))


@cache
def site(zones: int = 2, east_deg: float = 0.0) -> Site:
    """Return the site with so many of its zones, and its radar moved."""
    sensor = {**RADAR, "longitude_deg": 10.0 + east_deg}
    section = {"name": "S", "latitude_deg": 50.0, "longitude_deg": 10.0}
    item = {"source_id": "in", "url": "tcp://127.0.0.1:1", "format": "plot_stream"}
    file = SiteFile.model_validate({"site": section, "sensor": [sensor], "input": [item]})
    return Site(file, ZONES[len(ZONES) - zones :])


def run(folder: Path, where: Site, seconds: range, cut: bool = False) -> tuple[list[TickOut], str]:
    """Run a site's record on for some seconds; return its ticks and what was told of the site.

    Args:
        folder: of the record.
        where: the site now.
        seconds: one tick each.
        cut: end before the outputs of the last tick are recorded.
    """
    recording = Recording.open(folder, where)
    pipeline, last_ns, text = resume(folder, where, recording)
    outs: list[TickOut] = []
    for second in seconds:
        now_ns = T0 + second * NS + NS // 2
        assert now_ns > last_ns
        reports, looks = heard(range(second, second + 1))
        payload = plot_stream.encode(reports) + plot_stream.encode(looks)
        frames = Frames.build(1, received_at_ns=now_ns, source_id=["in"], payload=[payload])
        actions = [tell("site", text, last_ns)] if text and second == seconds[0] else []
        if second == 25 and len(outs[-1].current):
            track_id = outs[-1].current.track_id[0]
            told = {"author": ["duty"], "verb": ["designate"], "subject": [track_id]}
            actions.append(OperatorActions.build(1, received_at_ns=now_ns, detail=[HAZARD], **told))
        done = OperatorActions.concat(actions) if actions else OperatorActions.empty()
        recording.inputs(frames, done, now_ns)
        outs.append(pipeline.tick(frames, done, now_ns))
        if not (cut and second == seconds[-1]):
            recording.outputs(outs[-1], pipeline)
    recording.close()
    return outs, text


def replayed(folder: Path) -> list[str]:
    """Return the streams in which a replay differs from the record."""
    player, digests = Player(folder), Digests()
    for tick in recorded_ticks(folder):
        digests.add(player.tick(tick))
    mine = digests.hex()
    return [name for name in OUTPUTS if mine[name] != digest(folder, name)]


def test_a_removed_zone_is_cancelled_and_the_rest_goes_on(tmp_path: Path) -> None:
    before, text = run(tmp_path, site(2), range(90), cut=True)
    assert text == ""
    warned = Warnings.concat([out.warnings for out in before])
    assert {"first", "second"} <= set(warned.zone_id)
    after, text = run(tmp_path, site(1), range(90, 130))
    assert "tracks go on" in text
    assert after[0].notices.kind.tolist() == [NoticeKind.RUN]
    cancelled = after[0].warnings
    assert [Action(a) for a in cancelled.action] == [Action.CANCEL]
    assert (cancelled.zone_id[0], cancelled.released_by[0]) == ("first", "automatic")
    assert cancelled.warning_id[0] in warned.warning_id
    assert after[5].current.track_id.tolist() == before[-1].current.track_id.tolist()
    later = Warnings.concat([out.warnings for out in after[1:]])
    assert "first" not in later.zone_id
    second = warned.warning_id[warned.zone_id == "second"][-1]
    assert set(later.warning_id[later.zone_id == "second"]) <= {second}
    assert replayed(tmp_path) == []
    decided, _ = recorded_decisions(tmp_path)
    documents, _ = Messages(site(1), recorded_zones(tmp_path)).add(decided)
    assert len(documents) == len(decided)


def test_tracks_start_afresh_where_a_sensor_was_moved(tmp_path: Path) -> None:
    before, _ = run(tmp_path, site(2), range(20))
    after, text = run(tmp_path, site(2, 0.5), range(20, 30))
    assert "start afresh" in text
    assert after[0].notices.text.tolist() == [text]
    old = {name for out in before for name in out.tracks.track_id}
    new = {name for out in after for name in out.tracks.track_id}
    assert old
    assert new
    assert max(old) < min(new)
    assert replayed(tmp_path) == []


def test_a_run_that_was_cut_off_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole, _ = run(tmp_path / "whole", site(2), range(90))
    run(tmp_path / "cut", site(2), range(70), cut=True)
    rest, text = run(tmp_path / "cut", site(2), range(70, 90))
    assert text == ""
    assert [out.now_ns for out in rest] == [out.now_ns for out in whole[70:]]
    for name in OUTPUTS:
        assert digest(tmp_path / "cut", name) == digest(tmp_path / "whole", name), name


def test_a_snapshot_holds_what_was_learned_and_not_the_site(tmp_path: Path) -> None:
    run(tmp_path, site(2), range(70))
    taken = newest(tmp_path, "snapshot")
    assert taken is not None
    assert taken.seq == [e.seq for e in read_journal(tmp_path, ("snapshot",))][-1]
    assert len(taken.blob) < 100_000
    player = Player(tmp_path, taken)
    assert player.last_ns == taken.at_ns
    kept = [e for e in read_journal(tmp_path, ("tracks",)) if e.at_ns == taken.at_ns]
    shown = player.pipeline.state.picture.shown
    assert shown.track_id.tolist() == from_ipc(Tracks, kept[0].blob).track_id.tolist()


def test_a_site_that_changes_and_changes_back_replays(tmp_path: Path) -> None:
    for k, zones in enumerate((2, 1, 2)):
        run(tmp_path, site(zones), range(10 * k, 10 * k + 10))
    assert replayed(tmp_path) == []


def test_sensors_that_inputs_brought_stay_known() -> None:
    place = site(2).pipeline_config()
    pipeline = Pipeline(place)
    stranger = replace(place.sensors[0], sensor_id="stranger")
    pipeline.know((*place.sensors, stranger))
    pipeline.state.picture.hearing.lost[:] = np.array([3, 4])
    pipeline.move(replace(place, sensors=(replace(stranger, sensor_id="new"), *place.sensors)))
    assert [s.sensor_id for s in pipeline.state.sensors] == ["new", "r", "stranger"]
    assert pipeline.state.picture.hearing.lost.tolist() == [0, 3, 4]
    assert "site" in site_meta(site(2))
