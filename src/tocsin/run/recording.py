"""A run's journal: inputs before a tick is worked, outputs before anybody hears of them."""

from __future__ import annotations

import copyreg
import hashlib
import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tocsin.contract import (
    NS,
    Frames,
    InputError,
    Notices,
    OperatorActions,
    Table,
    Warnings,
    from_ipc,
    parse_zones,
    to_ipc,
    zones_geojson,
)
from tocsin.record import Batch, Entry, Journal, read_journal, read_meta
from tocsin.run.pipeline import Pipeline, TickOut
from tocsin.run.site import Site, SiteFile

SNAPSHOT_PERIOD_NS = 60 * NS
OUTPUTS = ("reports", "looks", "faults", "plots", "updates", "tracks", "health", "forecasts",
           "warnings", "notices")  # fmt: skip


def _read_only(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


# Read-only mappings in the rooms' settings are part of a snapshot, but pickle does not know them.
copyreg.pickle(MappingProxyType, lambda proxy: (_read_only, (dict(proxy),)))


def _batches(out: TickOut) -> list[Batch]:
    """Return a tick's outputs; tracks always, the rest where there are rows."""
    tables: dict[str, Table] = {name: getattr(out, name) for name in OUTPUTS}
    kept = {name: table for name, table in tables.items() if len(table) or name == "tracks"}
    return [Batch(name, out.now_ns, to_ipc(table), len(table)) for name, table in kept.items()]


def site_meta(site: Site) -> dict[str, str]:
    """Return the facts from which `recorded_site` builds the same site again."""
    return {
        "site": site.file.model_dump_json(exclude={"access"}),
        "zones": json.dumps(zones_geojson(site.zones)),
        "place": json.dumps(site.place),
        "policy": site.policy_text,
    }


def recorded_site(folder: Path) -> Site:
    """Return the site that a record was made with.

    Raises:
        InputError: the folder holds no record of a run.
    """
    meta = read_meta(folder)
    if "site" not in meta:
        raise InputError(folder, "holds no record of a run", "name the folder of `tocsin run`")
    file = SiteFile.model_validate_json(meta["site"])
    zones = parse_zones(json.loads(meta["zones"]), folder)
    return Site(file, zones, json.loads(meta["place"]), meta["policy"])


class Recording:
    """Keep a run's ticks in a journal; without a folder, keep nothing."""

    def __init__(self, journal: Journal | None) -> None:
        """Name the journal."""
        self._journal = journal
        self._snapshot_ns = 0

    @classmethod
    def open(cls, folder: Path | None, site: Site) -> Recording:
        """Open or continue the journal of a site's run.

        Raises:
            InputError: the folder cannot be used.
        """
        return cls(None if folder is None else Journal.open(folder, site_meta(site)))

    def inputs(self, frames: Frames, actions: OperatorActions, now_ns: int) -> None:
        """Make a tick's inputs durable."""
        if self._journal is None:
            return
        tables = (("frames", frames), ("operator_actions", actions))
        batches = [Batch(name, now_ns, to_ipc(t), len(t)) for name, t in tables if len(t)]
        self._journal.commit([*batches, Batch("tick", now_ns, b"", 0)])

    def outputs(self, out: TickOut, pipeline: Pipeline) -> None:
        """Make a tick's outputs durable, and now and then the whole state."""
        if self._journal is None:
            return
        batches = _batches(out)
        if out.now_ns - self._snapshot_ns >= SNAPSHOT_PERIOD_NS:
            state = pickle.dumps((out.now_ns, pipeline.state))
            batches.append(Batch("snapshot", out.now_ns, state, 1))
            self._snapshot_ns = out.now_ns
        self._journal.commit(batches)

    def close(self) -> None:
        """Finish the journal."""
        if self._journal is not None:
            self._journal.close()


@dataclass(frozen=True)
class RecordedTick:
    """Hold the inputs of one recorded tick, and whether its outputs were recorded too."""

    now_ns: int
    frames: Frames
    actions: OperatorActions
    complete: bool = True


def recorded_ticks(folder: Path, after_seq: int = 0) -> Iterator[RecordedTick]:
    """Yield the ticks of a record in order.

    Raises:
        InputError: no record there, or it is damaged.
    """
    streams = ("frames", "operator_actions", "tick", "tracks")
    frames, actions = Frames.empty(), OperatorActions.empty()
    waiting: RecordedTick | None = None
    for entry in read_journal(folder, streams, after_seq):
        if entry.stream == "frames":
            frames = from_ipc(Frames, entry.blob)
        elif entry.stream == "operator_actions":
            actions = from_ipc(OperatorActions, entry.blob)
        elif entry.stream == "tick":
            if waiting is not None:
                yield waiting
            waiting = RecordedTick(entry.at_ns, frames, actions, complete=False)
            frames, actions = Frames.empty(), OperatorActions.empty()
        elif waiting is not None:
            yield RecordedTick(waiting.now_ns, waiting.frames, waiting.actions)
            waiting = None
    if waiting is not None:
        yield waiting


def resume(pipeline: Pipeline, recording: Recording, folder: Path) -> int:
    """Bring a pipeline to the end of a record; return the last tick's time, 0 for none.

    Starts from the last snapshot; ticks whose outputs were cut off get them now.
    """
    snapshot = _last_snapshot(folder)
    last_ns, after_seq = 0, 0
    if snapshot is not None:
        # Only this program writes the folder; a record from elsewhere is replayed, never resumed.
        last_ns, pipeline.state = pickle.loads(snapshot.blob)
        after_seq = snapshot.seq
    for tick in recorded_ticks(folder, after_seq):
        out = pipeline.tick(tick.frames, tick.actions, tick.now_ns)
        last_ns = tick.now_ns
        if not tick.complete:
            recording.outputs(out, pipeline)
    return last_ns


def recorded_decisions(folder: Path) -> tuple[Warnings, Notices]:
    """Return all warnings and notices of a record, in order."""
    entries = list(read_journal(folder, ("warnings", "notices")))
    warnings = [from_ipc(Warnings, e.blob) for e in entries if e.stream == "warnings"]
    notices = [from_ipc(Notices, e.blob) for e in entries if e.stream == "notices"]
    return Warnings.concat(warnings), Notices.concat(notices)


def _last_snapshot(folder: Path) -> Entry | None:
    last = None
    for entry in read_journal(folder, ("snapshot",)):
        last = entry
    return last


class Digests:
    """Hash a run's outputs as they come, stream by stream, as the journal would."""

    def __init__(self) -> None:
        """Start empty."""
        self._hashes = {name: hashlib.sha256() for name in OUTPUTS}

    def add(self, out: TickOut) -> None:
        """Take a tick's outputs."""
        for batch in _batches(out):
            self._hashes[batch.stream].update(batch.at_ns.to_bytes(8, "little", signed=True))
            self._hashes[batch.stream].update(len(batch.blob).to_bytes(8, "little"))
            self._hashes[batch.stream].update(batch.blob)

    def hex(self) -> dict[str, str]:
        """Return the hash of each stream."""
        return {name: value.hexdigest() for name, value in self._hashes.items()}
