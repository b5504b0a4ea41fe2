"""The report is one page that needs nothing else, and its pictures show what happened."""

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.evaluate.test_warning import HIT, NS, OURS, START_NS, ZONES, effects_of
from tests.evaluate.world import ORIGIN, tracks_like, truth_of
from tests.support import chromium
from tocsin.contract import Tracks, Truth
from tocsin.evaluate import Evidence, report_page, score_tracks, score_warnings
from tocsin.evaluate.svg import Axis, Line, clock, line_chart

PATHS = {"a<b>": (0, 0, 900, 50, 0), "c": (0, 9000, 900, 50, 10)}
SPAN = (START_NS, START_NS + 3600 * NS)


def whole_page() -> str:
    truth = truth_of(PATHS, range(60))
    tracks = tracks_like(truth, 100.0)
    evidence = Evidence(truth, tracks, effects_of(HIT), OURS, ZONES)
    scores = score_tracks(truth, tracks, ORIGIN)
    return report_page("Night & day", evidence, scores, score_warnings(*warning_input()))


def warning_input() -> tuple:
    return (effects_of(HIT), OURS, ZONES, *SPAN)


def drawings(page: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def test_the_page_needs_nothing_else() -> None:
    page = whole_page()
    assert "<title>Night &amp; day</title>" in page
    assert not re.search(r"https?:|src=|href=|@import|url\(|<script", page)
    assert "a&lt;b&gt;" in page
    assert "a<b>" not in page


def test_pictures_hold_what_happened() -> None:
    area, error, count, bars = drawings(whole_page())
    styles = [path.get("class") for path in area.iter("path")]
    assert styles.count("truth") == 2
    assert styles.count("track") == 2
    assert sum("alarmed" in style for style in styles) == 4
    assert sum("struck" in style for style in styles) == 3
    assert len(list(error.iter("polyline"))) == 4
    assert len(list(count.iter("polyline"))) == 2
    rows = [bar.get("class") for bar in bars.iter("rect")]
    assert (rows.count("alarm"), rows.count("needed"), rows.count("effect")) == (4, 3, 3)
    # z1 is in alarm from 900 to 1,290 s of 3,600.
    alarm = next(bar for bar in bars.iter("rect") if bar.get("class") == "alarm")
    assert float(alarm.get("x")) == pytest.approx(190 + 900 / 3600 * 754, abs=0.1)
    assert float(alarm.get("width")) == pytest.approx(390 / 3600 * 754, abs=0.1)


def test_numbers_are_those_of_the_scores() -> None:
    page = whole_page()
    assert "<b>100.0 %</b><span>completeness" in page
    assert "<b>100 m</b><span>position error" in page
    assert "<b>300 s</b><span>lead, median" in page
    assert "one way drone" in page


def test_a_page_without_anything() -> None:
    page = report_page("Empty", Evidence())
    assert drawings(page) == []
    none = score_tracks(Truth.empty(), Tracks.empty(), ORIGIN)
    assert "<b>–</b><span>GOSPA" in report_page("Empty", Evidence(), none)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (3, 47, [10, 20, 30, 40]), (0, 0, [0]), (0, 0.35, [0, 0.1])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    ticks = Axis(low, high, 0, 100).ticks()
    assert ticks[: len(expected)] == pytest.approx(expected)
    assert len(ticks) <= 6


def test_labels_do_not_touch() -> None:
    lines = [Line(name, [1.0, value], "thin") for name, value in (("a", 0), ("b", 0), ("c", 1))]
    chart = ElementTree.fromstring(line_chart([0.0, 60.0], lines, "m"))
    heights = sorted(float(t.get("y")) for t in chart.iter("text") if "label" in t.get("class"))
    assert all(b - a >= 15.0 for a, b in pairwise(heights))
    assert clock(3661) == "1:01:01"


@pytest.mark.browser
def test_a_browser_shows_it_without_complaint(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    path = tmp_path / "report.html"
    path.write_text(whole_page(), "utf-8")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium())
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda request: complaints.append(request.url))
        page.goto(path.as_uri())
        boxes = [svg.bounding_box() for svg in page.query_selector_all("svg")]
        wide = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert complaints == [path.as_uri()]
    assert [box["width"] > 900 and box["height"] > 80 for box in boxes] == [True] * 4
    assert wide <= 1100
