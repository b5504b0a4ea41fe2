"""The web application: guard, routes, stream, page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from tocsin.serve.config import ServeConfig, check_bind
from tocsin.serve.errors import on_failure, on_http_error, problem
from tocsin.serve.guard import Guard
from tocsin.serve.handlers import reply
from tocsin.serve.hub import Hub
from tocsin.serve.openapi import describe
from tocsin.serve.roles import SCOPE_KEY, lacks
from tocsin.serve.routes import OPERATIONS, Operation
from tocsin.serve.shell import FOLDER, PageFiles, index
from tocsin.serve.stream import stream


def create_app(hub: Hub, config: ServeConfig) -> Guard:
    """Return the application that serves a hub.

    Raises:
        InputError: as `check_bind`.
    """
    check_bind(config)
    description = describe(OPERATIONS, hub.site.version)

    async def openapi(request: Request) -> Response:
        return reply(description)

    async def shell(request: Request) -> Response:
        return index(config)

    async def streamed(websocket: WebSocket) -> None:
        await stream(websocket, hub, config.clients_max)

    inner = Starlette(
        routes=[
            *(_route(operation, hub) for operation in OPERATIONS),
            Route("/openapi.json", openapi),
            WebSocketRoute("/api/v1/stream", streamed),
            Route("/", shell),
            Route("/index.html", shell),
            *([Mount("/", PageFiles())] if FOLDER.is_dir() else []),
        ],
        exception_handlers={HTTPException: on_http_error, Exception: on_failure},
    )
    # Outside of everything, so that answers to failures carry its headers too.
    return Guard(inner, config)


def _route(operation: Operation, hub: Hub) -> Route:
    async def endpoint(request: Request) -> Response:
        lacking = lacks(operation.role, request.scope.get(SCOPE_KEY))
        if lacking is not None:
            return problem(403, lacking)
        return await operation.handler(request, hub)

    answer: Callable[[Request], Awaitable[Response]] = endpoint
    return Route(operation.path, answer, methods=[operation.method])
