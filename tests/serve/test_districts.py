"""My district: what a zone inherits, whatever the granularity."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape

from tests.serve.support import Client, breaches, site, snapshot, warning
from tocsin.contract import Action, Stage, Zone
from tocsin.serve import Hub
from tocsin.serve.districts import Family
from tocsin.serve.zones import ZoneBoard

QUIET, PRE, ALERT = Stage


def zone(zone_id: str, parent_id: str | None = None, people: int = 100, at: int = 0) -> Zone:
    """Return a square of one degree."""
    ring = ((at, 50.0), (at + 1, 50.0), (at + 1, 51.0), (at, 51.0), (at, 50.0))
    return Zone(zone_id, zone_id.title(), parent_id, people, 90.0, ((ring,),))


ZONES = (
    zone("a", "North", 100, 0),
    zone("b", "North", 300, 1),
    zone("c", "South", 50, 5),
    zone("alone", None, 10, 9),
)


def rows_by_id(board: ZoneBoard) -> dict[str, dict]:
    return {f["properties"]["zone_id"]: f["properties"] for f in board.geojson()["features"]}


def issue(zone_id: str, stage: Stage, name: str = "w") -> object:
    return warning(zone_id, f"{name}-{zone_id}", Action.ISSUE, stage)


def test_a_district_has_the_area_the_people_and_the_gravest_stage_of_its_zones() -> None:
    board = ZoneBoard(ZONES)
    changed = board.fold(issue("a", PRE))
    assert {row["zone_id"] for row in changed} == {"a", "North"}
    changed = board.fold(issue("b", ALERT))
    north, south = rows_by_id(board)["North"], rows_by_id(board)["South"]
    assert (north["kind"], north["population"], north["stage"]) == ("district", 400, "alert")
    assert (north["inherited_stage"], north["inherited_share"]) == ("alert", 0.75)
    assert (south["stage"], south["inherited_share"]) == ("quiet", 0.0)
    area = next(f for f in board.geojson()["features"] if f["properties"]["name"] == "North")
    assert shape(area["geometry"]).bounds == (0.0, 50.0, 2.0, 51.0)
    board.fold(warning("b", "w-b", Action.CLEAR, QUIET))
    north = rows_by_id(board)["North"]
    assert (north["stage"], north["inherited_share"]) == ("pre_alert", 0.25)
    assert board.by_stage() == {"quiet": 3, "pre_alert": 1, "alert": 0}, "districts do not count"


def test_a_zone_inherits_from_the_zone_that_it_is_part_of() -> None:
    family = Family((zone("land"), zone("county", "land"), zone("town", "county", 400)))
    assert family.inherited("town", {"land": ALERT}) == (ALERT, 1.0)
    assert family.inherited("land", {"town": PRE}) == (PRE, 1.0)
    assert family.inherited("county", {"town": PRE, "land": ALERT}) == (ALERT, 1.0)
    assert family.inherited("county", {}) == (QUIET, 0.0)


def test_zones_without_people_count_alike() -> None:
    family = Family((zone("a", "d", 0), zone("b", "d", 0, 1)))
    assert family.inherited("d", {"a": ALERT}) == (ALERT, 0.5)


def test_a_circle_of_parents_ends() -> None:
    board = ZoneBoard((zone("a", "b"), zone("b", "a", at=1), zone("self", "self", at=3)))
    board.fold(issue("a", ALERT))
    assert {i: row["inherited_stage"] for i, row in rows_by_id(board).items()} == {
        "a": "alert", "b": "alert", "self": "quiet"
    }  # fmt: skip


PARENTS = st.lists(st.sampled_from(["n0", "n1", "n2", "n3", "x", None]), min_size=4, max_size=4)
STAGES = st.lists(st.sampled_from(list(Stage)), min_size=4, max_size=4)


@given(parents=PARENTS, stages=STAGES)
def test_any_tree_inherits_the_gravest_of_its_line(
    parents: list[str | None], stages: list[Stage]
) -> None:
    zones = tuple(zone(f"n{k}", parent, 100, k) for k, parent in enumerate(parents))
    family, known = Family(zones), {f"n{k}": stage for k, stage in enumerate(stages)}
    for name in [*known, *family.children]:
        stage, share = family.inherited(name, known)
        line = {name, *family.above(name), *family.below(name)}
        assert stage == max(known.get(i, QUIET) for i in line)
        assert 0.0 <= share <= 1.0
        assert (share > 0.0) == (stage > QUIET)


def test_districts_are_in_the_answer_and_in_the_stream_as_described() -> None:
    hub = Hub(site())
    hub.board = ZoneBoard(ZONES)
    cursor = hub.cursor()
    hub.publish(snapshot(warnings=issue("a", ALERT)))
    messages = list(itertools.takewhile(bool, iter(lambda: hub.next_message(cursor), None)))
    assert any('"type":"zones"' in m and '"North"' in m for m in messages if isinstance(m, str))
    client = Client(hub)
    described = client.get("/openapi.json").json()
    answer = client.get("/api/v1/zones").json()
    assert len(answer["features"]) == len(ZONES) + 2
    assert breaches(answer, {"$ref": "#/components/schemas/Zones"}, described) == []


@pytest.mark.parametrize("known", [(), ZONES])
def test_without_news_nothing_is_told(known: tuple[Zone, ...]) -> None:
    board = ZoneBoard(known)
    board.fold(issue("a", ALERT))
    assert board.fold(issue("a", ALERT)) == []
