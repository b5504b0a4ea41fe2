"""Cut ASTERIX data blocks into records, and records into items, by the specifications' lengths.

A layout is a number of bytes or one of
    ("extended", closed, n1, n2, ...)  parts of n bytes, each ending in an FX bit that asks for the
                                       next; `closed`: the last part has an FX bit too, and it is 0
    ("chained", n)                     elements of n bytes, each ending in an FX bit
    ("repeated", r, layout)            a count of r bytes, then so many elements
    ("explicit",)                      a length byte that counts itself, then the rest
    ("compound", item, ...)            an FSPEC, then the items that it flags; an item is
                                       (name, layout), or None where the specification leaves a gap

Source: EUROCONTROL SUR.ET1.ST05.2000-STD-01-01 (ASTERIX part 1), 5.2 to 5.4.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple

from tocsin.decode.asterix_tables import TABLES

Record = dict[str, bytes]
"""Items of one record by name: "010", "040", ..."""

_End = Callable[[bytes, int], int]


class MalformedError(Exception):
    """Say that bytes do not follow their layout."""


class Records(NamedTuple):
    """Hold the records of one block, and what stopped the reading, empty where nothing did."""

    edition: str
    records: list[Record]
    problem: str = ""


def parse_block(category: int, body: bytes) -> Records | None:
    """Return the records of one data block, None where the category is not known.

    The newest edition that reads the block to its end, with times and places that can be, is
    taken. Where none does, the records are those that the newest edition reads before the bad one.

    Args:
        category: of the block.
        body: the block without its category and length.
    """
    first: Records | None = None
    for edition, record in _editions(category):
        found = _parse(category, edition, record, body)
        if not found.problem:
            return found
        first = first or found
    return first


def _parse(category: int, edition: str, record: _Compound, body: bytes) -> Records:
    records: list[Record] = []
    at, problem = 0, ""
    while at < len(body) and not problem:
        try:
            items, end = record.items(body, at)
        except (MalformedError, IndexError) as error:
            problem = str(error)
            break
        if end > len(body):
            problem = "the record is cut off"
        elif not _possible(category, items):
            problem = "a time or place that cannot be, or no source"
        else:
            records.append(items)
            at = end
    return Records(edition, records, problem and f"at byte {at + 3}: {problem}")


def _possible(category: int, items: Record) -> bool:
    """Tell whether a record has a source, a time within the day and a latitude of the earth.

    Records of an edition that is not known can be read by another one; then these fail.
    """
    clocks = (items.get(name, b"") for name in _CLOCKS[category])
    if any(int.from_bytes(clock, "big") >= 86_400 * 128 for clock in clocks):
        return False
    places = (items[name] for name in _PLACES.get(category, ()) if name in items)
    for place in places:
        half = len(place) // 2
        if abs(int.from_bytes(place[:half], "big", signed=True)) > _POLE[category, len(place)]:
            return False
    return "010" in items and (category != 62 or "040" in items)


_CLOCKS = {21: ("071", "073", "030"), 34: ("030",), 48: ("140",), 62: ("070",), 65: ("030",)}
_PLACES = {21: ("130",), 62: ("105",)}
# 90 degrees as CAT021 2.x, CAT021 0.x and CAT062 write it, by the length of the item.
_POLE = {(21, 6): 1 << 22, (21, 8): 1 << 24, (62, 8): 1 << 24}


def subitems(category: int, edition: str, item: str, value: bytes) -> Record:
    """Return the parts of a compound item by name.

    Args:
        category: of the block.
        edition: with which it was read.
        item: name of the compound item.
        value: its bytes, as `parse_block` returned them.
    """
    return _compound(category, edition, item).items(value, 0)[0]


@cache
def _editions(category: int) -> list[tuple[str, _Compound]]:
    return [(edition, _Compound(rows[1:])) for edition, rows in TABLES.get(category, ())]


@cache
def _compound(category: int, edition: str, item: str) -> _Compound:
    rows = dict(TABLES[category])[edition]
    return _Compound(dict(filter(None, rows[1:]))[item][1:])


class _Compound:
    """Cut a compound, or a whole record, into its items."""

    def __init__(self, rows: tuple[tuple[str, Any] | None, ...]) -> None:
        self._items = [row and (row[0], _end_of(row[1])) for row in rows]
        self._flagged = lru_cache(maxsize=4096)(self._find)

    def items(self, data: bytes, at: int) -> tuple[Record, int]:
        """Return the items that begin at a place, and where they end."""
        start = at
        while data[at] & 1:
            at += 1
        at += 1
        found = {}
        for name, end_of in self._flagged(data[start:at]):
            end = end_of(data, at)
            found[name] = data[at:end]
            at = end
        return found, at

    def end(self, data: bytes, at: int) -> int:
        """Return where the items that begin at a place end."""
        return self.items(data, at)[1]

    def _find(self, fspec: bytes) -> list[tuple[str, _End]]:
        """Return the items that an FSPEC flags."""
        if len(fspec) > -(-len(self._items) // 7):
            raise MalformedError("FSPEC too long")
        bits = [octet >> shift & 1 for octet in fspec for shift in range(7, 0, -1)]
        if any(bits[len(self._items) :]):
            raise MalformedError("FSPEC flags an item beyond the last")
        flagged = []
        for bit, item in zip(bits, self._items, strict=False):
            if bit and item is None:
                raise MalformedError("FSPEC flags an item that does not exist")
            if bit and item is not None:
                flagged.append(item)
        return flagged


def _end_of(layout: Any) -> _End:
    """Return the function that finds where an item of this layout ends."""
    if isinstance(layout, int):
        return lambda _, at: at + layout
    kind, *rest = layout
    if kind == "extended":
        return _extended(*rest)
    if kind == "chained":
        return _chained(*rest)
    if kind == "repeated":
        return _repeated(*rest)
    return _explicit if kind == "explicit" else _Compound(tuple(rest)).end


def _extended(closed: bool, *sizes: int) -> _End:
    def end(data: bytes, at: int) -> int:
        for size in sizes:
            at += size
            if not data[at - 1] & 1:
                return at
        if closed:
            raise MalformedError("an item is extended beyond its last part")
        return at

    return end


def _chained(size: int) -> _End:
    def end(data: bytes, at: int) -> int:
        at += size
        while data[at - 1] & 1:
            at += size
        return at

    return end


def _repeated(count_size: int, layout: Any) -> _End:
    element = _end_of(layout)

    def end(data: bytes, at: int) -> int:
        count = int.from_bytes(data[at : at + count_size], "big")
        at += count_size
        for _ in range(count):
            at = element(data, at)
        return at

    return end


def _explicit(data: bytes, at: int) -> int:
    if data[at] == 0:
        raise MalformedError("an explicit item of length 0")
    return at + data[at]
