"""What the tracker remembers between batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64, U32, Bool, Plots
from tocsin.track.config import TrackConfig
from tocsin.track.detection import DetectionTable
from tocsin.track.kernels_contest import Hypotheses, Mixture, Rules
from tocsin.track.kernels_sweep import FREED
from tocsin.track.past import Past


class Bank(NamedTuple):
    """Hold the rows: tracks, local hypotheses of contested tracks, and undetected objects.

    A row without existence is free: the next one that is needed takes its place. Kernels take the
    whole bank.

    Args:
        state: (n, M, 6) position then velocity under each motion model, region frame.
        cov: (n, M, 21) packed covariance.
        mode: (n, M) probability of each model.
        time_ns: (n,) time of state and covariance.
        looked: (n,) latest look that concerned it, see `TrackState.looked`.
        existence: (n,) probability; of a contested row within the hypotheses that hold it; of an
            undetected one the expected number of objects.
        weight: (n,) probability of the hypotheses that hold it; 1 outside of clusters.
        poisson: (n,) undetected objects: part of the Poisson intensity.
        cluster: (n,) contested: number in `TrackState.hypotheses`; -1 otherwise.
        address: (n,) Mode S address, -1 none.
        number: (n,) track number; 0: undetected, none yet.
        first_at_ns: (n,) first plot.
        last_plot_at_ns: (n,) latest plot.
        plots: (n,) plots taken so far.
        interval_s: (n,) learned time between plots.
        confirmed: (n,) whether it was ever confirmed.
        callsign: (n,) latest, its eight characters as one number (`named`); 0: none.
        heard_ns: (n, sensors) latest plot by sensor, 0 none.
        past_state: (n, L, 6) at the last output instant; L is 1 with a fixed lag, else 0.
        past_cov: (n, L, 21) likewise.
        past_ns: (n,) that instant, 0: none.
        twin: (n,) number of an older track that may be the same object, 0 none.
        twin_count: (n,) how often in a row it looked so.
    """

    state: F64
    cov: F64
    mode: F64
    time_ns: I64
    looked: I64
    existence: F64
    weight: F64
    poisson: Bool
    cluster: I64
    address: I64
    number: U32
    first_at_ns: I64
    last_plot_at_ns: I64
    plots: I64
    interval_s: F64
    confirmed: Bool
    callsign: I64
    heard_ns: I64
    past_state: F64
    past_cov: F64
    past_ns: I64
    twin: U32
    twin_count: I64

    @classmethod
    def empty(cls, count: int, sensors: int, models: int = 1, lag: int = 0) -> Bank:
        """Return ``count`` blank rows, with or without room for a past (lag 1 or 0)."""
        whole = np.zeros(count, np.int64)
        return cls(
            state=np.zeros((count, models, 6)),
            cov=np.zeros((count, models, 21)),
            mode=np.full((count, models), 1.0 / models),
            time_ns=whole.copy(),
            looked=whole.copy(),
            existence=np.zeros(count),
            weight=np.ones(count),
            poisson=np.zeros(count, bool),
            cluster=whole - 1,
            address=whole - 1,
            number=np.zeros(count, np.uint32),
            first_at_ns=whole.copy(),
            last_plot_at_ns=whole.copy(),
            plots=whole.copy(),
            interval_s=np.zeros(count),
            confirmed=np.zeros(count, bool),
            callsign=whole.copy(),
            heard_ns=np.zeros((count, sensors), np.int64),
            past_state=np.zeros((count, lag, 6)),
            past_cov=np.zeros((count, lag, 21)),
            past_ns=whole.copy(),
            twin=np.zeros(count, np.uint32),
            twin_count=whole.copy(),
        )

    @property
    def size(self) -> int:
        """Return the number of rows."""
        return len(self.number)

    @property
    def live(self) -> Bool:
        """Return (n,) which rows are not free."""
        return np.asarray(self.existence > 0.0)

    def free(self, rows: np.ndarray) -> None:
        """Free the chosen rows, in place."""
        self.existence[rows] = 0.0
        self.poisson[rows] = True
        self.confirmed[rows] = False
        self.cluster[rows] = -1
        self.number[rows] = 0
        self.looked[rows] = FREED

    def put(self, rows: np.ndarray, new: Bank) -> None:
        """Write new rows to the chosen places."""
        columns: tuple[np.ndarray, ...] = self
        for column, values in zip(columns, new, strict=True):
            column[rows] = values

    @property
    def body(self) -> Mixture:
        """Return the Gaussians as the kernels want them."""
        return Mixture(self.state, self.cov, self.mode)

    def take(self, rows: np.ndarray | slice) -> Bank:
        """Return the chosen rows, copied."""
        return Bank._make(column[rows] for column in self)

    def blank(self, count: int) -> Bank:
        """Return ``count`` free rows of the same kind."""
        return Bank.empty(
            count, self.heard_ns.shape[1], self.mode.shape[1], self.past_state.shape[1]
        )

    def copy(self) -> Bank:
        """Return a bank that may be changed in place."""
        return Bank._make(column.copy() for column in self)

    def join(self, *others: Bank) -> Bank:
        """Return the rows of all."""
        return Bank._make(map(np.concatenate, zip(self, *others, strict=True)))


def blank(config: TrackConfig, count: int) -> Bank:
    """Return ``count`` blank rows as a configuration wants them."""
    return Bank.empty(count, len(config.sensors), len(config.models.models), int(config.lag))


def no_hypotheses() -> Hypotheses:
    """Return the hypotheses of no cluster."""
    none = np.zeros(0, np.int64)
    return Hypotheses(
        np.zeros(1, np.int64), np.zeros(0), np.zeros(1, np.int64), none, np.zeros((0, 6))
    )


class Sector(NamedTuple):
    """Describe what one sensor swept without a pause.

    Args:
        sensor: index in the site's sensors.
        known_ns: when the sweep was known to be complete.
        start_ns: beam at the sector's beginning.
        end_ns: beam at its end.
        from_rad: the beginning, clockwise from true north.
        width_rad: 2 pi: a whole revolution at one instant.
    """

    sensor: int
    known_ns: int
    start_ns: int
    end_ns: int
    from_rad: float
    width_rad: float


class Heard(NamedTuple):
    """Keep bearings that no track explains, for those of other nodes to cross.

    Args:
        at_ns: (n,) when each was measured.
        sensor: (n,) by which node.
        bearings: (n, 18) see `kernels_bearing`.
        scale: (n,) probability that it is no track's, over the density of such bearings there.
    """

    at_ns: I64
    sensor: I64
    bearings: F64
    scale: F64

    @classmethod
    def none(cls) -> Heard:
        """Return no bearings."""
        whole = np.zeros(0, np.int64)
        return cls(whole, whole, np.zeros((0, 18)), np.zeros(0))

    def take(self, rows: np.ndarray | slice) -> Heard:
        """Return the chosen bearings."""
        return Heard(self.at_ns[rows], self.sensor[rows], self.bearings[rows], self.scale[rows])

    def join(self, more: Heard) -> Heard:
        """Return these and more after them."""
        return Heard(
            np.concatenate([self.at_ns, more.at_ns]),
            np.concatenate([self.sensor, more.sensor]),
            np.concatenate([self.bearings, more.bearings]),
            np.concatenate([self.scale, more.scale]),
        )


class Edge(NamedTuple):
    """Remember who was looked for near the end of a sensor's last sector.

    Args:
        end_ns: when that sector ended.
        number: (k,) tracks, ascending.
        looked: (k,) probability that they lay in what was swept so far; 1: their plot was found.
    """

    end_ns: int
    number: U32
    looked: F64


class Rotation(NamedTuple):
    """Know a radar's rotation, from its marks or from its plots.

    Args:
        marked: looks were given; nothing is inferred.
        phase_ns: inferred: time at which it passed north, modulo the period; -1 not yet known.
        snapshot: inferred: all plots of a revolution carry one time.
        until_ns: inferred: sectors were made up to here; 0 none.
        heard_ns: latest plot.
        latency_ns: inferred: how long after it was measured a plot usually comes.
    """

    marked: bool = False
    phase_ns: float = -1.0
    snapshot: bool = False
    until_ns: int = 0
    heard_ns: int = 0
    latency_ns: int = 0


class Counters(NamedTuple):
    """Count what happened, and what was dropped for want of room or time.

    Args:
        plots: taken in.
        looks: sectors processed.
        looks_refused: looks whose times cannot be.
        births: tracks started.
        contested: clusters of several tracks, or with several hypotheses.
        divided: clusters so large that their least probable pairs were cut.
        cut_short: clusters whose search for hypotheses was cut off.
        merged: tracks of one object united.
        late: plots dropped because they came too late.
        redone: plots handled once more because others came that belong before them.
        unordered: plots and looks that came late and were used after what they belong before.
        lookless: radar plots that no look contained.
        bearings: handled.
        crossed: tracks started where bearings of two nodes cross.
        bearings_overflow: bearings that waited for others' and were dropped.
        tracks_overflow: births dropped.
        edges_overflow: track-plot pairs dropped.
        waiting_overflow: waiting plots dropped.
    """

    plots: int = 0
    looks: int = 0
    looks_refused: int = 0
    births: int = 0
    contested: int = 0
    divided: int = 0
    cut_short: int = 0
    merged: int = 0
    late: int = 0
    redone: int = 0
    unordered: int = 0
    lookless: int = 0
    bearings: int = 0
    crossed: int = 0
    bearings_overflow: int = 0
    tracks_overflow: int = 0
    edges_overflow: int = 0
    waiting_overflow: int = 0

    def add(self, **more: int) -> Counters:
        """Return the counters with some of them raised."""
        return self._replace(**{name: getattr(self, name) + count for name, count in more.items()})


@dataclass(frozen=True, eq=False)
class Site:
    """Hold what never changes, as the kernels want it.

    Args:
        place: (sensors, 19) see `kernels_view.view`.
        located: (sensors,) whether the sensor's place is known.
        swept: (sensors,) radars: misses count.
        hit: (sensors,) detection probability.
        detection: the same by range, azimuth and height; without any, the same everywhere.
        period_ns: (sensors,) revolution, or longest normal silence.
        patience_ns: (sensors,) how late a plot may come.
        gates: see `kernels_gate.pair_up`.
        ends: see `kernels_sweep.over`.
        judged: see `kernels_rows.judge`.
        spread: see `kernels_rows.new_objects`.
        manoeuvre: see `kernels_gate.pair_up`.
        angle_gates: see `kernels_bearing.correct`.
        cells: by sensor: (3,) of resolution in range (m), azimuth and elevation (rad), NaN: however
            far apart; (0,): it tells all targets apart.
        slowness: (sensors,) s/m of what a node hears; 0: it comes at once.
        rules: what the kernels are told of models and hypotheses.
    """

    place: F64
    located: Bool
    swept: Bool
    hit: F64
    detection: DetectionTable
    period_ns: I64
    patience_ns: I64
    gates: F64
    ends: F64
    judged: F64
    spread: F64
    manoeuvre: F64
    angle_gates: F64
    cells: tuple[F64, ...]
    slowness: F64
    rules: Rules


class TrackState(NamedTuple):
    """Hold the tracker between two batches.

    Args:
        config: the site, models and limits.
        site: the same, as the kernels want it.
        bank: live rows.
        hypotheses: over the contested rows of the bank.
        undetected_pm3: (sensors, azimuths) objects per m3 that nobody has detected, when a sensor
            last swept there.
        undetected_at_ns: (sensors, azimuths) when that was; 0: never.
        waiting: plots whose look is not complete.
        sectors: sectors that are not complete.
        edges: by sensor: what the last sector left to the next.
        rotations: by sensor.
        looked: looks handled so far.
        moved: how often rows have moved.
        next_number: of the next track.
        next_output_ns: next output instant; 0: none yet.
        shown: looks handled at the latest output instant.
        last_output_ns: latest one, with tracks or without; 0: none yet.
        next_twins_ns: next search for tracks of one object.
        heard: bearings that no track explains.
        counters: what happened.
        past: what was handled lately, to handle it once more when plots come late.
        away: by sensor, see `kernels_sweep.sweep`: only spares time.
    """

    config: TrackConfig
    site: Site
    bank: Bank
    undetected_pm3: F64
    undetected_at_ns: I64
    hypotheses: Hypotheses
    waiting: Plots
    edges: tuple[Edge, ...]
    rotations: tuple[Rotation, ...]
    heard: Heard
    away: dict[int, F64]
    sectors: tuple[Sector, ...] = ()
    looked: int = 0
    moved: int = 0
    next_number: int = 1
    next_output_ns: int = 0
    shown: int = 0
    last_output_ns: int = 0
    next_twins_ns: int = 0
    counters: Counters = Counters()
    past: Past = Past()

    @property
    def inferred_looks(self) -> tuple[str, ...]:
        """Return the radars whose looks are inferred from their period."""
        pairs = zip(self.config.sensors, self.rotations, strict=True)
        return tuple(s.sensor_id for s, r in pairs if r.until_ns and not r.marked)


class Group(NamedTuple):
    """Hold plots that are handled together, and the sector they come from.

    Args:
        at_ns: when the group was complete: groups are handled in this order.
        sensor: index in the site's sensors.
        sector: None: nobody can have been missed.
        plots: in time order.
    """

    at_ns: int
    sensor: int
    sector: Sector | None
    plots: Plots


class Picture(NamedTuple):
    """Hold plots of one group as the kernels want them.

    Args:
        position_m: (m, 3).
        cov: (m, 6) packed.
        time_ns: (m,).
        dimension: (m,).
        address: (m,) -1 none.
        birth: (m,) density of detected new objects there, in the open.
        false_density: (m,) density of false plots there.
        callsign: (m,) eight characters as one number (`named`), 0: none.
        rate: (m, 9) range rate and its variance; a rate of NaN: none. Of a plot that has a range
            and no height, the range, its variance, the variance of the azimuth, that along the arc
            of both by what is assumed of heights, and the horizontal unit vector across the line of
            sight (3); else NaN.
        sensor_m: (6,) place of the sensor, and its vertical.
        false_rate_density: of the range rates of false plots.
        fast: (m,) whether it is surely of something that falls: too high or too fast to fly.
    """

    position_m: F64
    cov: F64
    time_ns: I64
    dimension: np.ndarray
    address: I64
    birth: F64
    false_density: F64
    callsign: I64
    rate: F64
    sensor_m: F64
    false_rate_density: float
    fast: Bool


class Pairs(NamedTuple):
    """Hold row-plot pairs inside the gates, by row.

    Args:
        rows: (k,) rows of the bank.
        start: (k + 1,) first pair of each row.
        plot: plot of each pair.
        value: likelihood ratio to "no plot"; of undetected rows the plot's density.
        overflow: pairs left out.
    """

    rows: I64
    start: I64
    plot: I64
    value: F64
    overflow: int


class Seen(NamedTuple):
    """Say what one look means for the rows that it concerns.

    Args:
        rows: (k,) tracks.
        chances: (k, 4) see `kernels_sweep.sweep`.
        dark: (h,) rows of undetected objects.
        dark_chances: (h, 4) likewise.
        free: some free rows.
        live: rows that are not free.
    """

    rows: I64
    chances: F64
    dark: I64
    dark_chances: F64
    free: I64
    live: int


class New(NamedTuple):
    """Say what may be new at each plot of a look.

    Args:
        density: (m,) of detected new objects.
        rest: (m,) of all that is no track's.
        first: (m,) undetected row that adds most to the new ones, -1: the open.
    """

    density: F64
    rest: F64
    first: I64

    @property
    def chance(self) -> F64:
        """Return (m,) the existence of a new object at each plot that is no track's."""
        return np.asarray(self.density / self.rest)


_CALLSIGN = "S8"


def named(names: np.ndarray) -> I64:
    """Return callsigns, None where there is none, each as one number: 0 none."""
    numbers = np.zeros(len(names), np.int64)
    there = np.flatnonzero(names != np.array(None))
    if len(there):
        text = [str(names[j]).encode("ascii", "replace") for j in there]
        numbers[there] = np.array(text, _CALLSIGN).view(np.int64)
    return numbers


def names_of(numbers: I64) -> np.ndarray:
    """Return what `named` made numbers of."""
    names = np.full(len(numbers), None, object)
    for i in np.flatnonzero(numbers):
        names[i] = numbers[i : i + 1].view(_CALLSIGN)[0].decode("ascii")
    return names
