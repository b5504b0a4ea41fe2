"""What sensors say on its way to the centre: late, twice, out of order, or never.

A report waits here until it is received. Its number (`sequence`) is the order of arrival from its
sensor; among reports that arrive together, the order of time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import I64, Looks, Objects, Reports
from tocsin.simulate.radar import Echoes


@dataclass(frozen=True, eq=False)
class Waiting:
    """Hold reports on their way, with what they came from, and looks on their way."""

    echoes: tuple[Echoes, ...] = ()
    looks: tuple[tuple[int, Looks], ...] = ()


@dataclass(frozen=True, eq=False)
class Arrived:
    """Hold what reached the centre in one tick, in order of time, sensor and sequence.

    Args:
        reports: numbered.
        source: (n,) row in the fleet of the object behind each, -1: nothing.
        others: (n,) rows of further objects that a plot stands for, as tuples or None; None: none.
        looks: what the radars swept.
        sequence: how many reports each sensor has sent so far.
    """

    reports: Reports
    source: I64
    others: Objects | None
    looks: Looks
    sequence: I64


def delivered(
    waiting: Waiting,
    fresh: list[Echoes],
    looks: list[tuple[int, Looks]],
    names: list[str],
    sequence: I64,
    now_ns: int,
) -> tuple[Waiting, Arrived]:
    """Return what is still on its way, and what has arrived by now.

    Args:
        waiting: what was on its way.
        fresh: what the sensors said in this tick; a receipt time of 0 means at the tick's end.
        looks: instants at which looks arrive, and the looks.
        names: of all sensors, in the site's order.
        sequence: (s,) how many reports each sensor has sent before.
        now_ns: end of the tick.
    """
    keep, here = [], []
    for echoes in [*waiting.echoes, *fresh]:
        if len(echoes.reports) == 0:
            continue
        late = echoes.reports.received_at_ns > now_ns
        if late.any():
            keep.append(echoes.take(np.flatnonzero(late)))
            echoes = echoes.take(np.flatnonzero(~late))
        if len(echoes.reports):
            here.append(echoes)
    rank = {name: number for number, name in enumerate(names)}
    here.sort(key=lambda echoes: rank[echoes.reports.sensor_id[0]])
    swept = [*waiting.looks, *looks]
    later = tuple(item for item in swept if item[0] > now_ns)
    now = Looks.concat([table for at_ns, table in swept if at_ns <= now_ns])
    arrived = _ordered(here, names, sequence, now, now_ns)
    return Waiting(tuple(keep), later), arrived


def _ordered(
    here: list[Echoes], names: list[str], sequence: I64, looks: Looks, now_ns: int
) -> Arrived:
    index = {name: number for number, name in enumerate(names)}
    ranks = np.array([index[echoes.reports.sensor_id[0]] for echoes in here], np.int64)
    rank = np.repeat(ranks, [len(echoes.reports) for echoes in here])
    source = np.concatenate([np.zeros(0, np.int64), *(echoes.source for echoes in here)])
    others = _others(here)
    reports = Reports.concat([echoes.reports for echoes in here])
    received = np.where(reports.received_at_ns == 0, now_ns, reports.received_at_ns)
    order = np.argsort(reports.measured_at_ns, kind="stable")  # ties stay in the sensors' order
    ranked = rank[order]
    number, counts = _numbers(ranked, received[order], sequence)
    if (np.diff(number)[np.diff(ranked) == 0] < 0).any():
        again = np.lexsort((number, ranked, reports.measured_at_ns[order]))
        order, number = order[again], number[again]
    numbered = reports.take(order).replace(received_at_ns=received[order], sequence=number)
    both = None if others is None else others[order]
    return Arrived(numbered.owned(), source[order], both, looks, counts)


def _others(here: list[Echoes]) -> Objects | None:
    """Return the further objects behind each report; None: no report has any."""
    if all(echoes.others is None for echoes in here):
        return None
    parts = [
        np.full(len(echoes.source), None, object) if echoes.others is None else echoes.others
        for echoes in here
    ]
    return np.concatenate(parts)


def _numbers(rank: NDArray[np.int64], received_ns: I64, sequence: I64) -> tuple[I64, I64]:
    """Return each report's number from its sensor, and how many each sensor has sent by now.

    Args:
        rank: (n,) the sensor's place among the sensors; rows in order of time.
        received_ns: (n,) when it arrived.
        sequence: (s,) how many each sensor had sent before.
    """
    short = rank.astype(np.int16)
    order = np.argsort(short, kind="stable")
    if len(received_ns) and (received_ns != received_ns[0]).any():
        order = np.lexsort((received_ns, short))
    count = np.bincount(rank, minlength=len(sequence))
    first = np.cumsum(count) - count
    number = np.empty(len(rank), np.int64)
    ordered = rank[order]
    number[order] = np.arange(len(rank)) - first[ordered] + sequence[ordered]
    return number, sequence + count
