"""What a Python program hands in: tables of any library, and sites in any form."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from tocsin.contract import InputError, Looks, Reports, Table, from_arrow, read_parquet
from tocsin.run.site import Site, checked_site, read_site

T = TypeVar("T", bound=Table)


class ArrowStream(Protocol):
    """Be a table of any library that speaks the Arrow PyCapsule interface.

    pandas (2.2 and newer), polars, DuckDB, cuDF, pyarrow and others do.
    """

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the table as a capsule of an Arrow stream."""


TableLike: TypeAlias = (
    ArrowStream | Mapping[str, ArrayLike] | NDArray[np.void] | Table | str | os.PathLike[str]
)
"""A table: of pandas, polars or pyarrow, columns by name, a structured array, the contract's own,
or the path of a Parquet file."""
SiteLike: TypeAlias = str | os.PathLike[str] | Mapping[str, Any] | Site
"""A site: the path of a `site.toml`, its content, or a site that was read."""

_SINCE_S, _UNTIL_S = 1_000_000_000, 4_102_444_800
"""Seconds from 1970 to 2001-09-09, and to 2100."""


def reports_of(plots: TableLike | None, where: str = "plots") -> Reports:
    """Return plots as the contract has them; None: none.

    Raises:
        InputError: no table, times in another unit, or columns that are missing or cannot be read.
    """
    if plots is None:
        return Reports.empty()
    reports = _table_of(Reports, plots, where)
    check_times(reports, where)
    _check_place(reports, where)
    late = np.maximum(reports.received_at_ns, reports.measured_at_ns)
    return reports.replace(received_at_ns=late, sequence=by_content(reports))


def by_content(reports: Reports) -> NDArray[np.int64]:
    """Return each row's place by what it says: the order of a table's rows means nothing."""
    place = np.nan_to_num(
        [
            reports.height_wgs84_m, reports.longitude_deg, reports.latitude_deg,
            reports.elevation_rad, reports.azimuth_rad, reports.range_m,
        ]
    )  # fmt: skip
    sequence = np.empty(len(reports), np.int64)
    sequence[np.lexsort(place)] = np.arange(len(reports))
    return sequence


def check_times(reports: Reports, where: object) -> None:
    """Refuse times that are seconds, milliseconds or microseconds, taken for nanoseconds.

    Raises:
        InputError: all lie where those of 2001 to 2100 would.
    """
    first, last = reports.measured_at_ns.min(initial=2**62), reports.measured_at_ns.max(initial=0)
    for unit, scale in (("seconds", 1), ("milliseconds", 10**3), ("microseconds", 10**6)):
        if _SINCE_S * scale <= first <= last <= _UNTIL_S * scale:
            what = f"lies in the first weeks of 1970: are these {unit}?"
            mend = "give nanoseconds since 1970"
            raise InputError(f"{where}, column measured_at_ns", what, mend)


def looks_of(looks: TableLike | None, where: str = "looks") -> Looks:
    """Return looks as the contract has them; None: none.

    Raises:
        InputError: as `reports_of`.
    """
    return Looks.empty() if looks is None else _table_of(Looks, looks, where)


def site_of(site: SiteLike | None) -> Site | None:
    """Return a site, read and checked; None: none.

    Raises:
        InputError: no such file, an unknown or wrong key, or a file it names is unusable.
    """
    if site is None or isinstance(site, Site):
        return site
    if isinstance(site, Mapping):
        return checked_site(site, Path("site"))
    if isinstance(site, (str, os.PathLike)):
        return read_site(Path(site))
    kind = type(site).__name__
    raise InputError("site", f"is of type {kind}", "give the path of a site.toml, or its content")


def _table_of(cls: type[T], given: TableLike, where: str) -> T:
    if isinstance(given, cls):
        return given
    if isinstance(given, (str, os.PathLike)):
        return read_parquet(cls, Path(given))
    return from_arrow(cls, _arrow(given, where), where)


def _arrow(given: Any, where: str) -> pa.Table:
    if isinstance(given, np.ndarray) and given.dtype.names:
        given = {name: given[name] for name in given.dtype.names}
    if isinstance(given, Mapping):
        return _from_columns(given, where)
    try:
        return pa.table(given)
    except (TypeError, ValueError) as error:
        mend = "give a pandas, polars or Arrow table, or a dict of columns"
        raise InputError(where, f"is no table but of type {type(given).__name__}", mend) from error


def _from_columns(columns: Mapping[str, ArrayLike], where: str) -> pa.Table:
    """Return columns by name as a table; a single value is shared by all rows, NaN is null."""
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    try:
        count = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError as error:
        sizes = ", ".join(f"{name} {array.size}" for name, array in arrays.items())
        mend = "give each n values, or one for all"
        raise InputError(where, f"columns differ in length: {sizes}", mend) from error
    if len(count) > 1:
        many = next(name for name, array in arrays.items() if array.ndim > 1)
        raise InputError(f"{where}, column {many}", "is a matrix", "give one value to a row")
    rows = count or (1,)
    return pa.table(
        {name: _column(a, rows, f"{where}, column {name}") for name, a in arrays.items()}
    )


def _column(values: NDArray[Any], rows: tuple[int, ...], where: str) -> pa.Array[Any]:
    try:
        plain = np.ascontiguousarray(np.broadcast_to(values, rows))
        column: pa.Array[Any] = pa.array(plain, from_pandas=True)
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise InputError(where, f"cannot be read: {reason}", "give values of one type") from error
    return column


def _check_place(reports: Reports, where: str) -> None:
    """Refuse plots of which none has a place: their columns are named in another way.

    Raises:
        InputError: neither polar nor geographic.
    """
    polar = np.isfinite(reports.range_m) & np.isfinite(reports.azimuth_rad)
    placed = np.isfinite(reports.latitude_deg) & np.isfinite(reports.longitude_deg)
    if len(reports) and not (polar | placed).any():
        mend = "give range_m and azimuth_rad, or latitude_deg and longitude_deg"
        raise InputError(where, "has no row with a position", mend)
