"""A `tocsin run` process for tests, and what its interface says."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support import free_port


class LiveRun:
    """Start `tocsin run` with arguments and wait for its page."""

    def __init__(self, *arguments: str | Path, wait_s: float = 90.0) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        program = Path(sys.executable).parent / "tocsin"
        command = [program, "run", *arguments, "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.until(lambda: self.get("/healthz") is not None, wait_s)

    def get(self, path: str) -> Any:
        """Return the JSON at a path, None while there is no answer."""
        try:
            with urllib.request.urlopen(self.base + path, timeout=10) as answer:
                body = answer.read()
        except OSError:
            return None
        try:
            return json.loads(body)
        except ValueError:
            return body.decode()

    def until(self, holds: Callable[[], bool], wait_s: float = 60.0) -> None:
        """Wait until something holds; fail with the program's words otherwise."""
        end = time.monotonic() + wait_s
        while not holds():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(self.kill())
            time.sleep(0.1)

    def kill(self) -> str:
        """End the process as a power cut would; return what it had said."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        if self.process.stdout is None or self.process.stdout.closed:
            return ""
        return self.process.communicate()[0].decode()
