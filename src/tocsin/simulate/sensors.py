"""A scenario's sensors as a live site would know them, and checks of what is said about them."""

from __future__ import annotations

from math import nan, radians
from typing import Any

from tocsin.contract import InputError, Sensor, SensorKind
from tocsin.radar.equation import CLEAR_PD, RadarEquation
from tocsin.simulate.schema import ScenarioFile
from tocsin.simulate.schema_sensors import (
    AdsbReceiver,
    BearingNode,
    Equation,
    Fault,
    Radar,
    Station,
)

SILENCE_S = 3600.0
"""People, and nodes that only hear what is near, may say nothing for an hour and all is well."""
RECEIVER_SILENCE_S = 10.0


def sensors_of(file: ScenarioFile) -> tuple[Sensor, ...]:
    """Return the sensors of a scenario: radars, receivers, nodes, people."""
    radars = [_radar(radar) for radar in file.radar]
    receivers = [_receiver(receiver) for receiver in file.adsb_receiver]
    nodes = [_node(node, SensorKind.RF_DETECTOR) for node in file.rf_node]
    nodes += [_node(node, SensorKind.ACOUSTIC) for node in file.acoustic_node]
    return (*radars, *receivers, *nodes, *_people(file))


def _place(station: Station, kind: SensorKind) -> dict[str, Any]:
    return {
        "sensor_id": station.sensor_id,
        "kind": kind,
        "latitude_deg": station.latitude_deg,
        "longitude_deg": station.longitude_deg,
        "height_wgs84_m": station.height_m,
        "range_m": station.range_m,
        "earth_factor": station.earth_factor,
    }


def _rad(value_deg: float | None) -> float:
    return nan if value_deg is None else radians(value_deg)


def _radar(radar: Radar) -> Sensor:
    clutter = sum(patch.plots_per_look for patch in radar.clutter)
    points = sum(patch.points * patch.point_probability for patch in radar.clutter)
    values = {
        "period_s": radar.period_s,
        "detection_probability": radar.detection_probability,
        "false_plots_per_look": radar.false_plots_per_look + clutter + points,
        "range_std_m": radar.range_std_m,
        "azimuth_std_rad": radians(radar.azimuth_std_deg),
        "elevation_std_rad": _rad(radar.elevation_std_deg),
        "range_rate_std_mps": radar.range_rate_std_mps or nan,
        "elevation_min_rad": radians(radar.elevation_min_deg),
        "elevation_max_rad": radians(radar.elevation_max_deg),
        "clear_range_m": radar.clear_range_m or _clear_range_m(radar),
        "range_cell_m": radar.range_cell_m or nan,
        "azimuth_cell_rad": _rad(radar.azimuth_cell_deg),
        "elevation_cell_rad": _rad(radar.elevation_cell_deg),
    }
    return Sensor(**{**_place(radar, SensorKind.RADAR), **values})


def _clear_range_m(radar: Radar) -> float:
    """Return where a radar sees 1 m2 nine times in ten, by its equation."""
    assert radar.equation is not None
    law = (CLEAR_PD, radar.pulses, radar.false_alarm_probability, radar.swerling)
    equation = radar_equation(radar.equation)
    return float(equation.detection_range_m(1.0, *law, radar.equation.rain_mm_per_h))


def radar_equation(equation: Equation) -> RadarEquation:
    """Return the radar equation that a scenario states."""
    return RadarEquation(**equation.model_dump(exclude={"rain_mm_per_h"}))


def _receiver(receiver: AdsbReceiver) -> Sensor:
    place = _place(receiver, SensorKind.ADSB_RECEIVER)
    return Sensor(**{**place, "period_s": RECEIVER_SILENCE_S})


def _node(node: BearingNode, kind: SensorKind) -> Sensor:
    values = {
        "period_s": SILENCE_S,
        "detection_probability": node.detection_probability,
        "false_plots_per_look": node.false_bearings_per_look,
        "azimuth_std_rad": radians(node.azimuth_std_deg),
        "elevation_std_rad": _rad(node.elevation_std_deg),
    }
    return Sensor(**{**_place(node, kind), **values})


def _people(file: ScenarioFile) -> list[Sensor]:
    if file.people is None:
        return []
    people = file.people
    return [
        Sensor(
            people.sensor_id,
            SensorKind.PEOPLE,
            period_s=SILENCE_S,
            false_plots_per_look=0.0,
            horizontal_std_m=3000.0,
            vertical_std_m=people.vertical_std_m,
        )
    ]


def check_faults(where: object, file: ScenarioFile) -> None:
    """Check that sensors can fail as they are said to.

    Raises:
        InputError: a sensor that the scenario does not have, or a bias in what it does not measure.
    """
    sensors = {sensor.sensor_id: sensor for sensor in sensors_of(file)}
    for number, fault in enumerate(file.fault):
        place = f"{where}, fault.{number}"
        if fault.sensor not in sensors:
            known = ", ".join(sensors) or "none"
            raise InputError(place, f"{fault.sensor!r} is not declared", f"use one of: {known}")
        for name in _unmeasured(fault, sensors[fault.sensor]):
            what = f"{fault.sensor} does not measure what {name} is about"
            raise InputError(place, what, "leave it out, or choose another sensor")


def _unmeasured(fault: Fault, sensor: Sensor) -> list[str]:
    bearing = sensor.kind in {SensorKind.RF_DETECTOR, SensorKind.ACOUSTIC}
    polar = sensor.kind is SensorKind.RADAR
    measured = {
        "range": polar,
        "azimuth": polar or bearing,
        "elevation": (polar or bearing) and sensor.elevation_std_rad == sensor.elevation_std_rad,
    }
    return [name for name in fault.biased if not measured[name.split("_")[0]]]


def without(file: ScenarioFile, sensor_id: str) -> ScenarioFile:
    """Return a scenario file without one sensor and its faults."""
    kinds = ("radar", "adsb_receiver", "rf_node", "acoustic_node")
    update: dict[str, object] = {
        kind: tuple(s for s in getattr(file, kind) if s.sensor_id != sensor_id) for kind in kinds
    }
    update["fault"] = tuple(fault for fault in file.fault if fault.sensor != sensor_id)
    if file.people is not None and file.people.sensor_id == sensor_id:
        update["people"] = None
    return file.model_copy(update=update)
