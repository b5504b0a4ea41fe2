"""What operators declared tracks to be."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tocsin.contract import I8, Designation, Objects, OperatorActions

Designations = tuple[tuple[str, Designation], ...]
CAPACITY = 10_000


def take_in(known: Designations, actions: OperatorActions) -> Designations:
    """Return the designations after an operator's actions; what cannot be read changes nothing."""
    now = dict(known)
    for k in np.flatnonzero(actions.verb == "designate").tolist():
        wanted = _wanted(actions.detail[k])
        if wanted == Designation.NONE:
            now.pop(actions.subject[k], None)
        elif wanted is not None and (len(now) < CAPACITY or actions.subject[k] in now):
            now[actions.subject[k]] = wanted
    return tuple(sorted(now.items()))


def _wanted(detail: Any) -> Designation | None:
    try:
        return Designation[str(json.loads(detail)["designation"]).upper()]
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
    by_id = dict(known)
    return np.array([by_id.get(i, Designation.NONE) for i in track_ids], np.int8)
