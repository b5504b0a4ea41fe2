"""One step of the air picture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tocsin.contract import (
    Bool,
    Designated,
    Designation,
    Faults,
    Looks,
    Notices,
    OperatorActions,
    Reports,
    SensorHealth,
    Tracks,
    TrackUpdates,
)
from tocsin.picture import designate, external, hearing, identity
from tocsin.picture.coverage import live_sensors
from tocsin.picture.state import PictureState
from tocsin.picture.tracks import instants, track_rows


@dataclass(frozen=True)
class PictureIn:
    """Hold a step's input.

    Args:
        updates: the tracker's states.
        external: reports of other trackers.
        identities: reports that only say who an address is.
        reports: all reports, for the health of sensors.
        faults: what could not be used.
        actions: what operators did.
        looks: what sensors swept.
        instant_ns: the tracker's latest instant; without tracks at it, there are none now.
    """

    updates: TrackUpdates = field(default_factory=TrackUpdates.empty)
    external: Reports = field(default_factory=Reports.empty)
    identities: Reports = field(default_factory=Reports.empty)
    reports: Reports = field(default_factory=Reports.empty)
    faults: Faults = field(default_factory=Faults.empty)
    actions: OperatorActions = field(default_factory=OperatorActions.empty)
    looks: Looks = field(default_factory=Looks.empty)
    instant_ns: int = 0


@dataclass(frozen=True)
class PictureOut:
    """Hold a step's output.

    Args:
        tracks: all live tracks, external ones too, at each new instant.
        current: those at the latest instant, whether it is new or not: the picture now.
        health: of each sensor.
        notices: new ones.
        designated: what operators declared live tracks to be.
    """

    tracks: Tracks
    current: Tracks
    health: SensorHealth
    notices: Notices
    designated: Designated


def step(state: PictureState, given: PictureIn, now_ns: int) -> tuple[PictureState, PictureOut]:
    """Return the state and the air picture after one step.

    Args:
        state: before.
        given: what has come since.
        now_ns: the step's time.
    """
    config = state.config
    heard = hearing.hear(state.hearing, config, given.reports, given.looks, given.faults, now_ns)
    health = hearing.health(heard, config, now_ns)
    live = live_sensors(config, health)
    heard, notices = hearing.notify(heard, config, live, now_ns)
    state = replace(
        state,
        hearing=heard,
        names=identity.learn(state.names, given.identities, config, now_ns),
        external=external.take_in(state.external, given.external, config, now_ns),
        designations=designate.take_in(state.designations, given.actions, now_ns),
    )
    state, tracks, others = _tracks(state, live, given, now_ns)
    current = Tracks.concat([state.shown, others])
    said = designate.rows(state.designations)
    return state, PictureOut(tracks, current, health, notices, said)


def _tracks(
    state: PictureState, live: Bool, given: PictureIn, now_ns: int
) -> tuple[PictureState, Tracks, Tracks]:
    """Return our tracks instant by instant, then external ones at the last of them; these again."""
    parts, at_ns = [], now_ns
    for instant_ns, rows in instants(given.updates):
        state, part = track_rows(state, live, rows, instant_ns, now_ns)
        state = replace(state, shown=part, shown_ns=instant_ns)
        parts.append(part)
        at_ns = instant_ns
    if given.instant_ns > state.shown_ns:
        state = replace(state, shown=Tracks.empty(), shown_ns=given.instant_ns)
    others = external.external_tracks(state.external, state.config, at_ns, now_ns)
    said = designate.designated(state.designations, others.track_id)
    # What it is, its own tracker knows; only an operator makes it a hazard here.
    others = others.replace(designation=said, hazardous=said == Designation.HAZARD)
    tracks = Tracks.concat([*parts, others])
    if parts:
        kept = designate.keep_live(state.designations, tracks.track_id)
        state = replace(state, designations=kept)
    return state, tracks, others
