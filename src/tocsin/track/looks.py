"""What a radar swept, as sectors: from its marks, or inferred from its period.

Inference: a radar that turns evenly sees azimuth a at time t with ``a = 2 pi (t - phase) / T``.
The phase comes from the plots of the first revolution and follows them slowly afterwards; a sector
is complete once plots as late as that radar's usually are have come. Where plots of one revolution
all carry one time (scan-synchronous input), or show no phase, each time is one look all round.
"""

from __future__ import annotations

import numpy as np

from tocsin.contract import I64, NS, Bool, Looks, Plots, is_sorted
from tocsin.track.state import Rotation, Sector, TrackState

_TWO_PI = 2.0 * np.pi
WIDEST_RAD = np.pi / 4.0
_PARTS = 8
_STEADY = 0.8
_PHASE_GAIN = 0.3
_USUAL = 0.9
_CALMING = 0.1
_LATEST_AHEAD_NS = 5 * NS
_MOST_TURNS = 4


def credible(state: TrackState, looks: Looks, now_ns: int) -> Bool:
    """Return (n,) which looks may be true: not ahead of now, begun before their end, not endless.

    Args:
        state: the tracker, for the sensors' periods.
        looks: n of them, as they came.
        now_ns: present time; clocks of sensors may be five seconds ahead of it.
    """
    periods = {s.sensor_id: s.period_s for s in state.config.sensors}
    longest_s = np.array([_MOST_TURNS * periods.get(i, np.inf) for i in looks.sensor_id], float)
    length_s = (looks.end_ns - looks.start_ns) / NS
    said = np.isfinite(looks.azimuth_from_rad) & np.isfinite(looks.azimuth_to_rad)
    ahead = looks.end_ns > now_ns + _LATEST_AHEAD_NS
    return np.asarray(said & ~ahead & (length_s >= 0.0) & (length_s <= longest_s), bool)


def with_looks(state: TrackState, looks: Looks, now_ns: int) -> TrackState:
    """Return the state with the sectors that given looks, or inference, add."""
    index = {s.sensor_id: k for k, s in enumerate(state.config.sensors)}
    fit = credible(state, looks, now_ns)
    looks, refused = looks.take(fit), len(looks) - int(fit.sum())
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
            rotations[sector.sensor] = rotations[sector.sensor]._replace(marked=True)
    for sensor in np.flatnonzero(state.site.swept):
        rotation = rotations[sensor]
        if not rotation.marked:
            rotations[sensor], more = _infer(state, int(sensor), rotation, now_ns)
            sectors += more
    return state._replace(
        sectors=tuple(sectors),
        rotations=tuple(rotations),
        counters=state.counters.add(looks_refused=refused),
    )


def _sectors(looks: Looks, row: int, index: dict[str, int]) -> list[Sector]:
    """Return one look as sectors narrow enough for a straight edge."""
    sensor = index.get(looks.sensor_id[row], -1)
    start, end = int(looks.start_ns[row]), int(looks.end_ns[row])
    first = float(looks.azimuth_from_rad[row])
    width = float(looks.azimuth_to_rad[row]) - first
    width = min(width + _TWO_PI if width < 0.0 else width, _TWO_PI)
    if sensor < 0 or not width > 0.0:
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
    mine = state.waiting.take(state.waiting.sensor == sensor)
    period_ns = int(state.site.period_ns[sensor])
    if rotation.phase_ns < 0.0 and not rotation.snapshot:
        rotation = _first_phase(state, rotation, mine, period_ns, now_ns)
    if rotation.snapshot:
        return _snapshots(sensor, rotation, mine.measured_at_ns)
    if rotation.phase_ns < 0.0:
        return rotation, []
    return _turn(sensor, rotation, mine, period_ns, now_ns)


