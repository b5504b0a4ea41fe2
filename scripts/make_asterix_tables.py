"""Write src/tocsin/decode/asterix_tables.py: how long every ASTERIX item is, from libasterix.

    .venv/bin/python scripts/make_asterix_tables.py

libasterix carries the EUROCONTROL specifications as Python classes, which take seconds to import;
the decoder needs only the order and the lengths of items. Editions of one category that have the
same lengths share a table.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import asterix.generated as specifications

CATEGORIES = (21, 34, 48, 62, 65)
TARGET = Path(__file__).resolve().parents[1] / "src" / "tocsin" / "decode" / "asterix_tables.py"
HEAD = '''"""Order and lengths of ASTERIX items by category and edition, newest edition first.

Made by `scripts/make_asterix_tables.py` from libasterix; do not edit. A layout is a number of
bytes, or a tuple that says how the length is found (see `asterix_records`).
"""

from __future__ import annotations

from typing import Any

'''


def layout(variation: Any) -> Any:
    """Return the layout of one kind of item."""
    kind = next(c.__name__ for c in variation.__mro__ if c.__module__ == "asterix.base")
    if kind in ("Element", "Group"):
        assert variation.cv_bit_size % 8 == 0, variation
        return variation.cv_bit_size // 8
    if kind == "Extended":
        parts = variation.cv_items_list
        sizes = tuple(sum(1 if item is None else item[1] for item in part) for part in parts)
        assert all(size % 8 == 0 for size in sizes), variation
        return ("extended", parts[-1][-1] is None, *(size // 8 for size in sizes))
    if kind == "Repetitive" and variation.cv_rep_bytes is None:
        bits = variation.cv_variation.cv_bit_size + 1
        assert bits % 8 == 0, variation
        return ("chained", bits // 8)
    if kind == "Repetitive":
        return ("repeated", variation.cv_rep_bytes, layout(variation.cv_variation))
    if kind == "Explicit":
        return ("explicit",)
    assert kind == "Compound", kind
    return ("compound", *(named(item) for item in variation.cv_items_list))


def named(item: Any) -> Any:
    """Return an item's name and layout; None where the specification leaves a gap."""
    return item and (item.cv_name, layout(item.cv_rule.cv_variation))


def record(edition: Any) -> Any:
    """Return the layout of an edition's records."""
    items = edition.cv_uap.cv_record.cv_items_list
    rows = tuple(named(getattr(item, "cv_non_spare", None)) for item in items)
    return ("compound", *rows)


def tables() -> dict[int, list[tuple[str, Any]]]:
    """Return by category the distinct layouts with their newest edition, newest first."""
    found: dict[int, list[tuple[str, Any]]] = {}
    editions: Any = specifications.manifest["CATS"]
    for category in CATEGORIES:
        known = found.setdefault(category, [])
        for edition in reversed(editions[category]):
            rows = record(edition)
            if rows not in [other for _, other in known]:
                known.append((".".join(map(str, edition.cv_edition)), rows))
    return found


def source() -> str:
    """Return the text of the module, filled to the line length."""
    lines = [
        HEAD,
        "# fmt: off\n",
        "TABLES: dict[int, tuple[tuple[str, tuple[Any, ...]], ...]] = {\n",
    ]
    for category, editions in tables().items():
        lines.append(f"    {category}: (\n")
        for edition, rows in editions:
            text = repr((edition, rows)) + ","
            filled = textwrap.fill(text, 98, initial_indent=" " * 8, subsequent_indent=" " * 9)
            lines.append(filled + "\n")
        lines.append("    ),\n")
    lines.append("}\n")
    return "".join(lines).replace("'", '"')


if __name__ == "__main__":
    TARGET.write_text(source(), "utf-8")
