"""Check CAP 1.2 messages: structure, forms, what the words mean together, and references.

A schema accepts an open polygon, a latitude of 130 and a Cancel of nothing. Here all that is wrong
is said at once, each with its line, its place, and how to mend it.

Source: OASIS, Common Alerting Protocol 1.2 (2010), sections 3.2 and 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple
from xml.parsers import expat

import shapely
from lxml import etree

from tocsin.serve.cap import CAP
from tocsin.serve.cap_rules import ALERT, Part, instant, number

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_LARGEST_BYTES = 10_000_000
_MEND = {
    "polygon": "give at least four 'latitude,longitude' pairs, the last equal to the first",
    "circle": "give 'latitude,longitude radius', the radius in km",
    "references": "give 'sender,identifier,sent' of each message referred to, blanks between them",
}


class Fault(NamedTuple):
    """Say one thing that is wrong.

    Args:
        line: of the file.
        where: the element.
        what: is wrong with it.
        mend: what would make it right.
    """

    line: int
    where: str
    what: str
    mend: str


class Reference(NamedTuple):
    """Name one message as others refer to it."""

    sender: str
    identifier: str
    sent: str


class Checked(NamedTuple):
    """Hold what is known of one message.

    Args:
        faults: what is wrong, by line.
        root: the message; None: it could not be read.
        own: how others refer to it; None: it does not say.
    """

    faults: tuple[Fault, ...]
    root: Any
    own: Reference | None


def check_messages(messages: Mapping[str, bytes]) -> dict[str, Checked]:
    """Return what is wrong with each of some messages, by name; several are checked as one chain.

    A message that stands alone may refer to others that are not there to be looked at.

    Args:
        messages: their bytes.
    """
    checked = {name: _check(content) for name, content in messages.items()}
    if len(checked) < 2:
        return checked
    known = {name: one for name, one in checked.items() if one.own is not None}
    return {
        name: one._replace(faults=_by_line([*one.faults, *_unresolved(name, one, known)]))
        for name, one in checked.items()
    }


def _check(content: bytes) -> Checked:
    try:
        root = parse_safely(content)
    except UnsafeError as error:
        return Checked((error.fault,), None, None)
    if root.tag != f"{{{CAP}}}alert":
        what = f"is {root.tag!r}, not an alert of CAP 1.2"
        return Checked((Fault(root.sourceline, "root", what, f"use xmlns={CAP!r}"),), None, None)
    faults = [*_structure(root, ALERT), *_meaning(root)]
    texts = [_text(root, name) for name in Reference._fields]
    own = Reference(*texts) if all(texts) else None
    return Checked(_by_line(faults), root, own)


def _by_line(faults: list[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.line))


class UnsafeError(Exception):
    """Report a document that is not read any further."""

    def __init__(self, line: int, what: str, mend: str) -> None:
        """Keep what is wrong."""
        super().__init__(what)
        self.fault = Fault(line, "document", what, mend)


def parse_safely(content: bytes) -> Any:
    """Return the root of a document that declares no types and no entities.

    Such declarations can make a small file huge in memory, or read other files.

    Raises:
        UnsafeError: the document is none that should be read, or none at all.
    """
    if len(content) > _LARGEST_BYTES:
        raise UnsafeError(1, f"has {len(content)} bytes", f"send at most {_LARGEST_BYTES}")
    _refuse_declarations(content)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise UnsafeError(
            line, f"is not XML: {error}", "send one whole, well-formed document"
        ) from error


def _refuse_declarations(content: bytes) -> None:
    reader = expat.ParserCreate()

    def refuse(*_: object) -> None:
        what = "has a document type declaration: entities could be hidden in it"
        raise UnsafeError(reader.CurrentLineNumber, what, "send the message without <!DOCTYPE ...>")

    reader.StartDoctypeDeclHandler = refuse
    try:
        reader.Parse(content, True)
    except expat.ExpatError as error:
        what = f"is not XML: {expat.ErrorString(error.code)}"
        raise UnsafeError(error.lineno, what, "send one whole, well-formed document") from error


def _structure(parent: Any, parts: tuple[Part, ...]) -> Iterator[Fault]:
    """Find elements that are missing, too many, unknown, out of order, or of a wrong form."""
    rank = {part.name: k for k, part in enumerate(parts)}
    children = [child for child in parent if isinstance(child.tag, str)]
    known = [child for child in children if _name(child) in rank]
    for child in children:
        if child not in known and not (child.tag == SIGNATURE and parts is ALERT):
            what = f"is not part of {_name(parent)}"
            yield Fault(child.sourceline, _place(child), what, "remove it, or spell it as CAP does")
    for before, after in pairwise(known):
        if rank[_name(after)] < rank[_name(before)]:
            what = f"stands after {_name(before)}"
            yield Fault(after.sourceline, _place(after), what, f"put it before {_name(before)}")
    for part in parts:
        mine = [child for child in known if _name(child) == part.name]
        if len(mine) < part.least:
            what = f"has no {part.name}"
            yield Fault(parent.sourceline, _place(parent), what, f"give its {part.name}")
        for child in mine[part.most :]:
            yield Fault(child.sourceline, _place(child), "is there twice", "give it once")
        for child in mine:
            yield from _structure(child, part.parts) if part.parts else _form(child, part)


def _form(element: Any, part: Part) -> Iterator[Fault]:
    if len(element):
        yield Fault(element.sourceline, _place(element), "holds elements", "give a text only")
        return
    wrong = part.form(element.text or "")
    if wrong:
        mend = _MEND.get(part.name, f"give the {part.name} as CAP 1.2 says")
        yield Fault(element.sourceline, _place(element), wrong, mend)


def _meaning(root: Any) -> Iterator[Fault]:
    yield from _header(root)
    yield from _references(root)
    infos = _all(root, "info")
    for info in infos:
        yield from _times(root, info)
        for area in _all(info, "area"):
            yield from _places(area)
            yield from _heights(area)
    yield from _alike(infos)


def _header(root: Any) -> Iterator[Fault]:
    """Find what is missing for a kind of message, or not meant for it."""
    kind, scope = _text(root, "msgType"), _text(root, "scope")
    needs = {
        "references": kind in ("Update", "Cancel", "Ack", "Error"),
        "note": kind == "Error",
        "info": kind in ("Alert", "Update"),
        "restriction": scope == "Restricted",
        "addresses": scope == "Private",
    }
    why = {"restriction": scope, "addresses": scope}
    for name, needed in needs.items():
        there = _all(root, name)
        said = why.get(name, kind)
        if needed and not there:
            what = f"is {said} and has no {name}"
            yield Fault(root.sourceline, "alert", what, f"give its {name}")
        if there and not needed and name in why:
            what = f"is there, but the scope is {said or 'missing'}"
            yield Fault(there[0].sourceline, name, what, "remove it, or change the scope")
    for info in _all(root, "info"):
        if scope == "Public" and not _all(info, "area"):
            yield Fault(info.sourceline, "info", "has no area", "say where people are warned")


def _references(root: Any) -> Iterator[Fault]:
    for element in _all(root, "references"):
        own = tuple(_text(root, name) for name in Reference._fields)
        for said in (element.text or "").split():
            parts = said.split(",")
            where, line = "alert/references", element.sourceline
            if len(parts) != 3 or not all(parts):
                yield Fault(line, where, f"holds {said!r}", _MEND["references"])
                continue
            if tuple(parts[:2]) == own[:2]:
                yield Fault(line, where, "refers to its own message", "name the ones before it")
            yield from _reference_time(line, parts[2], own[2])


def _reference_time(line: int, said: str, own: str) -> Iterator[Fault]:
    then, now = instant(said), instant(own)
    if then is None:
        what = f"holds the time {said!r}"
        yield Fault(line, "alert/references", what, "write it as in the message's own sent")
    elif now is not None and then > now:
        what = f"refers to a message sent at {said}, after this one"
        yield Fault(line, "alert/references", what, "name messages that were sent before")


def _times(root: Any, info: Any) -> Iterator[Fault]:
    sent = instant(_text(root, "sent"))
    at = {name: instant(_text(info, name)) for name in ("effective", "onset", "expires")}
    end = at["expires"]
    begins = {"sent": sent, "effective": at["effective"], "onset": at["onset"]}
    for name, begin in begins.items():
        if end is not None and begin is not None and end <= begin:
            (element,) = _all(info, "expires")[:1]
            what = f"is not after {name}"
            yield Fault(element.sourceline, _place(element), what, f"let it expire after {name}")


def _places(area: Any) -> Iterator[Fault]:
    for element in _all(area, "polygon"):
        for what in _polygon(element.text or ""):
            yield Fault(element.sourceline, _place(element), what, _MEND["polygon"])
    for element in _all(area, "circle"):
        for what in _circle(element.text or ""):
            yield Fault(element.sourceline, _place(element), what, _MEND["circle"])


def _polygon(text: str) -> Iterator[str]:
    points = [_point(pair) for pair in text.split()]
    known = [point for point in points if point is not None]
    if len(known) < len(points):
        wrong = text.split()[points.index(None)]
        yield f"has the point {wrong!r}"
        return
    yield from _outside(known)
    if len(known) < 4:
        yield f"has {len(known)} points"
        return
    if known[0] != known[-1]:
        yield "is not closed"
    ring = shapely.LinearRing([(x, y) for y, x in known])
    if not ring.is_simple:
        yield "crosses itself"
    elif shapely.Polygon(ring).area == 0.0:
        yield "encloses nothing"


def _circle(text: str) -> Iterator[str]:
    parts = text.split()
    point = _point(parts[0]) if len(parts) == 2 else None
    radius = number(parts[1]) if len(parts) == 2 else None
    if point is None or radius is None:
        yield f"is {text!r}"
        return
    yield from _outside([point])
    if radius < 0.0:
        yield f"has the radius {parts[1]}"


def _point(pair: str) -> tuple[float, float] | None:
    values = [number(part) for part in pair.split(",")]
    if len(values) != 2 or values[0] is None or values[1] is None:
        return None
    return values[0], values[1]


def _outside(points: list[tuple[float, float]]) -> Iterator[str]:
    for latitude, longitude in points:
        if abs(latitude) > 90.0:
            yield f"has the latitude {latitude:g}"
            return
        if abs(longitude) > 180.0:
            yield f"has the longitude {longitude:g}"
            return


def _heights(area: Any) -> Iterator[Fault]:
    low, high = number(_text(area, "altitude")), number(_text(area, "ceiling"))
    for element in _all(area, "ceiling"):
        if not _all(area, "altitude"):
            what = "is there without an altitude"
            yield Fault(element.sourceline, _place(element), what, "give the altitude, too")
        elif low is not None and high is not None and high < low:
            what = "is below the altitude"
            yield Fault(element.sourceline, _place(element), what, "swap the two")


def _alike(infos: list[Any]) -> Iterator[Fault]:
    """Find info blocks of one language, and translations that say another thing."""
    seen: dict[str, Any] = {}
    for info in infos:
        language = (_text(info, "language") or "en-US").lower()
        if language in seen:
            what = f"is a second one in {language}"
            yield Fault(info.sourceline, "info", what, "give one info for each language")
        seen.setdefault(language, info)
    for info in infos[1:]:
        for name in ("urgency", "severity", "certainty", "expires", "onset"):
            if _text(info, name) != _text(infos[0], name):
                what = f"has another {name} than the first info"
                yield Fault(info.sourceline, "info", what, "say the same in every language")
        if _where(info) != _where(infos[0]):
            what = "has other areas than the first info"
            yield Fault(info.sourceline, "info", what, "warn the same areas in every language")


def _where(info: Any) -> list[str]:
    """Return the places of an info block, in any order."""
    return sorted(
        " ".join("".join(element.itertext()).split())
        for area in _all(info, "area")
        for name in ("polygon", "circle", "geocode")
        for element in _all(area, name)
    )


def _unresolved(name: str, one: Checked, known: Mapping[str, Checked]) -> Iterator[Fault]:
    """Find references to messages that are not among those checked, or that were cancelled."""
    if one.root is None:
        return
    twins = [other for other, its in known.items() if other != name and _same(its, one)]
    if twins:
        what = f"is also that of {twins[0]}"
        line = _all(one.root, "identifier")[0].sourceline
        yield Fault(line, "alert/identifier", what, "give every message its own identifier")
    by_id = {its.own[:2]: its for its in known.values() if its.own is not None}
    for element in _all(one.root, "references"):
        for said in (element.text or "").split():
            parts = tuple(said.split(","))
            its = by_id.get(parts[:2]) if len(parts) == 3 else None
            yield from _about(element.sourceline, said, parts, its)


def _about(line: int, said: str, parts: tuple[str, ...], its: Checked | None) -> Iterator[Fault]:
    where = "alert/references"
    if len(parts) != 3:
        return
    if its is None or its.own is None:
        what = f"refers to {said}, which is not among these messages"
        yield Fault(line, where, what, "give that message, too, or check this one alone")
    elif instant(its.own.sent) != instant(parts[2]):
        what = f"says that {parts[1]} was sent at {parts[2]}; it was at {its.own.sent}"
        yield Fault(line, where, what, "write the time as in that message's sent")
    elif _text(its.root, "msgType") == "Cancel":
        what = f"refers to {parts[1]}, which is a Cancel: nothing follows that"
        yield Fault(line, where, what, "begin a new chain with an Alert")


def _same(one: Checked, other: Checked) -> bool:
    return one.own is not None and other.own is not None and one.own[:2] == other.own[:2]


def _all(parent: Any, name: str) -> list[Any]:
    return list(parent.findall(f"{{{CAP}}}{name}"))


def _text(parent: Any, name: str) -> str:
    return str(parent.findtext(f"{{{CAP}}}{name}") or "").strip()


def _name(element: Any) -> str:
    """Return an element's name: that of another namespace with it."""
    return str(element.tag).removeprefix(f"{{{CAP}}}")


def _place(element: Any) -> str:
    """Return the path of an element."""
    names = [_name(one) for one in [*reversed(list(element.iterancestors())), element]]
    return "/".join(names)
