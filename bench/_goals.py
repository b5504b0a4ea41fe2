"""Floors and goals: `bench/data/goals.toml`, and whether figures meet them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from bench._cases import DATA


def judged(case: str, figures: Mapping[str, Any], tiny: bool = False) -> list[dict[str, Any]]:
    """Return a row for each measure of a case: its figure, floor, goal, and whether they are met.

    Args:
        case: which.
        figures: what was measured.
        tiny: sizes were not the case's own, so nothing is said to be met or not.

    >>> judged("million", {"seconds_per_scan": 0.7})[0]["goal_met"]
    False
    """
    rows = []
    for line in tomllib.loads((DATA / "goals.toml").read_text("utf-8"))[case]:
        key, more = line["key"], line.get("more", False)
        row = {"case": case, "key": key, "figure": figures.get(key)}
        for limit in ("floor", "goal"):
            wanted = line.get(limit)
            row[limit] = wanted
            silent = tiny or wanted is None
            row[f"{limit}_met"] = None if silent else _met(row["figure"], wanted, more)
        said = f"{line['measure']} (tiny sizes: not judged)" if tiny else line["measure"]
        rows.append({**row, "measure": said})
    return rows


def _met(figure: float | None, wanted: float, more: bool) -> bool:
    """Return whether a figure is good enough; one that was not measured is not."""
    if figure is None:
        return False
    return bool(figure >= wanted if more else figure <= wanted)
