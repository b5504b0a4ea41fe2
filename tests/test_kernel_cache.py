"""Compiled kernels are kept apart by the state of all of them, whoever imports numba first."""

import os
import subprocess
import sys

import pytest

SAY = "print(__import__('numba').config.CACHE_DIR)"


@pytest.mark.parametrize("first", ["import tocsin", "import numba; import tocsin"])
def test_the_cache_has_the_kernels_state_in_its_name(first):
    own = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    command = [sys.executable, "-c", f"{first}; {SAY}"]
    said = subprocess.run(command, env=own, capture_output=True, text=True, check=True).stdout
    assert "kernels-" in said


def test_a_cache_that_was_asked_for_stays(tmp_path):
    asked = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", f"import numba; import tocsin; {SAY}"]
    said = subprocess.run(command, env=asked, capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(tmp_path)
