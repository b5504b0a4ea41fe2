"""A webhook's receiver for tests: it notes what comes, and answers as it is told."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Told:
    """One request, as it came."""

    key: str
    body: bytes
    headers: dict[str, str]
    at_s: float = field(default_factory=time.monotonic)


Answering = Callable[[Told, int], int | tuple[int, dict[str, str]] | float]
"""A request and how many of its key came before, to a status, with headers, or seconds to hang."""


class Receiver:
    """Listen on loopback until closed; restart it on the same port with `reopen`."""

    def __init__(self, answering: Answering = lambda told, before: 204) -> None:
        self.told: list[Told] = []
        self.answering = answering
        self.port = 0
        self._stop = threading.Event()
        self.reopen()

    @property
    def url(self) -> str:
        """Return where to send."""
        return f"http://127.0.0.1:{self.port}/warnings"

    def keys(self) -> list[str]:
        """Return the idempotency keys as they came."""
        return [one.key for one in self.told]

    def reopen(self) -> None:
        """Listen again."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                key = self.headers["Idempotency-Key"]
                before = receiver.keys().count(key)
                body = self.rfile.read(length)
                if len(body) < length:  # the sender was killed on the way
                    return
                told = Told(key, body, dict(self.headers))
                receiver.told.append(told)
                self._answer(receiver.answering(told, before))

            def _answer(self, answer: Any) -> None:
                if isinstance(answer, float):
                    receiver._stop.wait(answer)
                    self.close_connection = True
                    return
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                text = b"" if status < 300 else b"as the test wants it"
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args: Any) -> None:
                """Stay quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Stay quiet where a client has gone."""

        self._stop.clear()
        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._stop.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
