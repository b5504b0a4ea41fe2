"""Each button by which operators give orders, pressed in a real browser; and what it says then."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.test_demo_page import FLAGS
from tests.serve.support import NOW_NS, TOKEN, busy_hub, pending, snapshot, warning
from tests.support import chromium
from tocsin.contract import NS, Action, Stage
from tocsin.serve import Access, Clock, Hub, OperatorRequest, Role, ServeConfig, create_app, serving

pytestmark = pytest.mark.browser


@dataclass
class Run:
    """A server with one alert in force (z1) and one proposal (z2), and what it was asked for."""

    config: ServeConfig
    asked: list[OperatorRequest] = field(default_factory=list)
    address: str = ""
    hub: Hub | None = None
    loop: asyncio.AbstractEventLoop | None = None
    up: threading.Event = field(default_factory=threading.Event)
    over: asyncio.Event | None = None

    async def serve(self) -> None:
        self.hub, self.loop, self.over = (
            busy_hub(self.asked),
            asyncio.get_running_loop(),
            asyncio.Event(),
        )
        async with serving(create_app(self.hub, self.config), self.config) as self.address:
            self.up.set()
            await self.over.wait()

    def publish(self, **more: Any) -> None:
        """Publish a tick from the test's thread."""
        assert self.loop is not None
        assert self.hub is not None
        self.loop.call_soon_threadsafe(self.hub.publish, snapshot(**more))

    def stop(self) -> None:
        assert self.loop is not None
        assert self.over is not None
        self.loop.call_soon_threadsafe(self.over.set)


def started(config: ServeConfig) -> Iterator[Run]:
    run = Run(config)
    thread = threading.Thread(target=lambda: asyncio.run(run.serve()))
    thread.start()
    assert run.up.wait(60.0)
    yield run
    run.stop()
    thread.join()


@pytest.fixture(name="run")
def fixture_run() -> Iterator[Run]:
    yield from started(ServeConfig(port=0, token=TOKEN, inject_token=True))


@pytest.fixture(name="low")
def fixture_low() -> Iterator[Run]:
    yield from started(ServeConfig(port=0, tokens=(Access("viewer-token-0123", Role.VIEWER),)))


@pytest.fixture(name="browser", scope="module")
def fixture_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(name="page")
def fixture_page(browser: Browser, run: Run) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1100, "height": 900}, bypass_csp=True)
    opened.set_default_timeout(60_000)
    opened.goto(run.address)
    opened.get_by_test_id("proposal-row").wait_for()
    yield opened
    opened.close()


