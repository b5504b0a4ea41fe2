"""Worlds that nobody tuned for: an unseen seed, and east and west exchanged."""

import pytest

from tests.run.world import completeness, outcome


@pytest.mark.parametrize("name", ["unseen seed", "mirrored"])
def test_another_world_scores_alike(name: str) -> None:
    assert completeness(name) == pytest.approx(completeness("as it is"), abs=0.03)
    for key in ("pod", "pod_usable_lead"):
        expected = outcome("as it is")["scores"][key]
        assert outcome(name)["scores"][key] == pytest.approx(expected, abs=0.1), key
