"""An operator's desk on the command line: orders to a run, over its interface."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from tocsin.contract import InputError

WAIT_S = 15.0
_MENDS = {
    401: "give the right --token, or set TOCSIN_TOKEN",
    403: "use a token of that role (access.tokens in the site file)",
    404: "see `tocsin operate list`",
    409: "see `tocsin operate list`",
}


class _Stay(HTTPRedirectHandler):
    """Follow no redirect: a token goes to the address that was given, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        """Leave the answer as it is: an error."""


# Nor is a proxy of the environment shown the token.
_OPENER = build_opener(ProxyHandler({}), _Stay)


@dataclass(frozen=True)
class Desk:
    """Name a run and the right to give it orders.

    Args:
        url: of its page.
        token: of a role; empty: reads only.
        author: who gives the orders.
    """

    url: str
    token: str = ""
    author: str = "operator"


def order(desk: Desk, verb: str, warning_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give an order about a warning or a proposal; return what was accepted.

    Raises:
        InputError: the run cannot be reached, or refuses: why.
    """
    _ask(desk, f"warnings/{quote(warning_id, safe='')}/{verb}", {**body, "author": desk.author})
    return {"accepted": True, "verb": verb, "warning_id": warning_id}


def designate(desk: Desk, track_id: str, what: str, reason: str) -> dict[str, Any]:
    """Declare what a track is.

    Raises:
        InputError: as `order`.
    """
    body = {"designation": what, "reason": reason, "author": desk.author}
    _ask(desk, f"tracks/{quote(track_id, safe='')}/designation", body)
    return {"accepted": True, "track_id": track_id, "designation": what}


def listing(desk: Desk) -> dict[str, Any]:
    """Return the open warnings and what awaits release, each with its zone.

    Raises:
        InputError: as `order`.
    """
    zones = [f["properties"] for f in _ask(desk, "zones")["features"]]
    warned = [zone for zone in zones if zone["warning_id"]]
    return {
        "warnings": [_warning_row(zone) for zone in warned],
        "proposals": [_proposal_row(zone) for zone in zones if zone["proposal"]],
    }


def _warning_row(zone: dict[str, Any]) -> dict[str, Any]:
    names = ("warning_id", "zone_id", "name", "stage", "threat_class", "probability",
             "arrival_p50", "held_until", "extended_until", "reason")  # fmt: skip
    return {name: zone[name] for name in names}


def _proposal_row(zone: dict[str, Any]) -> dict[str, Any]:
    where = {"zone_id": zone["zone_id"], "name": zone["name"], "now": zone["stage"]}
    return {**where, **zone["proposal"]}


def _ask(desk: Desk, path: str, body: dict[str, Any] | None = None) -> Any:
    """Return the answer to a read, or with a body to a write."""
    if not desk.url.startswith(("http://", "https://")):
        raise InputError(f"--url {desk.url}", "is no address of a page", "http://HOST:PORT")
    headers = {"Content-Type": "application/json"}
    if desk.token:
        headers["Authorization"] = f"Bearer {desk.token}"
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{desk.url.rstrip('/')}/api/v1/{path}", data, headers)
    try:
        with _OPENER.open(request, timeout=WAIT_S) as answer:
            return json.loads(answer.read())
    except HTTPError as error:
        raise _refusal(desk, error) from error
    except (URLError, OSError, HTTPException) as error:
        why = getattr(error, "reason", None) or error
        mend = "start it, or name its page with --url"
        raise InputError(desk.url, f"does not answer ({why})", mend) from error
    except ValueError as error:
        raise InputError(desk.url, "does not speak as Tocsin does", "name its page") from error


def _refusal(desk: Desk, error: HTTPError) -> InputError:
    with error:
        if 300 <= error.code < 400:
            why, mend = "redirects are not followed", "name the page itself with --url"
        else:
            why, mend = _sentence(error), _MENDS.get(error.code, "mend the order")
    return InputError(desk.url, f"refuses ({error.code}): {why}", mend)


def _sentence(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read())["error"])
    except (ValueError, KeyError, TypeError, OSError):
        return str(error.reason)
