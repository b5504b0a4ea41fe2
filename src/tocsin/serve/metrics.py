"""Counters for Prometheus, in a registry of their own."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from tocsin.contract import Action, DeliveryStatus, TrackStatus
from tocsin.serve.rows import lower
from tocsin.serve.snapshot import Snapshot

_TICK_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """Count what goes through."""

    def __init__(self) -> None:
        """Start every counter at nothing, so that an absent one is an error and not a zero."""
        self.registry = CollectorRegistry()
        at = self.registry
        self.plots = Counter("tocsin_plots", "Plots taken in", registry=at)
        self.tracks = Gauge("tocsin_tracks", "Live tracks", ["status"], registry=at)
        self.warnings = Counter("tocsin_warnings", "Warning decisions", ["action"], registry=at)
        self.notices = Counter("tocsin_notices", "Notices to operators", registry=at)
        self.faults = Counter("tocsin_faults", "Unusable input", ["source", "kind"], registry=at)
        self.overflow = Gauge(
            "tocsin_overflow", "Rows dropped at a full bound", ["what"], registry=at
        )
        self.ticks = Histogram(
            "tocsin_tick_seconds", "Time that a tick took", buckets=_TICK_BOUNDS_S, registry=at
        )
        self.clients = Gauge("tocsin_clients", "WebSocket clients", registry=at)
        self.frames = Counter("tocsin_track_frames", "Track frames sent to clients", registry=at)
        self.deliveries = Gauge(
            "tocsin_deliveries", "Messages to recipients", ["recipient", "status"], registry=at
        )
        self.lagged = Counter("tocsin_clients_lagged", "Clients dropped for lagging", registry=at)
        for status in TrackStatus:
            self.tracks.labels(lower(status))
        for action in Action:
            self.warnings.labels(lower(action))

    def observe(self, snapshot: Snapshot) -> None:
        """Count one tick."""
        self.plots.inc(snapshot.plots)
        self.notices.inc(len(snapshot.notices))
        self.ticks.observe(snapshot.tick_s)
        statuses = Count(snapshot.tracks.status.tolist())
        for status in TrackStatus:
            self.tracks.labels(lower(status)).set(statuses[status])
        for action, count in Count(snapshot.warnings.action.tolist()).items():
            self.warnings.labels(lower(Action(action))).inc(count)
        faults = zip(snapshot.faults.source_id, snapshot.faults.kind, strict=True)
        for (source_id, kind), count in Count(faults).items():
            self.faults.labels(source_id, kind).inc(count)
        for what, count in snapshot.overflows.items():
            self.overflow.labels(what).set(count)

    def observe_deliveries(self, counts: Mapping[tuple[str, DeliveryStatus], int]) -> None:
        """Take how many messages each recipient has had of each status."""
        for (recipient, status), count in counts.items():
            self.deliveries.labels(recipient, lower(status)).set(count)

    def text(self) -> bytes:
        """Return all counters in Prometheus's text format."""
        return generate_latest(self.registry)
