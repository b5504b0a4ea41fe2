"""What the picture remembers between steps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from tocsin.contract import CLASS_COUNT, F64, I64, U32, Bool, Reports, Sensor, Tracks
from tocsin.picture.config import PictureConfig
from tocsin.picture.designate import Designations

RATE_BINS = 60


@dataclass(frozen=True, eq=False)
class Memory:
    """Hold what is known per live track, in ascending order of number.

    Args:
        number: (n,) track numbers.
        at_ns: (n,) when the row was made.
        evidence: (n, classes) log-likelihood of past motion, faded.
        bearing_mps: (n, 3) region velocity at `bearing_at_ns`, against which turns are measured.
        bearing_at_ns: (n,) when.
        hazardous: (n,) as last decided.
        radar_at_ns: (n,) when a radar last contributed; 0: never.
        alone_since_ns: (n,) since when a live radar should see it and none does; 0: not so.
        unheard_since_ns: (n,) since when a live receiver should hear it and none does; 0: not so.
        likely_plot_ns: (n,) its plot with which a hazard became likely; 0: none is.
    """

    number: U32
    at_ns: I64
    evidence: F64
    bearing_mps: F64
    bearing_at_ns: I64
    hazardous: Bool
    radar_at_ns: I64
    alone_since_ns: I64
    unheard_since_ns: I64
    likely_plot_ns: I64

    @classmethod
    def blank(cls, number: U32) -> Memory:
        """Return rows of which nothing is known."""
        count = len(number)
        zeros = np.zeros(count, np.int64)
        return cls(
            number,
            zeros,
            np.zeros((count, CLASS_COUNT)),
            np.zeros((count, 3)),
            zeros,
            np.zeros(count, bool),
            zeros,
            zeros,
            zeros,
            zeros,
        )

    def at(self, number: U32) -> Memory:
        """Return the rows of these ascending numbers; new ones are blank, others are forgotten."""
        if len(self.number) == 0 or len(number) == 0:
            return Memory.blank(number)
        row = np.minimum(np.searchsorted(self.number, number), len(self.number) - 1)
        known = self.number[row] == number
        blank = Memory.blank(number)

        def pick(mine: np.ndarray, none: np.ndarray) -> np.ndarray:
            shape = (-1,) + (1,) * (mine.ndim - 1)
            return np.where(known.reshape(shape), mine[row], none)

        return Memory(
            number,
            pick(self.at_ns, blank.at_ns),
            pick(self.evidence, blank.evidence),
            pick(self.bearing_mps, blank.bearing_mps),
            pick(self.bearing_at_ns, blank.bearing_at_ns),
            pick(self.hazardous, blank.hazardous),
            pick(self.radar_at_ns, blank.radar_at_ns),
            pick(self.alone_since_ns, blank.alone_since_ns),
            pick(self.unheard_since_ns, blank.unheard_since_ns),
            pick(self.likely_plot_ns, blank.likely_plot_ns),
        )


@dataclass(frozen=True, eq=False)
class External:
    """Hold the latest report per external track, ordered by sensor and the sensor's number.

    Args:
        reports: one row per track.
        numbers: (n,) display numbers.
        first_ns: (n,) time of the first report.
        next_number: of the next new track.
    """

    reports: Reports
    numbers: U32
    first_ns: I64
    next_number: int


EXTERNAL_NUMBERS = 0x8000_0000
"""Display numbers of external tracks start here, far from the tracker's own."""


@dataclass(frozen=True, eq=False)
class Names:
    """Hold callsigns by address, in ascending order of address."""

    address: U32
    callsign: np.ndarray
    heard_ns: I64


