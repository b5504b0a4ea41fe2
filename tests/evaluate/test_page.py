"""The report is one page that needs nothing else, and its pictures show what happened."""

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.evaluate.test_warning import HIT, OURS, START_NS, ZONES, effects_of, warnings_of
from tests.evaluate.world import NS, ORIGIN, tracks_like, truth_of
from tests.support import chromium
from tocsin.contract import Tracks, Truth, Warnings
from tocsin.evaluate import (
    Entry,
    Evidence,
    TrackScoring,
    distance,
    parse_standard,
    report_page,
    scene,
    score_scene,
    score_warnings,
    standard_text,
)
from tocsin.evaluate.chart_distance import Measure, chart_distance
from tocsin.evaluate.chart_time import Curve, Panel, panels
from tocsin.evaluate.svg import Axis, clock, pieces, thinned, time_ticks

PATHS = {"a<b>": (0, 0, 900, 50, 0), "c": (0, 9000, 900, 50, 10), "gone": (20000, 0, 900, 0, 40)}
SPAN = (START_NS, START_NS + 3600 * NS)
SECONDS = range(90)


def entry(name: str, truth: Truth, tracks: Tracks, warnings: Warnings | None = None) -> Entry:
    world = scene(truth, tracks, ORIGIN, TrackScoring(), None, None)
    scores = {"track_scores": score_scene(world)}
    if warnings is None:
        return Entry(name, world, scores)
    scores["warning_scores"] = score_warnings(effects_of(HIT), warnings, ZONES, *SPAN)
    return Entry(name, world, scores, warnings)


def ours() -> tuple[Truth, Tracks]:
    """Tracks of two objects 100 m off, none of the third, one of nothing."""
    truth = truth_of(PATHS, SECONDS)
    seen = truth.take(truth.target_id != "gone")
    false = truth_of({"nothing": (-30_000, 0, 900, 0, 30)}, SECONDS)
    tables = [tracks_like(seen, 100.0), tracks_like(false, prefix="F")]
    return truth, Tracks.concat(tables).sorted_by("measured_at_ns", "track_id")


def whole_page() -> str:
    truth, tracks = ours()
    plots = np.stack([truth.longitude_deg, truth.latitude_deg], axis=-1)
    evidence = Evidence(plots, truth.measured_at_ns, effects_of(HIT), ZONES)
    standard = parse_standard(standard_text("early-warning"))
    oracle = entry("oracle", truth, tracks_like(truth, 30.0, "O"))
    entries = []
    for name, table in (("ours", tracks), ("the & others", tracks_like(truth, 300.0))):
        one = entry(name, truth, table, OURS)
        entries.append(one.with_scores(oracle=distance(one.world, oracle.world)).judged(standard))
    return report_page("Night & day", evidence, entries, [oracle], standard)


@pytest.fixture(scope="module")
def page() -> str:
    return whole_page()


def drawings(page: str, style: str = "") -> list[ElementTree.Element]:
    found = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]
    return [svg for svg in found if svg.get("class") == style] if style else found


def styles(svg: ElementTree.Element) -> list[str]:
    return [path.get("class", "") for path in svg.iter("path")]


def test_the_page_needs_nothing_else(page: str) -> None:
    assert "<title>Night &amp; day</title>" in page
    assert not re.search(r"https?:|src=|href=|@import|url\(|<link|fetch\(|XMLHttp", page)
    assert "a&lt;b&gt;" in page
    assert "a<b>" not in page
    assert "the & others" not in page
    assert page.count("<script>") == 1


def test_the_map_shows_what_was_followed_and_what_not(page: str) -> None:
    first, second = drawings(page, "map")
    assert {"truth followed", "truth missed", "track", "track false", "plot"} <= set(styles(first))
    # The others followed all, and nothing else.
    assert not {"truth missed", "track false"} & set(styles(second))
    zones = [style for style in styles(first) if style.startswith("zone")]
    assert sum("alarmed" in style for style in zones) == 4
    assert sum("struck" in style for style in zones) == 3


