"""Settings of the scores; `docs/reference/scores.md` says what each does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.contract import ObjectClass


@dataclass(frozen=True)
class TrackScoring:
    """Set how tracks are scored.

    Args:
        cutoff_m: distance c beyond which a track is of no truth; 2 km suits radar over a region.
        order: exponent p of GOSPA.
        dimension: 2 scores the place on the ellipsoid and the horizontal velocity; 3 all.
        period_s: step between scored instants.
        hysteresis_m: how much worse a kept pair may be than another before it is given up.
        hold_s: longest time that the last output instant stands when nothing follows.
        gap_s: longest gap between truth rows that is interpolated.
        false_after_s: time beyond the cut-off of any truth that makes a track a false one.
        end_within_s: a target is asked for the end of its track only when gone for so long.
        ospa2_window_s: length of the windows of OSPA(2).
    """

    cutoff_m: float = 2_000.0
    order: float = 2.0
    dimension: int = 2
    period_s: float = 1.0
    hysteresis_m: float = 200.0
    hold_s: float = 10.0
    gap_s: float = 15.0
    false_after_s: float = 10.0
    end_within_s: float = 60.0
    ospa2_window_s: float = 60.0


@dataclass(frozen=True)
class WarningScoring:
    """Set how warnings are scored.

    Args:
        minute_s: length of the cells of zone x minute x class.
        event_gap_s: effects on one zone no further apart than this are one event.
        soon_s: an effect within this time after a clear makes the clear premature, and an alert
            within this time after a clear is a re-alert.
        oracle_detections: detection of an object from which on the oracle knows it; three are the
            least that a careful tracker waits for.
        radii_m: distances of the fixed-radius baselines.
        radius_period_s: for how long a zone near a hazardous track stays in alarm there.
        radius_cell_m: to what the places of tracks are rounded there.
    """

    minute_s: float = 60.0
    event_gap_s: float = 600.0
    soon_s: float = 1_800.0
    oracle_detections: int = 3
    radii_m: tuple[float, ...] = (30_000.0, 50_000.0)
    radius_period_s: float = 10.0
    radius_cell_m: float = 500.0


@dataclass(frozen=True)
class ForecastScoring:
    """Set how forecasts are verified.

    Args:
        minute_s: length of the cells of zone x minute.
        bins: of the reliability diagram, of equal width, beside one for what was given nothing.
        horizons_s: how far ahead the forecast of each class speaks.
        horizon_s: of other classes.
    """

    minute_s: float = 60.0
    bins: int = 10
    horizons_s: Mapping[ObjectClass, float] = field(default_factory=dict)
    horizon_s: float = 600.0

    def horizon_of(self, kind: ObjectClass) -> float:
        """Return how far ahead forecasts of a class speak."""
        return self.horizons_s.get(kind, self.horizon_s)

    @property
    def longest_s(self) -> float:
        """Return the longest horizon of all."""
        return max([self.horizon_s, *self.horizons_s.values()])
