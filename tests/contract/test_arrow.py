"""Tables survive files; files by others are read; what cannot be read says where and how."""

import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.contract import (
    NS,
    TABLES,
    Column,
    Faults,
    InputError,
    Plots,
    ReportKind,
    Reports,
    Stage,
    Table,
    Tracks,
    TrackStatus,
    Truth,
    Warnings,
    arrow_schema,
    from_arrow,
    from_ipc,
    read_parquet,
    to_arrow,
    to_ipc,
    write_parquet,
)

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)


def values_of(column: Column) -> st.SearchStrategy:
    """Every value that a row of a column may hold."""
    if column.enum is not None:
        return st.sampled_from([int(member) for member in column.enum])
    special = {"str": texts | st.none(), "bytes": st.binary(max_size=9) | st.none()}
    special |= {"strs": st.lists(texts, max_size=3).map(tuple), "bool": st.booleans()}
    if column.dtype in special:
        return special[column.dtype]
    if column.numpy_dtype.kind == "f":
        number = st.floats(width=64)
        size = int(np.prod(column.shape))
        many = st.lists(number, min_size=size, max_size=size)
        return many.map(lambda v: np.reshape(v, column.shape)) if column.shape else number
    info = np.iinfo(column.numpy_dtype)
    return st.integers(int(info.min), int(info.max))


@st.composite
def tables(draw: st.DrawFn, name: str | None = None) -> Table:
    """Any table with up to three rows of any values."""
    cls = TABLES[name or draw(st.sampled_from(sorted(TABLES)))]
    count = draw(st.integers(0, 3))
    return cls.build(
        count,
        **{
            name: draw(st.lists(values_of(column), min_size=count, max_size=count))
            for name, column in cls.schema().items()
        },
    )


def assert_same(one: Table, other: Table) -> None:
    """Compare all values; an integer that is absent has no value."""
    assert type(one) is type(other)
    for name, column in one.schema().items():
        left, right = getattr(one, name), getattr(other, name)
        assert left.dtype == right.dtype, name
        assert left.shape == right.shape, name
        if column.validity:
            valid = getattr(one, column.validity)
            left, right = left[valid], right[valid]
        np.testing.assert_array_equal(left, right, err_msg=name)


@settings(max_examples=300)
@given(tables())
def test_any_table_survives_ipc(table: Table) -> None:
    assert_same(table, from_ipc(type(table), to_ipc(table)).validate())


