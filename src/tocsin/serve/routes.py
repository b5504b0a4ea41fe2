"""All routes of the interface, as data: the application and its description are made from them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from tocsin.serve import handlers
from tocsin.serve.handlers import GEOJSON, JSON
from tocsin.serve.hub import Hub
from tocsin.serve.roles import Role

Handler = Callable[[Request, Hub], Awaitable[Response]]


@dataclass(frozen=True)
class Operation:
    """Describe one route.

    Args:
        method: GET or POST; every POST is a write and needs a role.
        path: with parameters in braces.
        handler: what answers; its docstring is the summary.
        schema: name of the answer's schema, or None where it is no JSON.
        media_type: of the answer.
        query: query parameters, what they mean, and their type.
        body: name of the request body's schema.
        role: least role that may; None: whoever may read.
    """

    method: str
    path: str
    handler: Handler
    schema: str | None = None
    media_type: str = JSON
    query: tuple[tuple[str, str, str], ...] = ()
    body: str | None = None
    role: Role | None = None

    @property
    def writes(self) -> bool:
        """Return whether it changes anything."""
        return self.method != "GET"

    @property
    def name(self) -> str:
        """Return what programs call it."""
        return getattr(self.handler, "__name__", "")


def _order(verb: str, role: Role, body: str = "OrderWish") -> Operation:
    """Return the route by which operators give one order about a warning."""
    path = f"/api/v1/warnings/{{warning_id}}/{verb}"
    return Operation("POST", path, handlers.order(verb), "Accepted", body=body, role=role)


_LIMIT = (("limit", "how many, newest first", "number"),)
_HEIGHT = (("height_m", "height above the ellipsoid in metres", "number"),)
_UNDELIVERED = (("undelivered", "only what waits, was refused or was given up", "boolean"),)

OPERATIONS = (
    Operation("GET", "/api/v1/site", handlers.site, "Site"),
    Operation("GET", "/api/v1/zones", handlers.zones, "Zones", GEOJSON),
    Operation("GET", "/api/v1/tracks", handlers.tracks, "Tracks"),
    Operation("GET", "/api/v1/tracks/{track_id}", handlers.track, "TrackDetail"),
    Operation(
        "POST",
        "/api/v1/tracks/{track_id}/designation",
        handlers.designate,
        "Accepted",
        body="DesignationWish",
        role=Role.OPERATOR,
    ),
    Operation("GET", "/api/v1/warnings", handlers.warnings, "Warnings", query=_LIMIT),
    _order("release", Role.OPERATOR, "ReleaseWish"),
    _order("hold", Role.OPERATOR, "TimedOrderWish"),
    _order("extend", Role.OPERATOR, "TimedOrderWish"),
    _order("cancel", Role.OPERATOR),
    _order("all-clear", Role.SUPERVISOR),
    Operation("GET", "/api/v1/notices", handlers.notices, "Notices", query=_LIMIT),
    Operation(
        "GET",
        "/api/v1/deliveries",
        handlers.deliveries,
        "Deliveries",
        query=(*_LIMIT, *_UNDELIVERED),
    ),
    Operation("GET", "/api/v1/sensors", handlers.sensors, "Sensors"),
    Operation("GET", "/api/v1/coverage", handlers.coverage, "Coverage", GEOJSON, _HEIGHT),
    Operation("GET", "/api/v1/clock", handlers.clock, "Clock"),
    Operation(
        "POST",
        "/api/v1/clock",
        handlers.change_clock,
        "Clock",
        body="ClockWish",
        role=Role.OPERATOR,
    ),
    Operation("GET", "/api/v1/access", handlers.access, "Access"),
    Operation("GET", "/api/v1/summary", handlers.summary, "Summary"),
    Operation("GET", "/feeds/cap.atom", handlers.feed, media_type="application/atom+xml"),
    Operation("GET", "/cap/{cap_identifier}.xml", handlers.document, None, "application/cap+xml"),
    Operation("GET", "/metrics", handlers.metrics, None, "text/plain"),
    Operation("GET", "/healthz", handlers.health, "Health"),
)
