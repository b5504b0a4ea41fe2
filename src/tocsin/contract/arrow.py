"""Tables to and from Arrow: IPC bytes, Parquet files, foreign tables.

Absent floats (NaN) and invalid integers become nulls; enumerations become dictionary strings;
matrices become fixed-size lists. Files carry the table's name and version in their metadata.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tocsin.contract.errors import InputError
from tocsin.contract.table import Column, Table

VERSION = 1
T = TypeVar("T", bound=Table)

_SPECIAL: dict[str, pa.DataType] = {
    "str": pa.string(),
    "bytes": pa.binary(),
    "strs": pa.list_(pa.string()),
}


def _arrow_type(column: Column) -> pa.DataType:
    if column.enum is not None:
        return pa.dictionary(pa.int8(), pa.string())
    if column.dtype in _SPECIAL:
        return _SPECIAL[column.dtype]
    scalar = pa.from_numpy_dtype(column.numpy_dtype)
    size = int(np.prod(column.shape))
    return pa.list_(scalar, size) if column.shape else scalar


_SCHEMAS: dict[type[Any], pa.Schema] = {}


def arrow_schema(cls: type[Table]) -> pa.Schema:
    """Return the Arrow schema of a table's files."""
    if cls not in _SCHEMAS:
        _SCHEMAS[cls] = _schema_of(cls)
    return _SCHEMAS[cls]


def _schema_of(cls: type[Table]) -> pa.Schema:
    hidden = {c.validity for c in cls.schema().values()}
    fields = [pa.field(n, _arrow_type(c)) for n, c in cls.schema().items() if n not in hidden]
    metadata: dict[bytes | str, bytes | str] = {
        "tocsin.table": cls.NAME,
        "tocsin.version": str(VERSION),
    }
    return pa.schema(fields, metadata=metadata)


def _to_array(table: Table, name: str, column: Column) -> pa.Array[Any]:
    values: NDArray[Any] = getattr(table, name)
    if column.enum is not None:
        names = pa.array([member.name.lower() for member in column.enum])
        codes = {int(member): k for k, member in enumerate(column.enum)}
        identity = all(code == k for code, k in codes.items())
        index = values if identity else np.array([codes[int(v)] for v in values], np.int8)
        return pa.DictionaryArray.from_arrays(pa.array(index, pa.int8()), names)
    if column.dtype in _SPECIAL:
        texts: pa.Array[Any] = pa.array(values.tolist(), _SPECIAL[column.dtype])
        return texts
    if column.shape:
        flat = pa.array(np.ascontiguousarray(values).reshape(-1))
        size = int(np.prod(column.shape))
        lists: pa.Array[Any] = pa.FixedSizeListArray.from_arrays(flat, size)
        return lists
    mask = ~getattr(table, column.validity) if column.validity else None
    scalars: pa.Array[Any] = pa.array(values, mask=mask, from_pandas=not column.validity)
    return scalars


def to_arrow(table: Table) -> pa.Table:
    """Return a table as an Arrow table with its schema and metadata."""
    schema = arrow_schema(type(table))
    columns = [_to_array(table, n, table.schema()[n]) for n in schema.names]
    return pa.Table.from_arrays(columns, schema=schema)


def from_arrow(cls: type[T], data: pa.Table, where: object = "table") -> T:
    """Return an Arrow table as a ``cls``, checked.

    Args:
        cls: the table class.
        data: Arrow table; columns that ``cls`` does not know are ignored.
        where: name of the file or feed for errors.

    Raises:
        InputError: a required column is missing or has a type that cannot be read.
    """
    schema = cls.schema()
    hidden = {c.validity for c in schema.values()}
    available = data.column_names
    twice = [name for name in schema if available.count(name) > 1]
    if twice:
        raise InputError(where, f"column {twice[0]} occurs twice", "write each column once")
    present = [name for name in schema if name not in hidden and name in available]
    for name, column in schema.items():
        if name not in present and name not in hidden and not column.optional:
            raise InputError(where, f"column {name} is missing", f"the table {cls.NAME} needs it")
    columns: dict[str, object] = {}
    for name in present:
        column = schema[name]
        try:
            # Bytes from a network: places and indices in them may point anywhere.
            data.column(name).validate(full=True)
            array = data.column(name).combine_chunks()
            columns[name] = _from_array(array, column)
        except (pa.ArrowException, ValueError, TypeError, IndexError, OverflowError) as e:
            place = f"{where}, column {name}"
            raise InputError(place, f"cannot be read: {e}", f"use {_arrow_type(column)}") from e
        if column.validity:
            columns[column.validity] = np.asarray(array.is_valid())
    return cls.build(data.num_rows, **columns).validate(where)


