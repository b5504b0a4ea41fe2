"""What operators declared tracks to be, and why."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np

from tocsin.contract import I8, Designated, Designation, Objects, OperatorActions

CAPACITY = 10_000


class Declared(NamedTuple):
    """Hold an operator's word on one track."""

    designation: Designation
    author: str
    reason: str
    at_ns: int


Designations = tuple[tuple[str, Declared], ...]


def take_in(known: Designations, actions: OperatorActions, now_ns: int) -> Designations:
    """Return the designations after an operator's actions; what cannot be read changes nothing."""
    now = dict(known)
    for k in np.flatnonzero(actions.verb == "designate").tolist():
        said = _declared(actions.detail[k], str(actions.author[k]), now_ns)
        if said is None:
            continue
        if said.designation == Designation.NONE:
            now.pop(actions.subject[k], None)
        elif len(now) < CAPACITY or actions.subject[k] in now:
            now[actions.subject[k]] = said
    return tuple(sorted(now.items()))


def _declared(detail: Any, author: str, now_ns: int) -> Declared | None:
    try:
        given = json.loads(detail)
        wanted = Designation[str(given["designation"]).upper()]
        return Declared(wanted, author, str(given.get("reason") or ""), now_ns)
    except (ValueError, KeyError, TypeError):
        return None


def keep_live(known: Designations, live: Objects) -> Designations:
    """Return the designations of tracks that live; ids are never used again."""
    if not known:
        return known
    ids = frozenset(live.tolist())
    return tuple(item for item in known if item[0] in ids)


def designated(known: Designations, track_ids: Objects) -> I8:
    """Return (n,) each track's designation."""
    by_id = {track_id: said.designation for track_id, said in known}
    return np.array([by_id.get(i, Designation.NONE) for i in track_ids], np.int8)


def rows(known: Designations) -> Designated:
    """Return all designations as a table, in order of track ids."""
    return Designated.build(
        len(known),
        designated_at_ns=[said.at_ns for _, said in known],
        track_id=[track_id for track_id, _ in known],
        designation=[said.designation for _, said in known],
        author=[said.author for _, said in known],
        reason=[said.reason for _, said in known],
    )
