"""What answers each request: read the hub, write JSON."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from tocsin.contract import InputError
from tocsin.serve.deliveries import delivery_rows
from tocsin.serve.errors import problem
from tocsin.serve.hub import Hub
from tocsin.serve.roles import SCOPE_KEY, Access, word
from tocsin.serve.rows import Row, dump, iso
from tocsin.serve.snapshot import OperatorRequest
from tocsin.serve.wishes import clock_request, designation_request, order_request

JSON = "application/json"
GEOJSON = "application/geo+json"
LIST_DEFAULT = 200
LIST_MAX = 10_000
HEIGHT_MAX_M = 100_000.0
METRICS = "text/plain; version=0.0.4; charset=utf-8"


def reply(value: object, media_type: str = JSON) -> Response:
    """Return a JSON response; bytes are taken as already encoded."""
    body = value if isinstance(value, bytes) else dump(value)
    return Response(body, media_type=media_type, headers={"cache-control": "no-store"})


async def site(request: Request, hub: Hub) -> Response:
    """Describe the site."""
    info = hub.site
    return reply(
        {
            "name": info.name,
            "mode": info.mode,
            "status": info.status,
            "origin": {
                "latitude_deg": info.origin.latitude_deg,
                "longitude_deg": info.origin.longitude_deg,
            },
            "place": {"coastline": info.coastline, "towns": [vars(town) for town in info.towns]},
            "clock": {"controllable": hub.snapshot.clock.controllable},
            "version": info.version,
        }
    )


async def zones(request: Request, hub: Hub) -> Response:
    """List zones with their stage."""
    return reply(hub.board.geojson(), GEOJSON)


async def tracks(request: Request, hub: Hub) -> Response:
    """List live tracks."""
    return reply(hub.tracks_json())


async def track(request: Request, hub: Hub) -> Response:
    """Tell all about one track, and why."""
    name = request.path_params["track_id"]
    row = hub.track(name)
    return reply(row) if row is not None else problem(404, f"no live track {name[:40]!r}")


async def warnings(request: Request, hub: Hub) -> Response:
    """List warning decisions, newest first."""
    return _newest_first(request, "warnings", list(hub.warnings))


async def notices(request: Request, hub: Hub) -> Response:
    """List notices, newest first."""
    return _newest_first(request, "notices", list(hub.notices.values()))


async def deliveries(request: Request, hub: Hub) -> Response:
    """List who was told what when, newest first."""
    limit = _limit(request)
    if isinstance(limit, Response):
        return limit
    wanted = request.query_params.get("undelivered", "false")
    if wanted not in {"true", "false"}:
        return problem(400, f"undelivered {wanted[:20]!r} is neither true nor false")
    if hub.told is None:
        return reply({"deliveries": []})
    rows = await hub.told.newest(min(limit, LIST_MAX), wanted == "true")
    return reply({"deliveries": delivery_rows(rows)})


def _newest_first(request: Request, name: str, rows: list[Row]) -> Response:
    limit = _limit(request)
    return limit if isinstance(limit, Response) else reply({name: rows[::-1][:limit]})


def _limit(request: Request) -> int | Response:
    text = request.query_params.get("limit", str(LIST_DEFAULT))
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return problem(400, f"limit {text[:20]!r} is no count; use for example limit=50")
    return int(text)


async def sensors(request: Request, hub: Hub) -> Response:
    """List sensors with their health."""
    return reply(hub.sensors())


async def coverage(request: Request, hub: Hub) -> Response:
    """Show what the sensors that are heard can see at a height, and what they cannot."""
    text = request.query_params.get("height_m", "500")
    try:
        height_m = float(text)
    except ValueError:
        height_m = math.nan
    if not 0.0 <= height_m <= HEIGHT_MAX_M:
        return problem(400, f"height_m {text[:20]!r} is no height; use 0 to {HEIGHT_MAX_M:.0f}")
    body = hub.coverage(round(height_m))
    return reply(body, GEOJSON) if body is not None else problem(404, "coverage is not known here")


async def clock(request: Request, hub: Hub) -> Response:
    """Tell the time of the picture, its speed and pause."""
    return reply(hub.clock_row())


async def change_clock(request: Request, hub: Hub) -> Response:
    """Change speed or pause (demo and replay)."""
    try:
        wish = clock_request(await request.body())
    except InputError as error:
        return problem(400, str(error))
    if not hub.snapshot.clock.controllable:
        return problem(409, "real time cannot be paused or sped up; use a demo or a replay")
    refused = await _act(hub, signed(wish, request))
    if refused is not None:
        return refused
    hub.set_clock(replace(hub.snapshot.clock, **wish.detail))
    return reply(hub.clock_row())


async def access(request: Request, hub: Hub) -> Response:
    """Say what the token of this request allows."""
    given: Access | None = request.scope.get(SCOPE_KEY)
    role, name = (word(given.role), given.name) if given else (None, "")
    return reply({"role": role, "name": name or None})


async def designate(request: Request, hub: Hub) -> Response:
    """Declare a track known, unknown or a hazard, and why; `none` takes it back."""
    name = request.path_params["track_id"]
    row = hub.track(name)
    if row is None:
        return problem(404, f"no live track {name[:40]!r}")
    try:
        wish = designation_request(await request.body(), row["track_id"])
    except InputError as error:
        return problem(400, str(error))
    return await _act(hub, signed(wish, request)) or reply({"accepted": True})


_ORDERS = {
    "release": "Let out what is proposed for a zone, before its time-out.",
    "hold": "Let nothing change by itself for a time; 0 s lifts a hold.",
    "extend": "Keep a warning's stage at least until some time.",
    "cancel": "Cancel a warning that is false, in one action, or decline a proposal.",
    "all-clear": "End a warning that was right, before it ends by itself.",
}


def order(verb: str) -> Callable[[Request, Hub], Awaitable[Response]]:
    """Return what answers one verb of operators' orders about warnings."""

    async def ordering(request: Request, hub: Hub) -> Response:
        warning_id = request.path_params["warning_id"]
        refused = hub.board.refusal(verb, warning_id)
        if refused is not None:
            return problem(*refused)
        try:
            body = await request.body()
            wish = order_request(body, verb, warning_id, hub.snapshot.clock.now_ns)
        except InputError as error:
            return problem(400, str(error))
        return await _act(hub, signed(wish, request)) or reply({"accepted": True})

    ordering.__name__, ordering.__doc__ = verb.replace("-", "_"), _ORDERS[verb]
    return ordering


