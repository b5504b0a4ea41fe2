"""Every recording of Mode S and ASTERIX: its format is told, its counts come out."""

import numpy as np
import pytest

from tests.support import NO_RECORDINGS, shared_data
from tocsin.contract import InputError, ReportKind
from tocsin.decode import decode_file, detect, summary
from tocsin.sense import read_input

pytestmark = pytest.mark.shared


def decoded(name):
    folder = shared_data()
    if folder is None:
        pytest.skip(NO_RECORDINGS)
    data = read_input(folder / name)
    return decode_file(data, None, name), detect(data[:65_536], name)


CROATIA, JADE = "asterix_croatiacontrol", "asterix_jade"
EXPECTED = {
    "adsb/full_flight_short.jsonl.gz": ("mode_s_json", {"mode s messages": 57_793}, {}),
    "adsb/sample_dump1090.bin": ("beast", {"beast frames": 239}, {}),
    "adsb/pymodes_sample_data_adsb.csv": ("mode_s_text", {"mode s messages": 2000}, {}),
    "adsb/pymodes_sample_data_commb_df20.csv": (
        "mode_s_text",
        {"mode s messages": 5000, "mode s messages of unknown address": 5000},
        {},
    ),
    f"{CROATIA}/asterix.pcap": ("pcap", {"cat062 blocks": 100}, {"bad_record": 100}),
    f"{CROATIA}/cat048.raw": ("asterix", {"cat048 records": 1}, {}),
    f"{CROATIA}/cat062cat065.raw": ("asterix", {"cat062 records": 2, "cat065 records": 1}, {}),
    f"{CROATIA}/cat21_re.ast": ("asterix", {"cat021 records": 2}, {}),
    f"{CROATIA}/cat_001_002.pcap": ("pcap", {"packets": 1}, {"bad_block": 1}),
    f"{CROATIA}/cat_034_048.pcap": (
        "pcap",
        {"packets": 100, "cat048 blocks": 43, "cat034 blocks": 17},
        {"duplicate": 50},
    ),
    f"{CROATIA}/cat_062_065.pcap": ("pcap", {"cat062 records": 2, "cat065 records": 1}, {}),
    f"{CROATIA}/parsegps.gps": ("gps", {"gps blocks": 15, "cat048 records": 15}, {}),
    f"{JADE}/NATS_CAT048_119bytes_TCAS.ff": ("final", {"cat048 records": 2}, {}),
    f"{JADE}/final_frame_062_065_large_packet_30min.ff": (
        "final",
        {"cat062 records": 22_396, "cat065 records": 6057, "final frames": 18_163},
        {"unsupported_category": 5772},
    ),
    "asterix_other/goasterix_sample.ast": (
        "asterix",
        {"cat048 records": 11, "cat034 records": 1, "cat255 blocks": 1},
        {"unsupported_category": 5},
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_counts(name):
    fmt, units, faults = EXPECTED[name]
    result, told = decoded(name)
    assert told == fmt
    said = summary(result)
    assert {unit: said["units"].get(unit) for unit in units} == units
    assert said["faults"] == faults


def test_every_recording_is_expected_or_refused():
    folder = shared_data()
    if folder is None:
        pytest.skip(NO_RECORDINGS)
    found = {
        f"{part.name}/{file.name}"
        for part in folder.iterdir()
        if part.name == "adsb" or part.name.startswith("asterix")
        for file in part.iterdir()
    }
    assert found == {*EXPECTED, "adsb/modes1.bin"}


def test_samples_of_a_receiver_are_refused_in_one_line():
    with pytest.raises(InputError, match="holds 8-bit I/Q samples, not decoded messages"):
        decoded("adsb/modes1.bin")


def test_external_tracks_of_the_large_file():
    reports = decoded(f"{JADE}/final_frame_062_065_large_packet_30min.ff")[0].reports
    tracks = reports.take(reports.kind == ReportKind.EXTERNAL_TRACK)
    assert len(set(tracks.track_number.tolist())) == 372
    assert tracks.latitude_deg.min() > 30.0
    assert tracks.latitude_deg.max() < 55.0
    assert not tracks.ended.any()  # this tracker never says so


def test_looks_of_real_radars_join_and_turn_at_their_period():
    looks = decoded(f"{CROATIA}/cat_034_048.pcap")[0].looks
    # A north mark of 25/12 overtakes its last two sectors; their look is its.
    sectors = (looks.azimuth_to_rad - looks.azimuth_from_rad) * 32 / (2 * np.pi)
    assert sorted(np.round(sectors, 9)) == [1.0] * 7 + [3.0]
    for sensor_id in set(looks.sensor_id):
        mine = looks.take(looks.sensor_id == sensor_id)
        assert mine.start_ns[1:].tolist() == mine.end_ns[:-1].tolist()
    period_s = (looks.end_ns - looks.start_ns) / 1e9 * 32 / sectors
    slow = looks.sensor_id == "25/205"
    assert period_s[slow] == pytest.approx(10.0, abs=0.3)
    assert period_s[~slow] == pytest.approx([5.0] * 7, abs=0.3)
