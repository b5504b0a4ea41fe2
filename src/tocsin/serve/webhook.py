"""Webhooks: messages by HTTP POST, signed, to whoever asked for them.

A request carries the message as it is, and

- ``Idempotency-Key``: the message's identifier; the same key is the same message, sent again;
- ``Tocsin-Timestamp``: seconds since 1970 UTC at this attempt;
- ``Tocsin-Signature``: ``v1=`` and the HMAC-SHA256, in hexadecimal, of the timestamp, a full stop
  and the body, under the secret that both sides know.

An answer 2xx confirms. 408, 425, 429 and 5xx are tried again, as is silence; all else refuses.
Redirects are not followed: a signed message goes where the site file says, and nowhere else.

Source: RFC 9110, section 10.2.3 (Retry-After); RFC 2104 (HMAC).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from tocsin.contract import NS, DeliveryStatus, Letter, Tracks, Warnings
from tocsin.serve.outbox import Answer

MEDIA_TYPES = {"cap": "application/cap+xml", "json": "application/json"}
TRY_AGAIN = frozenset({408, 425, 429})
SAID_BYTES = 2048
"""What is read of an answer, to tell operators why it refused."""
READ_S = 1.0


def signature(secret: bytes, sent_s: int, body: bytes) -> str:
    """Return the value of ``Tocsin-Signature``.

    >>> signature(b"secret", 1_900_000_000, b"<alert/>")[:19]
    'v1=49d7ecdb9088e408'
    """
    digest = hmac.new(secret, str(sent_s).encode() + b"." + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


def retry_after_s(text: str | None, now_ns: int) -> float:
    """Return the pause that an answer asks for, given in seconds or as a date; 0: none."""
    if not text:
        return 0.0
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now_ns / NS, UTC)).total_seconds())


class Webhook:
    """Post messages to one address.

    Args:
        url: where to.
        secret: signs them.
        timeout_s: for the whole exchange, connecting included.
        tls: certificates that are trusted, and our own; None: those of this machine.
        wall_ns: this machine's time.
    """

    def __init__(
        self,
        url: str,
        secret: bytes,
        timeout_s: float,
        tls: ssl.SSLContext | None,
        wall_ns: Callable[[], int],
    ) -> None:
        """Hold the settings; nothing is opened yet."""
        self._url, self._secret, self._timeout_s = url, secret, timeout_s
        self._wall_ns, self._tls = wall_ns, tls
        self._client: httpx.AsyncClient | None = None

    def follow(self, warnings: Warnings) -> None:
        """Take no notice: each message says all there is."""

    def reachable(self) -> None:
        """Return that nobody knows before a message is sent."""

    def watch(self, tracks: Tracks, now_ns: int) -> None:
        """Take no notice of tracks."""

    async def keep(self) -> None:
        """Keep connections open for the next message, until cancelled."""
        # Neither proxies nor passwords of the environment: the site file says all there is.
        verify = self._tls if self._tls is not None else ssl.create_default_context()
        async with httpx.AsyncClient(verify=verify, trust_env=False, timeout=None) as client:
            self._client = client
            await asyncio.Event().wait()

    async def send(self, letter: Letter) -> Answer:
        """Post one message."""
        client = self._client
        if client is None:
            return Answer(DeliveryStatus.QUEUED, error="not ready yet")
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(client, letter)
        except TimeoutError:
            text = f"no answer within {self._timeout_s:g} s"
            return Answer(DeliveryStatus.QUEUED, error=text)
        except (httpx.HTTPError, OSError, ssl.SSLError) as error:
            return Answer(DeliveryStatus.QUEUED, error=str(error) or type(error).__name__)

    async def _post(self, client: httpx.AsyncClient, letter: Letter) -> Answer:
        sent_s = self._wall_ns() // NS
        headers = {
            "Content-Type": MEDIA_TYPES[letter.form],
            "Idempotency-Key": letter.cap_identifier,
            "Tocsin-Timestamp": str(sent_s),
            "Tocsin-Signature": signature(self._secret, sent_s, letter.body),
            "Tocsin-Attempt": str(letter.attempts + 1),
            "User-Agent": "tocsin",
            "Accept-Encoding": "identity",
        }
        async with client.stream(
            "POST", self._url, content=letter.body, headers=headers
        ) as response:
            if response.is_success:
                # Read to its end, the connection serves the next message too.
                with suppress(TimeoutError, httpx.HTTPError):
                    async with asyncio.timeout(READ_S):
                        await _beginning(response)
                return Answer(DeliveryStatus.DELIVERED, acknowledged=True)
            said = await _beginning(response)
        error = f"answered {response.status_code}" + (f": {said}" if said else "")
        if response.status_code in TRY_AGAIN or response.status_code >= 500:
            pause_s = retry_after_s(response.headers.get("Retry-After"), self._wall_ns())
            return Answer(DeliveryStatus.QUEUED, error=error, retry_after_s=pause_s)
        return Answer(DeliveryStatus.REFUSED, error=error)


async def _beginning(response: httpx.Response) -> str:
    """Return the first line of an answer's text."""
    body = b""
    async for piece in response.aiter_raw():
        body += piece
        if len(body) >= SAID_BYTES:
            break
    return " ".join(body[:SAID_BYTES].decode("utf-8", "replace").split())[:200]
