"""Coverage as a picture for people: readable in greyscale too.

Everything is drawn at twice its size and reduced, which smooths edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tocsin.contract import InputError, Sensor
from tocsin.radar.coverage import CoverageMap, metres_per_degree
from tocsin.run.coverage_files import UNKNOWN, UNSEEN, classes_of

SCALE = 2
MAP_PX, PANEL_PX, EDGE_PX, HEAD_PX, FOOT_PX = 1000, 250, 46, 74, 40
PAPER, INK, SOFT = (250, 249, 245), (32, 34, 38), (110, 112, 116)
RADAR = (214, 64, 40)
OUTSIDE, DOT = (226, 224, 219), (172, 170, 164)
HATCH, HATCH_LINE = (176, 172, 166), (128, 124, 118)
# From light to dark: grey values fall evenly, so the order survives a black-and-white printer.
ANCHORS = (
    (252, 247, 200),
    (199, 227, 165),
    (124, 196, 160),
    (62, 153, 163),
    (48, 102, 150),
    (56, 52, 116),
    (38, 20, 62),
)
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Scene:
    """Hold what is drawn.

    Args:
        title: name of the site.
        words: short facts below it.
        sensors: radars.
        place: coastline and towns, as in place.json.
        seen: the map.
        heights_m: bounds of the classes, ascending.
    """

    title: str
    words: tuple[str, ...]
    sensors: Sequence[Sensor]
    place: dict[str, Any]
    seen: CoverageMap
    heights_m: tuple[float, ...]


@dataclass(frozen=True)
class Frame:
    """Place the map in the picture, in final pixels.

    Args:
        left: of the map.
        top: likewise.
        width: of the map.
        height: likewise.
        west_deg: at its left edge.
        north_deg: at its top edge.
        px_per_lon: pixels per degree of longitude.
        px_per_lat: pixels per degree of latitude.
    """

    left: int
    top: int
    width: int
    height: int
    west_deg: float
    north_deg: float
    px_per_lon: float
    px_per_lat: float

    def at(self, longitude_deg: float, latitude_deg: float) -> tuple[float, float]:
        """Return where a point is drawn, on the large canvas."""
        east = (longitude_deg - self.west_deg + 30.0) % 360.0 - 30.0
        x = self.left + east * self.px_per_lon
        y = self.top + (self.north_deg - latitude_deg) * self.px_per_lat
        return x * SCALE, y * SCALE

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Return the map's edges on the large canvas."""
        right, bottom = self.left + self.width, self.top + self.height
        return self.left * SCALE, self.top * SCALE, right * SCALE, bottom * SCALE


