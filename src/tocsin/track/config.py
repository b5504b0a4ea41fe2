"""What the tracker is told once: the site, and the models it believes in."""

from __future__ import annotations

from dataclasses import dataclass, field

from tocsin.contract import ObjectClass, Sensor
from tocsin.geo import Region
from tocsin.motion import SETS, ModelSet
from tocsin.track.detection import DetectionTable


@dataclass(frozen=True)
class TrackConfig:
    """Hold the site, the models and the limits; `docs/reference/tracking.md` gives the reasons.

    Args:
        region: frame of plots and tracks.
        sensors: the site's sensors; a plot's `sensor` is an index into them (at most 64).
        output_period_s: spacing of output instants, at whole multiples of it; None: one at each
            distinct plot time, for input that is scan-synchronous.
        changed_only: put out only the tracks that a look concerned since the last instant.
        lag: put out every instant a second time, at the next one, smoothed by what came between.
        associations: tell which plots went to which confirmed track.
        detection: how probably each sensor detects, by range, azimuth and height; None: with its
            own constant, all over its coverage.
        models: motion models; several: an interacting multiple-model filter.
        speed_std_mps: of each horizontal velocity component of a new track.
        climb_std_mps: of its vertical velocity.
        reported_speed_std_mps: of a velocity that a new track's plot reported.
        fast_speed_std_mps: of each velocity component of a new track that is too fast, by its range
            rate, or too high to fly: ballistic objects.
        high_m: what is surely higher than this is too high.
        fast_births: new objects of that kind for one of any other, in the same air.
        height_std_m: largest uncertainty of height: what flies is below some 12 km.
        life_s: mean time that an object stays in the air picture.
        birth_rate_pm3ps: new objects per m3 and second.
        air_depth_m: depth of the airspace, for plots without height.
        first_pm3: undetected objects per m3 before the first look; None: as many as appear and go
            away in balance.
        gate_probability: of a true plot to lie inside its track's gate.
        false_rate_span_mps: false plots' range rates lie anywhere in a span so wide.
        same_address_ratio: how much likelier the same address is than by accident.
        manoeuvre_std_mps2: horizontal acceleration of a confirmed track without a plot in its gate,
            if it manoeuvred as no model expects.
        manoeuvre_probability: that it did; 0: the models know all that an object can do.
        take_up_scale: factor on the covariance of a confirmed track whose own address is heard
            outside its gate.
        split_probability: of a second plot of one object in one revolution.
        least_ratio: pairs of track and plot with a smaller likelihood ratio are dropped.
        most_contested: rows of a cluster beyond which its least probable pairs are cut.
        most_hypotheses: of a cluster (K).
        cut_nats: hypotheses so far below the best are not looked for.
        least_weight: lighter hypotheses are dropped.
        most_nodes: branches of one search for hypotheses.
        recycle: contested or new tracks with less existence go back to the undetected.
        merge2: squared distance of members of hypotheses that are alike.
        near2: squared distance, plot noise included, of tracks that stay in one cluster.
        poisson_floor: smaller expected numbers of undetected objects are dropped.
        report_floor: weaker tentative tracks are not put out.
        confirm_probability: existence that confirms a track, with `confirm_plots`.
        confirm_plots: plots that confirm a track, with `confirm_probability`.
        firm_plots: until it has so many, a track stays confirmed only while it exists with
            `hold_probability`, and while the radars that know it have not missed it twice running.
        hold_probability: see `firm_plots`.
        end_probability: a confirmed track below it has ended: its number is not taken up again.
        report_probability: existence that puts a contested track out.
        report_cut2: cut-off of what is reported of contested tracks, squared, as a multiple of the
            plots' horizontal variance.
        silence_s: a track without plots ends after this, or after four of its intervals,
        longest_silence_s: but never later than this.
        contribution_s: how long a sensor counts as contributing after its plot.
        node_period_s: about how often nodes that give bearings listen.
        node_miss_share: of a node's detection probability that a track which only such nodes have
            heard is charged when the node, which could hear it, speaks of others only.
        max_bearings: capacity of bearings that wait for others to cross; older ones are dropped
            and counted.
        bin_s: plots and sectors are handled in bins of this length at fixed times, unless
            `output_period_s` is None.
        late_s: plots later than this behind the tracks are dropped and counted; a radar's may
            be a revolution later, people's `longest_silence_s`.
        max_kept: capacity of past rows that are kept to handle late plots in their order; beyond
            it, and
        most_redone: where more plots than these would have to be handled once more, late plots are
            used at their own time, but after what they belong before; counted.
        twin_period_s: how often tracks of one object are looked for.
        max_tracks: capacity; further births are dropped and counted.
        max_edges: capacity of track-plot pairs in one look; likewise.
        max_waiting: capacity of plots that wait for their look; likewise.
    """

    region: Region
    sensors: tuple[Sensor, ...]
    output_period_s: float | None = 1.0
    changed_only: bool = False
    lag: bool = False
    associations: bool = False
    detection: DetectionTable | None = field(default=None, compare=False, repr=False)
    models: ModelSet = SETS[ObjectClass.UNKNOWN]
    speed_std_mps: float = 120.0
    climb_std_mps: float = 15.0
    reported_speed_std_mps: float = 10.0
    fast_speed_std_mps: float = 900.0
    high_m: float = 15_000.0
    fast_births: float = 0.02
    height_std_m: float = 4000.0
    life_s: float = 1000.0
    birth_rate_pm3ps: float = 1e-16
    first_pm3: float | None = None
    air_depth_m: float = 12_000.0
    gate_probability: float = 0.9999
    false_rate_span_mps: float = 600.0
    same_address_ratio: float = 1e4
    manoeuvre_std_mps2: float = 20.0
    manoeuvre_probability: float = 0.01
    take_up_scale: float = 25.0
    split_probability: float = 0.02
    least_ratio: float = 1e-3
    most_contested: int = 12
    most_hypotheses: int = 20
    cut_nats: float = 8.0
    least_weight: float = 1e-3
    most_nodes: int = 20_000
    recycle: float = 0.1
    merge2: float = 1.0
    near2: float = 9.0
    poisson_floor: float = 1e-4
    report_floor: float = 0.1
    confirm_probability: float = 0.95
    confirm_plots: int = 2
    firm_plots: int = 6
    hold_probability: float = 0.8
    end_probability: float = 0.005
    report_probability: float = 0.4
    report_cut2: float = 50.0
    silence_s: float = 30.0
    longest_silence_s: float = 300.0
    contribution_s: float = 60.0
    node_period_s: float = 1.0
    node_miss_share: float = 0.5
    max_bearings: int = 2000
    bin_s: float = 0.5
    late_s: float = 10.0
    max_kept: int = 100_000
    most_redone: int = 50_000
    twin_period_s: float = 5.0
    max_tracks: int = 200_000
    max_edges: int = 2_000_000
    max_waiting: int = 2_000_000
