"""Rows of the picture: places against another geodesy, hazards, identity, order, ends."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from tests.picture.support import (
    CONFIG,
    EARS,
    NORTH,
    RADAR_BIT,
    RECEIVER_BIT,
    REGION,
    T0,
    designate,
    fly,
    heard,
    updates,
)
from tocsin.contract import (
    NS,
    Corroboration,
    Designation,
    ObjectClass,
    ReportKind,
    Reports,
    TrackStatus,
    TrackUpdates,
)
from tocsin.geo import unpack_covariance
from tocsin.picture import PictureConfig, PictureIn, Sight, start, step
from tocsin.picture.tracks import hazard

DRONE = [20_000.0, 5_000.0, 900.0, 50.0, 5.0, 0.0]
LINER = [-30_000.0, 20_000.0, 10_000.0, 0.0, 220.0, 0.0]


def test_places_and_velocities_agree_with_another_geodesy() -> None:
    rows = [
        [80_000.0, -60_000.0, 4_000.0, 150.0, 80.0, 5.0],
        [-90_000.0, 70_000.0, 900.0, 0, 60, 0],
    ]
    tracks = step(start(CONFIG), PictureIn(updates(rows)), T0)[1].tracks
    frame = (
        "+proj=pipeline +step +inv +proj=topocentric +ellps=WGS84 +lon_0=-30 +lat_0=50 +h_0=0 "
        "+step +inv +proj=cart +ellps=WGS84"
    )
    place = Transformer.from_pipeline(frame)
    state = np.array(rows)
    now = place.transform(*state[:, :3].T)
    assert tracks.longitude_deg == pytest.approx(now[0], abs=1e-9)
    assert tracks.latitude_deg == pytest.approx(now[1], abs=1e-9)
    assert tracks.height_wgs84_m == pytest.approx(now[2], abs=1e-6)
    later = place.transform(*(state[:, :3] + state[:, 3:]).T)
    course, _, gone = Geod(ellps="WGS84").inv(now[0], now[1], later[0], later[1])
    level = 1.0 - tracks.height_wgs84_m / 6_378_000.0
    speed = np.hypot(tracks.velocity_east_mps, tracks.velocity_north_mps) * level
    assert speed == pytest.approx(gone, rel=2e-3)
    stated = np.degrees(np.arctan2(tracks.velocity_east_mps, tracks.velocity_north_mps))
    assert stated == pytest.approx(course, abs=0.01)
    assert tracks.velocity_up_mps == pytest.approx(np.array(later[2]) - now[2], abs=0.01)


def test_covariances_are_the_same_ellipsoid_in_local_axes() -> None:
    # One metre up where the track is, 94 km from the origin, leans by 15 mrad in region axes.
    given_updates = updates([[80_000.0, -50_000.0, 3_000.0, 100.0, 0.0, 0.0]])
    spread = np.diag([100.0, 100.0, 1.0, 10.0, 10.0, 0.1])
    lean = REGION.local_rotation(49.55, -28.9)
    both = np.kron(np.eye(2), lean)
    packed = (both.T @ spread @ both)[np.triu_indices(6)]
    out = step(start(CONFIG), PictureIn(given_updates.replace(state_cov=[packed])), T0)[1]
    local = unpack_covariance(out.tracks.state_cov_m_mps)[0]
    assert np.diag(local) == pytest.approx(np.diag(spread), rel=0.01)
    assert np.linalg.eigvalsh(local) == pytest.approx(np.linalg.eigvalsh(spread), rel=1e-9)


def test_identifiers_are_stable_and_sensors_named() -> None:
    bits = np.array([RADAR_BIT, RADAR_BIT | RECEIVER_BIT, 0], np.uint64)
    numbers = [7, 123_456, 200_000]
    given_updates = updates([DRONE, LINER, LINER], sensor_bits=bits, number=numbers)
    tracks = step(start(CONFIG), PictureIn(given_updates), T0)[1].tracks
    assert tracks.track_id.tolist() == ["T00007", "T123456", "T200000"]
    assert tracks.sensor_ids.tolist() == [("north",), ("north", "ears"), ()]
    assert tracks.sensor_count.tolist() == [1, 2, 0]


def test_an_unidentified_drone_becomes_hazardous_and_an_airliner_never() -> None:
    named = {"mode_s": [0, 0x393322], "mode_s_valid": [False, True]}
    bits = np.array([1, 3], np.uint64)
    _, out = fly([DRONE, LINER], 30, sensor_bits=bits, **named)
    tracks = out.tracks
    classes = [ObjectClass(code) for code in tracks.object_class]
    assert classes == [ObjectClass.ONE_WAY_DRONE, ObjectClass.AIRLINER]
    assert tracks.hazardous.tolist() == [True, False]
    assert tracks.class_probability.sum(axis=1) == pytest.approx(1.0)


def test_silence_is_no_evidence_where_no_receiver_would_hear() -> None:
    for sensors in (("north",), ("north", "ears")):
        _, out = fly([DRONE], 30, sensors=sensors)
        assert out.tracks.hazardous.tolist() == [sensors == ("north", "ears")]


def test_hazard_has_hysteresis_and_operators_decide() -> None:
    def decide(chance: float, before: bool, said: Designation, status: TrackStatus) -> bool:
        sure = np.array([chance >= CONFIG.hazard_on])
        probability = np.zeros((1, len(ObjectClass)))
        probability[0, ObjectClass.ONE_WAY_DRONE] = chance / 2
        probability[0, ObjectClass.BALLISTIC] = chance / 2
        probability[0, ObjectClass.BIRD] = 1.0 - chance
        ones = (np.array([before]), sure, np.array([said], np.int8), np.array([status], np.int8))
        return bool(hazard(probability, *ones, CONFIG)[0])

    none, confirmed = Designation.NONE, TrackStatus.CONFIRMED
    assert not decide(0.5, False, none, confirmed)
    assert decide(0.7, False, none, confirmed)
    assert decide(0.5, True, none, confirmed)
    assert not decide(0.3, True, none, confirmed)
    assert decide(0.7, False, none, TrackStatus.COASTING)
    assert not decide(0.99, True, none, TrackStatus.TENTATIVE)
    assert not decide(0.99, True, Designation.KNOWN, confirmed)
    assert decide(0.0, False, Designation.HAZARD, TrackStatus.TENTATIVE)
    assert decide(0.7, False, Designation.UNKNOWN, confirmed)


def test_one_plot_makes_no_hazard_and_a_second_one_does() -> None:
    # Ten seconds of a bird, then a speed that no bird has: by one plot, then by a further one.
    bird, dart = (
        [20_000.0, 5_000.0, 300.0, 0.0, 10.0, 0.0],
        [20_000.0, 5_000.0, 300.0, 0.0, 230.0, 0.0],
    )
    state, _ = fly([bird], 10)
    state, out = fly([dart], 4, state=state, from_s=10, last_plot_at_ns=T0 + 10 * NS)
    assert out.tracks.class_probability[0, ObjectClass.FAST_LOW_FLYER] > CONFIG.hazard_on
    assert not out.tracks.hazardous[0]
    _, out = fly([dart], 1, state=state, from_s=14)
    assert out.tracks.hazardous[0]


def test_silence_counts_from_where_a_receiver_should_hear() -> None:
    # The ground hides everything below 500 m from the receiver, so that there nobody is silent.
    cells = np.full((3, 4, 2), -np.inf, np.float32)
    cells[1] = 500.0
    sight = Sight(np.array([0.0, 2 / 300_000.0, 0.0]), cells)
    hidden = replace(CONFIG, sight=sight)
    low, high = ([*DRONE[:2], height_m, *DRONE[3:]] for height_m in (400.0, 900.0))
    for row, silent in ((low, False), (high, True)):
        _, out = fly([row], 30, state=start(hidden))
        _, bare = fly([row], 30, state=start(hidden), sensors=("north",))
        chance, without = (
            o.tracks.class_probability[0, ObjectClass.ONE_WAY_DRONE] for o in (out, bare)
        )
        assert (chance > without * 1.2) == silent
    # Nor has one been silent for ten seconds that has just come out from behind it.
    state, _ = fly([low], 30, state=start(hidden))
    _, just = fly([high], 5, state=state, from_s=30)
    _, long = fly([high], 20, state=state, from_s=30)
    early, late = (o.tracks.class_probability[0, ObjectClass.ONE_WAY_DRONE] for o in (just, long))
    assert late > early * 1.2


def test_a_designation_holds_until_it_is_taken_back_or_the_track_ends() -> None:
    state, out = fly([DRONE, DRONE], 30)
    assert out.tracks.hazardous.all()
    known = PictureIn(
        updates([DRONE, DRONE], T0 + 30 * NS),
        reports=heard(T0 + 30 * NS, "north", "ears"),
        actions=designate("T00001", '{"designation": "known"}'),
    )
    state, out = step(state, known, T0 + 30 * NS)
    assert out.tracks.hazardous.tolist() == [False, True]
    state, out = fly([DRONE, DRONE], 5, state=state, from_s=31)
    assert out.tracks.designation.tolist() == [Designation.KNOWN, Designation.NONE]
    for nonsense in ("", "{", '{"designation": "friend"}', "[]", "null"):
        given_in = PictureIn(
            updates([DRONE, DRONE], T0 + 40 * NS), actions=designate("T00001", nonsense)
        )
        assert step(state, given_in, T0 + 40 * NS)[0].designations == state.designations
    back = PictureIn(
        updates([DRONE, DRONE], T0 + 40 * NS), actions=designate("T00001", '{"designation":"none"}')
    )
    assert step(state, back, T0 + 40 * NS)[0].designations == ()
    ended = updates([DRONE], T0 + 40 * NS, number=[2])
    assert step(state, PictureIn(ended), T0 + 40 * NS)[0].designations == ()


def test_a_claim_that_no_radar_confirms_hides_no_radar_track() -> None:
    # A false airliner claimed at the very place of a drone that a radar tracks.
    bits = np.array([RADAR_BIT, RECEIVER_BIT], np.uint64)
    fake = {"mode_s": [0, 0xABCDEF], "mode_s_valid": [False, True]}
    _, out = fly([DRONE, DRONE], 40, sensor_bits=bits, **fake)
    assert len(out.tracks) == 2
    assert out.tracks.hazardous[0]
    assert out.tracks.corroborated.tolist() == [
        Corroboration.NOT_APPLICABLE,
        Corroboration.UNCORROBORATED,
    ]
    # Nor does the claim say what it is: the same motion without it is as likely a drone.
    drone = out.tracks.class_probability[:, ObjectClass.ONE_WAY_DRONE]
    assert drone[1] > 0.3


def test_corroboration_follows_radars() -> None:
    def after(seconds: int, bits: np.uint64, row: list[float], **more: object) -> Corroboration:
        named = {"mode_s": [1], "mode_s_valid": [True], "sensor_bits": np.array([bits])}
        _, out = fly([row], seconds, **(named | more))
        return Corroboration(out.tracks.corroborated[0])

    assert after(2, RADAR_BIT | RECEIVER_BIT, LINER) == Corroboration.CONFIRMED
    assert after(40, RECEIVER_BIT, LINER) == Corroboration.UNCORROBORATED
    # Not before the radar has had three revolutions to see it,
    assert after(10, RECEIVER_BIT, LINER) == Corroboration.NOT_APPLICABLE
    # nor where it cannot, nor while it is silent, nor for what claims nothing.
    beyond = [0.0, 260_000.0, 10_000.0, 0.0, 0.0, 0.0]
    low = [0.0, 140_000.0, -1400.0, 0.0, 0.0, 0.0]
    assert after(40, RECEIVER_BIT, beyond) == Corroboration.NOT_APPLICABLE
    assert after(40, RECEIVER_BIT, low) == Corroboration.NOT_APPLICABLE
    assert after(60, RECEIVER_BIT, LINER, sensors=("ears",)) == Corroboration.NOT_APPLICABLE
    silent = {"mode_s_valid": [False]}
    assert after(40, RADAR_BIT, DRONE, **silent) == Corroboration.NOT_APPLICABLE


def test_a_confirmation_wears_off() -> None:
    named = {"mode_s": [1], "mode_s_valid": [True]}
    both, alone = np.array([3], np.uint64), np.array([2], np.uint64)
    state, out = fly([LINER], 10, sensor_bits=both, **named)
    state, out = fly([LINER], 10, state=state, from_s=10, sensor_bits=alone, **named)
    assert out.tracks.corroborated.tolist() == [Corroboration.CONFIRMED]
    _, out = fly([LINER], 20, state=state, from_s=20, sensor_bits=alone, **named)
    assert out.tracks.corroborated.tolist() == [Corroboration.UNCORROBORATED]


def test_callsigns_come_from_the_track_else_by_address() -> None:
    said = Reports.build(
        3,
        measured_at_ns=[T0, T0 + 1, T0 + 2],
        sensor_id="ears",
        kind=ReportKind.IDENTITY,
        mode_s=[5, 5, 6],
        mode_s_valid=[True, True, False],
        callsign=["OLD", "NEW", "NOBODY"],
    )
    given_updates = updates(
        [LINER, LINER, LINER],
        mode_s=[5, 5, 0],
        mode_s_valid=[True, True, False],
        callsign=[None, "OWN", None],
    )
    state, out = step(start(CONFIG), PictureIn(given_updates, identities=said), T0)
    assert out.tracks.callsign.tolist() == ["NEW", "OWN", None]
    later = T0 + 601 * NS
    _, out = step(state, PictureIn(given_updates.replace(measured_at_ns=[later] * 3)), later)
    assert out.tracks.callsign.tolist() == [None, "OWN", None]


def test_nothing_in_nothing_out() -> None:
    state, out = step(start(CONFIG), PictureIn(), T0)
    assert (len(out.tracks), len(out.notices), len(out.health)) == (0, 0, 3)
    again = step(state, PictureIn(), T0 + NS)[1]
    assert len(again.tracks) == 0


def several() -> TrackUpdates:
    """Return two instants of three tracks, of which one ends between."""
    rows = [DRONE, LINER, [0.0, 9_000.0, 300.0, 0.0, 15.0, 0.0]]
    early, late = updates(rows, T0), updates(rows, T0 + NS).take(np.array([0, 2]))
    return TrackUpdates.concat([early, late])


@given(st.permutations(range(5)))
def test_order_of_rows_changes_nothing(order: list[int]) -> None:
    both = several()
    plain = step(start(CONFIG), PictureIn(both), T0 + NS)[1].tracks
    mixed = step(start(CONFIG), PictureIn(both.take(np.array(order))), T0 + NS)[1].tracks
    assert pickle.dumps(plain.rows()) == pickle.dumps(mixed.rows())


def test_splitting_instants_over_steps_changes_only_when_they_are_emitted() -> None:
    both = several()
    at_once = step(start(CONFIG), PictureIn(both), T0 + NS)[1].tracks
    first, second = both.take(slice(0, 3)), both.take(slice(3, 5))
    state, one = step(start(CONFIG), PictureIn(first), T0)
    two = step(state, PictureIn(second), T0 + NS)[1]
    rows = [*one.tracks.rows(), *two.tracks.rows()]
    expected = at_once.rows()
    for row in (*rows, *expected):
        row.pop("emitted_at_ns")
    np.testing.assert_equal(rows, expected)


def test_a_state_stored_and_taken_up_goes_on_alike() -> None:
    state, _ = fly([DRONE, LINER], 12)
    copy = pickle.loads(pickle.dumps(state))
    one = fly([DRONE, LINER], 5, state=state, from_s=12)[1]
    two = fly([DRONE, LINER], 5, state=copy, from_s=12)[1]
    np.testing.assert_equal(one.tracks.rows(), two.tracks.rows())
    np.testing.assert_equal(one.health.rows(), two.health.rows())


def test_a_step_leaves_the_state_before_it_as_it_was() -> None:
    state, _ = fly([DRONE, LINER], 12)
    before = pickle.dumps(state)
    fly([DRONE, LINER], 3, state=state, from_s=12)
    assert pickle.dumps(state) == before


def test_an_image_in_a_radar_without_heights_is_what_its_original_is() -> None:
    flat = replace(NORTH, sensor_id="flat", latitude_deg=50.0, elevation_std_rad=np.nan)
    full = replace(NORTH, elevation_std_rad=0.004)
    config = PictureConfig(REGION, (full, EARS, flat))
    # 10 km up and 20 km east of the flat radar: its slant range of 22.3 km looks like a place.
    liner = [20_000.0, 0.0, 10_000.0, 230.0, 0.0, 0.0]
    image = [22_300.0, 0.0, 3_000.0, 225.0, 5.0, 0.0]
    apart = [22_300.0, 6_000.0, 3_000.0, 225.0, 5.0, 0.0]
    slower = [22_300.0, 0.0, 3_000.0, 90.0, 0.0, 0.0]
    rows = updates(
        [liner, image, apart, slower],
        sensor_bits=np.array([3, 4, 4, 4], np.uint64),
        mode_s=[0x393322, 0, 0, 0],
        mode_s_valid=[True, False, False, False],
    )
    vague = rows.state_cov.copy()
    vague[1:, 11] = 4000.0**2
    tracks = step(start(config), PictureIn(rows.replace(state_cov=vague)), T0)[1].tracks
    same = np.all(tracks.class_probability == tracks.class_probability[0], axis=1)
    assert same.tolist() == [True, True, False, False]
    # A radar that measures heights makes no images.
    config = PictureConfig(REGION, (full, EARS, replace(flat, elevation_std_rad=0.004)))
    tracks = step(start(config), PictureIn(rows.replace(state_cov=vague)), T0)[1].tracks
    assert not np.array_equal(tracks.class_probability[1], tracks.class_probability[0])


def test_an_image_that_is_seen_in_full_again_keeps_its_originals_past() -> None:
    flat = replace(NORTH, sensor_id="flat", latitude_deg=50.0, elevation_std_rad=np.nan)
    config = PictureConfig(REGION, (replace(NORTH, elevation_std_rad=0.004), EARS, flat))
    liner, image = [[x, 0.0, h, 230.0, 0.0, 0.0] for x, h in ((20e3, 10_700.0), (22.3e3, 3e3))]
    state = start(config)
    for k in range(60):
        at_ns = T0 + k * NS
        rows = updates(
            [liner, image] if k < 50 else [liner, [*image[:2], 5_900.0, *image[3:]]],
            at_ns,
            sensor_bits=np.array([3, 4 if k < 50 else 5], np.uint64),
            mode_s=[0x393322, 0],
            mode_s_valid=[True, False],
        )
        if k < 50:
            vague = rows.state_cov.copy()
            vague[1, 11] = 4000.0**2
            rows = rows.replace(state_cov=vague)
        reports = heard(at_ns, "north", "ears", "flat")
        state, out = step(state, PictureIn(rows, reports=reports), at_ns)
        assert not out.tracks.hazardous.any()
        shared = np.array_equal(state.memory.evidence[0], state.memory.evidence[1])
        assert shared == (k < 50)
