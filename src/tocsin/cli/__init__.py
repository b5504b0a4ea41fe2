"""The `tocsin` program."""

from tocsin.cli.app import main

__all__ = ["main"]
