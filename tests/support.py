"""What tests of every room need: the real recordings, a free port, the program, a browser."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NO_RECORDINGS = "real recordings not found at ../shared/data"
NO_CHROMIUM = "no Chromium found (as root `make test` installs Debian's package)"


def shared_data() -> Path | None:
    """Find the folder of real recordings: TOCSIN_SHARED_DATA, else ../shared/data."""
    folder = Path(os.environ.get("TOCSIN_SHARED_DATA") or ROOT.parent / "shared" / "data")
    return folder if folder.is_dir() else None


def chromium() -> str | None:
    """Find a Chromium that a browser test can drive."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Ask the system for a port on the loopback address that nobody uses."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tocsin(
    *arguments: str | Path,
    cwd: Path | None = None,
    timeout_s: float = 120.0,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the installed `tocsin` with these arguments, without a terminal and without input."""
    return subprocess.run(
        [Path(sys.executable).parent / "tocsin", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
