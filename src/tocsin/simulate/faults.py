"""How sensors fail: they are biased, keep wrong time, fall silent, repeat themselves, lose reports.

Faults change what a sensor says after it has been drawn as if all were well; so a fault of one
sensor changes nothing of another, and nothing in a report tells of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64, I64, NS, Looks, Reports
from tocsin.simulate.draws import Purpose, instants, normals, uniforms, words
from tocsin.simulate.radar import Echoes
from tocsin.simulate.schema_sensors import Fault

TURN = 2.0 * np.pi
STEEPEST = np.pi / 2.0


@dataclass(frozen=True)
class Moment:
    """Hold what faults need to know of a tick.

    Args:
        tick: its number.
        begin_s: its start, seconds since the scenario's.
        start_ns: its start, ns UTC.
        end_ns: its end.
        seed: of the scenario.
    """

    tick: int
    begin_s: float
    start_ns: int
    end_ns: int
    seed: int


@dataclass(frozen=True, eq=False)
class Memory:
    """Hold what a sensor that will freeze said in its last period, before faults.

    Args:
        begin_ns: when the period began.
        length_ns: of the period.
        echoes: what it said.
    """

    begin_ns: int
    length_ns: int
    echoes: tuple[Echoes, ...] = ()


def remembered(memory: Memory, echoes: Echoes, fault: Fault, moment: Moment) -> Memory:
    """Return the memory with what a sensor says now, if it is in the period before it freezes."""
    if moment.begin_s >= fault.from_s or moment.end_ns <= memory.begin_ns:
        return memory
    own = echoes.reports.measured_at_ns >= memory.begin_ns
    kept = echoes.take(np.flatnonzero(own))
    return Memory(memory.begin_ns, memory.length_ns, (*memory.echoes, kept))


def repeated(memory: Memory, fresh: Echoes, moment: Moment) -> Echoes:
    """Return what a frozen sensor says in a tick: its last period over again, about nothing.

    Args:
        memory: of that period.
        fresh: what it would have said; gives the table where there is nothing to say.
        moment: the tick.
    """
    parts = [fresh.reports.take(slice(0, 0))]
    for echoes in memory.echoes:
        measured = echoes.reports.measured_at_ns
        ahead = -(-(moment.start_ns - measured) // memory.length_ns)
        again = measured + ahead * memory.length_ns
        due = np.flatnonzero(again < moment.end_ns)
        parts.append(echoes.reports.take(due).replace(measured_at_ns=again[due]))
    reports = Reports.concat(parts)
    return Echoes(reports, np.full(len(reports), -1))


def failed(echoes: Echoes, fault: Fault, number: int, moment: Moment) -> Echoes:
    """Return what a sensor says while a fault lasts.

    Args:
        echoes: what it says otherwise.
        fault: what is wrong.
        number: of the fault in the scenario, so that two do not share their chances.
        moment: the tick.
    """
    key = _keys(echoes, fault, number, moment)
    chance = uniforms(key, Purpose.RECEIPT, moment.tick)
    reports = _stamped(_biased(echoes.reports, fault), fault, key, moment)
    reports = _delayed(reports, fault, chance, moment)
    kept = np.flatnonzero(chance[:, 0] >= fault.lost_share)
    twice = kept[chance[kept, 1] < fault.duplicate_share]
    rows = np.sort(np.concatenate([kept, twice])) if len(twice) else kept
    others = None if echoes.others is None else echoes.others[rows]
    return Echoes(reports.take(rows), echoes.source[rows], others)


def _keys(echoes: Echoes, fault: Fault, number: int, moment: Moment) -> np.ndarray:
    """Return (n, 2) words, one pair for each report of the tick."""
    base = words(moment.seed, "fault", fault.sensor, number)
    key = np.empty((len(echoes.source), 2), np.uint64)
    key[:, 0], key[:, 1] = base[0], instants(0, len(key)) + np.arange(len(key), dtype=np.uint64)
    key[:, 1] ^= base[1]
    return key


def _biased(reports: Reports, fault: Fault) -> Reports:
    if not fault.biased:
        return reports
    turned = reports.azimuth_rad + np.radians(fault.azimuth_offset_deg)
    raised = reports.elevation_rad + np.radians(fault.elevation_offset_deg)
    scaled = reports.range_m * (1.0 + fault.range_scale) + fault.range_offset_m
    return reports.replace(
        range_m=np.maximum(scaled, 1.0),
        azimuth_rad=np.mod(turned, TURN),
        elevation_rad=np.clip(raised, -STEEPEST, STEEPEST),
    )


def clock_error_ns(measured_ns: I64, fault: Fault, moment: Moment) -> I64:
    """Return by how much a sensor's clock is ahead at true instants, without jitter."""
    since_s = moment.begin_s - fault.from_s + (measured_ns - moment.start_ns) / NS
    ahead_s = fault.time_offset_s + 1e-6 * fault.time_drift_ppm * since_s
    return np.asarray(np.rint(ahead_s * NS), np.int64)


def _stamped(reports: Reports, fault: Fault, key: np.ndarray, moment: Moment) -> Reports:
    """Return the reports with the times that a wrong clock puts on them."""
    if not (fault.time_offset_s or fault.time_drift_ppm or fault.time_jitter_s):
        return reports
    ahead = clock_error_ns(reports.measured_at_ns, fault, moment)
    if fault.time_jitter_s:
        jitter_s = fault.time_jitter_s * normals(key, Purpose.STAMP, moment.tick)[:, 0]
        ahead = ahead + np.rint(jitter_s * NS).astype(np.int64)
    return reports.replace(measured_at_ns=reports.measured_at_ns + ahead)


def _delayed(reports: Reports, fault: Fault, chance: F64, moment: Moment) -> Reports:
    """Return the reports with the times at which they will be received."""
    if not (fault.delay_s or fault.delay_jitter_s or fault.reorder_share):
        return reports
    more_s = fault.delay_s - fault.delay_jitter_s * np.log(chance[:, 2])
    more_s = more_s + fault.reorder_s * (chance[:, 3] < fault.reorder_share)
    received = np.where(reports.received_at_ns == 0, moment.end_ns, reports.received_at_ns)
    return reports.replace(received_at_ns=received + np.rint(more_s * NS).astype(np.int64))


def failed_looks(arrives_ns: int, looks: Looks, fault: Fault, moment: Moment) -> tuple[int, Looks]:
    """Return a radar's sector marks while a fault lasts: as wrong, and as late, as its plots."""
    turned = np.radians(fault.azimuth_offset_deg)
    start = looks.start_ns + clock_error_ns(looks.start_ns, fault, moment)
    end = looks.end_ns + clock_error_ns(looks.end_ns, fault, moment)
    begin = np.mod(looks.azimuth_from_rad + turned, TURN)
    wide = looks.azimuth_to_rad - looks.azimuth_from_rad
    wrong = looks.replace(
        start_ns=start, end_ns=end, azimuth_from_rad=begin, azimuth_to_rad=begin + wide
    )
    return arrives_ns + round(fault.delay_s * NS), wrong
