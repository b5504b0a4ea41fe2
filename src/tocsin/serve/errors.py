"""Errors as clients get them: one clear sentence and the status, as JSON."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tocsin.serve.rows import dump

MEDIA_TYPE = "application/problem+json"


def problem(status: int, sentence: str) -> Response:
    """Return an error response."""
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    body = dump({"error": sentence, "status": status})
    return Response(body, status, headers, MEDIA_TYPE)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer errors that the framework raises (no such path, wrong method)."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return problem(404, f"there is nothing at {request.url.path}")
    if status == 405:
        return problem(405, f"{request.method} is not possible at {request.url.path}")
    return problem(status, str(getattr(error, "detail", "the request failed")))


async def on_failure(request: Request, error: Exception) -> Response:
    """Answer a failure of ours without telling its insides."""
    return problem(500, "the server failed on this request; its log says why")
