"""How far from the possible: bound, oracle and trackers on one scale for each measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.evaluate.svg import Axis, drawing, number, text

WIDTH_PX, ROW_PX, LEFT_PX, RIGHT_PX = 1080, 64, 190, 40
SHAPES = (
    "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0",
    "M-5-5h10v10h-10Z",
    "M0-7l7 12h-14Z",
    "M0-7l7 7-7 7-7-7Z",
)


@dataclass(frozen=True)
class Measure:
    """Hold one measure.

    Args:
        label: what is measured.
        unit: of the values.
        bound: nobody can be better on these plots; None: none is known.
        oracles: names and values.
        trackers: names and values, in order.
        expected: the bound for such a site on the average; None: none is known.
    """

    label: str
    unit: str
    bound: float | None
    oracles: Sequence[tuple[str, float | None]]
    trackers: Sequence[tuple[str, float | None]]
    expected: float | None = None


def chart_distance(measures: Sequence[Measure]) -> str:
    """Return one row for each measure, each with a scale of its own from zero."""
    parts: list[str] = []
    for k, measure in enumerate(measures):
        parts += _row(measure, k * ROW_PX)
    return drawing(parts, WIDTH_PX, ROW_PX * len(measures) + 6, "distance")


def _row(measure: Measure, top: float) -> list[str]:
    known: list[float] = [v for _, v in (*measure.oracles, *measure.trackers) if v is not None]
    high = max([*known, measure.bound or 0.0, measure.expected or 0.0]) * 1.08 or 1.0
    across = Axis(0.0, high, LEFT_PX, WIDTH_PX - RIGHT_PX)
    line = top + 30.0
    parts = [
        text(LEFT_PX - 16, line + 4, f"{measure.label} [{measure.unit}]", "end strong"),
        f'<path class="scale" d="M{LEFT_PX} {line:.1f}H{WIDTH_PX - RIGHT_PX}"/>',
    ]
    for round_value in across.ticks(8):
        x = across(round_value)
        parts.append(f'<path class="scale" d="M{x:.1f} {line:.1f}v4"/>')
        parts.append(text(x, line + 17, number(round_value), "middle"))
    if measure.bound is not None:
        x = across(measure.bound)
        parts.append(
            f'<rect class="forbidden" x="{LEFT_PX}" y="{line - 9:.1f}" '
            f'width="{x - LEFT_PX:.1f}" height="9"/>'
            f'<path class="limit" d="M{x:.1f} {line - 13:.1f}v13"/>'
        )
    if measure.expected is not None:
        x = across(measure.expected)
        parts.append(f'<path class="limit average" d="M{x:.1f} {line - 13:.1f}v13"/>')
    for style, row in (("oracle", measure.oracles), ("tracker", measure.trackers)):
        for k, (_, value) in enumerate(row):
            if value is not None:
                parts.append(sign(across(value), line, style, k))
    return parts


def sign(x: float, y: float, style: str, number_: int) -> str:
    """Return the mark of a tracker (filled) or an oracle (hollow)."""
    shape = SHAPES[number_ % len(SHAPES)]
    return f'<path class="{style} n{number_}" transform="translate({x:.1f} {y:.1f})" d="{shape}"/>'


def key(name: str, style: str, number_: int) -> str:
    """Return a mark and its meaning, for a legend."""
    box = 'viewBox="-9 -9 18 18" class="key"'
    return f"<span><svg {box}>{sign(0.0, 0.0, style, number_)}</svg>{name}</span>"