def _from_array(array: Any, column: Column) -> NDArray[Any]:
    if column.enum is not None:
        return _codes(array, column)
    if column.unit == "ns UTC" and pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("ns", array.type.tz))  # of seconds, too, in nanoseconds
    if column.dtype in _SPECIAL:
        rows = _decoded(array).cast(_SPECIAL[column.dtype]).to_pylist()
        return column.coerce([row or () for row in rows] if column.dtype == "strs" else rows)
    scalar = pa.from_numpy_dtype(column.numpy_dtype)
    if column.shape:
        lists = array.cast(_arrow_type(column))
        flat = lists.flatten().to_numpy(zero_copy_only=False)  # the present rows only
        matrices = column.missing(len(lists))
        matrices[np.asarray(lists.is_valid())] = flat.reshape(-1, *column.shape)
        return matrices
    cast = array if array.type == scalar else array.cast(scalar)
    if column.numpy_dtype.kind != "f" and cast.null_count:
        if not column.validity:
            raise ValueError("nulls are not allowed here")
        cast = cast.fill_null(0)
    return np.asarray(cast.to_numpy(zero_copy_only=False), column.numpy_dtype)


def _decoded(array: Any) -> Any:
    """Return an array without a dictionary: not all kinds of text can be cast out of one."""
    if not pa.types.is_dictionary(array.type):
        return array
    return array.dictionary.cast(pa.string()).take(array.indices)


def _codes(array: Any, column: Column) -> NDArray[Any]:
    assert column.enum is not None
    plain = array if pa.types.is_dictionary(array.type) else array.cast(pa.string())
    encoded = plain if pa.types.is_dictionary(plain.type) else plain.dictionary_encode()
    if encoded.null_count:
        raise ValueError("nulls are not allowed here")
    by_name = {member.name.lower(): int(member) for member in column.enum}
    names = encoded.dictionary.to_pylist()
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ValueError(f"unknown name {unknown[0]!r}, expected one of {', '.join(by_name)}")
    table = np.array([by_name[name] for name in names] or [0], column.numpy_dtype)
    codes: NDArray[Any] = table[encoded.indices.to_numpy(zero_copy_only=False)]
    return codes


def to_ipc(table: Table) -> bytes:
    """Return a table as one Arrow IPC stream."""
    data = to_arrow(table)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, data.schema) as writer:
        writer.write_table(data)
    return bytes(sink.getvalue())


def from_ipc(cls: type[T], data: bytes, where: object = "stream") -> T:
    """Return the table in an Arrow IPC stream.

    Raises:
        InputError: the bytes are no such stream.
    """
    try:
        with pa.ipc.open_stream(data) as reader:
            return from_arrow(cls, reader.read_all(), where)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(where, f"is no Arrow IPC stream: {error}", "send one") from error


def write_parquet(table: Table, path: Path) -> None:
    """Write a table as a Parquet file that carries its name and version."""
    pq.write_table(to_arrow(table), path, compression="zstd")


def parquet_columns(path: Path) -> tuple[str, ...]:
    """Return the names of the columns that a Parquet file really has.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return tuple(pq.read_schema(path).names)
    except (OSError, pa.ArrowException) as error:
        raise InputError(path, f"cannot be read: {error}", "expected a Parquet file") from error


def read_parquet(cls: type[T], path: Path) -> T:
    """Return the table in a Parquet file.

    Raises:
        InputError: no such file, not Parquet, another version, or columns that do not fit.
    """
    try:
        data = pq.read_table(path)
    except FileNotFoundError as error:
        raise InputError(path, "no such file", "check the path") from error
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(path, "is no Parquet file", f"expected the table {cls.NAME}") from error
    metadata = data.schema.metadata or {}
    version = metadata.get(b"tocsin.version", str(VERSION).encode()).decode()
    if version != str(VERSION):
        raise InputError(path, f"has version {version}", f"this program reads version {VERSION}")
    return from_arrow(cls, data, path)
