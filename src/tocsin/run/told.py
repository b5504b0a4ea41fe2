"""What a run tells its operators about itself: its clock, its record, its site.

It comes in as an operator's action does, so that it is recorded and a replay tells the same.
"""

from __future__ import annotations

import json

from tocsin.contract import NoticeKind, Notices, OperatorActions

_VERB = "tell"


def tell(subject: str, text: str, now_ns: int) -> OperatorActions:
    """Return the action that makes the next tick tell a text.

    Args:
        subject: what about: clock, record or site.
        text: for people, a whole sentence.
        now_ns: when it happened.
    """
    return OperatorActions.build(
        1,
        received_at_ns=now_ns,
        author=["tocsin"],
        verb=[_VERB],
        subject=[subject],
        detail=[json.dumps({"text": text})],
    )


def told(actions: OperatorActions, now_ns: int) -> Notices:
    """Return what is told by actions as notices, decided now."""
    rows = [row for row in actions.rows() if row["verb"] == _VERB]
    return Notices.build(
        len(rows),
        decided_at_ns=now_ns,
        notice_id=[f"{row['subject']}-{now_ns // 1_000_000_000}-{k}" for k, row in enumerate(rows)],
        kind=int(NoticeKind.RUN),
        sensor_id=[""] * len(rows),
        zone_ids=[()] * len(rows),
        text=[json.loads(str(row["detail"]))["text"] for row in rows],
    )
