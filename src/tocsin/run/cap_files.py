"""Check files that hold CAP messages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tocsin.contract import InputError
from tocsin.serve.cap_check import Checked, check_messages
from tocsin.serve.cap_sign import certificate_of, verify


def check_files(files: Sequence[Path], pinned: Sequence[Path] = ()) -> dict[str, Any]:
    """Return what is wrong with the messages in files; several are one chain.

    Args:
        files: one message each.
        pinned: certificates, one of which must have signed each message; none: that is not asked.

    Raises:
        InputError: a file cannot be read, or is no certificate.
    """
    certificates = [certificate_of(_read(path), str(path)) for path in pinned]
    messages = {str(path): _read(path) for path in files}
    checked = check_messages(messages)
    told = [_told(name, one, certificates) for name, one in checked.items()]
    return {"valid": all(one["valid"] for one in told), "messages": told}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(path, "no such file", "check the path") from error
    except OSError as error:
        mend = "give a file that may be read"
        raise InputError(path, f"cannot be read: {error.strerror}", mend) from error


def _told(name: str, one: Checked, certificates: Sequence[Any]) -> dict[str, Any]:
    signed_by, faults = ("", ()) if one.root is None else verify(one.root, certificates)
    every = sorted([*one.faults, *faults], key=lambda fault: fault.line)
    texts = {} if one.root is None else {key: one.root.findtext(f"{{*}}{key}") for key in _SHOWN}
    languages = [] if one.root is None else one.root.findall("{*}info")
    return {
        "file": name,
        "valid": not every,
        **texts,
        "infos": len(languages),
        "signed_by": signed_by or None,
        "faults": [fault._asdict() for fault in every],
    }


_SHOWN = ("identifier", "sender", "sent", "status", "msgType")
