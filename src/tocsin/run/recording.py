"""A run's journal: inputs before a tick is worked, outputs before anybody hears of them."""

from __future__ import annotations

import copyreg
import hashlib
import io
import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
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
    Zone,
    from_ipc,
    parse_zones,
    to_ipc,
    zones_geojson,
)
from tocsin.record import Batch, Entry, Journal, newest, read_journal, read_meta, read_metas
from tocsin.run.detection import table_text
from tocsin.run.pipeline import Pipeline, PipelineConfig, PipelineState, TickOut
from tocsin.run.site import Site, SiteFile

SNAPSHOT_PERIOD_NS = 60 * NS
_SITE_FACTS = ("site", "zones", "place", "policy", "detection")
OUTPUTS = ("reports", "looks", "faults", "plots", "biases", "updates", "innovations", "tracks",
           "health", "forecasts", "warnings", "pending", "designated", "notices")  # fmt: skip


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
        "site": site.file.model_dump_json(exclude={"access", "delivery"}),
        "zones": json.dumps(zones_geojson(site.zones)),
        "place": json.dumps(site.place),
        "policy": site.policy_text,
        "detection": table_text(site.detection),
    }


def recorded_site(folder: Path) -> Site:
    """Return the site that a record was made with, the latest where it changed.

    Raises:
        InputError: the folder holds no record of a run.
    """
    return _site_from(read_meta(folder), folder)


def recorded_zones(folder: Path) -> tuple[Zone, ...]:
    """Return all zones that a record's sites ever had, each as it was last.

    Raises:
        InputError: no record there.
    """
    texts = [meta["zones"] for _, meta in read_metas(folder) if "zones" in meta]
    zones = [zone for text in texts for zone in parse_zones(json.loads(text), folder)]
    return tuple({zone.zone_id: zone for zone in zones}.values())


def _site_from(meta: Mapping[str, str], folder: Path) -> Site:
    if "site" not in meta:
        raise InputError(folder, "holds no record of a run", "name the folder of `tocsin run`")
    file = SiteFile.model_validate_json(meta["site"])
    zones = parse_zones(json.loads(meta["zones"]), folder)
    # A record from before it was kept was made with the sensors' constants.
    detection = meta.get("detection", "")
    return Site(file, zones, json.loads(meta["place"]), meta["policy"], recorded=detection)


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

    @property
    def may_recover(self) -> bool:
        """Return whether what could not be written may be written later."""
        return self._journal is not None and self._journal.may_recover

    def outputs(self, out: TickOut, pipeline: Pipeline | None) -> None:
        """Make a tick's outputs durable, and now and then what the pipeline remembers."""
        if self._journal is None:
            return
        batches = _batches(out)
        due = out.now_ns - self._snapshot_ns >= SNAPSHOT_PERIOD_NS
        if due and pipeline is not None:
            state = snapshot(out.now_ns, pipeline.state)
            batches.append(Batch("snapshot", out.now_ns, state, 1))
        self._journal.commit(batches)
        if due and pipeline is not None:
            self._snapshot_ns = out.now_ns

    def close(self) -> None:
        """Finish the journal."""
        if self._journal is not None:
            self._journal.close()


@dataclass(frozen=True)
class RecordedTick:
    """Hold the inputs of one recorded tick, and whether its outputs were recorded too.

    Args:
        now_ns: its time.
        frames: what came.
        actions: what operators did.
        seq: its place in the record.
        complete: whether its outputs are in the record.
    """

    now_ns: int
    frames: Frames
    actions: OperatorActions
    seq: int = 0
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
            waiting = RecordedTick(entry.at_ns, frames, actions, entry.seq, complete=False)
            frames, actions = Frames.empty(), OperatorActions.empty()
        elif waiting is not None:
            yield replace(waiting, complete=True)
            waiting = None
    if waiting is not None:
        yield waiting


