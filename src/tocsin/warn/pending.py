"""What awaits an operator's word, or is under one: rows for those who watch the zones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tocsin.contract import Pending
from tocsin.warn.forecast import Model
from tocsin.warn.lifecycle import Entry
from tocsin.warn.words import threat_words


def pending(model: Model, entries: Mapping[int, Entry], now_ns: int) -> Pending:
    """Return one row for each zone with a proposal, a hold or an extension, in order of zones."""
    shown = sorted(zone for zone, entry in entries.items() if _open(entry, now_ns))
    if not shown:
        return Pending.empty()
    kept = [entries[zone] for zone in shown]
    made = [entry.proposal for entry in kept]
    wants = [p.want if p else e.said for p, e in zip(made, kept, strict=True)]
    arrival = np.array([want.arrival_ns for want in wants], np.int64).reshape(-1, 3)
    return Pending.build(
        len(shown),
        zone_id=[model.config.zones[zone].zone_id for zone in shown],
        warning_id=[p.warning_id if p else e.warning_id for p, e in zip(made, kept, strict=True)],
        stage=[entry.stage for entry in kept],
        proposed_stage=[p.stage if p else e.stage for p, e in zip(made, kept, strict=True)],
        proposed_at_ns=[p.since_ns if p else 0 for p in made],
        due_at_ns=[p.due_ns if p else 0 for p in made],
        held_until_ns=[_future(entry.held_until_ns, now_ns) for entry in kept],
        extended_until_ns=[_future(entry.extended_until_ns, now_ns) for entry in kept],
        threat_class=[want.threat for want in wants],
        probability=[want.probability for want in wants],
        arrival_p10_ns=arrival[:, 0],
        arrival_p50_ns=arrival[:, 1],
        arrival_p90_ns=arrival[:, 2],
        track_ids=[want.track_ids for want in wants],
        reason=[threat_words(want) for want in wants],
    )


def _open(entry: Entry, now_ns: int) -> bool:
    return entry.proposal is not None or max(entry.held_until_ns, entry.extended_until_ns) > now_ns


def _future(at_ns: int, now_ns: int) -> int:
    return at_ns if at_ns > now_ns else 0
