"""What a radar swept, as sectors: from its marks, or inferred from its period.

Inference: a radar that turns evenly sees azimuth a at time t with ``a = 2 pi (t - phase) / T``.
The phase comes from the plots of the first revolution and follows them slowly afterwards. Where
plots of one revolution all carry one time (scan-synchronous input), each such time is one look
all round.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from tocsin.contract import F64, I64, Looks, Plots
from tocsin.track.state import Rotation, Sector, TrackState

_TWO_PI = 2.0 * np.pi
WIDEST_RAD = np.pi / 4.0
_PARTS = 8
_STEADY = 0.8
_PHASE_GAIN = 0.3


def with_looks(state: TrackState, looks: Looks, now_ns: int) -> TrackState:
    """Return the state with the sectors that given looks, or inference, add."""
    index = {s.sensor_id: k for k, s in enumerate(state.config.sensors)}
    given = [s for row in range(len(looks)) for s in _sectors(looks, row, index)]
    given = [s for s in given if state.site.swept[s.sensor]]
    given.sort(key=lambda s: (s.sensor, s.end_ns, s.start_ns))
    rotations, sectors = list(state.rotations), list(state.sectors)
    last_ns = [edge.end_ns for edge in state.edges]
    for sector in state.sectors:
        last_ns[sector.sensor] = max(last_ns[sector.sensor], sector.end_ns)
    for sector in given:
        # The second network's copy of a mark ends no later than what is known already.
        if sector.end_ns > last_ns[sector.sensor]:
            last_ns[sector.sensor] = sector.end_ns
            sectors.append(sector)
        if not rotations[sector.sensor].marked:
            rotations[sector.sensor] = dataclasses.replace(rotations[sector.sensor], marked=True)
    for sensor in np.flatnonzero(state.site.swept):
        rotation = rotations[sensor]
        if not rotation.marked:
            rotations[sensor], more = _infer(state, int(sensor), rotation, now_ns)
            sectors += more
    return dataclasses.replace(state, sectors=tuple(sectors), rotations=tuple(rotations))


def _sectors(looks: Looks, row: int, index: dict[str, int]) -> list[Sector]:
    """Return one look as sectors narrow enough for a straight edge."""
    sensor = index.get(looks.sensor_id[row], -1)
    start, end = int(looks.start_ns[row]), int(looks.end_ns[row])
    first = float(looks.azimuth_from_rad[row])
    width = float(looks.azimuth_to_rad[row]) - first
    width = min(width + _TWO_PI if width < 0.0 else width, _TWO_PI)
    if sensor < 0 or end < start or not width > 0.0:
        return []
    parts = max(1, int(np.ceil(width / WIDEST_RAD - 1e-6))) if end > start else 1
    bounds = [start + (end - start) * k // parts for k in range(parts + 1)]
    return [
        Sector(sensor, end, bounds[k], bounds[k + 1], first + width * k / parts, width / parts)
        for k in range(parts)
    ]


def _infer(
    state: TrackState, sensor: int, rotation: Rotation, now_ns: int
) -> tuple[Rotation, list[Sector]]:
    own = state.waiting.sensor == sensor
    times, azimuth_rad = state.waiting.measured_at_ns[own], state.waiting.azimuth_rad[own]
    period_ns = int(state.site.period_ns[sensor])
    if rotation.phase_ns < 0.0 and not rotation.snapshot:
        rotation = _first_phase(state, rotation, times, azimuth_rad, period_ns, now_ns)
    if rotation.snapshot:
        return _snapshots(sensor, rotation, times)
    if rotation.phase_ns < 0.0:
        return rotation, []
    return _turn(sensor, rotation, times, azimuth_rad, period_ns, now_ns)


def _first_phase(
    state: TrackState,
    rotation: Rotation,
    times: I64,
    azimuth_rad: F64,
    period_ns: int,
    now_ns: int,
) -> Rotation:
    if len(times) == 0:
        return rotation
    if state.config.output_period_s is None:
        return dataclasses.replace(rotation, snapshot=True)
    if now_ns < times[0] + period_ns:
        return rotation
    first = times < times[0] + period_ns
    turn = _TWO_PI * ((times % period_ns) / period_ns) - azimuth_rad
    mean = complex(np.mean(np.exp(1j * turn[first])))
    together = len(np.unique(times[first])) * 2 < int(first.sum())
    if together or not abs(mean) > _STEADY:
        return dataclasses.replace(rotation, snapshot=True)
    phase_ns = float(np.angle(mean)) / _TWO_PI * period_ns % period_ns
    start_ns = int(times[0])
    return dataclasses.replace(rotation, phase_ns=phase_ns, until_ns=start_ns, heard_ns=start_ns)


def _snapshots(sensor: int, rotation: Rotation, times: I64) -> tuple[Rotation, list[Sector]]:
    fresh = [int(t) for t in np.unique(times[times > rotation.until_ns])]
    sectors = [Sector(sensor, t, t, t, 0.0, _TWO_PI) for t in fresh]
    return dataclasses.replace(rotation, until_ns=max([rotation.until_ns, *fresh])), sectors


def _turn(
    sensor: int, rotation: Rotation, times: I64, azimuth_rad: F64, period_ns: int, now_ns: int
) -> tuple[Rotation, list[Sector]]:
    length_ns, sectors = period_ns // _PARTS, []
    until_ns, heard_ns, phase_ns = rotation.until_ns, rotation.heard_ns, rotation.phase_ns
    while until_ns + length_ns <= now_ns:
        end_ns = until_ns + length_ns
        inside = (times >= until_ns) & (times < end_ns)
        if inside.any():
            heard_ns = int(times[inside][-1])
        # A radar of which nothing was heard for a revolution may be off: no misses then.
        if heard_ns > end_ns - period_ns:
            first = _TWO_PI * ((until_ns % period_ns) - phase_ns) / period_ns % _TWO_PI
            sectors.append(Sector(sensor, end_ns, until_ns, end_ns, first, _TWO_PI / _PARTS))
        if inside.any():
            ahead = (
                azimuth_rad[inside] - _TWO_PI * (times[inside] % period_ns - phase_ns) / period_ns
            )
            slip = float(np.angle(np.mean(np.exp(1j * ahead))))
            phase_ns = (phase_ns - _PHASE_GAIN * slip / _TWO_PI * period_ns) % period_ns
        until_ns = end_ns
    rotation = dataclasses.replace(
        rotation, until_ns=until_ns, heard_ns=heard_ns, phase_ns=phase_ns
    )
    return rotation, sectors


def in_order(plots: Plots) -> Plots:
    """Return plots by (time, sensor, sequence); ties by what was measured, so never by chance."""
    if len(plots) < 2:
        return plots
    position = plots.position_m
    keys = (position[:, 2], position[:, 1], position[:, 0], plots.sequence, plots.sensor)
    return plots.take(np.lexsort((*keys, plots.measured_at_ns)))
