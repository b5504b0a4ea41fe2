"""Tracks and operator actions in, forecasts and warnings out: one tick of the warning room."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from tocsin.contract import (
    F64,
    NS,
    Forecasts,
    ObjectClass,
    Objects,
    OperatorActions,
    Pending,
    Stage,
    Tracks,
    Warnings,
)
from tocsin.warn.config import WarnConfig
from tocsin.warn.decide import QUANTILES, Wants, decide, harm_by_class
from tocsin.warn.forecast import (
    Model,
    Risk,
    build_model,
    merge,
    outlook,
    quantile_s,
    time_ns,
)
from tocsin.warn.lifecycle import AUTOMATIC, NOTHING, Entry, Message, Want, advance, idle
from tocsin.warn.orders import VERBS, Order, concerns, obey
from tocsin.warn.pending import pending
from tocsin.warn.threats import Threats, direction_m
from tocsin.warn.words import reason

_LEAST_SHOWN = 0.005
"""Forecasts of less are left out."""


@dataclass(frozen=True, eq=False)
class WarnState:
    """Hold the room's memory.

    Args:
        model: what never changes.
        lead_s: (zones,) time that each zone's people need.
        entries: by number of the zone, zones that were never warned left out.
        next_decision_ns: when the next decision is due.
        gone: zones that the site no longer has, whose warnings are to be cancelled.
    """

    model: Model
    lead_s: F64
    entries: Mapping[int, Entry]
    next_decision_ns: int = 0
    gone: tuple[tuple[str, Entry], ...] = ()


class WarnOut(NamedTuple):
    """Hold what one tick gives; forecasts only on ticks that decide, what is pending always."""

    forecasts: Forecasts
    warnings: Warnings
    pending: Pending


class _Sent(NamedTuple):
    zone_id: str
    message: Message
    bearing_m: tuple[float, float] | None


def start(config: WarnConfig) -> WarnState:
    """Return the state before the first tick; builds the zone rasters."""
    need_s = [zone.time_to_shelter_s + config.policy.margin_s for zone in config.zones]
    return WarnState(build_model(config), np.array(need_s, float), MappingProxyType({}))


def succeed(fresh: WarnState, former: WarnState) -> WarnState:
    """Return the state of another site or policy that goes on from a former one.

    Args:
        fresh: of the site now, just started.
        former: of the site before; its open warnings stay open where the zone stays, and are
            cancelled with the next step where it does not.
    """
    row = {zone.zone_id: k for k, zone in enumerate(fresh.model.config.zones)}
    zones = former.model.config.zones
    known = [(zones[zone].zone_id, entry) for zone, entry in former.entries.items()]
    kept = {row[zone_id]: entry for zone_id, entry in known if zone_id in row}
    gone = [(i, entry) for i, entry in known if i not in row and entry.stage > Stage.QUIET]
    entries = MappingProxyType(dict(sorted(kept.items())))
    return replace(fresh, entries=entries, gone=(*former.gone, *gone))


def step(
    state: WarnState,
    tracks: Tracks,
    now_ns: int,
    actions: OperatorActions | None = None,
) -> tuple[WarnState, WarnOut]:
    """Return the state and output after one tick.

    Operator actions work at once; decisions are made once per period.

    Args:
        state: from `start` or the tick before.
        tracks: the whole air picture at this tick; a track that is missing has ended.
        now_ns: time of the tick, never decreasing.
        actions: what operators did since the tick before. The verbs of `orders`, with the id of a
            warning or a proposal as their subject; others are not this room's and are left alone.
    """
    entries, due = dict(state.entries), now_ns >= state.next_decision_ns
    sent, forecasts = _withdraw(state, now_ns), Forecasts.empty()
    sent += _obey(state, entries, actions, now_ns)
    if due:
        forecasts, decided = _decide(state, entries, tracks, now_ns)
        sent += decided
    following = _next_ns(state, now_ns) if due else state.next_decision_ns
    entries_now = MappingProxyType(entries)
    after = replace(state, entries=entries_now, next_decision_ns=following, gone=())
    return after, WarnOut(forecasts, _rows(sent, now_ns), pending(state.model, entries, now_ns))


def _next_ns(state: WarnState, now_ns: int) -> int:
    period = int(state.model.config.decision_period_s * NS)
    return (now_ns // period + 1) * period if period else now_ns


def _withdraw(state: WarnState, now_ns: int) -> list[_Sent]:
    """Return the messages that end the warnings of zones that are no more."""
    sent, policy = [], state.model.config.policy
    order = Order("cancel", AUTOMATIC, "the site no longer has this zone")
    for zone_id, entry in state.gone:
        message = obey(entry, order, now_ns, policy)[1]
        if message:
            sent.append(_Sent(zone_id, message, None))
    return sent


def _obey(
    state: WarnState, entries: dict[int, Entry], actions: OperatorActions | None, now_ns: int
) -> list[_Sent]:
    """Return the messages of operators' orders; brings the entries up to date."""
    sent, policy = [], state.model.config.policy
    for row in [] if actions is None else actions.rows():
        if row["verb"] not in VERBS:
            continue
        order = _order(row)
        for zone in [z for z, entry in entries.items() if concerns(entry, row["subject"])]:
            entries[zone], message = obey(entries[zone], order, now_ns, policy)
            if message:
                sent.append(_Sent(state.model.config.zones[zone].zone_id, message, None))
    return sent


