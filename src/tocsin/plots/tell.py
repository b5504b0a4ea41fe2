"""What operators and files are told of the sensors' biases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tocsin.contract import BiasComponent, Biases, NoticeKind, Notices
from tocsin.plots.config import PlotsConfig
from tocsin.plots.registration import Registration, accuracies, believed, estimates
from tocsin.plots.segments import priors

_FOR_PEOPLE = {
    BiasComponent.RANGE: (1.0, "m", 0),
    BiasComponent.AZIMUTH: (180.0 / np.pi, "°", 3),
    BiasComponent.ELEVATION: (180.0 / np.pi, "°", 3),
    BiasComponent.TIME: (1.0, "s", 3),
}


def table(state: Registration, config: PlotsConfig) -> Biases:
    """Return four rows for each sensor whose biases are estimated.

    Args:
        state: after a window was worked.
        config: the site.
    """
    sensor, component = np.nonzero(np.repeat(priors(config)[:, 3:] > 0.0, 4, axis=1))
    bias, std = estimates(state, config)
    significant = believed(state, config).significant
    names = np.array([s.sensor_id for s in config.sensors], object)
    return Biases.build(
        len(sensor),
        estimated_at_ns=state.learned_ns,
        sensor_id=names[sensor],
        component=component,
        bias=bias[sensor, component],
        std=std[sensor, component],
        significant=significant[sensor, component],
        applied=state.applied[sensor, component],
    )


def notify(state: Registration, config: PlotsConfig, now_ns: int) -> tuple[Registration, Notices]:
    """Return notices of biases that are larger than they should be, or became so, or no more are.

    One rule for all three: the bias differs, significantly and by `alarm_factor` of the sensor's
    accuracy, from what was told last; in the beginning that is none. A correction may be a guess
    of who is wrong, a notice may not: it is significant whatever the biases of the others are.
    """
    settings, accuracy = config.registration, accuracies(config)
    now = believed(state, config)
    off = np.abs(now.bias - state.told)
    std = estimates(state, config)[1]
    due = (off > settings.alarm_factor * accuracy) & (off > settings.significance * std)
    if not due.any():
        return state, Notices.empty()
    after = replace(state, told=np.where(due, now.bias, state.told), notices=state.notices + due)
    rows = [(int(s), BiasComponent(int(c))) for s, c in np.argwhere(due)]
    return after, Notices.build(
        len(rows),
        decided_at_ns=now_ns,
        notice_id=[_id(after, config, s, c) for s, c in rows],
        kind=int(NoticeKind.SENSOR_BIASED),
        sensor_id=[config.sensors[s].sensor_id for s, _ in rows],
        zone_ids=[()] * len(rows),
        text=[_words(after, config, s, c) for s, c in rows],
    )


def _id(state: Registration, config: PlotsConfig, s: int, c: BiasComponent) -> str:
    return f"bias-{config.sensors[s].sensor_id}-{c.name.lower()}-{state.notices[s, c]}"


def _words(state: Registration, config: PlotsConfig, s: int, c: BiasComponent) -> str:
    bias, std = state.told[s, c], estimates(state, config)[1][s, c]
    scale, unit, digits = _FOR_PEOPLE[c]
    name, what = config.sensors[s].sensor_id, c.name.lower()
    size = f"{scale * bias:+.{digits}f}{unit} ± {scale * std:.{digits}f}{unit}"
    times = abs(bias) / accuracies(config)[s, c]
    if times <= config.registration.alarm_factor:
        return f"The {what} bias of {name} is small again: {size}."
    was = "has drifted to" if state.notices[s, c] > 1 else "is"
    treated = "reports are corrected" if state.applied[s, c] else "reports are not corrected yet"
    return f"The {what} bias of {name} {was} {size}, {times:.1f} times its accuracy; {treated}."
