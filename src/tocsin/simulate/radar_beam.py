"""Where a radar's beam is, and what it therefore looks at: turning, to and fro, or staring."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tocsin.contract import F64, NS, Looks
from tocsin.simulate.schema_sensors import Radar
from tocsin.simulate.sky import Sky

TURN = 2.0 * np.pi
_LEAST_S = 1e-9


def sweeps(radar: Radar, begin_s: float, tick_s: float) -> F64:
    """Return (k, 5) what the beam does in a tick, in order of time.

    Columns: first and last instant in seconds into the tick, azimuth at the first, signed rate,
    width covered. No row is more than one revolution, or more than one sweep over a sector. A
    radar that stares has a row of rate zero for each update.

    Args:
        radar: how it scans.
        begin_s: start of the tick, seconds since the scenario's start.
        tick_s: its length.
    """
    parts = {"rotating": _turning, "sector": _to_and_fro, "staring": _staring}
    rows = list(parts[radar.scan](radar, begin_s, tick_s))
    return np.array(rows, float).reshape(-1, 5)


def _turning(radar: Radar, begin_s: float, tick_s: float) -> Iterator[tuple[float, ...]]:
    rate = TURN / radar.period_s
    azimuth = np.mod(np.radians(radar.phase_deg) + TURN * (begin_s / radar.period_s), TURN)
    for first_s in np.arange(0.0, tick_s - _LEAST_S, radar.period_s):
        last_s = min(first_s + radar.period_s, tick_s)
        yield first_s, last_s, azimuth, rate, rate * (last_s - first_s)


def _to_and_fro(radar: Radar, begin_s: float, tick_s: float) -> Iterator[tuple[float, ...]]:
    """Yield the parts of sweeps over the sector; `period_s` is one sweep from edge to edge."""
    width, period_s = np.radians(radar.width_deg), radar.period_s
    ahead_s = begin_s + (radar.phase_deg / radar.width_deg) * period_s
    number, first_s = int(np.floor(ahead_s / period_s)), 0.0
    while first_s < tick_s - _LEAST_S:
        into_s = max(ahead_s + first_s - number * period_s, 0.0)
        last_s = min(first_s + period_s - into_s, tick_s)
        back = not radar.flyback and number % 2 == 1
        rate = width / period_s
        done = rate * into_s
        begin = np.radians(radar.azimuth_from_deg) + (width - done if back else done)
        if last_s - first_s > _LEAST_S:
            yield first_s, last_s, begin, -rate if back else rate, rate * (last_s - first_s)
        number, first_s = number + 1, last_s


def _staring(radar: Radar, begin_s: float, tick_s: float) -> Iterator[tuple[float, ...]]:
    offset_s = (radar.phase_deg / 360.0 % 1.0) * radar.period_s
    first = int(np.ceil((begin_s - offset_s) / radar.period_s - _LEAST_S))
    from_rad, width = np.radians(radar.azimuth_from_deg), np.radians(radar.width_deg)
    while (at_s := max(first * radar.period_s + offset_s - begin_s, 0.0)) < tick_s - _LEAST_S:
        yield at_s, at_s, from_rad, 0.0, width
        first += 1


def looks(radar: Radar, sky_: Sky, swept: F64) -> Looks:
    """Return one look for each sweep, its azimuths clockwise whichever way the beam went."""
    first_s, last_s, begin, rate, width = swept.T
    clockwise = np.where(rate < 0.0, begin - width, begin)
    return Looks.build(
        len(swept),
        sensor_id=radar.sensor_id,
        start_ns=sky_.start_ns + np.rint(first_s * NS).astype(np.int64),
        end_ns=sky_.start_ns + np.rint(last_s * NS).astype(np.int64),
        azimuth_from_rad=np.mod(clockwise, TURN),
        azimuth_to_rad=np.mod(clockwise, TURN) + width,
    )
