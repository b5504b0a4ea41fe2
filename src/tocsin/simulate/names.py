"""Names that a scenario uses are declared, once each; ways suit the classes that fly them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from tocsin.contract import InputError, Zone
from tocsin.simulate.formations import SLOWEST_TURN_RADPS, turn_radps
from tocsin.simulate.schema import ScenarioFile
from tocsin.simulate.schema_base import Point, named_places
from tocsin.simulate.schema_objects import (
    Ballistic,
    Balloons,
    Birds,
    Formation,
    Raid,
    Recorded,
    Swarm,
    Traffic,
    within_class,
)

Group = Traffic | Formation | Swarm | Birds | Balloons | Raid | Ballistic | Recorded
MEND = "see docs/reference/scenario.md"


def check_names(path: Path, file: ScenarioFile, zones: tuple[Zone, ...]) -> None:
    """Check names, ways and formations.

    Raises:
        InputError: the first that is wrong, with its place in the file.
    """
    groups = [table.name for table in groups_of(file)]
    places = [place.name for place in named_places(file.place)]
    routes = [route.name for route in file.route]
    for key, names in (("place", places), ("name", groups), ("route", routes)):
        once(f"{path}, {key}", names)
    zone_ids = [zone.zone_id for zone in zones]
    aimed: list[tuple[str, Sequence[Raid | Swarm | Ballistic]]]
    aimed = [("raid", file.raid), ("swarm", file.swarm), ("ballistic", file.ballistic)]
    for key, tables in aimed:
        for k, table in enumerate(tables):
            known(f"{path}, {key}.{k}.target", [t.zone for t in table.target], zone_ids)
    sightings = file.people.sighting if file.people else ()
    known(f"{path}, people.sighting", [s.of for s in sightings], groups)
    known(f"{path}, loss", [loss.of for loss in file.loss], groups)
    known(f"{path}, at", [p.at for p in _points(file) if p.at is not None], places)
    routed: list[tuple[str, Sequence[Traffic | Swarm | Formation]]]
    routed = [("traffic", file.traffic), ("swarm", file.swarm), ("formation", file.formation)]
    for key, movers in routed:
        for k, mover in enumerate(movers):
            _check_way(f"{path}, {key}.{k}", file, mover, mover.route)
    for k, formation in enumerate(file.formation):
        _check_formation(f"{path}, formation.{k}", file, formation)


def groups_of(file: ScenarioFile) -> Iterator[Group]:
    """Yield every table of the file that flies something under a name."""
    yield from file.traffic
    yield from file.formation
    yield from file.swarm
    yield from file.birds
    yield from file.balloons
    yield from file.raid
    yield from file.ballistic
    yield from file.recorded


def _points(file: ScenarioFile) -> Iterator[Point]:
    yield from (s.where for s in (file.people.sighting if file.people else ()))
    yield from (birds.home for birds in file.birds)
    yield from (balloons.start for balloons in file.balloons)
    yield from (arcs.start for arcs in file.ballistic)
    yield from (arcs.to for arcs in file.ballistic if arcs.to is not None)
    yield from (point for table in file.traffic for point in table.waypoints)
    yield from (point for table in file.formation for point in table.waypoints)
    yield from (point for table in file.swarm for point in table.waypoints)
    yield from (point for table in file.route for point in table.waypoints)


def _check_way(
    where: str, file: ScenarioFile, mover: Traffic | Swarm | Formation, name: str | None
) -> None:
    if name is None:
        return
    known(f"{where}.route", [name], [route.name for route in file.route])
    waypoints = next(route.waypoints for route in file.route if route.name == name)
    try:
        within_class(waypoints, mover.kind())
    except ValueError as error:
        raise InputError(f"{where}.route", f"{name!r}: {error}", MEND) from error


def _check_formation(where: str, file: ScenarioFile, formation: Formation) -> None:
    turn = np.degrees(turn_radps(formation))
    if turn < np.degrees(SLOWEST_TURN_RADPS):
        what = (
            f"{formation.count} in a {formation.shape} {formation.spacing_m:g} m apart cannot keep "
            f"station in turns: {turn:.2f} deg/s at most at {formation.speed_mps[1]:g} m/s"
        )
        raise InputError(f"{where}.spacing_m", what, "choose less, or another speed or shape")
    own = formation.waypoints or next(
        route.waypoints for route in file.route if route.name == formation.route
    )
    for number, split in enumerate(formation.split):
        _check_way(f"{where}.split.{number}", file, formation, split.route)
        if split.waypoint >= len(own):
            what = f"waypoint {split.waypoint} is not on its way: the last is {len(own) - 1}"
            raise InputError(f"{where}.split.{number}", what, "count from 0, the first")


def once(where: str, names: list[str]) -> None:
    """Refuse a name that occurs twice."""
    repeated = [name for k, name in enumerate(names) if name in names[:k]]
    if repeated:
        raise InputError(where, f"{repeated[0]!r} occurs twice", "make names unique")


def known(where: str, names: Iterable[str], declared: list[str]) -> None:
    """Refuse a name that is not declared."""
    for name in names:
        if name not in declared:
            listed = ", ".join(declared[:12]) + (" ..." if len(declared) > 12 else "")
            raise InputError(where, f"{name!r} is not declared", f"use one of: {listed or 'none'}")