def _first_phase(
    state: TrackState, rotation: Rotation, plots: Plots, period_ns: int, now_ns: int
) -> Rotation:
    """Return the rotation once a whole revolution has come: turning evenly, or whole scans."""
    if len(plots) == 0:
        return rotation
    if state.config.output_period_s is None:
        return rotation._replace(snapshot=True)
    times = plots.measured_at_ns
    start_ns = int(times[0])
    first = plots.take(times < start_ns + period_ns)
    latency_ns = _latency_ns(first, period_ns)
    if now_ns < start_ns + period_ns + latency_ns:
        return rotation
    turn = _TWO_PI * ((first.measured_at_ns % period_ns) / period_ns) - first.azimuth_rad
    mean = complex(np.mean(np.exp(1j * turn)))
    # Times are rounded by formats: many plots to a time are no scan yet, all of them to one are.
    scan = len(first) > 1 and first.measured_at_ns[-1] == start_ns
    if scan or not abs(mean) > _STEADY:
        return rotation._replace(snapshot=True)
    phase_ns = float(np.angle(mean)) / _TWO_PI * period_ns % period_ns
    return rotation._replace(
        phase_ns=phase_ns,
        until_ns=start_ns,
        heard_ns=start_ns,
        latency_ns=latency_ns,
    )


def _latency_ns(plots: Plots, period_ns: int) -> int:
    """Return how late plots usually come, at most a revolution."""
    late_ns = plots.received_at_ns - plots.measured_at_ns
    usual = int(np.quantile(late_ns, _USUAL, method="higher"))
    return min(max(usual, 0), period_ns)


def _snapshots(sensor: int, rotation: Rotation, times: I64) -> tuple[Rotation, list[Sector]]:
    fresh = [int(t) for t in np.unique(times[times > rotation.until_ns])]
    sectors = [Sector(sensor, t, t, t, 0.0, _TWO_PI) for t in fresh]
    return rotation._replace(until_ns=max([rotation.until_ns, *fresh])), sectors


def _turn(
    sensor: int, rotation: Rotation, plots: Plots, period_ns: int, now_ns: int
) -> tuple[Rotation, list[Sector]]:
    length_ns, sectors = period_ns // _PARTS, []
    times = plots.measured_at_ns
    while rotation.until_ns + length_ns + rotation.latency_ns <= now_ns:
        begin_ns, end_ns = rotation.until_ns, rotation.until_ns + length_ns
        inside = plots.take((times >= begin_ns) & (times < end_ns))
        known_ns = end_ns + rotation.latency_ns
        first = _TWO_PI * ((begin_ns % period_ns) - rotation.phase_ns) / period_ns % _TWO_PI
        rotation = _followed(rotation, inside, period_ns, end_ns)
        # A radar of which nothing was heard for a revolution may be off: no misses then.
        if rotation.heard_ns > end_ns - period_ns:
            sectors.append(Sector(sensor, known_ns, begin_ns, end_ns, first, _TWO_PI / _PARTS))
    return rotation, sectors


def _followed(rotation: Rotation, plots: Plots, period_ns: int, end_ns: int) -> Rotation:
    """Return the rotation after one sector: phase and latency follow its plots."""
    rotation = rotation._replace(until_ns=end_ns)
    if len(plots) == 0:
        return rotation
    times = plots.measured_at_ns
    turned = _TWO_PI * (times % period_ns - rotation.phase_ns) / period_ns
    slip = float(np.angle(np.mean(np.exp(1j * (plots.azimuth_rad - turned)))))
    calmed = rotation.latency_ns - int(_CALMING * rotation.latency_ns)
    return rotation._replace(
        phase_ns=(rotation.phase_ns - _PHASE_GAIN * slip / _TWO_PI * period_ns) % period_ns,
        heard_ns=int(times[-1]),
        latency_ns=max(_latency_ns(plots, period_ns), calmed),
    )


def in_order(plots: Plots) -> Plots:
    """Return plots by (time, sensor, sequence); ties by what was measured, so never by chance."""
    position = plots.position_m
    place = (position[:, 2], position[:, 1], position[:, 0])
    keys = (*place, plots.sequence, plots.sensor, plots.measured_at_ns)
    return plots if is_sorted(*keys) else plots.take(np.lexsort(keys))
