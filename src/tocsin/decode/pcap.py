"""Network captures (classic pcap): UDP datagrams that carry ASTERIX.

Source: IETF draft-ietf-opsawg-pcap, sections 4 and 5; link types from tcpdump.org.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tocsin.contract import NS
from tocsin.decode import asterix
from tocsin.decode.config import DecodeConfig
from tocsin.decode.out import Out

_MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
MAGICS = tuple(_MAGICS)
_FILE_HEAD, _PACKET_HEAD = 24, 16
# Ethernet, Linux "any" device, bare IP: where the type of what follows is, and where it begins.
_LINKS = {1: (12, 14), 113: (14, 16), 101: (None, 0), 228: (None, 0)}
_VLANS = (0x8100, 0x88A8)
_IPV4, _UDP = 0x0800, 17
_LONGEST_PACKET = 1 << 18


@dataclass
class Capture:
    """Hold the bytes of an unfinished packet and how the file writes its numbers."""

    inner: asterix.Asterix
    rest: bytes = b""
    offset_bytes: int = 0
    order: str = ""
    unit_ns: int = 0
    link: int = 0
    dead: bool = False


def start(config: DecodeConfig) -> Capture:
    """Return the state before the first byte."""
    return Capture(asterix.start(config))


def feed(state: Capture, chunk: bytes, out: Out) -> None:
    """Decode one chunk of a capture that may be cut anywhere."""
    data = state.rest + chunk
    at = 0
    if not state.order and not state.dead and len(data) >= _FILE_HEAD:
        at = _file_head(state, data, out)
    while state.order and not state.dead and len(data) - at >= _PACKET_HEAD:
        seconds, fraction, size, sent = struct.unpack_from(f"{state.order}IIII", data, at)
        if size > _LONGEST_PACKET:
            _die(state, f"a packet of {size} bytes", state.offset_bytes + at, out)
            break
        begin = at + _PACKET_HEAD
        if begin + size > len(data):
            break
        out.timeless = False
        out.received_at_ns = seconds * NS + fraction * state.unit_ns
        _packet(state, data[begin : begin + size], sent, state.offset_bytes + begin, out)
        at = begin + size
    state.offset_bytes += at
    state.rest = b"" if state.dead else data[at:]


def finish(state: Capture, out: Out) -> None:
    """Report the packet that the end of the capture cut off."""
    if state.rest:
        out.fault(
            "truncated", f"{len(state.rest)} bytes of a packet at the end", state.offset_bytes
        )
    state.rest = b""


def _file_head(state: Capture, data: bytes, out: Out) -> int:
    if data[:4] not in _MAGICS:
        _die(state, "no pcap file", 0, out)
        return 0
    state.order, state.unit_ns = _MAGICS[data[:4]]
    state.link = struct.unpack_from(f"{state.order}I", data, 20)[0] & 0xFFFF
    if state.link not in _LINKS:
        _die(state, f"link type {state.link}, not Ethernet or IP", 20, out)
    return _FILE_HEAD


def _die(state: Capture, detail: str, offset_bytes: int, out: Out) -> None:
    out.fault("lost_framing", f"{detail}; nothing after it can be read", offset_bytes)
    state.dead = True


def _packet(state: Capture, packet: bytes, sent: int, offset_bytes: int, out: Out) -> None:
    out.count("packets")
    payload = _udp_payload(state.link, packet)
    if payload is None:
        out.count("packets without UDP")
        return
    if len(packet) < sent:
        detail = f"{len(packet)} of {sent} bytes were captured"
        out.fault("truncated", detail, offset_bytes)
    state.inner.offset_bytes = offset_bytes + len(packet) - len(payload)
    asterix.feed_datagram(state.inner, payload, out)


def _udp_payload(link: int, packet: bytes) -> bytes | None:
    """Return the payload of an unfragmented UDP datagram over IPv4."""
    type_at, at = _LINKS[link]
    if type_at is not None:
        kind = int.from_bytes(packet[type_at : type_at + 2], "big")
        while kind in _VLANS:
            kind = int.from_bytes(packet[at + 2 : at + 4], "big")
            at += 4
        if kind != _IPV4:
            return None
    if len(packet) < at + 20 or packet[at] >> 4 != 4 or packet[at + 9] != _UDP:
        return None
    if int.from_bytes(packet[at + 6 : at + 8], "big") & 0x3FFF:
        return None
    end = at + int.from_bytes(packet[at + 2 : at + 4], "big")
    at += 4 * (packet[at] & 0x0F)
    end = min(end, at + int.from_bytes(packet[at + 4 : at + 6], "big"))
    return packet[at + 8 : max(end, at + 8)]
