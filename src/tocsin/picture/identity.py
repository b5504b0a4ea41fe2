"""Who an object says it is: callsigns by address, also from reports without a position."""

from __future__ import annotations

import numpy as np

from tocsin.contract import NS, U32, Bool, Objects, Reports
from tocsin.picture.config import PictureConfig
from tocsin.picture.state import Names


def learn(names: Names, identities: Reports, config: PictureConfig, now_ns: int) -> Names:
    """Return the callsigns with those of new reports; old ones and the oldest beyond bounds go."""
    said = identities.mode_s_valid & np.array([bool(c) for c in identities.callsign], bool)
    new = identities.take(said)
    address = np.concatenate([names.address, new.mode_s])
    callsign = np.concatenate([names.callsign, new.callsign])
    heard = np.concatenate([names.heard_ns, new.measured_at_ns])
    last = _last_of_each(address, heard)
    last = last[heard[last] >= now_ns - round(config.names_s * NS)]
    if len(last) > config.max_names:
        newest = np.argsort(-heard[last], kind="stable")[: config.max_names]
        last = last[np.sort(newest)]
    return Names(address[last], callsign[last], heard[last])


def _last_of_each(address: U32, heard: np.ndarray) -> np.ndarray:
    """Return rows of the latest entry per address, ascending by address."""
    order = np.lexsort((np.arange(len(address)), heard, address))
    ends = np.flatnonzero(np.diff(address[order].astype(np.int64), append=-1))
    rows: np.ndarray = order[ends]
    return rows


def callsigns(names: Names, callsign: Objects, mode_s: U32, mode_s_valid: Bool) -> Objects:
    """Return (n,) each track's own callsign, else the one that its address was heard with."""
    if len(names.address) == 0 or len(callsign) == 0:
        return callsign
    row = np.minimum(np.searchsorted(names.address, mode_s), len(names.address) - 1)
    known = mode_s_valid & (names.address[row] == mode_s)
    lacking = np.array([not own for own in callsign], bool)
    return np.where(known & lacking, names.callsign[row], callsign)
