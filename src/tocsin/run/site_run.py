"""`tocsin run`: a live site, with its page, until stopped."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tocsin import sense, serve
from tocsin.contract import InputError, Zone
from tocsin.record import Ledger
from tocsin.run.bodies import Bodies
from tocsin.run.bridge import Bridge
from tocsin.run.clock import Clock, FedClock, WallClock
from tocsin.run.delivery import Dispatch
from tocsin.run.live import Inbox, Sink, run_live
from tocsin.run.pipeline import Pipeline
from tocsin.run.recipients import Around, recipients
from tocsin.run.recording import Recording, recorded_decisions, recorded_zones, resume
from tocsin.run.site import InputSection, Site, SiteFile, SiteSection, read_site
from tocsin.run.told import tell
from tocsin.run.warm import warm_up

Note = Callable[[str], None]


@dataclass(frozen=True)
class RunOptions:
    """Hold what was asked for on the command line."""

    site: Path | None
    inputs: tuple[str, ...] = ()
    origin: str | None = None
    host: str | None = None
    port: int | None = None
    token: str | None = None
    record: Path | None = None
    page: bool = True
    clock: Literal["own", "received"] = "own"


def parse_origin(text: str) -> tuple[float, float]:
    """Return latitude and longitude of ``LAT,LON``.

    Raises:
        InputError: not two numbers in range.
    """
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError("--origin", f"{text!r} is not LAT,LON", "for example 47.5,8.5") from error
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise InputError("--origin", f"{text!r} is off the earth", "for example 47.5,8.5")
    return latitude, longitude


def site_of(options: RunOptions) -> Site:
    """Return the site that options name or describe.

    Raises:
        InputError: neither a site nor inputs with an origin, or an unusable one.
    """
    inputs = [
        InputSection(source_id=f"input-{k + 1}", url=url, clock=options.clock)
        for k, url in enumerate(options.inputs)
    ]
    if options.site is not None:
        site = read_site(options.site)
        file = site.file.model_copy(update={"input": [*site.file.input, *inputs]})
        site.file = file
        if not file.input:
            mend = "add an [[input]] to it, or give --input"
            raise InputError(options.site, "names nothing to listen to", mend)
        return site
    if not inputs:
        mend = "give a site file, or --input and --origin LAT,LON"
        raise InputError("run", "nothing to listen to", mend)
    if options.origin is None:
        raise InputError("run", "does not know where it is", "give --origin LAT,LON, or a site")
    latitude, longitude = parse_origin(options.origin)
    section = SiteSection(name="Own receiver", latitude_deg=latitude, longitude_deg=longitude)
    return Site(SiteFile(site=section, input=inputs))


def check_inputs(site: Site) -> None:
    """Refuse inputs that cannot work, before anything is started.

    Raises:
        InputError: an address that is none, or a file whose times are to be shifted: it is read at
            once, so all but its first second would lie in the future.
    """
    for item in site.file.input:
        address = sense.parse_address(item.url)
        if address.scheme == "file" and item.clock == "received":
            mend = "play it over TCP or UDP at its own pace, or use tocsin track"
            raise InputError(item.url, "is a file, and files are read at once", mend)


def serve_config(site: Site, options: RunOptions) -> serve.ServeConfig:
    """Return where the page is served; refuse a bind that lets strangers in.

    Raises:
        InputError: the bind is not loopback and there is no token.
    """
    access = site.file.access
    config = serve.ServeConfig(
        options.host or access.host,
        access.port if options.port is None else options.port,
        options.token or access.token,
        access.hosts,
        tokens=tuple(
            serve.Access(one.token, serve.Role[one.role.upper()], one.name) for one in access.tokens
        ),
    )
    serve.check_bind(config)
    return config


def run_site(options: RunOptions, note: Note) -> None:
    """Run until stopped.

    Raises:
        InputError: something asked for cannot be used.
    """
    site = site_of(options)
    check_inputs(site)
    recipients(site.file.delivery, _around(site))
    config = serve_config(site, options) if options.page else None
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(operate(site, config, options.record, (), "live", note))


async def operate(
    site: Site,
    config: serve.ServeConfig | None,
    record: Path | None,
    sinks: tuple[Sink, ...],
    mode: Literal["live", "demo"],
    note: Note,
    ready: Callable[[str], None] | None = None,
    linger: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Run a site: resume its record, listen, and serve the page.

    Args:
        site: what to run.
        config: where the page is served; None: nowhere.
        record: journal folder; None: nothing is kept.
        sinks: told of each tick.
        mode: as clients see it.
        note: tells people what happens.
        ready: told the page's address once it is up.
        linger: awaited, with the page still up, when the clock has ended.

    Raises:
        InputError: the record or the port cannot be used, or an input cannot.
    """
    warm_up(note, site.pipeline_config().sensors)
    clock: Clock = (
        FedClock(site.file.clock.feed) if site.file.clock else WallClock(site.file.site.tick_s)
    )
    inbox = Inbox(clock.stamp_ns)
    if isinstance(clock, WallClock):
        clock.on_step = lambda text: inbox.act(tell("clock", text, clock.state.now_ns))
    recording = Recording.open(record, site)
    try:
        former: tuple[Zone, ...] = ()
        last_ns, changed = 0, ""
        if record is None:
            pipeline = Pipeline(site.pipeline_config())
        else:
            pipeline, last_ns, changed = resume(record, site, recording)
            former = recorded_zones(record)
        dispatch = dispatch_of(site, record, former, note) if mode == "live" else None
        bridge = Bridge(site, pipeline, clock, inbox.act, mode, inbox.overflows, former, dispatch)
        if record is not None and last_ns:
            clock.state = replace(clock.state, now_ns=max(last_ns, clock.state.now_ns))
            bridge.recall(*recorded_decisions(record))
            note(f"resumed the record in {record}")
        if changed:
            note(changed)
            inbox.act(tell("site", changed, last_ns))
        async with contextlib.AsyncExitStack() as stack:
            if config is not None:
                config = with_token(config) if mode == "demo" else config
                app = serve.create_app(bridge.hub, config)
                address = await stack.enter_async_context(serve.serving(app, config))
                note(f"page: {address}")
                if ready is not None:
                    ready(address)
            if dispatch is not None:
                await stack.enter_async_context(dispatch.running())
            heard = config is not None or dispatch is not None
            every: list[Sink] = [*sinks, *([bridge] if heard else [])]

            def warn(text: str) -> None:
                note(text)
                bridge.warn(text)

            await run_live(site.file.input, clock, pipeline, recording, inbox, every, warn)
            bridge.stop()
            if linger is not None:
                await linger()
    finally:
        recording.close()


def dispatch_of(
    site: Site, record: Path | None, former: tuple[Zone, ...], note: Note
) -> Dispatch | None:
    """Return what tells the recipients that a site names; None: it names none.

    Raises:
        InputError: a recipient or the ledger cannot be used.
    """
    if not site.file.delivery:
        return None
    told = recipients(site.file.delivery, _around(site, former))
    if record is None:
        note("deliveries are noted in memory only, and forgotten at the end: give --record")
    return Dispatch(told, Ledger.open(record), Bodies(site, former))


def _around(site: Site, former: tuple[Zone, ...] = ()) -> Around:
    section = site.file.site
    return Around(site.folder, site.zones, time.time_ns, section.name, section.status, former)


def with_token(config: serve.ServeConfig) -> serve.ServeConfig:
    """Return the config; without a token one is made up, and the page carries it."""
    if config.accesses or not config.loopback:
        return config
    return replace(config, token=secrets.token_urlsafe(24), inject_token=True)
