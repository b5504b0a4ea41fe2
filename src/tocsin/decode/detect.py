"""Tell a format from an input's first bytes, and by its name only where they leave it open."""

from __future__ import annotations

from tocsin.contract import InputError
from tocsin.decode import beast
from tocsin.decode.out import Out
from tocsin.decode.plot_stream import LONGEST_BYTES


def detect(head: bytes, name: str = "") -> str | None:
    """Return the name of the format, None where it is none that can be read.

    Args:
        head: first bytes of the input, some tens of kilobytes where there are as many.
        name: name of the file; its ending decides only between readings that the bytes allow.
    """
    for fmt, looks_like in _TESTS:
        if looks_like(head):
            return fmt
    return None


def _plot_stream(head: bytes) -> bool:
    size = int.from_bytes(head[:4], "little")
    return head[4:8] == b"\xff\xff\xff\xff" and 8 < size <= LONGEST_BYTES


def _beast(head: bytes) -> bool:
    """Tell whether most bytes belong to Beast frames."""
    out = Out("")
    frames, used = beast.cut(head, 0, out)
    told = sum(9 + len(frame.message) for frame in frames)
    return bool(frames) and 2 * told >= used


_TESTS = (
    ("plot_stream", _plot_stream),
    ("beast", _beast),
)


def refusal(head: bytes, name: str) -> InputError:
    """Return the error that says why an input cannot be read."""
    return InputError(name, "is of no known format", "see docs/reference/formats.md for those read")
