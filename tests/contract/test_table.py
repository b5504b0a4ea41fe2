"""Tables are built, cut, joined, sorted and checked as their schemas say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contract import (
    TABLES,
    InputError,
    ObjectClass,
    Reports,
    Table,
    Tracks,
    Warnings,
    is_sorted,
)


def reports(*sensors: str, at: list[int] | None = None) -> Reports:
    times = at or list(range(len(sensors)))
    return Reports.build(len(sensors), measured_at_ns=times, sensor_id=sensors)


def test_columns_not_given_are_absent_and_scalars_fill() -> None:
    table = Warnings.build(2, zone_id="z", stage=2, decided_at_ns=5)
    assert table.zone_id.tolist() == ["z", "z"]
    assert table.decided_at_ns.tolist() == [5, 5]
    assert table.track_ids.tolist() == [(), ()]
    assert table.reason.tolist() == [None, None]
    assert np.isnan(table.probability).all()


@pytest.mark.parametrize("cls", TABLES.values(), ids=TABLES)
def test_every_schema_is_whole(cls: type[Table]) -> None:
    columns = cls.schema()
    assert len(cls.empty().validate()) == 0
    for name, column in columns.items():
        assert column.doc, name
        if column.validity:
            assert columns[column.validity].dtype == "bool"
        for unit in ("_ns", "_rad", "_mps", "_deg", "_db", "_m2", "_m"):
            if name.endswith(unit) and not name.startswith("state_cov"):
                assert column.unit, name
                break


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="columns differ in length"):
        reports("a", "b").replace(range_m=[1.0])


def test_an_unknown_column_is_a_mistake_in_the_program() -> None:
    with pytest.raises(KeyError, match="no column 'rnage_m'"):
        Reports.build(1, rnage_m=1.0)


def test_rows_are_taken_joined_and_sorted() -> None:
    table = Reports.concat([reports("b", "a"), reports("c", "a", at=[0, 0])])
    ordered = table.sorted_by("measured_at_ns", "sensor_id")
    assert ordered.sensor_id.tolist() == ["a", "b", "c", "a"]
    assert ordered.take(ordered.sensor_id == "a").measured_at_ns.tolist() == [0, 1]
    assert ordered.sorted_by("measured_at_ns", "sensor_id") is ordered
    assert len(Reports.concat([])) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, "", "a", "b"]))))
def test_sorting_is_stable_and_complete(rows: list[tuple[int, str | None]]) -> None:
    table = Reports.build(
        len(rows),
        measured_at_ns=[row[0] for row in rows],
        callsign=[row[1] for row in rows],
        sequence=range(len(rows)),
    )
    expected = sorted(range(len(rows)), key=lambda k: (rows[k][0], rows[k][1] or "", k))
    assert table.sorted_by("measured_at_ns", "callsign").sequence.tolist() == expected


@given(
    st.lists(st.tuples(*[st.integers(0, 2), st.sampled_from([0.0, 1.0, np.nan])]), max_size=5),
    st.booleans(),
)
def test_rows_are_in_order_where_sorting_leaves_them(
    rows: list[tuple[int, float]], sort: bool
) -> None:
    major, minor = np.array(rows, float).reshape(-1, 2).T
    if sort:
        order = np.lexsort((minor, major))
        major, minor = major[order], minor[order]
    stays = np.lexsort((minor, major)).tolist() == list(range(len(rows)))
    # What is absent compares with nothing, so that it only may be sorted once more than needed.
    assert is_sorted(minor, major) == stays or (np.isnan(minor).any() and stays)


def test_rows_of_one_table_among_empty_ones_are_that_table() -> None:
    table = reports("b", "a")
    assert Reports.concat([Reports.empty(), table, Reports.empty()]) is table
    assert Reports.concat([Reports.empty(), Reports.empty()]) is Reports.empty()
    assert table.take(np.zeros(2, bool)).rows() == []


def test_validation_names_place_and_mend() -> None:
    good = Tracks.build(2, state_cov_m_mps=np.zeros((2, 21)))
    with pytest.raises(InputError, match=r"^T, column latitude_deg: has type float32; use float64"):
        Tracks(**{**good.columns(), "latitude_deg": np.zeros(2, np.float32)}).validate("T")
    with pytest.raises(InputError, match=r"rows have shape \(6,\); use \(21,\)"):
        Tracks(**{**good.columns(), "state_cov_m_mps": np.zeros((2, 6))}).validate()
    with pytest.raises(InputError, match=r"Tracks, column status, row 1: value 9; use one of tent"):
        good.replace(status=[0, 9]).validate()


def test_rows_are_plain_values() -> None:
    row = Tracks.build(1, object_class=int(ObjectClass.BIRD), track_id="T1").rows()[0]
    assert row["object_class"] == 4
    assert row["sensor_ids"] == ()
    assert len(row["state_cov_m_mps"]) == 21


def test_rows_that_share_one_value_are_as_rows_that_do_not() -> None:
    given = {"measured_at_ns": [1, 2, 3], "sensor_id": "a", "range_m": [1.0, 2.0, 3.0]}
    thin, full = Reports.shared(3, **given), Reports.build(3, **given)
    assert not thin.latitude_deg.flags.writeable
    assert full.latitude_deg.flags.writeable
    more = thin.replace(sensor_id="b", range_m=np.array([4.0, 5.0, 6.0]))
    for rows in (np.array([2, 0]), np.array([0, 1, 2, 0, 1]), slice(1, 3), np.zeros(0, int)):
        assert repr(thin.take(rows).rows()) == repr(full.take(rows).rows())
    assert len(thin.take(np.array([True, False, True]))) == 2
    with pytest.raises(IndexError):
        thin.take(np.array([True]))
    both = Reports.concat([thin, more, thin.take(slice(0, 0))])
    owned = Reports.concat([full, more.owned()])
    assert repr(both.rows()) == repr(owned.rows())
    assert both.sensor_id.tolist() == ["a"] * 3 + ["b"] * 3
    assert not both.callsign.flags.writeable
    assert all(column.flags.writeable for column in both.owned().columns().values())
    assert repr(both.owned().rows()) == repr(owned.rows())
    assert len(Reports.concat([thin.take(slice(0, 0)), more.take(slice(0, 0))]).owned()) == 0
