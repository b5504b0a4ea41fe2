"""`tocsin operate`: a duty officer's orders from the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import typer

from tocsin.cli.console import Say
from tocsin.run import desk

Url = Annotated[str, typer.Option(envvar="TOCSIN_URL", help="Address of the run's page.")]
Token = Annotated[
    str, typer.Option(envvar="TOCSIN_TOKEN", help="Token of a role that may (access.tokens).")
]
Author = Annotated[
    str, typer.Option(envvar="TOCSIN_AUTHOR", help="Who gives the order; a token may say so.")
]
WarningId = Annotated[str, typer.Argument(help="Of an open warning or a proposal, see list.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words; it is published and recorded.")]
Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
MinutesLong = Annotated[float, typer.Option(min=0.0, max=1440.0, help="From now on.")]
HERE = "http://127.0.0.1:8080"


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(
        help="Orders about warnings: release, hold, extend, cancel, all-clear; each is recorded. "
        "Exits 2 where the run cannot be reached or refuses, with the reason.",
        no_args_is_help=True,
    )
    group.command("list")(list_)
    group.command("release")(_plain("release", "Let out what is proposed, before its time-out."))
    group.command("hold")(_timed("hold", "Let nothing change by itself; 0 minutes lifts a hold."))
    group.command("extend")(_timed("extend", "Keep a warning's stage for a time at least."))
    group.command("cancel")(_plain("cancel", "Cancel a false warning, or decline a proposal."))
    group.command("all-clear")(_plain("all-clear", "End a warning that was right (supervisor)."))
    group.command("designate")(designate)
    app.add_typer(group, name="operate")


def _plain(verb: str, doc: str) -> Callable[..., None]:
    def command(
        warning_id: WarningId,
        reason: Reason = "",
        url: Url = HERE,
        token: Token = "",
        author: Author = "operator",
        as_json: Json = False,
    ) -> None:
        given = desk.order(desk.Desk(url, token, author), verb, warning_id, {"reason": reason})
        Say(as_json).result(given, [f"{verb} {warning_id}: accepted"])

    command.__doc__ = doc
    return command


def _timed(verb: str, doc: str) -> Callable[..., None]:
    def command(
        warning_id: WarningId,
        reason: Reason = "",
        minutes: MinutesLong = 5.0,
        url: Url = HERE,
        token: Token = "",
        author: Author = "operator",
        as_json: Json = False,
    ) -> None:
        body = {"reason": reason, "duration_s": 60.0 * minutes}
        given = desk.order(desk.Desk(url, token, author), verb, warning_id, body)
        Say(as_json).result(given, [f"{verb} {warning_id} for {minutes:g} min: accepted"])

    command.__doc__ = doc
    return command


def designate(
    track_id: Annotated[str, typer.Argument(help="Id or display number of a live track.")],
    what: Annotated[str, typer.Option("--as", help="known, unknown, hazard, or none.")],
    reason: Reason = "",
    url: Url = HERE,
    token: Token = "",
    author: Author = "operator",
    as_json: Json = False,
) -> None:
    """Declare what a track is; `none` takes it back."""
    given = desk.designate(desk.Desk(url, token, author), track_id, what, reason)
    Say(as_json).result(given, [f"{track_id} is now designated {what}: accepted"])


def list_(url: Url = HERE, token: Token = "", as_json: Json = False) -> None:
    """List open warnings and what awaits release."""
    found = desk.listing(desk.Desk(url, token))
    Say(as_json).result(found, _listed(found))


def _listed(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line for each proposal, then for each open warning."""
    for row in found["proposals"]:
        due = f"goes out by itself {_clock(row['due_at'])}" if row["due_at"] else "waits"
        yield f"AWAITS {row['warning_id']}  {row['name']}: {row['now']} -> {row['stage']}, {due}"
        yield f"       {row['reason']}"
    for row in found["warnings"]:
        orders = [
            f"{word} until {_clock(row[key])}"
            for word, key in (("held", "held_until"), ("extended", "extended_until"))
            if row[key]
        ]
        more = f" ({', '.join(orders)})" if orders else ""
        yield f"OPEN   {row['warning_id']}  {row['name']}: {row['stage']}{more}"
        yield f"       {row['reason']}"
    if not (found["proposals"] or found["warnings"]):
        yield "no warning is open, and none awaits release"


def _clock(moment: str) -> str:
    return f"{moment[11:19]} UTC"
