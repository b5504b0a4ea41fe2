"""`tocsin track` and `tocsin decode` on real recordings."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support import tocsin
from tocsin.contract import NS, Tracks, read_parquet

pytestmark = pytest.mark.shared


def test_a_real_flight_is_one_track_without_a_break(shared: Path, tmp_path: Path) -> None:
    flight = shared / "adsb" / "full_flight_short.jsonl.gz"
    done = tocsin("track", flight, "-o", tmp_path, "--json", timeout_s=600)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tracks_confirmed"] == 1
    tracks = read_parquet(Tracks, tmp_path / "tracks.parquet")
    confirmed = tracks.take(tracks.status != 0)
    assert set(confirmed.number.tolist()) == {int(confirmed.number[0])}
    assert set(confirmed.mode_s[confirmed.mode_s_valid].tolist()) == {0x393322}
    assert confirmed.mode_s_valid.all()
    gaps_s = np.diff(confirmed.measured_at_ns) / NS
    assert gaps_s.max() <= 1.0


def test_decode_counts_the_large_final_file(shared: Path) -> None:
    folder = shared / "asterix_jade"
    path = folder / "final_frame_062_065_large_packet_30min.ff"
    done = tocsin("decode", path, "--json", timeout_s=300)
    units = json.loads(done.stdout)["files"][str(path)]["units"]
    assert units["cat062 records"] == 22_396
    assert units["cat065 records"] == 6_057


def test_a_cut_off_pcap_gives_its_good_records(shared: Path, tmp_path: Path) -> None:
    whole = (shared / "asterix_croatiacontrol" / "cat_034_048.pcap").read_bytes()
    path = tmp_path / "cut.pcap"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    done = tocsin("decode", path, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)["files"][str(path)]
    assert summary["reports"]["plot"] > 20
    assert any("trunc" in kind or "cut" in kind for kind in summary["faults"]), summary["faults"]


@pytest.mark.long
def test_tracks_of_another_tracker_are_passed_on_whatever_the_recorders_clock_says(
    shared: Path, tmp_path: Path
) -> None:
    recording = shared / "asterix_jade" / "final_frame_062_065_large_packet_30min.ff"
    done = tocsin("track", recording, "-o", tmp_path, "--json", timeout_s=300)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["tracks_external"] == 372
    assert "clock" in result["inferred"][-1]
    tracks = read_parquet(Tracks, tmp_path / "tracks.parquet")
    assert len(tracks) == result["track_rows"] > 20_000