@dataclass(frozen=True, eq=False)
class Hearing:
    """Hold how each sensor was heard, in the order of the site's sensors.

    Args:
        started_ns: time of the first step; 0: none yet.
        listening_ns: since when steps follow one another without a pause.
        second: whole second that the newest bin counts.
        bins: (60, sensors) reports per second, bin ``second % 60``.
        heard_ns: (sensors,) time of the latest report; 0: never.
        reports: (sensors,) since start.
        faults: (sensors,) since start.
        lost: (sensors,) how many times it was lost.
        silent: (sensors,) whether the loss was told and not yet its end.
        blinded: per sensor, ids of zones of which the loss of coverage was told; None: none was.
        bearings: (sensors,) reports since start that are bearings alone; fewer: zero for the rest.
    """

    started_ns: int
    listening_ns: int
    second: int
    bins: I64
    heard_ns: I64
    reports: I64
    faults: I64
    lost: I64
    silent: Bool
    blinded: tuple[tuple[str, ...] | None, ...]
    bearings: I64 = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def blank(cls, sensors: int) -> Hearing:
        """Return a state in which nothing was heard."""
        zeros = np.zeros(sensors, np.int64)
        bins = np.zeros((RATE_BINS, sensors), np.int64)
        silent = np.zeros(sensors, bool)
        return cls(0, 0, 0, bins, zeros, zeros, zeros, zeros, silent, (None,) * sensors)

    def of(self, rows: list[int]) -> Hearing:
        """Return the state with these of its sensors; -1 is one of which nothing is known."""
        last = len(self.heard_ns)
        more, row = self.grown(last + 1), [last if r < 0 else r for r in rows]
        bearings = np.zeros(last + 1, np.int64)
        bearings[: len(self.bearings)] = self.bearings
        return Hearing(
            self.started_ns,
            self.listening_ns,
            self.second,
            more.bins[:, row],
            more.heard_ns[row],
            more.reports[row],
            more.faults[row],
            more.lost[row],
            more.silent[row],
            tuple(more.blinded[r] for r in row),
            bearings[row],
        )

    def grown(self, sensors: int) -> Hearing:
        """Return the state with room for sensors that were added at the end."""
        more = Hearing.blank(sensors - len(self.heard_ns))
        return Hearing(
            self.started_ns,
            self.listening_ns,
            self.second,
            np.concatenate([self.bins, more.bins], axis=1),
            np.concatenate([self.heard_ns, more.heard_ns]),
            np.concatenate([self.reports, more.reports]),
            np.concatenate([self.faults, more.faults]),
            np.concatenate([self.lost, more.lost]),
            np.concatenate([self.silent, more.silent]),
            self.blinded + more.blinded,
            self.bearings,
        )


@dataclass(frozen=True, eq=False)
class PictureState:
    """Hold everything that the next step depends on."""

    config: PictureConfig
    memory: Memory
    external: External
    names: Names
    hearing: Hearing
    designations: Designations
    """By track id, ascending."""
    shown: Tracks
    """Our tracks at the latest instant: they are the picture until the next."""
    shown_ns: int = 0


def start(config: PictureConfig) -> PictureState:
    """Return the state before the first step."""
    none, no_times = np.empty(0, np.uint32), np.empty(0, np.int64)
    return PictureState(
        config,
        Memory.blank(none),
        External(Reports.empty(), none, no_times, EXTERNAL_NUMBERS),
        Names(none, np.empty(0, object), no_times),
        Hearing.blank(len(config.sensors)),
        (),
        Tracks.empty(),
    )


def succeed(fresh: PictureState, former: PictureState) -> PictureState:
    """Return the state of another site's picture that goes on from a former one.

    Args:
        fresh: of the site now, just started.
        former: of the site before; what it knew of sensors that stay, of names, of others' tracks
            and of designations is kept; its own tracks are shown again with the next instant.
    """
    was = {sensor.sensor_id: s for s, sensor in enumerate(former.config.sensors)}
    row = [was.get(sensor.sensor_id, -1) for sensor in fresh.config.sensors]
    return replace(
        former,
        config=fresh.config,
        hearing=former.hearing.of(row),
        shown=fresh.shown,
        shown_ns=fresh.shown_ns,
    )


def with_sensors(state: PictureState, sensors: tuple[Sensor, ...]) -> PictureState:
    """Return the state with further sensors after those it has.

    Raises:
        ValueError: a sensor that it has is missing or moved.
    """
    known = [sensor.sensor_id for sensor in state.config.sensors]
    if [sensor.sensor_id for sensor in sensors[: len(known)]] != known:
        raise ValueError("sensors may only be added at the end")
    config = replace(state.config, sensors=sensors)
    return replace(state, config=config, hearing=state.hearing.grown(len(sensors)))
