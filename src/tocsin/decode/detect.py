"""Tell a format from an input's first bytes, and by its name only where they leave it open."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tocsin.contract import InputError
from tocsin.decode import beast, lines, mode_s_lines, parquet, pcap, recorders
from tocsin.decode.asterix_records import parse_block
from tocsin.decode.asterix_tables import TABLES
from tocsin.decode.out import Out
from tocsin.decode.plot_stream import LONGEST_BYTES

_ASTERIX_NAMES = (".ast", ".asterix", ".raw")
_LINES_TRIED = 20


def detect(head: bytes, name: str = "") -> str | None:
    """Return the name of the format, None where it is none that can be read.

    Args:
        head: first bytes of the input, some tens of kilobytes where there are as many.
        name: name of the file; its ending decides only between readings that the bytes allow.
    """
    for fmt, looks_like in _TESTS:
        if looks_like(head):
            return fmt
    if name.lower().endswith(_ASTERIX_NAMES) and _asterix_perhaps(head):
        return "asterix"
    return None


def _parquet(head: bytes) -> bool:
    return head.startswith(parquet.MAGIC)


def _pcap(head: bytes) -> bool:
    return head.startswith(pcap.MAGICS)


def _plot_stream(head: bytes) -> bool:
    size = int.from_bytes(head[:4], "little")
    return head[4:8] == b"\xff\xff\xff\xff" and 8 < size <= LONGEST_BYTES


def _final(head: bytes) -> bool:
    """Tell whether the first frame ends in its trailer, or is longer than the head."""
    size = int.from_bytes(head[:2], "big")
    return size > 12 and head[size - 4 : size] == recorders.TRAILER


def _gps(head: bytes) -> bool:
    at = recorders.GPS_HEAD
    size = int.from_bytes(head[at + 1 : at + 3], "big")
    following = at + size + recorders.GPS_TRAILER
    if len(head) < following or not _readable(head[at : at + size]):
        return False
    return len(head) == following or head[following] in TABLES


def _asterix(head: bytes) -> bool:
    """Tell whether the first block of a known category can be read whole, after others or none."""
    at = 0
    while len(head) - at > 3:
        size = int.from_bytes(head[at + 1 : at + 3], "big")
        if head[at] == 0 or size <= 3:
            return False
        if _readable(head[at : at + size]):
            return True
        at += size
    return False


def _asterix_perhaps(head: bytes) -> bool:
    """Tell whether a block of a known category begins, or blocks end where the bytes do."""
    if len(head) > 3 and head[0] in TABLES and int.from_bytes(head[1:3], "big") > 3:
        return True
    at = 0
    while len(head) - at > 3 and head[at] and int.from_bytes(head[at + 1 : at + 3], "big") > 3:
        at += int.from_bytes(head[at + 1 : at + 3], "big")
    return at == len(head) > 0


def _readable(block: bytes) -> bool:
    size = int.from_bytes(block[1:3], "big")
    if size < 3 or len(block) != size or block[0] not in TABLES:
        return False
    found = parse_block(block[0], block[3:])
    return found is not None and bool(found.records) and not found.problem


def _beast(head: bytes) -> bool:
    """Tell whether most bytes belong to Beast frames."""
    frames, used = beast.cut(head, 0, Out(""))
    told = sum(9 + len(frame.message) for frame in frames)
    return bool(frames) and 2 * told >= used


def _text_lines(head: bytes) -> list[bytes]:
    """Return the first lines that hold anything, without byte order mark."""
    return [line for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()][
        :_LINES_TRIED
    ]


def _has_key(head: bytes, keys: tuple[str, ...]) -> bool:
    for line in _text_lines(head):
        said = lines.json_object(line) if line.lstrip().startswith(b"{") else ""
        if isinstance(said, dict) and any(key in said for key in keys):
            return True
    return False


def _mode_s_json(head: bytes) -> bool:
    return _has_key(head, mode_s_lines.MESSAGE_KEYS)


def _sightings(head: bytes) -> bool:
    return _has_key(head, ("observer", "observed_at"))


def _mode_s_text(head: bytes) -> bool:
    rows = _text_lines(head)
    return any(mode_s_lines.CSV_ROW.match(row) or mode_s_lines.AVR_LINE.match(row) for row in rows)


_TESTS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("plots_parquet", _parquet),
    ("pcap", _pcap),
    ("plot_stream", _plot_stream),
    ("beast", _beast),
    ("mode_s_json", _mode_s_json),
    ("sightings", _sightings),
    ("mode_s_text", _mode_s_text),
    ("final", _final),
    ("asterix", _asterix),
    ("gps", _gps),
)


def refusal(head: bytes, name: str) -> InputError:
    """Return the error that says why an input cannot be read."""
    if head.startswith(b"\x0a\x0d\x0d\x0a"):
        return InputError(name, "is a pcapng capture", "convert it: editcap -F pcap IN OUT")
    if head.startswith(b"\x1f\x8b"):
        return InputError(name, "is compressed twice", "unpack it once")
    if _iq(head):
        mend = "demodulate it first (dump1090 --ifile) and give the Beast or JSON output"
        return InputError(name, "holds 8-bit I/Q samples, not decoded messages", mend)
    return InputError(name, "is of no known format", "docs/reference/formats.md lists those read")


def _iq(head: bytes) -> bool:
    """Tell whether bytes are receiver samples: most of them within noise of the middle, 127.5."""
    samples = np.frombuffer(head, np.uint8).astype(float)
    return len(samples) >= 1000 and float(np.median(np.abs(samples - 127.5))) < 12.0