def draw(scene: Scene, path: Path) -> None:
    """Write the picture as PNG.

    Raises:
        InputError: the file cannot be written.
    """
    frame = _frame(scene.seen)
    size = (frame.left + frame.width + PANEL_PX, frame.top + frame.height + FOOT_PX)
    canvas = Image.new("RGB", (size[0] * SCALE, size[1] * SCALE), PAPER)
    canvas.paste(_land(scene, frame), frame.box[:2])
    over = Image.new("RGBA", canvas.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(over)
    _coast(pen, frame, scene.place)
    _towns(pen, frame, scene.place, _sensors(pen, frame, scene.sensors))
    _scale_bar(pen, frame, scene.seen)
    _clip(over, frame)
    canvas.paste(over, mask=over)
    pen = ImageDraw.Draw(canvas)
    _graticule(pen, frame)
    _head(pen, frame, scene)
    _legend(canvas, frame, scene)
    small = canvas.resize(size, Image.Resampling.LANCZOS)
    try:
        small.save(path, optimize=True)
    except OSError as error:
        raise InputError(path, f"cannot be written: {error}", "choose another folder") from error


def _frame(seen: CoverageMap) -> Frame:
    grid = seen.grid
    longest = max(grid.rows, grid.columns)
    width, height = round(MAP_PX * grid.columns / longest), round(MAP_PX * grid.rows / longest)
    north = grid.south_deg + (grid.rows - 0.5) * grid.step_latitude_deg
    west = grid.west_deg - 0.5 * grid.step_longitude_deg
    across = width / (grid.columns * grid.step_longitude_deg)
    along = height / (grid.rows * grid.step_latitude_deg)
    return Frame(EDGE_PX, HEAD_PX, width, height, west, north, across, along)


def colours(count: int) -> Pixels:
    """Return (count, 3) colours from light to dark."""
    anchors = np.array(ANCHORS, float)
    place = np.linspace(0.0, len(anchors) - 1.0, count)
    lanes = [np.interp(place, np.arange(len(anchors)), anchors[:, k]) for k in range(3)]
    return np.asarray(np.rint(np.stack(lanes, axis=1)), np.uint8)


def _land(scene: Scene, frame: Frame) -> Image.Image:
    """Return the classes in colour over a soft relief, at the large canvas's size."""
    wide, tall = frame.width * SCALE, frame.height * SCALE
    grid = scene.seen.grid
    rows = (np.arange(tall)[::-1] + 0.5) * grid.rows / tall
    columns = (np.arange(wide) + 0.5) * grid.columns / wide
    pick = np.ix_(rows.astype(int), columns.astype(int))
    classes = classes_of(scene.seen, scene.heights_m)[pick]
    table = np.zeros((256, 3), np.uint8)
    table[: len(scene.heights_m) + 1] = colours(len(scene.heights_m) + 1)
    table[UNSEEN], table[UNKNOWN] = OUTSIDE, HATCH
    shade = _relief(scene.seen.ground_m[pick], frame, grid.step_latitude_deg * grid.rows / tall)
    shade[classes >= UNKNOWN] = 1.0
    pixels = np.clip(table[classes] * shade[..., None], 0, 255).astype(np.uint8)
    pixels[(classes == UNKNOWN) & _lines(wide, tall)] = HATCH_LINE
    pixels[(classes == UNSEEN) & _dots(wide, tall)] = DOT
    return Image.fromarray(pixels)


def _relief(ground_m: NDArray[np.float32], frame: Frame, row_deg: float) -> NDArray[np.float32]:
    """Return factors of brightness: light from the north-west, as on every map."""
    cell_m = row_deg * float(metres_per_degree(np.array(frame.north_deg))[1])
    south, east = np.gradient(np.nan_to_num(ground_m), cell_m)
    slope = np.asarray(south + east)
    steep = max(float(np.quantile(np.abs(slope[::4, ::4]), 0.98)), 1e-3)
    return np.asarray(1.0 + 0.13 * np.tanh(1.5 * slope / steep), np.float32)


def _clip(over: Image.Image, frame: Frame) -> None:
    """Erase what was drawn beyond the map's edges."""
    inside = Image.new("L", over.size, 0)
    ImageDraw.Draw(inside).rectangle(frame.box, fill=255)
    kept = np.minimum(np.asarray(over.getchannel("A")), np.asarray(inside))
    over.putalpha(Image.fromarray(kept))


def _font(size: int) -> Any:
    return ImageFont.load_default(size * SCALE)


def _text(pen: Any, at: tuple[float, float], words: str, size: int, **more: Any) -> None:
    pen.text(at, words, font=_font(size), **{"fill": INK, **more})


Box = tuple[float, float, float, float]


def _label(pen: Any, at: tuple[float, float], words: str, size: int, taken: list[Box]) -> None:
    """Write beside a point where nothing is written yet, with a pale rim to be read anywhere."""
    gap = 9 * SCALE
    sides = {"lm": (gap, 0), "rm": (-gap, 0), "mb": (0, -gap), "mt": (0, gap)}
    rim = {"stroke_width": 2 * SCALE, "stroke_fill": (255, 255, 255, 225)}
    for anchor, (x, y) in sides.items():
        place = (at[0] + x, at[1] + y)
        box = pen.textbbox(place, words, font=_font(size), anchor=anchor)
        if not any(_overlap(box, other) for other in taken):
            taken.append(box)
            _text(pen, place, words, size, anchor=anchor, fill=(*INK, 255), **rim)
            return


def _overlap(one: Box, other: Box) -> bool:
    apart = one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
    return not apart


def _coast(pen: Any, frame: Frame, place: dict[str, Any]) -> None:
    geometry = place.get("coastline") or {}
    coordinates = geometry.get("coordinates", [])
    polygons = [coordinates] if geometry.get("type") == "Polygon" else coordinates
    lines = [[frame.at(x, y) for x, y, *_ in ring] for polygon in polygons for ring in polygon]
    for width, fill in ((3 * SCALE, (255, 255, 255, 120)), (SCALE, (*INK, 235))):
        for line in lines:
            pen.line(line, fill=fill, width=width, joint="curve")


def _towns(pen: Any, frame: Frame, place: dict[str, Any], taken: list[Box]) -> None:
    """Mark towns, the largest first: a name that finds no room is left out."""
    towns = sorted(place.get("towns", ()), key=lambda town: -town.get("population", 0))
    r = 3 * SCALE
    for town in towns:
        x, y = frame.at(town["longitude_deg"], town["latitude_deg"])
        pen.ellipse((x - r, y - r, x + r, y + r), fill=(255, 255, 255, 255), outline=INK, width=2)
        _label(pen, (x, y), town["name"], 12, taken)


def _sensors(pen: Any, frame: Frame, sensors: Sequence[Sensor]) -> list[Box]:
    """Mark radars and name them; return where the marks and names are."""
    r = 8 * SCALE
    places = [frame.at(sensor.longitude_deg, sensor.latitude_deg) for sensor in sensors]
    taken: list[Box] = [(x - r, y - r, x + r, y + 0.6 * r) for x, y in places]
    for sensor, (x, y) in zip(sensors, places, strict=True):
        triangle = [(x, y - r), (x + 0.87 * r, y + 0.6 * r), (x - 0.87 * r, y + 0.6 * r)]
        pen.polygon(triangle, fill=(*RADAR, 255), outline=(255, 255, 255, 255), width=SCALE)
        words = f"{sensor.sensor_id} ({sensor.height_wgs84_m:.0f} m)"
        _label(pen, (x, y), words, 13, taken)
    return taken


def _nice(value: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not above a value."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(f * power for f in (1.0, 2.0, 5.0) if f * power <= value * (1.0 + 1e-9)))


def _scale_bar(pen: Any, frame: Frame, seen: CoverageMap) -> None:
    grid = seen.grid
    metres_per_px = (grid.rows * grid.step_latitude_deg / frame.height) * float(
        metres_per_degree(np.array(grid.south_deg + grid.rows / 2 * grid.step_latitude_deg))[1]
    )
    length_m = _nice(0.25 * frame.width * metres_per_px)
    long = length_m / metres_per_px * SCALE
    x, y, thick = frame.box[0] + 20 * SCALE, frame.box[3] - 24 * SCALE, 5 * SCALE
    pad = 9 * SCALE
    back = (x - pad, y - 22 * SCALE, x + long + 4 * pad, y + thick + pad)
    pen.rounded_rectangle(back, 4 * SCALE, fill=(255, 255, 255, 205))
    for k in range(4):
        part = (x + k * long / 4, y, x + (k + 1) * long / 4, y + thick)
        fill = INK if k % 2 == 0 else (255, 255, 255)
        pen.rectangle(part, fill=(*fill, 255), outline=(*INK, 255), width=SCALE)
    for share in (0.0, 0.5, 1.0):
        words = f"{length_m * share / 1000:g}" + (" km" if share == 1.0 else "")
        _text(pen, (x + share * long, y - 3 * SCALE), words, 12, anchor="mb", fill=(*INK, 255))


def _graticule(pen: Any, frame: Frame) -> None:
    """Mark degrees on the map's frame."""
    left, top, right, bottom = frame.box
    pen.rectangle(frame.box, outline=INK, width=SCALE)
    step = _nice(frame.width / frame.px_per_lon / 4.0)
    tick = 5 * SCALE
    for k in range(-400, 800):
        value = (np.floor(frame.west_deg / step) + k) * step
        x = (frame.left + (value - frame.west_deg) * frame.px_per_lon) * SCALE
        if left < x < right:
            pen.line((x, bottom, x, bottom + tick), fill=INK, width=SCALE)
            words = _degrees((value + 180.0) % 360.0 - 180.0, "E", "W")
            _text(pen, (x, bottom + 1.6 * tick), words, 11, anchor="mt", fill=SOFT)
        value = (np.floor(frame.north_deg / step) - k) * step
        y = (frame.top + (frame.north_deg - value) * frame.px_per_lat) * SCALE
        if top < y < bottom:
            pen.line((left - tick, y, left, y), fill=INK, width=SCALE)
            words = _degrees(value, "N", "S")
            _text(pen, (left - 1.4 * tick, y), words, 11, anchor="rm", fill=SOFT)


def _degrees(value: float, plus: str, minus: str) -> str:
    return f"{abs(value):.4g}°{plus if value > 0 else minus if value < 0 else ''}"


def _head(pen: Any, frame: Frame, scene: Scene) -> None:
    x = frame.left * SCALE
    _text(pen, (x, 14 * SCALE), f"{scene.title}: radar coverage", 24)
    _text(pen, (x, 47 * SCALE), "  ·  ".join(scene.words), 13, fill=SOFT)


def _legend(canvas: Image.Image, frame: Frame, scene: Scene) -> None:
    pen = ImageDraw.Draw(canvas)
    x, y = frame.box[2] + 22 * SCALE, frame.box[1]
    _text(pen, (x, y), "Blind below", 16)
    _text(pen, (x, y + 22 * SCALE), "height above ground", 12, fill=SOFT)
    y += 50 * SCALE
    heights = scene.heights_m
    between = [f"{a:g} to {b:g} m" for a, b in pairwise(heights)]
    names = [f"under {heights[0]:g} m", *between, f"over {heights[-1]:g} m"]
    shades = [tuple(colour) for colour in colours(len(names)).tolist()]
    for name, colour in zip(names, shades, strict=True):
        _swatch(pen, (x, y), colour, name)
        y += 30 * SCALE
    _swatch(pen, (x, y), OUTSIDE, "out of range")
    _fill(canvas, (x, y), OUTSIDE, DOT, _dots)
    y += 30 * SCALE
    _swatch(pen, (x, y), HATCH, "UNKNOWN: terrain missing,")
    _text(pen, (x + 46 * SCALE, y + 20 * SCALE), "never taken as seen", 12, fill=SOFT)
    _fill(canvas, (x, y), HATCH, HATCH_LINE, _lines)
    y += 52 * SCALE
    r, middle = 8 * SCALE, x + 17 * SCALE
    pen.polygon(
        [(middle, y - r), (middle + 0.87 * r, y + 0.6 * r), (middle - 0.87 * r, y + 0.6 * r)],
        fill=RADAR,
    )
    _text(pen, (x + 46 * SCALE, y), "radar (antenna height)", 13, anchor="lm")
    y += 28 * SCALE
    r = 3 * SCALE
    pen.ellipse((middle - r, y - r, middle + r, y + r), fill=(255, 255, 255), outline=INK, width=2)
    _text(pen, (x + 46 * SCALE, y), "town", 13, anchor="lm")


def _fill(canvas: Image.Image, at: tuple[int, int], ground: Any, ink: Any, pattern: Any) -> None:
    """Fill a swatch with a pattern."""
    wide, tall = 32 * SCALE, 20 * SCALE
    pixels = np.empty((tall, wide, 3), np.uint8)
    pixels[:] = ground
    pixels[pattern(wide, tall)] = ink
    canvas.paste(Image.fromarray(pixels), (at[0] + SCALE, at[1] + SCALE))


def _dots(wide: int, tall: int) -> NDArray[np.bool_]:
    """Return where the pattern of what is out of range has its dots."""
    x, y = np.arange(wide)[None, :], np.arange(tall)[:, None]
    return np.asarray(((x + y // 20 * 10) % 20 < 3) & (y % 20 < 3))


def _lines(wide: int, tall: int) -> NDArray[np.bool_]:
    """Return where the pattern of UNKNOWN has its slanted lines."""
    return np.add.outer(np.arange(tall), np.arange(wide)) % 18 < 4


def _swatch(pen: Any, at: tuple[float, float], colour: tuple[int, ...], name: str) -> None:
    x, y = at
    box = (x, y, x + 34 * SCALE, y + 22 * SCALE)
    pen.rectangle(box, fill=colour, outline=INK, width=SCALE)
    _text(pen, (x + 46 * SCALE, y + 11 * SCALE), name, 13, anchor="lm")
