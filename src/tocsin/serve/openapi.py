"""The OpenAPI 3.1 description of the interface, made from its routes and schemas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tocsin.serve.roles import word
from tocsin.serve.routes import Operation
from tocsin.serve.schema import SCHEMAS, reference

_STREAM = (
    "Reads are open on loopback; elsewhere they need the token too. The WebSocket /api/v1/stream "
    "sends JSON text frames and binary track frames; docs/reference/api.md describes both."
)


def describe(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """Return the description as a JSON value."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tocsin", "version": version or "0", "description": _STREAM},
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": (operation.handler.__doc__ or "").strip(),
        "parameters": _parameters(operation),
        "responses": {
            "200": {"description": "done", "content": {operation.media_type: _content(operation)}},
            "default": {
                "description": "why not",
                "content": {"application/problem+json": {"schema": reference("Error")}},
            },
        },
    }
    if operation.body:
        content = {"application/json": {"schema": reference(operation.body)}}
        described["requestBody"] = {"required": True, "content": content}
    if operation.role is not None:
        described["security"] = [{"token": []}]
        described["description"] = f"Needs the role {word(operation.role)}."
    return described


def _content(operation: Operation) -> dict[str, Any]:
    schema = reference(operation.schema) if operation.schema else {"type": "string"}
    return {"schema": schema}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    text = {"type": "string"}
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": text}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    in_query = [
        {"name": name, "in": "query", "description": meaning, "schema": {"type": kind}}
        for name, meaning, kind in operation.query
    ]
    return [*in_path, *in_query]
