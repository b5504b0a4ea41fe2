"""The examples in the docstrings of the pure ground rooms and of the scorers hold."""

import doctest
import importlib
import pkgutil

import pytest

import tocsin.contract
import tocsin.evaluate
import tocsin.geo

ROOMS = (tocsin.contract, tocsin.geo, tocsin.evaluate)
MODULES = [
    name
    for room in ROOMS
    for _, name, _ in pkgutil.iter_modules(room.__path__, f"{room.__name__}.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples() -> None:
    assert sum(doctest.testmod(importlib.import_module(n)).attempted for n in MODULES) >= 6
