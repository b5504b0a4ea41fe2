"""A scene's truth and estimates as the contract's tables, for the scores of `tocsin.evaluate`."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench._scenes import Estimate, Scene
from bench._tocsin import ORIGIN, T0_NS
from tocsin.contract import F64, I64, NS, ObjectClass, Tracks, TrackStatus, Truth
from tocsin.evaluate import TrackScoring, score_tracks
from tocsin.geo import Region


def scored(scene: Scene, estimates: list[Estimate]) -> dict[str, Any]:
    """Return the track scores of a run, every estimate being a confirmed track."""
    metric = scene.case.metric
    # The region frame is rigid, so distances in three dimensions are those of the flat scene.
    config = TrackScoring(metric.c_m, metric.p, 3, 1.0, metric.c_m / 10.0)
    return score_tracks(truth_of(scene), tracks_of(scene, estimates), ORIGIN, config)


def truth_of(scene: Scene) -> Truth:
    """Return where every target was at each scan."""
    moments = [scan.truth for scan in scene.scans]
    who = np.concatenate([moment.who for moment in moments])
    state = np.concatenate([moment.state for moment in moments])
    columns = _columns(state, _times(scene, [len(moment.who) for moment in moments]))
    names = np.array([f"target-{number}" for number in who.tolist()], object)
    return Truth.build(len(who), target_id=names, object_class=int(ObjectClass.UNKNOWN), **columns)


def tracks_of(scene: Scene, estimates: list[Estimate]) -> Tracks:
    """Return a tracker's estimates as confirmed tracks."""
    blocks = []
    for estimate in estimates:
        assert estimate.velocity is not None
        counts = scene.field.scored(estimate.place)
        state = np.concatenate([estimate.place, estimate.velocity], axis=1)[counts]
        blocks.append((estimate.track[counts], state))
    track = np.concatenate([own for own, _ in blocks])
    at_ns = _times(scene, [len(own) for own, _ in blocks])
    return Tracks.build(
        len(track),
        emitted_at_ns=at_ns,
        track_id=np.array([f"track-{number}" for number in track.tolist()], object),
        status=int(TrackStatus.CONFIRMED),
        existence_probability=1.0,
        **_columns(np.concatenate([state for _, state in blocks]), at_ns),
    )


def _times(scene: Scene, counts: list[int]) -> I64:
    at_ns = [T0_NS + round(scan.truth.at_s * NS) for scan in scene.scans[: len(counts)]]
    return np.repeat(np.array(at_ns, np.int64), counts)


def _columns(state: F64, at_ns: I64) -> dict[str, Any]:
    """Return time, geodetic position and velocity in the frame there, of (n, 2 d) states."""
    region, d = Region.at(ORIGIN), state.shape[1] // 2
    enu = np.zeros((2, len(state), 3))
    enu[0, :, :d], enu[1, :, :d] = state[:, :d], state[:, d:]
    latitude, longitude, height = region.to_geodetic(enu[0])
    own = region.local_rotation(latitude, longitude) @ enu[1][:, :, None]
    return {
        "measured_at_ns": at_ns,
        "latitude_deg": latitude,
        "longitude_deg": longitude,
        "height_wgs84_m": height,
        "velocity_east_mps": own[:, 0, 0],
        "velocity_north_mps": own[:, 1, 0],
        "velocity_up_mps": own[:, 2, 0],
    }
