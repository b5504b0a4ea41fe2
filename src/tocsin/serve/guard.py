"""What a request must bring: a Host that is ours, an Origin that is ours, and a token.

A page of a stranger that a name server points at 127.0.0.1 (DNS rebinding) has the stranger's name
in Host; one that merely posts to us has the stranger's name in Origin. Both are refused.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.serve.config import ServeConfig, address, is_loopback
from tocsin.serve.errors import problem
from tocsin.serve.roles import SCOPE_KEY, Access, access_of

SECURITY = {
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_READS = ("GET", "HEAD")
_OPEN = ("/healthz",)
"""Readable without a token whatever the bind is; so is the page's shell, which asks for it."""
_PROTECTED = ("/api/", "/feeds/", "/cap/", "/metrics", "/openapi.json")


class Guard:
    """Refuse what may not pass, and put security headers on every response."""

    def __init__(self, app: ASGIApp, config: ServeConfig) -> None:
        """Stand before an application."""
        self.app, self.config = app, config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request or WebSocket handshake."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        sending = _with_headers(send)
        refused = refusal(scope, self.config)
        if refused is None:
            await self.app(scope, receive, sending)
        elif scope["type"] == "http":
            await problem(*refused)(scope, receive, sending)
        else:
            # Before the handshake is accepted a close is answered as HTTP 403.
            await send({"type": "websocket.close", "code": 1008, "reason": refused[1][:100]})


def refusal(scope: Scope, config: ServeConfig) -> tuple[int, str] | None:
    """Return status and sentence of why a request may not pass, or None.

    What its token allows is put into the scope; what a route needs, the route says.
    """
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if not host_allowed(host, config):
        return 421, f"Host {host!r} is not served here; add its name to the site's hosts"
    origin = headers.get("origin")
    if origin is not None and origin.split("://", 1)[-1].lower() != host.lower():
        return 403, f"a page of {origin!r} may not use this server"
    access = access_given(scope, headers, config)
    scope[SCOPE_KEY] = access
    if not needs_token(scope, config) or access is not None:
        return None
    if not config.accesses:
        return 403, "this server has no token, so nothing can be changed on it"
    return 401, "a token is needed: send the header Authorization: Bearer TOKEN"


def host_allowed(host: str, config: ServeConfig) -> bool:
    """Return whether a Host header names this server.

    A bare address cannot be rebound; so where other machines may connect, any is good.
    """
    name = host_name(host)
    if name.lower() in config.hosts or is_loopback(name):
        return True
    return not config.loopback and address(name) is not None


def host_name(host: str) -> str:
    """Return a Host header without its port.

    >>> host_name("[::1]:8080"), host_name("localhost:80"), host_name("localhost")
    ('::1', 'localhost', 'localhost')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host


def needs_token(scope: Scope, config: ServeConfig) -> bool:
    """Return whether a request needs a token: each write does, and off loopback each read."""
    if scope["type"] == "http" and scope["method"] not in _READS:
        return True
    path = scope["path"]
    return not config.loopback and path.startswith(_PROTECTED) and path not in _OPEN


def access_given(scope: Scope, headers: Headers, config: ServeConfig) -> Access | None:
    """Return what a request's token allows; reads may bring it in the query.

    Browsers cannot set headers on a WebSocket, and feed readers on a feed.
    """
    scheme, _, given = headers.get("authorization", "").partition(" ")
    given = given.strip() if scheme.lower() == "bearer" else ""
    if not given and (scope["type"] == "websocket" or scope["method"] in _READS):
        given = (parse_qs(scope["query_string"].decode("latin-1")).get("token") or [""])[0]
    return access_of(given, config.accesses)


def _with_headers(send: Send) -> Send:
    extra = [(name.encode(), value.encode()) for name, value in SECURITY.items()]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *extra]}
        await send(message)

    return sending
