"""Errors that a person is meant to read."""

from __future__ import annotations


class InputError(ValueError):
    """Report input that cannot be used: what, where, and how to mend it, in one line.

    Args:
        where: file, column, key or address that is wrong.
        what: what is wrong with it.
        mend: what would make it right.
    """

    def __init__(self, where: object, what: str, mend: str) -> None:
        """Compose the one line."""
        self.where, self.what, self.mend = str(where), what, mend
        super().__init__(f"{where}: {what}; {mend}")