class Player:
    """Work the ticks of a record again, each under the site that it was recorded with.

    Raises:
        InputError: the folder holds no record of a run.
    """

    def __init__(
        self,
        folder: Path,
        begin: Entry | None = None,
        set_up: Callable[[Site], PipelineConfig] = Site.pipeline_config,
    ) -> None:
        """Start at the beginning, or from a snapshot in the record.

        Args:
            folder: the record's.
            begin: snapshot; None: the beginning.
            set_up: the rooms for a recorded site.
        """
        self._folder, self._metas, self._set_up = folder, read_metas(folder), set_up
        self.meta = self._meta_at(1 if begin is None else begin.seq)
        self.pipeline = Pipeline(set_up(self.site()))
        self.last_ns = 0 if begin is None else restore(self.pipeline, begin.blob)

    def site(self) -> Site:
        """Return the site of the tick that was worked last."""
        return _site_from(self.meta, self._folder)

    def tick(self, tick: RecordedTick) -> TickOut:
        """Work one tick."""
        meta = self._meta_at(tick.seq)
        if meta != self.meta:
            self.meta = meta
            self.pipeline.move(self._set_up(self.site()))
        self.last_ns = tick.now_ns
        return self.pipeline.tick(tick.frames, tick.actions, tick.now_ns)

    def _meta_at(self, seq: int) -> dict[str, str]:
        """Return what describes the site in the segment that holds an entry."""
        facts = [facts for first, facts in self._metas if first <= seq][-1]
        return {name: facts[name] for name in _SITE_FACTS if name in facts}


def resume(folder: Path, site: Site, recording: Recording) -> tuple[Pipeline, int, str]:
    """Return a pipeline at the end of a record, under a site that may have changed since.

    Starts from the last snapshot; ticks whose outputs were cut off get them now.

    Args:
        folder: the record's.
        site: now in force.
        recording: the same record, to be continued.

    Returns:
        The pipeline, the last tick's time (0: there was none), and what operators must know.
    """
    begin = newest(folder, "snapshot")
    player = Player(folder, begin)
    for tick in recorded_ticks(folder, 0 if begin is None else begin.seq):
        out = player.tick(tick)
        if not tick.complete:
            # A snapshot may only stand under the site that it was made with.
            recording.outputs(out, None)
    changed = player.meta != site_meta(site)
    text = player.pipeline.move(site.pipeline_config()) if changed else ""
    return player.pipeline, player.last_ns, text


def _settings(state: PipelineState) -> tuple[object, ...]:
    """Return what the rooms were told once: it follows from the site and is never stored."""
    track, warn = state.track, state.warn
    told = (
        state.plots.config,
        state.plots.clutter.cells,
        track.config,
        track.site,
        state.picture.config,
    )
    return (*told, warn.model, warn.lead_s)


class _Writer(pickle.Pickler):
    """Store a state, its settings by number only."""

    def __init__(self, file: io.BytesIO, settings: tuple[object, ...]) -> None:
        super().__init__(file)
        self._numbers = {id(value): k for k, value in enumerate(settings)}

    def persistent_id(self, obj: object) -> int | None:
        return self._numbers.get(id(obj))


class _Reader(pickle.Unpickler):
    """Read a state back, with the settings of those who read it."""

    def __init__(self, file: io.BytesIO, settings: tuple[object, ...]) -> None:
        super().__init__(file)
        self._settings = settings

    def persistent_load(self, pid: int) -> object:
        return self._settings[pid]


def snapshot(now_ns: int, state: PipelineState) -> bytes:
    """Return what a pipeline remembers, as bytes."""
    file = io.BytesIO()
    pickle.dump((now_ns, state.sensors), file)
    _Writer(file, _settings(state)).dump(state)
    return file.getvalue()


def restore(pipeline: Pipeline, blob: bytes) -> int:
    """Give a pipeline of the same site what a snapshot remembers; return its time."""
    # Only this program writes the folder; a record from elsewhere is replayed, never resumed.
    file = io.BytesIO(blob)
    now_ns, sensors = pickle.load(file)
    pipeline.know(sensors)
    pipeline.state = _Reader(file, _settings(pipeline.state)).load()
    return int(now_ns)


def recorded_decisions(folder: Path) -> tuple[Warnings, Notices]:
    """Return all warnings and notices of a record, in order."""
    entries = list(read_journal(folder, ("warnings", "notices")))
    warnings = [from_ipc(Warnings, e.blob) for e in entries if e.stream == "warnings"]
    notices = [from_ipc(Notices, e.blob) for e in entries if e.stream == "notices"]
    return Warnings.concat(warnings), Notices.concat(notices)


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
