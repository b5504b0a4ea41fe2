"""Columnar tables: frozen dataclasses of equal-length arrays that carry their own schema.

A column is declared once, as ``name: Annotated[array type, Column(...)]``; the schema, the
validator, the Arrow mapping and the reference page all come from that declaration.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Self, get_type_hints

import numpy as np
from numpy.typing import NDArray

from tocsin.contract.errors import InputError

I8 = NDArray[np.int8]
I16 = NDArray[np.int16]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]
Objects = NDArray[np.object_]


@dataclass(frozen=True)
class Column:
    """Declare one column of a table.

    Args:
        dtype: numpy dtype name, or ``"str"``, ``"bytes"``, ``"strs"`` (a tuple of strings).
        unit: unit of the values, empty when they have none.
        doc: what the column holds: frame, missing rule, source.
        enum: enumeration whose integers the column holds; files hold its lower-case names.
        shape: shape of one row's value, ``()`` for a scalar.
        validity: name of the boolean column that says where an integer is present.
        optional: whether a file may leave the column out.
    """

    dtype: str
    unit: str = ""
    doc: str = ""
    enum: type[IntEnum] | None = None
    shape: tuple[int, ...] = ()
    validity: str = ""
    optional: bool = False

    @cached_property
    def numpy_dtype(self) -> np.dtype[Any]:
        """Return the dtype of the column's array."""
        return np.dtype(object) if self.dtype in {"str", "bytes", "strs"} else np.dtype(self.dtype)

    def missing(self, count: int) -> NDArray[Any]:
        """Return ``count`` absent values: NaN, None, no strings, False or 0 by dtype."""
        shape = (count, *self.shape)
        if self.dtype == "strs":
            column = np.empty(count, object)
            column[:] = [()] * count
            return column
        if self.numpy_dtype.kind == "O":
            return np.full(shape, None, object)
        fill = np.nan if self.numpy_dtype.kind == "f" else 0
        return np.full(shape, fill, self.numpy_dtype)

    def coerce(self, values: object) -> NDArray[Any]:
        """Return ``values`` as this column's array, without a copy where it already is one."""
        if self.dtype == "strs":
            rows = list(values)  # type: ignore[call-overload]  # any sequence of sequences
            column = np.empty(len(rows), object)
            column[:] = [tuple(row) for row in rows]
            return column
        column = np.asarray(values, self.numpy_dtype)
        return column if len(column) else column.reshape(0, *self.shape)


_SCHEMAS: dict[type[Any], Mapping[str, Column]] = {}
_EMPTY: dict[type[Any], Any] = {}
_ABSENT: dict[type[Any], Mapping[str, NDArray[Any]]] = {}
_ROWS = 1 << 40
"""More rows than any table has, of one absent value each, in the memory of one."""


def _declared(cls: type[Any]) -> Mapping[str, Column]:
    hints = get_type_hints(cls, include_extras=True)
    return {
        field.name: next(m for m in hints[field.name].__metadata__ if isinstance(m, Column))
        for field in dataclasses.fields(cls)
    }


@lru_cache(maxsize=1024)
def _endless(dtype: np.dtype[Any], shape: tuple[int, ...], value: object) -> NDArray[Any]:
    """Return a read-only column of one value for more rows than any table has."""
    one = np.empty(shape, dtype)
    one[...] = value
    return np.broadcast_to(one, (_ROWS, *shape))


def _filled(column: Column, given: object, count: int) -> NDArray[Any]:
    """Return a column of what is given: rows, or a scalar that all rows share."""
    if isinstance(given, np.ndarray):
        return column.coerce(given)
    if given is None or isinstance(given, (str, bytes, int, float, np.generic)):
        return _endless(column.numpy_dtype, column.shape, given)[:count]
    return column.coerce(given)


def _shares(column: NDArray[Any]) -> bool:
    """Say whether all rows of a column are one value in memory."""
    return not column.strides[0]


def _repeated(column: NDArray[Any], count: int) -> NDArray[Any]:
    """Return a shared column with another number of rows."""
    if count <= len(column):
        return column[:count]
    return np.broadcast_to(column[0], (count, *column.shape[1:]))


def _joined(parts: list[NDArray[Any]], absent: NDArray[Any], count: int) -> NDArray[Any]:
    """Return columns one after another, still shared where all are absent."""
    if _shares(parts[0]) and all(part.base is absent.base for part in parts):
        return absent[:count]
    return np.concatenate(parts)


