"""What decoders write into, and the tables that come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import Faults, Looks, ReportKind, Reports

T = TypeVar("T")
Row = dict[str, Any]
"""One report: the values of the columns that it has."""


class Decoded(NamedTuple):
    """Hold what one batch of bytes said, what was wrong with it, and how many units it had."""

    reports: Reports
    looks: Looks
    faults: Faults
    counts: Mapping[str, int] = {}


@dataclass
class Out:
    """Collect reports, looks, faults and counts while a decoder runs.

    Args:
        source_id: input the bytes came from.
        received_at_ns: receive time of the bytes now being decoded.
        timeless: the bytes are a recording without receive times: a report counts as received when
            it was measured.
    """

    source_id: str
    received_at_ns: int = 0
    timeless: bool = False
    rows: list[Row] = field(default_factory=list)
    looks: list[Row] = field(default_factory=list)
    faults: list[Row] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    tables: list[Reports] = field(default_factory=list)
    look_tables: list[Looks] = field(default_factory=list)

    def report(self, row: Row) -> None:
        """Add one report; receive time and sensor are the input's unless the row has its own."""
        received_at_ns = row["measured_at_ns"] if self.timeless else self.received_at_ns
        self.rows.append({"received_at_ns": received_at_ns, "sensor_id": self.source_id} | row)

    def fault(self, kind: str, detail: str, offset_bytes: int = -1) -> None:
        """Add one fault."""
        self.faults.append(
            {
                "received_at_ns": self.received_at_ns,
                "source_id": self.source_id,
                "kind": kind,
                "offset_bytes": offset_bytes,
                "detail": detail,
            }
        )

    def count(self, unit: str, number: int = 1) -> None:
        """Count units of the format: frames, records, lines."""
        self.counts[unit] = self.counts.get(unit, 0) + number

    def decoded(self, sequences: dict[str, int]) -> Decoded:
        """Return everything as tables, in the contract's order.

        Args:
            sequences: next sequence number by sensor; advanced in place.
        """
        reports = Reports.concat([*self._fitting(self.rows, _reports), *self.tables])
        looks = Looks.concat([*self._fitting(self.looks, _looks), *self.look_tables])
        reports = reports.replace(sequence=_number(reports, sequences))
        return Decoded(
            reports.sorted_by("measured_at_ns", "sensor_id", "sequence"),
            looks.sorted_by("start_ns", "sensor_id"),
            Faults.build(len(self.faults), **_columns(self.faults, list(Faults.schema()))),
            dict(sorted(self.counts.items())),
        )

    def _fitting(self, rows: list[Row], build: Callable[[list[Row]], T]) -> list[T]:
        """Return rows as tables; those that no table can hold are faults."""
        try:
            return [build(rows)]
        except (TypeError, ValueError, OverflowError) as error:
            if len(rows) > 1:
                return [table for row in rows for table in self._fitting([row], build)]
            self.fault("impossible_value", f"{error}")
            return []


def _columns(rows: list[Row], names: list[str]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in names}


def _looks(rows: list[Row]) -> Looks:
    return Looks.build(len(rows), **_columns(rows, list(Looks.schema())))


def _reports(rows: list[Row]) -> Reports:
    """Return rows as a table; a column that a row lacks is absent there."""
    used = {name for row in rows for name in row}
    columns: dict[str, object] = {}
    for name, column in Reports.schema().items():
        if name not in used:
            continue
        missing = column.missing(1)[0]
        columns[name] = [row.get(name, missing) for row in rows]
        if column.validity:
            columns[column.validity] = [name in row for row in rows]
    columns.setdefault("kind", ReportKind.PLOT)
    return Reports.build(len(rows), **columns)


def _number(reports: Reports, sequences: dict[str, int]) -> NDArray[np.int64]:
    """Return each row's order of arrival from its sensor, in the order of the rows."""
    numbers = np.empty(len(reports), np.int64)
    for k, sensor_id in enumerate(reports.sensor_id):
        numbers[k] = sequences.get(sensor_id, 0)
        sequences[sensor_id] = int(numbers[k]) + 1
    return numbers
