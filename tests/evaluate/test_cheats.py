"""A real run ranks between its oracle and both follies; each cheat moves one named score.

The run is the first minutes of the demo with its radars alone, worked by the pipeline.
"""

from typing import NamedTuple

import numpy as np
import pytest

from tocsin import evaluate, plots, simulate
from tocsin.contract import (
    NS,
    Faults,
    OperatorActions,
    Origins,
    Plots,
    Reports,
    Tracks,
    TrackStatus,
    Truth,
)
from tocsin.evaluate import TrackScoring
from tocsin.evaluate.distance import distance
from tocsin.evaluate.scene import scene
from tocsin.geo import Region
from tocsin.run.pipeline import Pipeline, PipelineConfig
from tocsin.run.simulated import choose

MINUTES = 4.0
CONFIG = TrackScoring(cutoff_m=1_000.0, end_within_s=30.0)


class Run(NamedTuple):
    """What a run gave, and what its oracle makes of the same plots."""

    region: Region
    truth: Truth
    plots: Plots
    ours: Tracks
    oracle: Tracks

    def score(self, tracks: Tracks, config: TrackScoring = CONFIG) -> dict:
        return evaluate.score_tracks(self.truth, tracks, self.region.origin, config)

    def ratio(self, tracks: Tracks) -> float:
        """How much larger the errors are than the oracle's."""
        worlds = [
            scene(self.truth, some, self.region.origin, CONFIG, None, None)
            for some in (tracks, self.oracle)
        ]
        return float(distance(*worlds)["position_ratio"])


@pytest.fixture(scope="module")
def run() -> Run:
    scenario = choose(None, minutes=MINUTES, without_sensors=("adsb-1", "adsb-2"))
    region = scenario.region
    pipeline = Pipeline(PipelineConfig(region.origin, scenario.sensors, scenario.zones))
    steps = list(simulate.steps(scenario))
    nothing = (Faults.empty(), OperatorActions.empty())
    ours = [pipeline.work(s.reports, s.looks, *nothing, s.now_ns).tracks for s in steps]
    reports = Reports.concat([s.reports for s in steps])
    origins = Origins.concat([s.origins for s in steps]).target_id
    numbered = reports.replace(
        sequence=np.arange(len(reports)), received_at_ns=reports.measured_at_ns
    )
    config = plots.PlotsConfig(region, scenario.sensors)
    located = plots.step(plots.start(config), numbered, steps[-1].now_ns)[1].plots
    truth = Truth.concat([s.truth for s in steps])
    at_ns = evaluate.instants(truth, Tracks.empty(), CONFIG)
    site = evaluate.OracleSite.of(scenario.sensors, region)
    names = origins[located.sequence]
    oracle = evaluate.known_association(truth, located, names, at_ns, region, site=site)
    tracks = Tracks.concat(ours)
    live = np.isin(tracks.status, (TrackStatus.CONFIRMED, TrackStatus.COASTING))
    return Run(region, truth, located, tracks.take(live), oracle)


@pytest.fixture(scope="module")
def honest(run: Run) -> dict:
    return run.score(run.ours)