def until(holds: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + 60.0
    while time.monotonic() < end:
        if answer := holds():
            return answer
        time.sleep(0.1)
    raise AssertionError(what)


def press(page: Page, run: Run, verb: str, reason: str | None = "a kite") -> OperatorRequest:
    """Fill in the form of the open card, press a button, and return what the run was asked."""
    before = len(run.asked)
    if reason is not None:
        page.get_by_test_id("order-reason").fill(reason)
    page.get_by_test_id("order-author").fill("Ann Officer")
    page.get_by_test_id(f"order-{verb}").click()
    until(lambda: len(run.asked) > before, f"{verb} reaches the run")
    return run.asked[-1]


@pytest.mark.parametrize(
    ("button", "verb", "said"),
    [
        ("hold", "hold", "Held"),
        ("extend", "extend", "Extended"),
        ("cancel", "cancel", "everyone who was warned is told"),
        ("all-clear", "all-clear", "All clear is given"),
    ],
)
def test_orders_about_an_open_warning(
    page: Page, run: Run, button: str, verb: str, said: str
) -> None:
    page.locator('[data-testid="warning-row"][data-zone="z1"]').click()
    wish = press(page, run, button)
    assert (wish.author, wish.verb, wish.subject) == ("Ann Officer", verb, "w1")
    assert wish.detail["reason"] == "a kite"
    if verb in ("hold", "extend"):
        assert wish.detail["until_ns"] == NOW_NS + 300 * NS
    until(lambda: said in page.get_by_test_id("order-said").inner_text(), "the page says so")


def test_a_cancelled_warning_goes_from_the_page(page: Page, run: Run) -> None:
    page.locator('[data-testid="warning-row"][data-zone="z1"]').click()
    press(page, run, "cancel")
    run.publish(warnings=warning("z1", "w1", Action.CANCEL, Stage.QUIET))
    until(lambda: page.get_by_test_id("warning-row").count() == 0, "no open warning")
    until(lambda: page.get_by_test_id("clear-row").count() == 1, "it is listed as ended")
    assert page.get_by_test_id("zone-orders").count() == 0


@pytest.mark.parametrize(
    ("button", "verb", "reason"),
    [("release", "release", None), ("hold", "hold", "wait"), ("cancel", "cancel", "birds")],
)
def test_orders_about_a_proposal(
    page: Page, run: Run, button: str, verb: str, reason: str | None
) -> None:
    row = page.get_by_test_id("proposal-row")
    assert "Alert?" in row.inner_text()
    until(lambda: "goes out" in row.inner_text(), "it says when it goes out by itself")
    row.click()
    wish = press(page, run, button, reason)
    assert (wish.verb, wish.subject) == (verb, "w2")
    run.publish(pending=pending().take(slice(0)))
    until(lambda: page.get_by_test_id("proposals").is_hidden(), "nothing awaits any more")


def test_a_hold_is_shown_and_ended(page: Page, run: Run) -> None:
    held = pending(zone_id="z1", warning_id="w1", proposed_at_ns=0, held_until_ns=NOW_NS + 90 * NS)
    run.publish(pending=held)
    row = page.locator('[data-testid="warning-row"][data-zone="z1"]')
    until(lambda: "held" in row.inner_text(), "the row says that it is held")
    row.click()
    assert press(page, run, "unhold").detail["until_ns"] == NOW_NS


@pytest.mark.parametrize("what", ["known", "unknown", "hazard"])
def test_a_chosen_track_is_designated(page: Page, run: Run, what: str) -> None:
    page.evaluate("window.tocsin.select(1)")
    page.get_by_test_id("track-orders").wait_for()
    wish = press(page, run, f"designate-{what}", "called in")
    assert (wish.verb, wish.subject, wish.author) == ("designate", "T00001", "Ann Officer")
    assert (wish.detail["designation"], wish.detail["reason"]) == (what, "called in")


def test_without_a_reason_nothing_is_sent_and_quick_reasons_help(page: Page, run: Run) -> None:
    page.locator('[data-testid="warning-row"][data-zone="z1"]').click()
    page.get_by_test_id("order-cancel").click()
    until(lambda: "Say why" in page.get_by_test_id("order-said").inner_text(), "it asks why")
    assert run.asked == []
    page.get_by_text("Own aircraft").click()
    assert press(page, run, "cancel", None).detail["reason"] == "Own aircraft"


def test_what_is_typed_outlives_news_and_the_name_is_kept(page: Page, run: Run) -> None:
    page.locator('[data-testid="warning-row"][data-zone="z1"]').click()
    page.get_by_test_id("order-reason").fill("two radars ag")
    run.publish(warnings=warning("z1", "w1", Action.UPDATE, Stage.PRE_ALERT, 200))
    until(lambda: "Pre-alert" in page.get_by_test_id("zone-card").inner_text(), "news")
    page.keyboard.type("ree")
    assert press(page, run, "hold", None).detail["reason"] == "two radars agree"
    page.reload()
    page.locator('[data-testid="warning-row"][data-zone="z1"]').click()
    assert page.get_by_test_id("order-author").input_value() == "Ann Officer"


def test_a_role_that_is_too_low_is_told(browser: Browser, low: Run) -> None:
    opened = browser.new_page(viewport={"width": 1100, "height": 900}, bypass_csp=True)
    opened.add_init_script("sessionStorage.setItem('tocsin-token', 'viewer-token-0123')")
    opened.goto(low.address)
    opened.locator('[data-testid="warning-row"][data-zone="z1"]').click()
    opened.get_by_test_id("order-reason").fill("x")
    opened.get_by_test_id("order-cancel").click()
    said = "this needs the role operator; this token has the role viewer"
    until(lambda: said in opened.get_by_test_id("order-said").inner_text(), "it says why not")
    assert low.asked == []
    opened.close()


def test_my_district_is_shown_and_kept(page: Page, run: Run) -> None:
    choice = page.get_by_test_id("district-select")
    choice.select_option("z1")
    shown = page.get_by_test_id("district-state")
    until(lambda: shown.inner_text().startswith("Alert: "), "the district is under alert")
    run.publish(warnings=warning("z1", "w1", Action.CLEAR, Stage.QUIET))
    until(lambda: shown.inner_text() == "Quiet", "and quiet again")
    page.reload()
    until(lambda: page.get_by_test_id("district-select").input_value() == "z1", "it is kept")


def test_before_the_first_report_nobody_is_said_to_be_safe(page: Page, run: Run) -> None:
    assert run.hub is not None
    run.hub.board.fold(warning("z1", "w1", Action.CANCEL, Stage.QUIET))
    run.hub.snapshot = snapshot(clock=Clock(0))
    run.publish(clock=Clock(0))
    page.reload()
    until(lambda: page.get_by_test_id("not-reported").is_visible(), "it says that nothing is known")
    assert "No zone is warned" not in page.inner_text("body")
    assert page.get_by_test_id("counter-alert").inner_text() == "–"
    run.publish()
    until(lambda: "No zone is warned" in page.inner_text("body"), "then it is known")


@pytest.mark.parametrize("width", [420, 360])
def test_a_narrow_window_shows_all_of_it(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.reload()
    page.get_by_test_id("panel-toggle").wait_for()
    script = """() => [...document.querySelectorAll('#topbar *, #panel, .tools *')].filter(e => {
        const b = e.getBoundingClientRect();
        return b.width > 0 && (b.right > innerWidth + 1 || b.left < -1); }).map(e => e.outerHTML)"""
    for _ in range(2):
        assert page.evaluate(script) == []
        page.get_by_test_id("panel-toggle").click()