def test_a_path_is_where_the_object_was(page: str) -> None:
    """The missed path of the map, back from pixels: 40 m/s north for 89 s, 20 km east."""
    svg = drawings(page, "map")[0]
    way = next(path.get("d") for path in svg.iter("path") if path.get("class") == "truth missed")
    numbers = [int(word) for word in re.findall(r"-?\d+", way)]
    start, steps = np.array(numbers[:2]), np.array(numbers[2:]).reshape(-1, 2)
    bar = next(path for path in svg.iter("path") if path.get("class") == "scale")
    label = next(text.text for text in svg.iter("text") if text.get("class") == "scale-words")
    length_px = float(re.search(r"h([\d.]+)", bar.get("d"))[1])
    metres_per_px = float(label.split()[0]) * 1000.0 / length_px
    north_m = -steps[:, 1].sum() / 10.0 * metres_per_px
    assert north_m == pytest.approx(40 * 89, rel=0.01)
    false = next(path.get("d") for path in svg.iter("path") if path.get("class") == "track false")
    apart_m = (start[0] - int(re.match(r"M(-?\d+)", false)[1])) / 10.0 * metres_per_px
    assert apart_m == pytest.approx(50_000, rel=0.01)


def test_worst_moments_name_who_was_missed_and_what_was_false(page: str) -> None:
    moments = re.findall(r'<figure class="moment">.*?</figure>', page, re.DOTALL)
    assert 2 <= len(moments) <= 20
    assert "<b>1 missed</b>: gone; <b>1 false</b>: F-nothing" in moments[0]
    assert "none missed; none false" in moments[-1]
    small = drawings(page, "small")
    assert sum("sign missed" in styles(svg) and "sign false" in styles(svg) for svg in small) >= 1


def test_numbers_are_those_of_the_scores(page: str) -> None:
    assert '<td class="best">100.0 %</td>' in page  # the others' completeness
    assert '<td class="">66.7 %</td>' in page
    assert "<tr><th>position error, RMS</th>" in page
    row = re.search(r"<tr><th>position error, RMS</th>(.*?)</tr>", page)[1]
    assert re.findall(r">([^<]+)</td>", row) == ["100 m", "300 m", "30 m"]
    assert "its position error is 3.33 times" in page
    assert "one way drone" in page


def test_requirements_are_shown_with_their_outcome(page: str) -> None:
    row = re.search(r"EW-5.*?</tr>", page)[0]
    assert re.findall(r'outcome (\w+)"', row) == ["passed", "passed"]
    row = re.search(r"EW-4.*?</tr>", page)[0]
    assert re.findall(r'outcome (\w+)"', row) == ["failed", "passed"]
    assert 'outcome open" title="asked for where' in page


def test_a_page_of_nothing() -> None:
    page = report_page("Empty", Evidence(), [entry("none", Truth.empty(), Tracks.empty())])
    assert "no true object was within coverage" in page
    assert drawings(page) == []
    truth = truth_of(PATHS, SECONDS)
    page = report_page("Silent", Evidence(), [entry("silent", truth, Tracks.empty())])
    assert "silent held a track on what could be seen 0.0\u00a0% of the time, – off" in page
    assert "truth missed" in styles(drawings(page, "map")[0])


def test_one_row_of_truth_is_enough_for_a_page() -> None:
    truth = truth_of({"a": (0, 0, 900, 50, 0)}, range(1))
    page = report_page("Short", Evidence(), [entry("one", truth, tracks_like(truth))])
    assert "<h2><small>2</small>Where</h2>" in page


def test_a_long_crowded_page_stays_small() -> None:
    paths = {f"t{k:03d}": (200 * k, 0, 900, 3 * (k % 7), 40) for k in range(150)}
    truth = truth_of(paths, range(0, 400, 10))
    tracks = tracks_like(truth, 100.0, draw=np.random.default_rng(0))
    entries = [entry(name, truth, tracks) for name in ("one", "two")]
    assert len(report_page("Crowd", Evidence(), entries)) < 2_000_000


# -- pieces of drawings -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (3, 47, [10, 20, 30, 40]), (0, 0, [0]), (0, 0.35, [0, 0.1])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    ticks = Axis(low, high, 0, 100).ticks()
    assert ticks[: len(expected)] == pytest.approx(expected)
    assert len(ticks) <= 6


