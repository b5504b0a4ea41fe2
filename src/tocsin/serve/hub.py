"""The newest air picture for clients: published once a tick, shared by all of them.

Nothing is encoded before a client asks, and then once for all. What a client may miss (tracks,
clock, sensors, summary) has only a newest value; what it may not (warnings, notices, zones) is in
one bounded ring that all clients read at their own pace. So no client has a queue.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tocsin.contract import NS, Biases, Designated, Forecasts, NoticeKind, Notices, TrackStatus
from tocsin.serve.deliveries import Told
from tocsin.serve.frame import encode_tracks
from tocsin.serve.metrics import Metrics
from tocsin.serve.rows import (
    Row,
    dump,
    iso,
    notice_kind,
    sensor_rows,
    track_rows,
    warning_row,
)
from tocsin.serve.snapshot import Clock, OperatorRequest, SiteInfo, Snapshot
from tocsin.serve.why import track_detail
from tocsin.serve.zones import ZoneBoard

RING = 4096
"""Warnings, notices and zone changes kept for slow clients; one that lags more is dropped."""
KEPT = 10_000
"""Warnings, notices and CAP messages kept for the lists."""
RATE_WINDOW_NS = 10 * NS
FORECAST_NS = 20 * NS
"""A forecast is shown this long: forecasts are made less often than ticks."""
COVERAGES = 32
OTHER = "other"
"""Counts the faults of sources that are neither sensors nor inputs of the site."""
_BACK = (NoticeKind.SENSOR_BACK, NoticeKind.COVERAGE_BACK)
_NEWEST = ("clock", "sensors", "summary", "coverage", "tracks")

OnAction = Callable[[OperatorRequest], Awaitable[None]]
Message = str | bytes


class LaggedError(Exception):
    """Tell that a client has not read for so long that events are lost to it."""


@dataclass
class Cursor:
    """Remember what one client has been sent."""

    event: int
    versions: dict[str, int] = field(default_factory=dict)


class Hub:
    """Hold the newest picture; `run` publishes into it, clients read from it, in one event loop."""

    def __init__(
        self, site: SiteInfo, on_action: OnAction | None = None, told: Told | None = None
    ) -> None:
        """Start with an empty picture.

        Args:
            site: what does not change.
            on_action: takes operators' requests; raises InputError where it must refuse.
            told: how the delivery of warnings goes; None: nobody is told.
        """
        self.site, self._on_action, self.told = site, on_action, told
        self.metrics = Metrics()
        self.snapshot = Snapshot(Clock())
        self.board = ZoneBoard(site.zones)
        self.changed = asyncio.Event()
        self.warnings: deque[Row] = deque(maxlen=KEPT)
        self.notices: OrderedDict[tuple[str, str], Row] = OrderedDict()
        self.documents: OrderedDict[str, bytes] = OrderedDict()
        self.feed: bytes | None = None
        self.clients = 0
        self._versions = dict.fromkeys(_NEWEST, 0)
        self._encoded: dict[str, tuple[int, Any]] = {}
        self._ring: deque[str] = deque(maxlen=RING)
        self._events = 0
        self._forecasts = Forecasts.empty()
        self._biases = Biases.empty()
        self._designated = Designated.empty()
        self._plots = 0
        self._actions: Counter[str] = Counter()
        self._recent: deque[tuple[int, int]] = deque()
        self._faults: dict[str, Counter[str]] = {}
        self._coverages: OrderedDict[tuple[bytes, float], bytes] = OrderedDict()

    # Taking in

    def publish(self, snapshot: Snapshot) -> None:
        """Take a tick's picture and wake all clients; call it after the tick's commit."""
        states = self._states()
        snapshot = self.snapshot = self._labelled(snapshot)
        self.metrics.observe(snapshot)
        self._forecasts = snapshot.forecasts if len(snapshot.forecasts) else self._forecasts
        self._biases = snapshot.biases if len(snapshot.biases) else self._biases
        if snapshot.designated is not None:
            self._designated = snapshot.designated
        self._count(snapshot)
        self._take_warnings(snapshot)
        self._take_notices(snapshot.notices)
        self._take_documents(snapshot)
        if self.told is not None:
            self.metrics.observe_deliveries(self.told.counts())
        moved = _NEWEST if states != self._states() else _without_coverage()
        self._wake(*moved)

    def set_clock(self, clock: Clock) -> None:
        """Take a change of the clock between ticks (a pause makes no ticks)."""
        self.snapshot = replace(self.snapshot, clock=clock)
        self._wake("clock")

    async def act(self, request: OperatorRequest) -> None:
        """Hand an operator's request to `run`; it has been accepted when this returns.

        Raises:
            InputError: refused.
            LookupError: nobody takes requests.
        """
        if self._on_action is None:
            raise LookupError("no run takes requests")
        await self._on_action(request)

    def _wake(self, *kinds: str) -> None:
        for kind in kinds:
            self._versions[kind] += 1
        # Whoever waits holds the old event; setting it wakes them all, once.
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    def _labelled(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot with the faults of sources that nobody named under one name.

        So names that a feed invents make no counters.
        """
        known = {*self.site.inputs, *(sensor.sensor_id for sensor in self.site.sensors)}
        known.update(snapshot.health.sensor_id)
        faults = snapshot.faults
        labels = [name if name in known else OTHER for name in faults.source_id]
        return replace(snapshot, faults=faults.replace(source_id=labels))

    def _count(self, snapshot: Snapshot) -> None:
        self._plots += snapshot.plots
        self._recent.append((snapshot.clock.now_ns, snapshot.plots))
        while self._recent[0][0] < snapshot.clock.now_ns - RATE_WINDOW_NS:
            self._recent.popleft()
        for source_id, kind in zip(snapshot.faults.source_id, snapshot.faults.kind, strict=True):
            self._faults.setdefault(source_id, Counter())[kind] += 1

    def _take_warnings(self, snapshot: Snapshot) -> None:
        for k in range(len(snapshot.warnings)):
            row = warning_row(snapshot.warnings, k, self.board.names)
            self.warnings.append(row)
            self._actions[row["action"]] += 1
            self._emit({"type": "warning", **row})
        changed = self.board.fold(snapshot.warnings, snapshot.pending)
        if changed:
            self._emit({"type": "zones", "changed": changed})

    def _take_notices(self, notices: Notices) -> None:
        for k in range(len(notices)):
            row = self._notice_row(notices, k)
            key = (row["notice_id"], row["kind"])
            self.notices[key] = row
            self._emit({"type": "notice", **row})
        while len(self.notices) > KEPT:
            self.notices.popitem(last=False)

    def _notice_row(self, notices: Notices, k: int) -> Row:
        kind, at = NoticeKind(notices.kind[k]), iso(int(notices.decided_at_ns[k]))
        if kind in _BACK:
            self._end_notice(notices.notice_id[k], at)
        return {
            "at": at,
            "notice_id": notices.notice_id[k],
            "kind": notice_kind(kind),
            "sensor_id": notices.sensor_id[k],
            "zone_ids": list(notices.zone_ids[k]),
            "text": notices.text[k],
            "ended_at": at if kind in _BACK else None,
        }

    def _end_notice(self, notice_id: str, at: str) -> None:
        for (other_id, _), row in self.notices.items():
            if other_id == notice_id and row["ended_at"] is None:
                row["ended_at"] = at

    def _take_documents(self, snapshot: Snapshot) -> None:
        self.documents.update(snapshot.documents)
        while len(self.documents) > KEPT:
            self.documents.popitem(last=False)
        self.feed = snapshot.feed if snapshot.feed is not None else self.feed

    def _emit(self, message: Row) -> None:
        self._ring.append(dump(message).decode())
        self._events += 1

    # Giving out, to streams

    def cursor(self) -> Cursor:
        """Return a cursor for a new client: it gets every newest value, but no past event."""
        return Cursor(self._events, {"coverage": self._versions["coverage"]})

    def hello(self) -> str:
        """Return the first message of a stream."""
        now = iso(self.snapshot.clock.now_ns)
        return dump({"type": "hello", "mode": self.site.mode, "now": now}).decode()

    def next_message(self, cursor: Cursor) -> Message | None:
        """Return the next message a client lacks, events first, and advance its cursor.

        Raises:
            LaggedError: the client lags so far behind that events are lost to it.
        """
        if cursor.event < self._events - len(self._ring):
            raise LaggedError
        if cursor.event < self._events:
            cursor.event += 1
            return self._ring[cursor.event - 1 - self._events]
        for kind in _NEWEST:
            if cursor.versions.get(kind) != self._versions[kind]:
                cursor.versions[kind] = self._versions[kind]
                return self._newest(kind)
        return None

    def _newest(self, kind: str) -> Message:
        message: Message = self._once(kind, self._versions[kind], getattr(self, f"_make_{kind}"))
        return message

    def _once(self, name: str, version: int, make: Callable[[], Any]) -> Any:
        known = self._encoded.get(name)
        if known is None or known[0] != version:
            known = self._encoded[name] = (version, make())
        return known[1]

    def _make_clock(self) -> str:
        return dump({"type": "clock", **self.clock_row()}).decode()

    def _make_sensors(self) -> str:
        return dump({"type": "sensors", **self.sensors()}).decode()

    def _make_summary(self) -> str:
        return dump({"type": "summary", **self.summary()}).decode()

    def _make_coverage(self) -> str:
        return dump({"type": "coverage_changed"}).decode()

    def _make_tracks(self) -> bytes:
        now_ns = self.snapshot.clock.now_ns
        return encode_tracks(self.snapshot.tracks, self.site.origin, now_ns)

    # Giving out, to requests

    def clock_row(self) -> Row:
        """Return the clock as JSON has it."""
        clock = self.snapshot.clock
        return {
            "now": iso(clock.now_ns),
            "speed": clock.speed,
            "paused": clock.paused,
            "controllable": clock.controllable,
            "mode": self.site.mode,
        }

    def tracks_json(self) -> bytes:
        """Return all tracks as JSON, encoded once a tick."""

        def make() -> bytes:
            now = iso(self.snapshot.clock.now_ns)
            return dump({"at": now, "tracks": track_rows(self.snapshot.tracks)})

        encoded: bytes = self._once("tracks_json", self._versions["tracks"], make)
        return encoded

    def track(self, name: str) -> Row | None:
        """Return the detail of the track with this id or display number, if it lives."""
        tracks = self.snapshot.tracks
        rows = (tracks.track_id == name).nonzero()[0]
        if not len(rows) and name.isascii() and name.isdigit():
            rows = (tracks.number == int(name)).nonzero()[0]
        if not len(rows):
            return None
        now_ns = self.snapshot.clock.now_ns
        fresh = self._forecasts.made_at_ns >= now_ns - FORECAST_NS
        forecasts = self._forecasts.take(fresh)
        return track_detail(tracks, int(rows[0]), forecasts, self._designated, self.site, now_ns)

    def sensors(self) -> Row:
        """Return all sensors with their health."""
        health = self.snapshot.health
        return {"sensors": sensor_rows(self.site.sensors, health, self._faults, self._biases)}

    def summary(self) -> Row:
        """Return the counters that the page's head shows."""
        status = self.snapshot.tracks.status
        return {
            "plots": self._plots,
            "tracks_confirmed": int((status == TrackStatus.CONFIRMED).sum()),
            "warnings_by_action": dict(sorted(self._actions.items())),
            "zones_by_stage": self.board.by_stage(),
            "plots_per_s": round(self._plots_per_s(), 1),
            "undelivered": self.told.undelivered() if self.told is not None else [],
        }

    def _plots_per_s(self) -> float:
        if len(self._recent) < 2:
            return 0.0
        span_ns = self._recent[-1][0] - self._recent[0][0]
        later = sum(plots for _, plots in self._recent) - self._recent[0][1]
        return later * NS / span_ns if span_ns else 0.0

    def coverage(self, height_m: float) -> bytes | None:
        """Return covered and blind areas at a height as GeoJSON, made once per sensor state."""
        if self.site.coverage is None:
            return None
        key = (self._states(), height_m)
        if key not in self._coverages:
            self._coverages[key] = dump(self.site.coverage(self.snapshot.health, height_m))
            while len(self._coverages) > COVERAGES:
                self._coverages.popitem(last=False)
        return self._coverages[key]

    def _states(self) -> bytes:
        return self.snapshot.health.state.tobytes()


def _without_coverage() -> tuple[str, ...]:
    return tuple(kind for kind in _NEWEST if kind != "coverage")
