"""Who may do what: tokens and their roles."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

LEAST_LETTERS = 16
"""A shorter token could be guessed by somebody who may try from another machine."""
SCOPE_KEY = "tocsin.access"
"""Under which a request carries the access that its token gives."""


class Role(IntEnum):
    """What a token allows; each role may do what those before it may."""

    VIEWER = 0
    OPERATOR = 1
    SUPERVISOR = 2


@dataclass(frozen=True)
class Access:
    """Hold one token.

    Args:
        token: the secret.
        role: what it allows.
        name: of who holds it: then what they do bears this name, whatever they say; empty: any.
    """

    token: str
    role: Role
    name: str = ""


def access_of(given: str, known: Sequence[Access]) -> Access | None:
    """Return the access that a token gives; takes as long for a wrong one as for a right one."""
    found = None
    for access in known:
        if hmac.compare_digest(given.encode(), access.token.encode()) and given:
            found = found or access
    return found


def word(role: Role) -> str:
    """Return a role's name as files and people have it."""
    return role.name.lower()


def lacks(needed: Role | None, access: Access | None) -> str | None:
    """Return why an access is not enough, or None where it is."""
    if needed is None or (access is not None and access.role >= needed):
        return None
    has = f"this token has the role {word(access.role)}" if access else "no token was given"
    return f"this needs the role {word(needed)}; {has}"