@pytest.mark.parametrize("name", TABLES)
@settings(max_examples=5)
@given(data=st.data())
def test_any_table_survives_parquet(
    name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    table = data.draw(tables(name))
    path = tmp_path_factory.mktemp("parquet") / f"{name}.parquet"
    write_parquet(table, path)
    assert_same(table, read_parquet(type(table), path))
    metadata = pq.read_schema(path).metadata
    assert metadata[b"tocsin.table"].decode() == table.NAME
    assert metadata[b"tocsin.version"] == b"1"


@pytest.mark.parametrize("cls", TABLES.values(), ids=TABLES)
def test_an_empty_table_is_legal(cls: type[Table], tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    write_parquet(cls.empty(), path)
    assert len(read_parquet(cls, path)) == 0
    assert to_arrow(cls.empty()).schema == arrow_schema(cls)


def test_absent_is_not_zero() -> None:
    table = Reports.build(
        3,
        measured_at_ns=[1, 2, 3],
        sensor_id="r",
        range_m=[0.0, np.nan, 5.0],
        mode_s=[0, 0, 7],
        mode_s_valid=[True, False, True],
        callsign=["", None, "A"],
    )
    arrow = to_arrow(table)
    assert arrow.column("range_m").to_pylist() == [0.0, None, 5.0]
    assert arrow.column("mode_s").to_pylist() == [0, None, 7]
    assert arrow.column("callsign").to_pylist() == ["", None, "A"]
    back = from_ipc(Reports, to_ipc(table))
    assert back.mode_s_valid.tolist() == [True, False, True]
    assert back.range_m[0] == 0.0
    assert np.isnan(back.range_m[1])
    assert np.isnan(back.azimuth_rad).all()
    assert not back.mode_3a_valid.any()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_timestamps_of_any_unit_are_nanoseconds(unit: str, zone: str | None) -> None:
    data = to_arrow(Reports.build(2, measured_at_ns=[5, 6], sensor_id="r"))
    times = pa.array([3, 4], pa.timestamp("s", zone)).cast(pa.timestamp(unit, zone))
    at = data.schema.get_field_index("measured_at_ns")
    read = from_arrow(Reports, data.set_column(at, "measured_at_ns", times))
    assert read.measured_at_ns.tolist() == [3 * NS, 4 * NS]


def test_a_timestamp_beyond_nanoseconds_is_refused() -> None:
    data = to_arrow(Reports.build(1, measured_at_ns=[5], sensor_id="r"))
    times = pa.array([2**40], pa.timestamp("s"))
    at = data.schema.get_field_index("measured_at_ns")
    with pytest.raises(InputError, match=r"column measured_at_ns: cannot be read: .*; use int64"):
        from_arrow(Reports, data.set_column(at, "measured_at_ns", times))


@pytest.mark.parametrize("text", [pa.string(), pa.large_string(), pa.string_view()])
def test_text_of_any_kind_is_read_plain_and_from_a_dictionary(text: pa.DataType) -> None:
    names, kinds = pa.array(["a", "b", None], text), pa.array(["plot", "sighting", "plot"], text)
    data = pa.table({"measured_at_ns": [1, 2, 3], "sensor_id": names, "kind": kinds})
    index = pa.array([1, 0, None], pa.uint32())
    coded = pa.DictionaryArray.from_arrays(index, names)
    for table, expected in (
        (data, ["a", "b", None]),
        (data.set_column(1, "sensor_id", coded), ["b", "a", None]),
    ):
        read = from_arrow(Reports, table)
        assert read.sensor_id.tolist() == expected
        assert read.kind.tolist() == [ReportKind.PLOT, ReportKind.SIGHTING, ReportKind.PLOT]


def test_enumerations_are_names_in_files() -> None:
    arrow = to_arrow(Tracks.build(2, status=[2, 1], state_cov_m_mps=np.zeros((2, 21))))
    assert arrow.column("status").to_pylist() == ["coasting", "confirmed"]
    assert arrow_schema(Plots).field("position_cov_m2").type == pa.list_(pa.float64(), 9)
    plots = Plots.build(1, kind=int(ReportKind.PLOT), dimension=3)
    assert to_arrow(plots).column("dimension").to_pylist() == ["full"]


def test_a_plots_file_by_another_program(tmp_path: Path) -> None:
    """Timestamps, 32-bit floats, plain strings, columns in another order and one too many."""
    path = tmp_path / "plots.parquet"
    moment = datetime.datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=datetime.UTC)
    pq.write_table(
        pa.table(
            {
                "range_m": pa.array([1500.0, None], pa.float32()),
                "sensor_id": ["radar-1", "radar-1"],
                "comment": ["theirs", "not ours"],
                "measured_at_ns": pa.array([moment, moment], pa.timestamp("ns", "UTC")),
                "azimuth_rad": [0.5, 1],
                "mode_s": pa.array([None, 0x393322], pa.int64()),
                "kind": ["plot", "identity"],
            }
        ),
        path,
    )
    table = read_parquet(Reports, path)
    assert table.measured_at_ns.tolist() == [int(moment.timestamp() * 1000) * 1_000_000] * 2
    assert table.range_m[0] == 1500.0
    assert np.isnan(table.range_m[1])
    assert table.mode_s.tolist() == [0, 0x393322]
    assert table.mode_s_valid.tolist() == [False, True]
    assert table.kind.tolist() == [ReportKind.PLOT, ReportKind.IDENTITY]
    assert table.callsign.tolist() == [None, None]


def test_a_truth_file_with_large_strings_and_dictionaries(tmp_path: Path) -> None:
    path = tmp_path / "truth.parquet"
    rows = {name: [1.0] for name in arrow_schema(Truth).names if name.endswith(("deg", "_m", "ps"))}
    ids = pa.array(["t1"], pa.large_string())
    kind = pa.array(["bird"]).dictionary_encode()
    pq.write_table(
        pa.table({**rows, "measured_at_ns": [5], "target_id": ids, "object_class": kind}), path
    )
    assert read_parquet(Truth, path).rows()[0]["object_class"] == 4


def good_warning() -> dict[str, pa.Array]:
    arrow = to_arrow(Warnings.build(1, warning_id="w", stage=int(Stage.ALERT)))
    return {name: arrow.column(name) for name in arrow.column_names}


@pytest.mark.parametrize(
    ("name", "column", "line"),
    [
        (
            "zone_id",
            None,
            "W, column zone_id|column zone_id is missing; the table warnings needs it",
        ),
        ("stage", pa.array(["red"]), "unknown name 'red', expected one of quiet, pre_alert, alert"),
        ("stage", pa.array([None], pa.string()), "column stage.*nulls are not allowed.*; use"),
        ("decided_at_ns", pa.array(["noon"]), "column decided_at_ns: cannot be read.*; use int64"),
        ("decided_at_ns", pa.array([1.5]), "column decided_at_ns: cannot be read.*; use int64"),
        ("decided_at_ns", pa.array([None], pa.int64()), "nulls are not allowed here; use int64"),
        ("probability", pa.array(["high"]), "column probability: cannot be read.*; use double"),
        ("track_ids", pa.array([3]), "column track_ids: cannot be read.*; use list<"),
    ],
)
def test_bad_columns_say_where_and_how(name: str, column: pa.Array, line: str) -> None:
    columns = good_warning()
    from_arrow(Warnings, pa.table(columns), "W")
    if column is None:
        del columns[name]
    else:
        columns[name] = column
    with pytest.raises(InputError, match=rf"^W.*({line})") as caught:
        from_arrow(Warnings, pa.table(columns), "W")
    assert "\n" not in str(caught.value)


def test_matrices_of_another_size_are_refused() -> None:
    arrow = to_arrow(Tracks.build(1, state_cov_m_mps=np.zeros((1, 21))))
    place = arrow.column_names.index("state_cov_m_mps")
    short = arrow.set_column(place, "state_cov_m_mps", pa.array([[1.0, 2.0]]))
    with pytest.raises(InputError, match="column state_cov_m_mps: cannot be read"):
        from_arrow(Tracks, short)
    listed = arrow.set_column(place, "state_cov_m_mps", pa.array([[1.0] * 21]))
    assert from_arrow(Tracks, listed).state_cov_m_mps.tolist() == [[1.0] * 21]


def test_an_absent_matrix_is_absent() -> None:
    arrow = to_arrow(Tracks.build(2, state_cov_m_mps=np.ones((2, 21))))
    place = arrow.column_names.index("state_cov_m_mps")
    gap = pa.array([None, [1.0] * 21], pa.list_(pa.float64(), 21))
    back = from_arrow(Tracks, arrow.set_column(place, "state_cov_m_mps", gap))
    assert np.isnan(back.state_cov_m_mps[0]).all()
    assert (back.state_cov_m_mps[1] == 1.0).all()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    with pytest.raises(InputError, match=r"x\.parquet: no such file; check the path"):
        read_parquet(Truth, path)
    for content in (b"", b"\x00\xff" * 500):
        path.write_bytes(content)
        with pytest.raises(InputError, match="is no Parquet file; expected the table truth"):
            read_parquet(Truth, path)
    with pytest.raises(InputError, match=r"no Parquet file|no such file"):
        read_parquet(Truth, tmp_path)
    data = to_arrow(Truth.empty())
    pq.write_table(data.replace_schema_metadata({"tocsin.version": "9"}), path)
    with pytest.raises(InputError, match="has version 9; this program reads version 1"):
        read_parquet(Truth, path)
    with pytest.raises(InputError, match="feed: is no Arrow IPC stream"):
        from_ipc(Truth, b"junk", "feed")
    with pytest.raises(InputError, match="is no Arrow IPC stream"):
        from_ipc(Faults, to_ipc(Faults.build(2, detail="x"))[:-90])


def test_a_table_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError, match="is missing"):
        from_ipc(Truth, to_ipc(Faults.empty()))
    assert len(TrackStatus) == 4


PLAIN = Reports.build(2, measured_at_ns=[1, 2], sensor_id=["r", "s"], kind=[0, 1])


@pytest.mark.parametrize("index", [99, -1])
def test_an_enumeration_s_index_beyond_its_names_is_refused(index: int) -> None:
    column = pa.DictionaryArray.from_arrays(
        pa.array([index, 0], pa.int8()), pa.array(["plot", "position"]), safe=False
    )
    table = to_arrow(PLAIN)
    table = table.set_column(table.schema.get_field_index("kind"), "kind", column)
    with pytest.raises(InputError, match="theirs, column kind: cannot be read"):
        from_arrow(Reports, table, "theirs")


def test_a_column_that_occurs_twice_is_refused() -> None:
    table = to_arrow(PLAIN).append_column("range_m", pa.array([1.0, 2.0]))
    with pytest.raises(InputError, match="column range_m occurs twice; write each column once"):
        from_arrow(Reports, table, "theirs")
