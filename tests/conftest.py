"""Settings and fixtures of all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import NO_CHROMIUM, NO_RECORDINGS, chromium, shared_data

# A machine with other work makes any deadline flaky; in CI the examples are the same every time.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, with the reason, what this machine cannot run."""
    if item.get_closest_marker("shared") and shared_data() is None:
        pytest.skip(NO_RECORDINGS)
    if item.get_closest_marker("browser") and chromium() is None:
        pytest.skip(NO_CHROMIUM)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of real recordings; skip the test where there is none."""
    folder = shared_data()
    if folder is None:
        pytest.skip(NO_RECORDINGS)
    return folder