def test_times_are_round_as_clocks_are() -> None:
    assert time_ticks(Axis(0.0, 2000.0, 0, 1)) == [0, 300, 600, 900, 1200, 1500, 1800]
    assert time_ticks(Axis(0.0, 72 * 3600.0, 0, 1))[:2] == [0, 43200]
    assert clock(3661) == "1:01:01"


def test_means_over_stretches_leave_gaps_out() -> None:
    values = np.array([1.0, 3.0, np.nan, 5.0, np.nan, np.nan, 7.0])
    np.testing.assert_array_equal(thinned(values, 4), [2.0, 5.0, np.nan, 7.0])
    assert thinned(values, 7) is values


def test_pieces_join_and_part() -> None:
    points = np.array([[0, 0], [1, 2], [1, 2], [5, 5], [9, 9.04]])
    joined = np.array([False, True, True, False, False])
    assert pieces(points, joined) == "M0 0l10 20M50 50h0M90 90h0"


def chart(*rows: Panel, log: bool = False) -> ElementTree.Element:
    return ElementTree.fromstring(panels(np.arange(3.0) * 60, rows, "m", log))


def test_labels_do_not_touch() -> None:
    curves = [
        Curve(name, np.array([1.0, 1.0, v]), "ours")
        for name, v in zip("abc", (0, 0, 1), strict=True)
    ]
    drawn = chart(Panel("p", curves))
    heights = sorted(float(t.get("y")) for t in drawn.iter("text") if "label" in t.get("class"))
    assert len(heights) == 3
    assert all(b - a >= 14.0 for a, b in pairwise(heights))


def test_panels_share_one_scale_and_areas_stack() -> None:
    low, high = np.array([1.0, 1.0, 1.0]), np.array([2.0, 3.0, 4.0])
    drawn = chart(
        Panel("stacked", stack=[Curve("a", low, "missed"), Curve("b", high, "false")]),
        Panel("flat", [Curve("c", low, "ours")]),
    )
    below, above = (path.get("d") for path in drawn.iter("path") if "layer" in path.get("class"))
    back = below.split("Z")[0][1:].split("L")
    assert back[:3] == above.split("Z")[0][1:].split("L")[:2:-1]
    ticks = [t.text for t in drawn.iter("text") if t.get("class") == "end"]
    assert ticks == ["0", "2", "4"] * 2


def test_gaps_and_logarithms() -> None:
    drawn = chart(Panel("", [Curve("a", np.array([1.0, np.nan, 100.0]), "ours")]), log=True)
    line = next(path.get("d") for path in drawn.iter("path") if "line" in path.get("class"))
    assert line.count("M") == 2
    assert "L" not in line


def test_distance_puts_marks_in_proportion() -> None:
    trackers = [("ours", 40.0), ("none", None)]
    measure = Measure("error", "m", 10.0, [("oracle", 20.0)], trackers, 15.0)
    svg = ElementTree.fromstring(chart_distance([measure]))
    edge = float(next(r for r in svg.iter("rect")).get("width"))
    marks = [p for p in svg.iter("path") if p.get("transform")]
    places = [float(re.search(r"\(([\d.]+)", p.get("transform"))[1]) - 190.0 for p in marks]
    assert places == pytest.approx([2 * edge, 4 * edge], rel=0.01)
    average = next(p for p in svg.iter("path") if p.get("class") == "limit average")
    assert float(average.get("d")[1:].split()[0]) - 190.0 == pytest.approx(1.5 * edge, rel=0.01)


@pytest.mark.browser
def test_a_browser_shows_it_zooms_and_does_not_complain(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    path = tmp_path / "report.html"
    path.write_text(whole_page(), "utf-8")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium())
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url))
        page.goto(path.as_uri())
        boxes = [svg.bounding_box() for svg in page.query_selector_all("figure > svg:not(.small)")]
        wide = page.evaluate("document.documentElement.scrollWidth")
        page.click(".zoom button")
        shown = [m.get_attribute("viewBox").split() for m in page.query_selector_all("svg.map")]
        browser.close()
    assert complaints == [path.as_uri()]
    assert len(boxes) == 13
    assert all(box["width"] > 900 and box["height"] > 60 for box in boxes)
    assert wide <= 1280
    # The maps move together.
    assert float(shown[0][2]) == pytest.approx(0.6 * 530, rel=1e-6)
    assert shown[0] == shown[1]