def _order(row: Mapping[str, Any]) -> Order:
    """Return the order in an action; of its detail, what cannot be read is left out."""
    try:
        detail = json.loads(str(row["detail"] or "{}"))
    except json.JSONDecodeError:
        detail = {}
    detail = detail if isinstance(detail, dict) else {}
    until = detail.get("until_ns", 0)
    until_ns = until if isinstance(until, int) and 0 <= until < 2**63 else 0
    return Order(row["verb"], str(row["author"]), str(detail.get("reason", "")), until_ns)


def _decide(
    state: WarnState, entries: dict[int, Entry], tracks: Tracks, now_ns: int
) -> tuple[Forecasts, list[_Sent]]:
    """Return the forecasts and messages of one decision; brings the entries up to date."""
    model, policy = state.model, state.model.config.policy
    # Sums of many small numbers depend on their order; the picture's order must not matter.
    tracks = tracks.sorted_by("track_id")
    seen = outlook(model, tracks, now_ns)
    by_class, behind = seen.risk, seen.behind
    risk = merge(by_class, harm_by_class(policy))
    wants = decide(model, risk, state.lead_s[risk.zone])
    rows = {zone: row for row, zone in enumerate(risk.zone.tolist())}
    awake = [zone for zone, entry in entries.items() if not idle(entry, now_ns)]
    wanted = risk.zone[wants.keep > Stage.QUIET].tolist()
    sent = []
    for zone in sorted({*awake, *wanted}):
        named = behind.of(zone)
        ids = tuple(tracks.track_id[named].tolist())
        want = _want(wants, rows[zone], ids, now_ns) if zone in rows else NOTHING
        zone_id = model.config.zones[zone].zone_id
        entries[zone], message = advance(entries.get(zone, Entry()), want, now_ns, policy, zone_id)
        if message:
            centre = model.ground[ObjectClass.UNKNOWN].zones.centroid_m[zone]
            offset = direction_m(tracks, named, model.config.region, centre)
            sent.append(_Sent(zone_id, message, offset))
    return _forecasts(model, by_class, behind, tracks.track_id, now_ns), sent


def _want(wants: Wants, row: int, track_ids: tuple[str, ...], now_ns: int) -> Want:
    p10, p50, p90 = time_ns(now_ns, wants.arrival_s[row]).tolist()
    return Want(
        Stage(int(wants.enter[row])),
        Stage(int(wants.keep[row])),
        ObjectClass(int(wants.risk.threat[row])),
        float(wants.probability[row]),
        (p10, p50, p90),
        track_ids,
    )


def _forecasts(
    model: Model, risk: Risk, behind: Threats, track_id: Objects, now_ns: int
) -> Forecasts:
    """Return the table of forecasts, by zone and class."""
    shown = np.flatnonzero(risk.curve[:, -1] >= _LEAST_SHOWN)
    zone, threat, curve = risk.zone[shown], risk.threat[shown], risk.curve[shown]
    arrival = [time_ns(now_ns, quantile_s(curve, model.seconds, q)) for q in QUANTILES]
    named = [behind.of(z, c) for z, c in zip(zone.tolist(), threat.tolist(), strict=True)]
    return Forecasts.build(
        len(shown),
        made_at_ns=now_ns,
        zone_id=[model.config.zones[z].zone_id for z in zone],
        threat_class=threat,
        probability=curve[:, -1],
        arrival_p10_ns=arrival[0],
        arrival_p50_ns=arrival[1],
        arrival_p90_ns=arrival[2],
        track_ids=[track_id[rows].tolist() for rows in named],
    )


def _rows(sent: Sequence[_Sent], now_ns: int) -> Warnings:
    """Return messages as rows of the warnings table."""
    messages = [item.message for item in sent]
    arrival = np.array([m.want.arrival_ns for m in messages], np.int64).reshape(-1, 3)
    return Warnings.build(
        len(sent),
        decided_at_ns=now_ns,
        zone_id=[item.zone_id for item in sent],
        warning_id=[m.warning_id for m in messages],
        action=[m.action for m in messages],
        stage=[m.stage for m in messages],
        threat_class=[m.want.threat for m in messages],
        probability=[m.want.probability for m in messages],
        arrival_p10_ns=arrival[:, 0],
        arrival_p50_ns=arrival[:, 1],
        arrival_p90_ns=arrival[:, 2],
        expires_at_ns=[m.expires_ns for m in messages],
        track_ids=[m.want.track_ids for m in messages],
        released_by=[m.released_by for m in messages],
        cap_identifier=[f"{m.warning_id}-{m.number}" for m in messages],
        reason=[reason(item.message, item.bearing_m) for item in sent],
    )