@dataclass(frozen=True)
class Table:
    """Base of every table; subclasses only declare columns."""

    NAME: ClassVar[str] = ""

    @classmethod
    def schema(cls) -> Mapping[str, Column]:
        """Return the columns by name, in order."""
        if cls not in _SCHEMAS:
            _SCHEMAS[cls] = _declared(cls)
        return _SCHEMAS[cls]

    @classmethod
    def empty(cls) -> Self:
        """Return a table without rows, always the same one."""
        if cls not in _EMPTY:
            _EMPTY[cls] = cls.build(0)
        table: Self = _EMPTY[cls]
        return table

    @classmethod
    def build(cls, count: int, **columns: object) -> Self:
        """Return a table of ``count`` rows; columns not given are absent values.

        Args:
            count: number of rows.
            **columns: arrays or sequences of ``count`` rows, or scalars that every row gets.

        Raises:
            KeyError: a column that the table does not have.
        """
        return cls.shared(count, **columns).owned()

    @classmethod
    def shared(cls, count: int, **columns: object) -> Self:
        """Return what `build` does, with one value in memory for all rows where they share it.

        Such columns are read-only; `take` and `concat` keep them so, `owned` ends it.
        """
        schema = cls.schema()
        unknown = [name for name in columns if name not in schema]
        if unknown:
            raise KeyError(f"{cls.__name__} has no column {unknown[0]!r}")
        values = {name: _filled(schema[name], given, count) for name, given in columns.items()}
        fits = all(len(column) == count for column in values.values())
        for name, column in cls._absent().items():
            if name not in columns:
                values[name] = column[:count]
        return cls._of(values) if fits else cls(**values)

    @classmethod
    def _absent(cls) -> Mapping[str, NDArray[Any]]:
        if cls not in _ABSENT:
            _ABSENT[cls] = {
                name: np.broadcast_to(column.missing(1)[0:1], (_ROWS, *column.shape))
                for name, column in cls.schema().items()
            }
        return _ABSENT[cls]

    def owned(self) -> Self:
        """Return the table with memory of its own for every row of every column."""
        columns = self.columns()
        return self._of({n: c.copy() if _shares(c) else c for n, c in columns.items()})

    @classmethod
    def _of(cls, columns: dict[str, NDArray[Any]]) -> Self:
        """Return a table of columns known to be of one length, without the checks."""
        table = object.__new__(cls)
        table.__dict__.update(columns)
        return table

    def __post_init__(self) -> None:
        """Check that all columns have one length."""
        lengths = {len(column) for column in self.columns().values()}
        if len(lengths) > 1:
            sizes = {name: len(column) for name, column in self.columns().items()}
            raise ValueError(f"{type(self).__name__}: columns differ in length: {sizes}")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.__dict__.values())))

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name, not copied."""
        own = self.__dict__
        return {name: own[name] for name in self.schema()}

    def take(self, rows: NDArray[Any] | slice) -> Self:
        """Return the rows chosen by an index array, a mask or a slice."""
        if isinstance(rows, np.ndarray) and rows.dtype == bool and len(rows) == len(self):
            rows = np.flatnonzero(rows)
            if not len(rows):
                return self.empty()
        taken: dict[str, NDArray[Any]] = {}
        count = -1
        for name, column in self.columns().items():
            if count > 0 and not column.strides[0]:
                taken[name] = _repeated(column, count)
            else:
                taken[name] = column[rows]
                count = len(taken[name])
        return self._of(taken)

    def replace(self, **columns: object) -> Self:
        """Return the table with some columns exchanged; a scalar is shared by all rows."""
        schema = self.schema()
        given = {name: _filled(schema[name], v, len(self)) for name, v in columns.items()}
        return type(self)(**{**self.columns(), **given})

    @classmethod
    def concat(cls, tables: Sequence[Self]) -> Self:
        """Return the rows of all tables, in order; of one that has any, that one."""
        if len(tables) > 1:
            tables = [table for table in tables if len(table)]
        if len(tables) < 2:
            return tables[0] if tables else cls.empty()
        count = sum(map(len, tables))
        own = [table.__dict__ for table in tables]
        return cls._of(
            {
                name: _joined([part[name] for part in own], absent, count)
                for name, absent in cls._absent().items()
            }
        )

    def sorted_by(self, *names: str) -> Self:
        """Return the rows in stable order of the named columns, the first the most significant."""
        keys = [_sort_key(getattr(self, name)) for name in reversed(names)]
        return self if is_sorted(*keys) else self.take(np.lexsort(keys))

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries, for tests and people; never on a hot path."""
        columns = self.columns()
        return [{n: _plain(columns[n][i]) for n in columns} for i in range(len(self))]

    def validate(self, where: object = "") -> Self:
        """Check dtypes, shapes and enumerations.

        Args:
            where: name of the file or feed for the error.

        Raises:
            InputError: a column is not what the schema says.
        """
        for name, column in self.schema().items():
            _check(where or type(self).__name__, name, column, getattr(self, name))
        return self


def is_sorted(*keys: NDArray[Any]) -> bool:
    """Tell whether rows are in the order that `np.lexsort` would bring them to.

    Args:
        *keys: (n,) each, the last the most significant.
    """
    major = keys[-1]
    ahead = major[1:] > major[:-1]
    if ahead.all():
        return True
    # Where rows tie in a key, the less significant ones decide; in all: they stay.
    sorted_: NDArray[Any] = np.ones(len(ahead), bool)
    for key in keys:
        sorted_ = (key[1:] > key[:-1]) | ((key[1:] == key[:-1]) & sorted_)
    return bool(sorted_.all())


def _sort_key(column: NDArray[Any]) -> NDArray[Any]:
    """Return integers that sort as the column does; None sorts as the empty string."""
    if column.dtype != object:
        return column
    return np.unique(np.array([value or "" for value in column], dtype=str), return_inverse=True)[1]


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def _check(where: object, name: str, column: Column, values: NDArray[Any]) -> None:
    place = f"{where}, column {name}"
    if values.dtype != column.numpy_dtype:
        raise InputError(place, f"has type {values.dtype}", f"use {column.dtype}")
    if values.shape[1:] != column.shape:
        raise InputError(place, f"rows have shape {values.shape[1:]}", f"use {column.shape}")
    if column.enum is not None and len(values):
        known = np.isin(values, [int(member) for member in column.enum])
        if not known.all():
            row = int(np.argmin(known))
            names = ", ".join(member.name.lower() for member in column.enum)
            raise InputError(f"{place}, row {row}", f"value {values[row]}", f"use one of {names}")