def warning_page(warnings: Warnings, **more: object) -> str:
    truth, tracks = ours()
    one = entry("ours", truth, tracks, warnings).with_scores(**more)
    return report_page("Night", Evidence(effects=effects_of(HIT), zones=ZONES), [one])


def drawing_with(page: str, words: str) -> ElementTree.Element:
    return next(
        svg for svg in drawings(page) if any(each.text == words for each in svg.iter("text"))
    )


def test_the_map_of_warnings_shows_who_was_missed() -> None:
    """z1 and z2 are warned in time; z3, like z5, is alarmed when nothing is there."""
    alarms = [("z1", 900, 1300), ("z2", 1020, 1400), ("z3", 100, 160), ("z5", 1000, 1500)]
    (chart,) = drawings(warning_page(warnings_of(alarms)), "warned")
    zones = [style.split() for style in styles(chart) if style.startswith("zone")]
    assert len(zones) == len(ZONES)
    assert sum("late" in style for style in zones) == 1
    assert sum("struck" in style for style in zones) == 3
    # z5 holds 6,000 people for 500 s: the most; nobody was alarmed in the eight other zones.
    assert sum("heat5" in style for style in zones) == 1
    assert sum("heat0" in style for style in zones) == 8


def test_leads_by_zone_are_read_off_the_chart() -> None:
    """Of three zones one was missed: its dot is red, at no lead, and comes first."""
    page = warning_page(warnings_of([("z1", 900, 1300), ("z2", 1020, 1400)]))
    chart = drawing_with(page, "lead, s")
    dots = [(c.get("class"), float(c.get("cx"))) for c in chart.iter("circle")]
    assert [style for style, _ in dots] == ["dot late", "dot", "dot"]
    assert dots[0][1] == 190.0 < dots[1][1] == dots[2][1]
    names = [t.text for t in chart.iter("text") if (t.text or "").startswith("Zone")]
    assert names == ["Zone 3", "Zone 1", "Zone 2"]


def test_policies_stand_beside_baselines() -> None:
    sweep = [
        {"policy": f"missed_min {m}", "missed_min": m, "person_h": 2.0 * m, "pod_usable_lead": s}
        for m, s in ((5, 0.5), (50, 0.9), (500, 1.0))
    ]
    page = warning_page(OURS, warning_sweep=sweep)
    chart = drawing_with(page, "person-hours in alarm")
    words = {t.text for t in chart.iter("text")}
    assert {"this run", "hindsight", "ours, whole region", "missed_min 500"} <= words
    assert sum(style == "line ours" for style in styles(chart)) == 1
    assert len(list(chart.iter("circle"))) == 4 + len(sweep)


def test_the_reliability_diagram_has_its_dots_where_they_belong() -> None:
    bins = [
        {"from": a, "to": b, "given": p, "affected": o, "zone_minutes": 9, "low": 0.1, "high": 0.6}
        for a, b, p, o in ((0.0, 0.0, 0.0, 0.0), (0.2, 0.3, 0.25, 0.25), (0.7, 0.8, 0.75, 0.25))
    ]  # fmt: skip
    scores = {"bins": bins, "base_rate": 0.2, "brier": 0.1, "brier_skill": 0.3, "by_class": {}}
    page = warning_page(OURS, forecast_scores=scores)
    chart = drawing_with(page, "probability given, %")
    (x1, y1), (x2, y2) = [(float(c.get("cx")), float(c.get("cy"))) for c in chart.iter("circle")]
    assert y1 == y2
    left, right = 52.0, 530.0 - 14.0
    assert (x1 - left) / (right - left) == pytest.approx(0.25, abs=1e-3)
    assert (x2 - left) / (right - left) == pytest.approx(0.75, abs=1e-3)
