"""Who may read and who may write, from where, and under which names."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.serve.support import BASE, TOKEN, Client, busy_hub
from tocsin.contract import InputError
from tocsin.serve import OperatorRequest, ServeConfig, check_bind, create_app
from tocsin.serve.guard import host_allowed
from tocsin.serve.routes import OPERATIONS, Operation
from tocsin.serve.shell import index

WRITES = [operation for operation in OPERATIONS if operation.writes]
READS = [operation for operation in OPERATIONS if not operation.writes]
OPEN = ServeConfig("0.0.0.0", 8080, TOKEN, hosts=("tocsin.isle",))
ATTEMPTS: list[dict[str, str]] = [
    {},
    {"Authorization": "Bearer "},
    {"Authorization": f"Bearer {TOKEN}x"},
    {"Authorization": f"Bearer {TOKEN[:-1]}"},
    {"Authorization": f"Basic {TOKEN}"},
    {"Authorization": TOKEN},
]


def path_of(operation: Operation) -> str:
    return operation.path.format(track_id="T00001", warning_id="w1", cap_identifier="isle-w1-issue")


def test_there_are_writes_and_each_is_a_post() -> None:
    assert {operation.method for operation in WRITES} == {"POST"}
    assert len(WRITES) == 7
    assert all(operation.role is not None for operation in WRITES)


@pytest.mark.parametrize("headers", ATTEMPTS)
@pytest.mark.parametrize("operation", WRITES, ids=lambda operation: operation.path)
def test_each_write_needs_the_token(operation: Operation, headers: dict[str, str]) -> None:
    asked: list[OperatorRequest] = []
    client = Client(busy_hub(asked))
    for path in (path_of(operation), f"{path_of(operation)}?token={TOKEN}"):
        response = client.post(path, json={"speed": 2, "designation": "known"}, headers=headers)
        assert (response.status_code, asked) == (401, [])
        assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_nothing_can_be_written(token: str | None) -> None:
    client = Client(busy_hub(), ServeConfig(token=token))
    for headers in ATTEMPTS:
        response = client.post("/api/v1/clock", json={"speed": 2}, headers=headers)
        assert response.status_code == 403


@pytest.mark.parametrize("operation", READS, ids=lambda operation: operation.path)
def test_reads_are_open_on_loopback_and_need_the_token_elsewhere(operation: Operation) -> None:
    assert Client(busy_hub()).get(path_of(operation)).status_code == 200
    client, path = Client(busy_hub(), OPEN, "http://10.1.2.3:8080"), path_of(operation)
    free = operation.path == "/healthz"
    assert client.get(path).status_code == (200 if free else 401)
    assert client.get(f"{path}?token={TOKEN}").status_code == 200
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get(path, headers=bearer).status_code == 200


@pytest.mark.parametrize(
    ("host", "loopback", "elsewhere"),
    [
        ("127.0.0.1:8080", True, True),
        ("localhost", True, True),
        ("[::1]:8080", True, True),
        ("127.0.0.1.evil.example", False, False),
        ("localhost.evil.example:8080", False, False),
        ("evil.example", False, False),
        ("10.1.2.3:8080", False, True),
        ("[fd00::1]:8080", False, True),
        ("tocsin.isle:8080", False, True),
        ("TOCSIN.ISLE", False, True),
        ("", False, False),
    ],
)
def test_hosts(host: str, loopback: bool, elsewhere: bool) -> None:
    assert host_allowed(host, ServeConfig(token=TOKEN)) == loopback
    assert host_allowed(host, OPEN) == elsewhere


def test_a_rebound_name_gets_neither_data_nor_page() -> None:
    client = Client(busy_hub(), base="http://evil.example:8080")
    for path in ("/", "/api/v1/tracks", "/healthz"):
        response = client.get(path)
        assert (response.status_code, "evil.example" in response.json()["error"]) == (421, True)


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:9999", "null"])
def test_pages_of_other_origins_are_refused(origin: str) -> None:
    headers = {"Origin": origin, "Authorization": f"Bearer {TOKEN}"}
    response = Client(busy_hub()).post("/api/v1/clock", json={"speed": 2}, headers=headers)
    assert response.status_code == 403
    headers["Origin"] = BASE
    response = Client(busy_hub()).post("/api/v1/clock", json={"speed": 2}, headers=headers)
    assert response.status_code == 200


def test_every_answer_carries_the_security_headers() -> None:
    client = Client(busy_hub())
    for path in ("/", "/api/v1/site", "/none", "/metrics"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "tocsin.isle"])
def test_a_bind_for_others_without_a_good_token_is_refused(host: str) -> None:
    for token in (None, "", "short"):
        with pytest.raises(InputError, match=f"host {host}: .*token"):
            check_bind(ServeConfig(host, token=token))
        with pytest.raises(InputError):
            create_app(busy_hub(), ServeConfig(host, token=token))
    check_bind(ServeConfig(host, token=TOKEN))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.53"])
def test_loopback_needs_no_token(host: str) -> None:
    check_bind(ServeConfig(host))


@pytest.fixture(name="built")
def fixture_built(tmp_path: Path) -> Path:
    page = "<!doctype html><html><head><title>x</title></head><body></body></html>"
    (tmp_path / "index.html").write_text(page, "utf-8")
    return tmp_path


def test_the_demo_page_carries_the_token_only_on_loopback(built: Path) -> None:
    meta = f'<meta name="tocsin-token" content="{TOKEN}"></head>'
    on = index(ServeConfig(token=TOKEN, inject_token=True), built)
    assert meta in bytes(on.body).decode()
    assert on.headers["cache-control"] == "no-store"
    for config in (
        ServeConfig(token=TOKEN),
        ServeConfig(token=None, inject_token=True),
        ServeConfig("0.0.0.0", token=TOKEN, inject_token=True),
    ):
        assert "tocsin-token" not in bytes(index(config, built).body).decode()


def test_a_token_cannot_break_out_of_the_page(built: Path) -> None:
    config = ServeConfig(token='"><script>x</script>', inject_token=True)
    assert "<script>" not in bytes(index(config, built).body).decode()


def test_without_a_built_page_the_reader_is_told(tmp_path: Path) -> None:
    body = bytes(index(ServeConfig(), tmp_path / "none").body).decode()
    assert "make page" in body


def test_a_failure_of_ours_tells_nothing_of_its_insides() -> None:
    hub = busy_hub()
    object.__setattr__(hub.site, "coverage", lambda health, height_m: 1 / 0)
    response = Client(hub).get("/api/v1/coverage")
    assert (response.status_code, "division" in response.text) == (500, False)
    assert response.headers["x-content-type-options"] == "nosniff"


def test_other_schemes_than_http_pass_untouched() -> None:
    async def lifespan() -> int:
        transport = httpx.ASGITransport(create_app(busy_hub(), ServeConfig()))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return (await client.get("/healthz")).status_code

    assert asyncio.run(lifespan()) == 200
