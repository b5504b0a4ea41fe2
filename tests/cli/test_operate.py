"""`tocsin operate` against a real server: what it does, and how it says what cannot be done."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from tests.serve.support import TOKEN, busy_hub
from tests.serve.test_orders import CONFIG, OPERATE, SUPERVISE, VIEW
from tests.support import free_port
from tocsin.cli.app import app
from tocsin.contract import InputError
from tocsin.serve import OperatorRequest, create_app, serving

RUNNER = CliRunner()


@pytest.fixture(name="run")
def fixture_run() -> Iterator[tuple[str, list[OperatorRequest]]]:
    """Serve a hub from a thread; give its address and what it is asked for."""
    asked: list[OperatorRequest] = []
    up, over = threading.Event(), threading.Event()
    address: list[str] = []

    async def serve() -> None:
        async with serving(create_app(busy_hub(asked), CONFIG), CONFIG_FREE) as url:
            address.append(url)
            up.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert up.wait(30.0)
    yield address[0], asked
    over.set()
    thread.join()


CONFIG_FREE = replace(CONFIG, port=0)


def call(*arguments: str) -> Any:
    return RUNNER.invoke(app, ["operate", *arguments])


def refused(*arguments: str) -> str:
    """Return the one line of why; the program exits 2 on it."""
    error = call(*arguments).exception
    assert isinstance(error, InputError)
    return str(error)


def test_the_list_names_what_is_open_and_what_awaits(run: tuple[str, Any]) -> None:
    said = call("list", "--url", run[0])
    assert said.exit_code == 0
    assert "AWAITS w2  " in said.output
    assert "quiet -> alert, goes out by itself 09:47:40 UTC" in said.output
    assert "OPEN   w1  Port Harrow: alert" in said.output
    found = json.loads(call("list", "--url", run[0], "--json").output)
    assert [row["warning_id"] for row in found["warnings"]] == ["w1"]
    assert [row["warning_id"] for row in found["proposals"]] == ["w2"]


@pytest.mark.parametrize(
    ("arguments", "token"),
    [
        (("release", "w2"), OPERATE),
        (("hold", "w1", "--minutes", "2"), OPERATE),
        (("extend", "w1", "--minutes", "30"), OPERATE),
        (("cancel", "w1"), OPERATE),
        (("all-clear", "w1"), SUPERVISE),
    ],
)
def test_each_order_reaches_the_run(
    run: tuple[str, list[OperatorRequest]], arguments: tuple[str, ...], token: str
) -> None:
    url, asked = run
    said = call(*arguments, "--url", url, "--token", token, "--reason", "why", "--author", "Bea")
    assert (said.exit_code, "accepted" in said.output) == (0, True), said.output
    [wish] = asked
    assert (wish.verb, wish.subject, wish.detail["reason"]) == (*arguments[:2], "why")
    assert wish.author == ("Bea" if token == SUPERVISE else "Desk 1")


def test_a_track_is_designated(run: tuple[str, list[OperatorRequest]]) -> None:
    url, asked = run
    more = ("--url", url, "--token", OPERATE, "--reason", "mail", "--json")
    assert json.loads(call("designate", "1", "--as", "known", *more).output)["accepted"]
    assert (asked[0].subject, asked[0].detail["designation"]) == ("T00001", "known")


def test_what_is_refused_is_said_in_one_line(run: tuple[str, list[OperatorRequest]]) -> None:
    url, asked = run
    at = ("--url", url, "--reason", "why")
    assert "(401): a token is needed" in refused("cancel", "w1", *at)
    assert "(401)" in refused("cancel", "w1", *at, "--token", TOKEN + "x")
    said = refused("cancel", "w1", *at, "--token", VIEW)
    assert "(403): this needs the role operator; this token has the role viewer" in said
    assert "supervisor" in refused("all-clear", "w1", *at, "--token", OPERATE)
    assert "(404): no warning 'w9' is in force" in refused("hold", "w9", *at, "--token", OPERATE)
    assert "(409): nothing awaits" in refused("release", "w1", *at, "--token", OPERATE)
    assert "say why" in refused("cancel", "w1", "--url", url, "--token", OPERATE)
    assert asked == []


class _Elsewhere(BaseHTTPRequestHandler):
    """Send every request elsewhere, and keep what came there."""

    seen: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("Authorization")))
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture(name="elsewhere")
def fixture_elsewhere() -> Iterator[str]:
    """Serve redirects; give the address."""
    _Elsewhere.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_token_goes_nowhere_but_to_the_address_given(elsewhere: str) -> None:
    assert "refuses (302): redirects are not followed" in refused("list", "--url", elsewhere)
    at = ("--url", elsewhere, "--token", OPERATE, "--reason", "why")
    assert "refuses (302): redirects are not followed" in refused("cancel", "w1", *at)
    token = f"Bearer {OPERATE}"
    paths = ["/api/v1/zones", "/api/v1/warnings/w1/cancel"]
    assert [path for path, _ in _Elsewhere.seen] == paths
    assert _Elsewhere.seen[-1][1] == token


def test_no_proxy_of_the_environment_is_asked(
    run: tuple[str, Any], elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, elsewhere)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert call("list", "--url", run[0]).exit_code == 0
    assert _Elsewhere.seen == []


@pytest.mark.parametrize("scheme", ["http://127.0.0.1:{}", "ftp://127.0.0.1:{}"])
def test_a_run_that_is_not_there_is_said(scheme: str) -> None:
    said = refused("list", "--url", scheme.format(free_port()))
    assert "does not answer" in said or "is no address" in said
    assert "\n" not in said
