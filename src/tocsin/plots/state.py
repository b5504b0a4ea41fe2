"""What the plots room remembers between batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tocsin.contract import F64, Biases, Faults, Notices, Plots, Reports, Sensor
from tocsin.plots.clutter import Clutter, usual
from tocsin.plots.clutter import grown as more_maps
from tocsin.plots.config import PlotsConfig
from tocsin.plots.duplicates import Heard, Origins
from tocsin.plots.locate import sites
from tocsin.plots.registration import Registration, grown, unknown


@dataclass(frozen=True, eq=False)
class PlotsState:
    """Hold what was heard lately.

    Args:
        config: the site and the limits.
        index: position of each sensor id in the site's sensors.
        sites: of `locate.sites`.
        heard: fingerprints of late reports.
        origins: what observers and relays said lately.
        registration: what is known of the sensors' biases.
        clutter: what is known of the radars' false plots.
    """

    config: PlotsConfig
    index: Mapping[str, int]
    sites: F64
    registration: Registration
    clutter: Clutter
    heard: tuple[Heard, ...] = ()
    origins: Origins = field(default_factory=dict)


class PlotsOut(NamedTuple):
    """Hold what one batch of reports became.

    Service messages and bearings are nowhere in it: the one says nothing of the air, and a bearing
    alone gives no position that the tracker can use. Both show that their sensor lives.

    Args:
        plots: located detections, ordered by (measured_at_ns, sensor, sequence).
        external: other trackers' tracks, as reported.
        identities: reports that state who, not where, as reported.
        faults: one row for each report that was dropped.
        biases: of all sensors, where new estimates were made.
        notices: of sensors whose biases became too large, changed or vanished.
    """

    plots: Plots
    external: Reports
    identities: Reports
    faults: Faults
    biases: Biases
    notices: Notices


def start(config: PlotsConfig) -> PlotsState:
    """Return the state before the first batch."""
    index = {sensor.sensor_id: k for k, sensor in enumerate(config.sensors)}
    return PlotsState(config, index, sites(config), unknown(len(config.sensors)), usual(config))


def with_sensors(state: PlotsState, sensors: tuple[Sensor, ...]) -> PlotsState:
    """Return the state with further sensors after those it has."""
    config = replace(state.config, sensors=sensors)
    fresh = start(config)
    return replace(
        state,
        config=config,
        index=fresh.index,
        sites=fresh.sites,
        registration=grown(state.registration, len(sensors)),
        clutter=more_maps(state.clutter, config),
    )
