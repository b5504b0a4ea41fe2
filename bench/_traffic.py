"""One rotating radar on the round earth, straight flyers about it, its reports in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.random import Generator, Philox

from tocsin.contract import F64, NS, Looks, Origin, ReportKind, Reports, Sensor, SensorKind
from tocsin.geo import Region

REGION = Region.at(Origin(10.0, -40.0))
T0_NS = 1_900_000_000 * NS
PERIOD_S = 4.0
NAME = "radar"
_RANGE_M, _ANTENNA_M = 300_000.0, 50.0
_STD = np.array([50.0, 0.0015, 0.003])
_DETECTED = 0.9
_TURN_RAD = 2.0 * np.pi
_NEAREST_M, _HIGHEST_RAD = 1e3, 0.3


@dataclass(frozen=True)
class Traffic:
    """Say how much there is.

    Args:
        targets: in the air at any time.
        false_share: false plots per target and revolution.
        sectors: of a revolution.
        period_s: of a revolution.
        life_s: mean time after which a target is replaced by another; inf: never.
        seed: of everything.
    """

    targets: int
    false_share: float = 0.2
    sectors: int = 8
    period_s: float = PERIOD_S
    life_s: float = np.inf
    seed: int = 1

    @property
    def sensor(self) -> Sensor:
        """Return the radar as the rooms are told of it."""
        return Sensor(
            NAME,
            SensorKind.RADAR,
            REGION.origin.latitude_deg,
            REGION.origin.longitude_deg,
            _ANTENNA_M,
            range_m=_RANGE_M,
            period_s=self.period_s,
            detection_probability=_DETECTED,
            range_std_m=float(_STD[0]),
            azimuth_std_rad=float(_STD[1]),
            elevation_std_rad=float(_STD[2]),
            elevation_min_rad=-0.1,
            elevation_max_rad=1.5,
            false_plots_per_look=max(self.false_share * self.targets, 1e-3),
            earth_factor=1e6,
        )


class Sweep(NamedTuple):
    """Hold what the radar said of one sector, or of a whole revolution."""

    reports: Reports
    looks: Looks
    now_ns: int


def revolutions(traffic: Traffic, count: int) -> Iterator[Sweep]:
    """Yield the reports and sector marks of each revolution."""
    rng = Generator(Philox([traffic.seed, traffic.targets]))
    place, velocity = _flyers(rng, traffic.targets)
    for turn in range(count):
        begin_s = turn * traffic.period_s
        now_ns = T0_NS + round((begin_s + traffic.period_s) * NS)
        reports = _reports(_polar_rows(rng, place, traffic.false_share), traffic, begin_s)
        yield Sweep(reports, _looks(traffic, begin_s), now_ns)
        place = place + velocity * traffic.period_s
        gone = rng.random(len(place)) < traffic.period_s / traffic.life_s
        place[gone], velocity[gone] = _flyers(rng, int(gone.sum()))


def sectors(traffic: Traffic, count: int) -> Iterator[Sweep]:
    """Yield the same sector by sector, each as soon as it is swept."""
    for sweep in revolutions(traffic, count):
        ends = sweep.looks.end_ns
        edges = np.searchsorted(sweep.reports.measured_at_ns, ends, "right")
        for k, end in enumerate(edges.tolist()):
            first = int(edges[k - 1]) if k else 0
            rows, mark = slice(first, end), slice(k, k + 1)
            yield Sweep(sweep.reports.take(rows), sweep.looks.take(mark), int(ends[k]))


def _flyers(rng: Generator, count: int) -> tuple[F64, F64]:
    """Return positions and velocities."""
    r, azimuth = _RANGE_M * np.sqrt(rng.uniform(0.01, 0.8, count)), rng.uniform(0, _TURN_RAD, count)
    speed, way = rng.uniform(100, 250, count), rng.uniform(0, _TURN_RAD, count)
    height = rng.uniform(6e3, 12e3, count)
    place = np.stack([r * np.sin(azimuth), r * np.cos(azimuth), height], axis=1)
    return place, np.stack([speed * np.sin(way), speed * np.cos(way), 0 * way], axis=1)


def _polar_rows(rng: Generator, place: F64, false_share: float) -> F64:
    """Return noisy range, azimuth, elevation of positions and of false plots, by azimuth."""
    seen = place[rng.random(len(place)) < _DETECTED] - [0.0, 0.0, _ANTENNA_M]
    flat = np.hypot(seen[:, 0], seen[:, 1])
    azimuth = np.arctan2(seen[:, 0], seen[:, 1])
    true = np.stack([np.hypot(flat, seen[:, 2]), azimuth, np.arctan2(seen[:, 2], flat)], axis=1)
    true += rng.standard_normal(true.shape) * _STD
    low, high = [_NEAREST_M, 0.0, 0.0], [_RANGE_M, _TURN_RAD, _HIGHEST_RAD]
    false = rng.uniform(low, high, (rng.poisson(false_share * len(place)), 3))
    rows = np.concatenate([true, false])
    rows[:, 1] %= _TURN_RAD
    ordered: F64 = rows[np.argsort(rows[:, 1])]
    return ordered


def _reports(rows: F64, traffic: Traffic, begin_s: float) -> Reports:
    """Return one revolution's rows as reports, each at the beam's time."""
    swept_s = begin_s + traffic.period_s * rows[:, 1] / _TURN_RAD
    at_ns = T0_NS + np.round(swept_s * NS).astype(np.int64)
    return Reports.build(
        len(rows),
        measured_at_ns=at_ns,
        received_at_ns=at_ns,
        sensor_id=[NAME] * len(rows),
        sequence=np.arange(len(rows)),
        kind=int(ReportKind.PLOT),
        range_m=rows[:, 0],
        azimuth_rad=rows[:, 1],
        elevation_rad=rows[:, 2],
    )


def _looks(traffic: Traffic, begin_s: float) -> Looks:
    """Return one revolution's sector marks."""
    edge = np.arange(traffic.sectors + 1) / traffic.sectors
    at_ns = T0_NS + np.round((begin_s + traffic.period_s * edge) * NS).astype(np.int64)
    return Looks.build(
        traffic.sectors,
        sensor_id=[NAME] * traffic.sectors,
        start_ns=at_ns[:-1],
        end_ns=at_ns[1:],
        azimuth_from_rad=edge[:-1] * _TURN_RAD,
        azimuth_to_rad=edge[1:] * _TURN_RAD,
    )
