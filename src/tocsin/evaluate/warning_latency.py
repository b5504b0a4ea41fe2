"""How long each stage took, from a measurement to the warning that rests on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tocsin.contract import ENDINGS, F64, I64, NS, Reports, Stage, Tracks, Warnings
from tocsin.evaluate.warning_baselines import RunTables

QUANTILES = (50, 95)


def stage_latencies(warnings: Warnings, run: RunTables) -> dict[str, Any]:
    """Return quantiles of the time that each stage took; a stage without tables is null.

    Decisions are those that first put a zone in alarm or pre-alert, or raised it to alarm.
    """
    begun = warnings.take(_raised(warnings))
    published = begun.take(begun.published_at_ns > 0)
    stages: dict[str, F64] = {
        "decided_to_published": (published.published_at_ns - published.decided_at_ns) / NS
    }
    reports, tracks = run.reports, run.tracks
    if reports is not None:
        heard = reports.take(reports.received_at_ns > 0)
        stages["measured_to_received"] = (heard.received_at_ns - heard.measured_at_ns) / NS
    if tracks is not None:
        measured, emitted = _first_emitted(tracks)
        if reports is not None:
            stages["received_to_tracked"] = _since_received(measured, emitted, reports)
        stages["tracked_to_decided"] = _since_last(begun.decided_at_ns, np.unique(emitted))
        stages["measured_to_told"] = _since_measured(begun, tracks)
    names = (
        "measured_to_received",
        "received_to_tracked",
        "tracked_to_decided",
        "decided_to_published",
        "measured_to_told",
    )
    return {name: _summary(stages.get(name, np.zeros(0))) for name in names}


def _summary(seconds: F64) -> dict[str, Any]:
    known = len(seconds) > 0
    return {
        "count": len(seconds),
        **{f"p{q}_s": float(np.percentile(seconds, q)) if known else None for q in QUANTILES},
    }


def _raised(warnings: Warnings) -> I64:
    """Return the rows that begin a warning, or raise it to alarm, in order of decision."""
    stage: dict[str, int] = {}
    rows = []
    for row in np.argsort(warnings.decided_at_ns, kind="stable").tolist():
        name, now = warnings.warning_id[row], int(warnings.stage[row])
        over = warnings.action[row] in ENDINGS
        if not over and now > stage.get(name, Stage.QUIET):
            rows.append(row)
        stage[name] = Stage.QUIET if over else now
    return np.array(rows, np.int64)


def _first_emitted(tracks: Tracks) -> tuple[I64, I64]:
    """Return each time of a latest plot, and when a track that had it was first put out."""
    known = tracks.last_plot_at_ns > 0
    measured, emitted = tracks.last_plot_at_ns[known], tracks.emitted_at_ns[known]
    order = np.lexsort((emitted, measured))
    measured, first = np.unique(measured[order], return_index=True)
    return measured, emitted[order][first]


def _since_received(measured: I64, emitted: I64, reports: Reports) -> F64:
    """Return from when the first plot of a time was received to when it was in a track."""
    heard = reports.take(reports.received_at_ns > 0)
    order = np.lexsort((heard.received_at_ns, heard.measured_at_ns))
    times, first = np.unique(heard.measured_at_ns[order], return_index=True)
    received = heard.received_at_ns[order][first]
    place = np.minimum(np.searchsorted(times, measured), max(len(times) - 1, 0))
    same = times[place] == measured if len(times) else np.zeros(len(measured), bool)
    return np.asarray((emitted[same] - received[place[same]]) / NS)


def _since_last(at_ns: I64, emitted: I64) -> F64:
    """Return from the newest output of tracks before each decision to it."""
    place = np.searchsorted(emitted, at_ns, "right") - 1
    known = place >= 0
    return np.asarray((at_ns[known] - emitted[place[known]]) / NS)


def _since_measured(begun: Warnings, tracks: Tracks) -> F64:
    """Return from the latest plot of the track named first to when people could hear of it."""
    told = np.where(begun.published_at_ns > 0, begun.published_at_ns, begun.decided_at_ns)
    named = [ids[0] if ids else "" for ids in begun.track_ids]
    wanted = set(named) - {""}
    rows = np.flatnonzero(
        np.fromiter((name in wanted for name in tracks.track_id), bool, len(tracks))
    )
    rows = rows[np.argsort(tracks.emitted_at_ns[rows], kind="stable")]
    of_track: dict[str, list[int]] = {}
    for row in rows.tolist():
        of_track.setdefault(tracks.track_id[row], []).append(row)
    seconds = []
    for name, at_ns, decided in zip(named, told.tolist(), begun.decided_at_ns, strict=True):
        mine = np.array(of_track.get(name, []), np.int64)
        place = int(np.searchsorted(tracks.emitted_at_ns[mine], decided, "right")) - 1
        if place >= 0 and tracks.last_plot_at_ns[mine[place]] > 0:
            seconds.append((at_ns - int(tracks.last_plot_at_ns[mine[place]])) / NS)
    return np.array(seconds)