def everything(run: Run) -> Tracks:
    """Each plot a confirmed track of its own."""
    lat, lon, height = run.region.to_geodetic(run.plots.position_m)
    second = -(-run.plots.measured_at_ns // NS) * NS
    tracks = Tracks.build(
        len(run.plots),
        measured_at_ns=second,
        emitted_at_ns=second,
        track_id=[f"P{k}" for k in range(len(run.plots))],
        status=int(TrackStatus.CONFIRMED),
        latitude_deg=lat,
        longitude_deg=lon,
        height_wgs84_m=height,
        velocity_east_mps=0.0,
        velocity_north_mps=0.0,
        velocity_up_mps=0.0,
        state_cov_m_mps=np.tile(np.eye(6)[np.triu_indices(6)], (len(run.plots), 1)),
    )
    return tracks.sorted_by("measured_at_ns", "track_id")


def exact(truth: Truth, **columns: object) -> Tracks:
    """What only hindsight knows: the truth itself, as a track from its first instant on."""
    axes = ("latitude_deg", "longitude_deg", "height_wgs84_m")
    shared = ("measured_at_ns", *axes, *(f"velocity_{way}_mps" for way in ("east", "north", "up")))
    return Tracks.build(
        len(truth),
        **{name: getattr(truth, name) for name in shared},
        track_id=truth.target_id,
        status=int(TrackStatus.CONFIRMED),
        state_cov_m_mps=np.tile(np.eye(6)[np.triu_indices(6)], (len(truth), 1)),
        **columns,
    )


def test_oracle_then_ours_then_nothing_and_everything(run: Run, honest: dict) -> None:
    oracle, nothing, all_ = (run.score(t) for t in (run.oracle, Tracks.empty(), everything(run)))
    for key in ("gospa_m", "ospa_m", "ospa2_m"):
        assert oracle[key] < 0.9 * honest[key]
        assert honest[key] < 0.75 * nothing[key]
        assert honest[key] < 0.75 * all_[key]
    assert oracle["completeness"] > honest["completeness"] > nothing["completeness"] == 0.0
    # Over the moments that both hold an object: ours holds fewer of the hard ones.
    assert 1.0 < run.ratio(run.ours) < 2.0
    assert honest["position_rmse_m"] < 0.75 * all_["position_rmse_m"]
    assert all_["identity_switches"] > 10 * honest["identity_switches"] > 0
    assert all_["siap"]["spuriousness"] > honest["siap"]["spuriousness"] + 0.5


def test_use_of_future_data_is_late_or_better_than_can_be(run: Run, honest: dict) -> None:
    """Told when it was known, hindsight is late; backdated, it beats the oracle, as nobody can."""
    when = run.truth.measured_at_ns
    told = run.score(exact(run.truth, emitted_at_ns=when + 60 * NS))
    assert told["completeness"] < honest["completeness"] - 0.1
    assert told["latency_p50_s"] == 60.0 > honest["latency_p50_s"] + 30.0
    assert run.ratio(run.ours) > 1.0
    assert run.ratio(exact(run.truth, emitted_at_ns=when)) < 0.5


def test_rows_put_out_before_their_time_gain_nothing(run: Run, honest: dict) -> None:
    early = run.ours.replace(emitted_at_ns=run.ours.measured_at_ns - 30 * NS)
    assert run.score(early)["gospa_m"] == honest["gospa_m"]


def test_duplicated_tracks(run: Run, honest: dict) -> None:
    twins = run.ours.replace(track_id=[f"again {name}" for name in run.ours.track_id])
    found = run.score(Tracks.concat([run.ours, twins]).sorted_by("measured_at_ns", "track_id"))
    assert honest["redundant_track_share"] < 0.1
    assert found["redundant_track_share"] > 0.45
    assert found["siap"]["ambiguity"] > 1.9 > 1.2 > honest["siap"]["ambiguity"]
    assert found["gospa_false_m"] > 2.0 * honest["gospa_false_m"]


def test_identities_swapped(run: Run, honest: dict) -> None:
    """Every 60 s all names are dealt anew among the tracks: places stay as good as they were."""
    names = np.unique(run.ours.track_id.astype(str))
    turn = (run.ours.measured_at_ns - run.ours.measured_at_ns[0]) // (60 * NS)
    place = (np.searchsorted(names, run.ours.track_id.astype(str)) + turn) % len(names)
    found = run.score(run.ours.replace(track_id=names[place]))
    assert found["gospa_m"] == pytest.approx(honest["gospa_m"], rel=1e-9)
    assert found["identity_switches"] > honest["identity_switches"] + 0.8 * 3 * honest["targets"]
    assert found["ospa2_m"] > 1.1 * honest["ospa2_m"]
    assert found["siap"]["longest_track_segment"] < 0.5 * honest["siap"]["longest_track_segment"]


def test_tracks_that_never_end(run: Run, honest: dict) -> None:
    """Half of the objects are gone halfway; one tracker lets their tracks go on."""
    half = int(run.truth.measured_at_ns.mean())
    names = np.unique(run.truth.target_id.astype(str))
    gone = np.isin(run.truth.target_id.astype(str), names[::2])
    rest = run._replace(truth=run.truth.take(~gone | (run.truth.measured_at_ns < half)))
    lingering = exact(run.truth, emitted_at_ns=run.truth.measured_at_ns)
    ended = exact(rest.truth, emitted_at_ns=rest.truth.measured_at_ns)
    fair, found = rest.score(ended), rest.score(lingering)
    assert (fair["never_ended"], fair["false_tracks"]) == (0, 0)
    assert fair["time_to_end_p95_s"] == 0.0
    assert found["never_ended"] > 0.3 * honest["targets"]
    assert found["false_tracks"] >= found["never_ended"]
    assert found["time_to_end_p95_s"] is None
    assert found["siap"]["spuriousness"] > fair["siap"]["spuriousness"] + 0.1


def test_emitted_late(run: Run, honest: dict) -> None:
    late = run.score(run.ours.replace(emitted_at_ns=run.ours.emitted_at_ns + 20 * NS))
    assert late["latency_p50_s"] == honest["latency_p50_s"] + 20.0
    assert late["completeness"] < honest["completeness"] - 0.03
    assert late["position_rmse_m"] > 1.3 * honest["position_rmse_m"]


@pytest.mark.parametrize(("factor", "below"), [(100.0, True), (0.01, False)])
def test_covariances_inflated_and_deflated(
    run: Run, honest: dict, factor: float, below: bool
) -> None:
    found = run.score(run.ours.replace(state_cov_m_mps=run.ours.state_cov_m_mps * factor))
    assert found["nees_mean"] == pytest.approx(honest["nees_mean"] / factor, rel=1e-9)
    assert (found["nees_mean"] < found["nees_mean_low"]) == below
    assert (found["nees_mean"] > found["nees_mean_high"]) == (not below)
    assert found["nees_share_in_95"] < 0.5 * honest["nees_share_in_95"]
    bad = [mean < 0.5 if below else mean > 2.0 for mean in found["nees_by_axis"].values()]
    assert all(bad)
    assert found["gospa_m"] == honest["gospa_m"]


def test_covariances_that_are_none(run: Run, honest: dict) -> None:
    found = run.score(run.ours.replace(state_cov_m_mps=-run.ours.state_cov_m_mps))
    assert found["unusable_covariances"] > 0.9 * sum(honest["series"]["matched"])
    assert found["nees_mean"] is None
