"""From risk to the stage that each zone should be in, by least expected harm.

Not warning a zone costs ``missed_min`` person-minutes for each person whom the threat then finds
unwarned; warning it costs its people the minutes that the alarm will last, and ``fixed_min`` more
because people stop listening. The population is on both sides and cancels; what remains is a
threshold on the probability that grows with the length of the alarm:

    warn when  harm x P x missed_min >= fixed_min + minutes of alarm.

P counts what may arrive up to the latest useful moment (time to shelter and margin) plus a window:
what comes later can still be warned of later, and more surely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.contract import CLASS_COUNT, F64, I8, Stage
from tocsin.warn.forecast import Model, Risk, probability_by, quantile_s
from tocsin.warn.policy import Policy

QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, eq=False)
class Wants:
    """Hold one row per zone at risk.

    Args:
        risk: per zone, whatever the class.
        probability: (m,) affected within the horizon.
        arrival_s: (m, 3) quantiles 10, 50 and 90 % of the arrival, from now.
        enter: (m,) highest stage worth starting.
        keep: (m,) highest stage worth keeping.
    """

    risk: Risk
    probability: F64
    arrival_s: F64
    enter: I8
    keep: I8


def harm_by_class(policy: Policy) -> F64:
    """Return (classes,) how much worse each class is than a one-way drone."""
    harm = np.ones(CLASS_COUNT)
    for threat, factor in policy.harm.items():
        harm[threat] = factor
    return harm


def decide(model: Model, risk: Risk, lead_s: F64) -> Wants:
    """Return the stage that each zone at risk should enter, and the one it should keep.

    Args:
        model: instants of the curves, and the policy.
        risk: per zone.
        lead_s: (m,) time that each zone's people need, margin included.
    """
    policy, seconds = model.config.policy, model.seconds
    arrival_s = np.stack([quantile_s(risk.curve, seconds, q) for q in QUANTILES], axis=1)
    harm = harm_by_class(policy)[risk.threat]
    reach = lead_s + policy.window_s
    enter, keep = np.zeros((2, len(risk.zone)), np.int8)
    for stage, until_s, share in (
        (Stage.PRE_ALERT, reach + policy.pre_alert_ahead_s, policy.pre_alert_share),
        (Stage.ALERT, reach, 1.0),
    ):
        chance = probability_by(risk.curve, seconds, until_s)
        lasts_s = np.minimum(np.nan_to_num(arrival_s[:, 1]), until_s) + policy.quiet_s
        ratio = threshold(policy, lasts_s, share) / (harm * np.maximum(chance, 1e-12))
        enter[ratio <= 1.0] = stage
        keep[ratio * policy.leave_ratio <= 1.0] = stage
    return Wants(risk, risk.curve[:, -1], arrival_s, enter, keep)


def threshold(policy: Policy, lasts_s: F64, share: float) -> F64:
    """Return the least probability at which an alarm of some length is worth its cost.

    Args:
        policy: costs.
        lasts_s: expected length of the alarm.
        share: how heavy a minute of it is.

    >>> float(threshold(Policy(), np.array([180.0]), 1.0)[0])
    0.1
    """
    return share * (policy.fixed_min + lasts_s / 60.0) / policy.missed_min
