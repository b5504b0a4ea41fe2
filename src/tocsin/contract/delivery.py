"""One message on its way to one recipient, and what became of an attempt."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.contract.enums import DeliveryStatus


@dataclass(frozen=True)
class Letter:
    """Hold one message to one recipient, as it is sent; the pair of them is sent once.

    Args:
        recipient: name of the [[delivery]].
        cap_identifier: message; warning id and number, so also the idempotency key.
        warning_id: messages of one warning are sent in their order.
        zone_id: zone that is warned.
        action: as in `Warnings`.
        stage: after it, as in `Warnings`.
        decided_at_ns: when it was decided.
        queued_at_ns: when it began to wait, this machine's time.
        form: of the body: cap, json or cot.
        body: what is sent.
        attempts: how often it was sent so far.
    """

    recipient: str
    cap_identifier: str
    warning_id: str
    zone_id: str
    action: int
    stage: int
    decided_at_ns: int
    queued_at_ns: int
    form: str
    body: bytes
    attempts: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Return what there is one of."""
        return self.cap_identifier, self.recipient


@dataclass(frozen=True)
class Attempt:
    """Say what became of a letter.

    Args:
        letter: which.
        status: QUEUED: it will be tried again.
        attempts: how often it was sent by then.
        sent_at_ns: the latest attempt, this machine's time; 0: none.
        acknowledged_at_ns: when the recipient confirmed it; 0: never.
        error: why not; empty where it went well.
    """

    letter: Letter
    status: DeliveryStatus
    attempts: int
    sent_at_ns: int = 0
    acknowledged_at_ns: int = 0
    error: str = ""
