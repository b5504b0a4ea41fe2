"""The look of a report and the zooming of its maps: two files that go into every page."""

from __future__ import annotations

from importlib.resources import files


def look() -> str:
    """Return the style sheet."""
    return _text("report.css")


def script() -> str:
    """Return the script; pages show all without it."""
    return _text("report.js")


def _text(name: str) -> str:
    return files("tocsin.evaluate").joinpath("report", name).read_text("utf-8")
