"""Files as inputs."""

from __future__ import annotations

import zlib
from pathlib import Path

from tocsin.contract import InputError

GZIP = b"\x1f\x8b"
LARGEST_BYTES = 4 << 30
_CHUNK = 1 << 20


def read_input(path: Path | str) -> bytes:
    """Return a file's bytes, unpacked where they are gzip.

    A gzip file that is cut off gives what can still be unpacked.

    Raises:
        InputError: no such file, a folder, no permission, empty, damaged or too large.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(path, "no such file", "check the path") from error
    except IsADirectoryError as error:
        raise InputError(path, "is a folder", "name the files in it") from error
    except PermissionError as error:
        raise InputError(path, "may not be read", "change its permissions") from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}", "check the disk") from error
    if data.startswith(GZIP):
        data = _unpack(path, data)
    if not data:
        raise InputError(path, "is empty", "record it again")
    return data


def _unpack(path: Path, data: bytes) -> bytes:
    """Return the members of a gzip file, one after the other."""
    whole = bytearray()
    while data.startswith(GZIP):
        member = zlib.decompressobj(wbits=31)
        try:
            while data and not member.eof:
                whole += member.decompress(data, _CHUNK)
                data = member.unconsumed_tail
                if len(whole) > LARGEST_BYTES:
                    limit = f"unpacks to more than {LARGEST_BYTES >> 30} GiB"
                    raise InputError(path, limit, "split it")
        except zlib.error as error:
            raise InputError(path, f"is damaged gzip: {error}", "copy it again") from error
        data = member.unused_data
    return bytes(whole)