def signed(wish: OperatorRequest, request: Request) -> OperatorRequest:
    """Return a request with the role of its token, and the name that the token bears, if any."""
    given: Access = request.scope[SCOPE_KEY]
    detail = {**wish.detail, "role": word(given.role)}
    return replace(wish, author=given.name or wish.author, detail=detail)


async def _act(hub: Hub, wish: OperatorRequest) -> Response | None:
    """Hand a request on; return a response where it was refused."""
    try:
        await hub.act(wish)
    except InputError as error:
        return problem(409, str(error))
    except LookupError as error:
        return problem(503, str(error))
    return None


async def summary(request: Request, hub: Hub) -> Response:
    """Return the counters of the page's head."""
    return reply(hub.summary())


async def feed(request: Request, hub: Hub) -> Response:
    """Return the Atom feed of CAP messages."""
    if hub.feed is None:
        return problem(404, "this run publishes no CAP feed")
    return Response(hub.feed, media_type="application/atom+xml")


async def document(request: Request, hub: Hub) -> Response:
    """Return one CAP message by its identifier."""
    identifier = request.path_params["cap_identifier"]
    body = hub.documents.get(identifier)
    if body is None:
        return problem(404, f"no CAP message {identifier[:80]!r}")
    return Response(body, media_type="application/cap+xml")


async def metrics(request: Request, hub: Hub) -> Response:
    """Return Prometheus counters."""
    return Response(hub.metrics.text(), headers={"content-type": METRICS})


async def health(request: Request, hub: Hub) -> Response:
    """Say that the server answers, and the time of its picture."""
    return reply({"status": "ok", "now": iso(hub.snapshot.clock.now_ns)})
