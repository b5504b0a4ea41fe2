"""The page against the running demo, in a real browser: it moves, warns, clears and explains."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support import chromium, free_port

pytestmark = pytest.mark.browser

# Software rendering; the last one stops every look-up of a host beyond this machine.
FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]
WAIT_S = 900.0


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the demo at five times real time and give the address of its page."""
    port = free_port()
    command = [Path(sys.executable).parent / "tocsin", "demo", "--no-browser", "--speed", "5"]
    out = tmp_path_factory.mktemp("demo") / "out"
    process = subprocess.Popen(
        [*command, "--port", str(port), "-o", out],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(address), "the page is up")
        yield address
    finally:
        process.terminate()
        process.wait()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address + "/healthz", timeout=5):
            return True
    except OSError:
        return False


def until(holds: Callable[[], Any], what: str, wait_s: float = WAIT_S) -> Any:
    """Return the first true answer; fail where it does not come."""
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        answer = holds()
        if answer:
            return answer
        time.sleep(0.5)
    raise AssertionError(f"waited {wait_s:.0f} s: {what}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page(demo: str, browser: Browser) -> Iterator[Page]:
    """Open the page once for all tests of this file; note what goes wrong in it."""
    opened = browser.new_page(viewport={"width": 1000, "height": 650}, bypass_csp=True)
    opened.set_default_timeout(WAIT_S * 1000)
    opened.problems = []  # type: ignore[attr-defined]
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))  # type: ignore[attr-defined]
    opened.on(
        "request",
        lambda r: (
            None if r.url.startswith((demo, "data:", "blob:")) else opened.problems.append(r.url)
        ),  # type: ignore[attr-defined]
    )
    opened.goto(demo)
    until(lambda: opened.evaluate("window.tocsin && window.tocsin.state().tracks > 0"), "tracks")
    yield opened
    opened.close()


def state(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("window.tocsin.state()")
    return found


def places(page: Page) -> dict[int, list[float]]:
    script = """() => Object.fromEntries(window.tocsin.trackNumbers()
        .map(n => [n, window.tocsin.trackScreenPosition(n)]).filter(p => p[1]))"""
    found: dict[int, list[float]] = page.evaluate(script)
    return found


def test_tracks_move(page: Page) -> None:
    before = places(page)
    assert before

    def moved() -> bool:
        now = places(page)
        steps = [
            abs(now[n][0] - p[0]) + abs(now[n][1] - p[1]) for n, p in before.items() if n in now
        ]
        return len(steps) > 10 and sum(step > 1.0 for step in steps) > len(steps) / 2

    until(moved, "most tracks move")


def test_it_says_demo_and_exercise(page: Page) -> None:
    assert "EXERCISE" in page.get_by_test_id("status-badge").inner_text().upper()
    assert "DEMO" in page.get_by_test_id("mode").inner_text().upper()


def test_a_page_without_zones_does_not_say_that_nobody_is_warned(
    demo: str, browser: Browser
) -> None:
    opened = browser.new_page(viewport={"width": 1000, "height": 650}, bypass_csp=True)
    opened.route("**/api/v1/zones", lambda route: route.abort())
    opened.goto(demo)
    try:
        until(lambda: opened.get_by_test_id("toast").is_visible(), "the page says that it failed")
        assert opened.get_by_test_id("counter-alert").inner_text() == "–"
        assert opened.get_by_test_id("zones-unknown").is_visible()
        assert "No zone is warned" not in opened.inner_text("body")
        opened.unroute("**/api/v1/zones")
        until(lambda: opened.get_by_test_id("counter-alert").inner_text() != "–", "it tries again")
    finally:
        opened.close()


def test_a_click_on_a_track_says_why(page: Page) -> None:
    script = """() => { for (const n of window.tocsin.trackNumbers()) {
        const p = window.tocsin.trackScreenPosition(n);
        const under = p && document.elementFromPoint(p[0], p[1]);
        if (under && under.closest('#chart')) return p; } return null; }"""

    def clicked() -> bool:
        point = page.evaluate(script)
        if point is None:
            return False
        page.mouse.click(*point)
        page.wait_for_timeout(1000)
        return page.get_by_test_id("track-card").is_visible()

    until(clicked, "a click opens the card")
    until(lambda: page.get_by_test_id("track-why").inner_text().strip(), "the card says why")
    assert state(page)["selected"] is not None
    page.keyboard.press("Escape")


def test_pause_and_speed_reach_the_simulator(page: Page, demo: str) -> None:
    page.get_by_test_id("pause").click()
    until(lambda: '"paused":true' in clock(demo), "paused")
    time.sleep(2.0)  # The tick that was under way is still worked.
    first = clock(demo)
    time.sleep(1.0)
    assert clock(demo) == first
    page.get_by_test_id("pause").click()
    page.get_by_test_id("speed-20").click()
    until(lambda: '"paused":false' in clock(demo) and clock(demo) != first, "goes on")


def clock(demo: str) -> str:
    with urllib.request.urlopen(demo + "/api/v1/clock", timeout=30) as answer:
        return str(answer.read().decode()).replace(" ", "")


def test_a_zone_turns_to_alert_and_clears(page: Page) -> None:
    page.get_by_test_id("speed-max").click()
    until(lambda: state(page)["zones"]["alert"] > 0, "a zone in alert")
    row = page.locator('[data-testid="warning-row"][data-stage="alert"]').first
    assert row.inner_text().strip()
    until(lambda: page.get_by_test_id("clear-row").count() > 0, "an all-clear")


def test_nothing_went_wrong_and_nothing_left_the_machine(page: Page) -> None:
    assert page.problems == []  # type: ignore[attr-defined]
