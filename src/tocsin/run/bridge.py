"""From ticks to clients: what the pipeline made, as the page's server takes it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from tocsin import __version__, picture, serve, warn
from tocsin.contract import InputError, Notices, OperatorActions, SensorHealth, Warnings, Zone
from tocsin.geo import Region
from tocsin.run.clock import Clock
from tocsin.run.coverage import site_masks
from tocsin.run.delivery import Dispatch
from tocsin.run.messages import Messages
from tocsin.run.pipeline import Pipeline, TickOut
from tocsin.run.site import Site
from tocsin.run.told import tell, told


def site_info(site: Site, pipeline: Pipeline, mode: str) -> serve.SiteInfo:
    """Return what clients must know of a site."""
    towns = tuple(serve.Town(**town) for town in site.place.get("towns", ()))
    region = Region.at(site.origin)
    masks = site_masks(site)

    def coverage(health: SensorHealth, height_m: float) -> dict[str, Any]:
        config = picture.PictureConfig(region, pipeline.state.sensors, site.zones, masks=masks)
        return picture.coverage(config, health, site.zones, height_m)

    return serve.SiteInfo(
        site.name,
        mode,
        site.file.site.status,
        site.origin,
        site.place.get("coastline"),
        towns,
        site.zones,
        pipeline.state.sensors,
        coverage,
        __version__,
        tuple(item.source_id for item in site.file.input),
    )


class Bridge:
    """Publish ticks to a hub and bring clients' requests back.

    Args:
        site: the site.
        pipeline: whose sensors clients see.
        clock: time, and what requests about time go to.
        act: takes operator actions into the next tick.
        mode: live, demo or replay.
        overflows: bytes dropped so far, by source.
        former: zones that the site had before.
        dispatch: tells recipients; None: nobody is told.
    """

    def __init__(
        self,
        site: Site,
        pipeline: Pipeline,
        clock: Clock,
        act: Callable[[OperatorActions], None],
        mode: str,
        overflows: Mapping[str, int] = MappingProxyType({}),
        former: Sequence[Zone] = (),
        dispatch: Dispatch | None = None,
    ) -> None:
        """Make the hub."""
        self._overflows = overflows
        self._clock, self._act = clock, act
        self._messages = Messages(site, former)
        self._last = time.perf_counter()
        self._dispatch = dispatch
        self.hub = serve.Hub(site_info(site, pipeline, mode), self._request, dispatch)
        clock.on_change = lambda: self.hub.set_clock(self._clock_state())

    def __call__(self, out: TickOut) -> None:
        """Publish one tick."""
        now = time.perf_counter()
        documents, feed = self._messages.add(out.warnings)
        self.hub.publish(
            serve.Snapshot(
                self._clock_state(),
                out.current,
                out.health,
                out.forecasts,
                out.warnings,
                out.notices,
                out.faults,
                len(out.plots),
                now - self._last,
                self._overflows,
                documents,
                feed,
                out.biases,
                out.pending,
                out.designated,
            )
        )
        self._last = now
        if self._dispatch is not None:
            self._dispatch(out.warnings, documents, out.now_ns)
            self._dispatch.watch(out.current, out.now_ns)

    def stop(self) -> None:
        """Tell clients that time stands still from now on: the feed or the record is over."""
        self._clock.state = replace(self._clock.state, paused=True, controllable=False)
        self.hub.set_clock(self._clock_state())

    def warn(self, text: str) -> None:
        """Tell clients what the record cannot tell them now."""
        clock = self._clock_state()
        notices = told(tell("record", text, clock.now_ns), clock.now_ns)
        kept = self.hub.snapshot
        self.hub.publish(
            serve.Snapshot(
                clock,
                kept.tracks,
                kept.health,
                kept.forecasts,
                notices=notices,
                overflows=self._overflows,
            )
        )

    def recall(self, warnings: Warnings, notices: Notices) -> None:
        """Take up the decisions of a resumed record: open warnings and lists come back."""
        documents, feed = self._messages.add(warnings)
        clock = self._clock_state()
        self.hub.publish(
            serve.Snapshot(
                clock, warnings=warnings, notices=notices, documents=documents, feed=feed
            )
        )
        if self._dispatch is not None:
            self._dispatch.recall(warnings, documents, clock.now_ns)

    def _clock_state(self) -> serve.Clock:
        state = self._clock.state
        return serve.Clock(state.now_ns, state.speed, state.paused, state.controllable)

    async def _request(self, request: serve.OperatorRequest) -> None:
        if request.verb == "clock":
            speed, paused = request.detail.get("speed"), request.detail.get("paused")
            await self._clock.control(speed, paused)
            self.hub.set_clock(self._clock_state())
        elif self.hub.site.mode == "replay":
            raise InputError("a replay", "decides as it was recorded", "give orders to a live run")
        elif request.verb not in {"designate", *warn.VERBS}:
            raise InputError("request", f"unknown verb {request.verb!r}", "see /openapi.json")
        self._act(
            OperatorActions.build(
                1,
                received_at_ns=self._clock.state.now_ns,
                author=[request.author],
                verb=[request.verb],
                subject=[request.subject],
                detail=[json.dumps(dict(request.detail), sort_keys=True)],
            )
        )
