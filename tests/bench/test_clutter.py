"""The benchmark of clutter maps, at a tiny size: what it prints, and that maps are learned."""

import json

import pytest

from bench import clutter


def test_it_prints_both_radars_with_and_without_maps(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(clutter, "SETTLED_S", 40.0)
    clutter.main(1, 1.5)
    found = json.loads(capsys.readouterr().out)
    assert [(r["heights"], r["maps"]) for r in found["rows"]] == [
        (True, False),
        (True, True),
        (False, False),
        (False, True),
    ]
    # Twelve of 68 false plots a look lie in a disc that is far less than that of what is seen.
    assert all(5.0 < r["densest_cells_ratio"] < 1e3 for r in found["rows"] if r["maps"])
    assert found["flat_maps_false_tracks_per_h"] < found["flat_constant_false_tracks_per_h"]
    assert 0.0 < found["flat_maps_completeness"] <= 1.0
