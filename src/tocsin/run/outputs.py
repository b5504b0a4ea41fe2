"""Interchange files of a run, written as it goes on."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from tocsin.contract import (
    NS,
    Biases,
    Forecasts,
    Innovations,
    InputError,
    Notices,
    Table,
    Tracks,
    Warnings,
    arrow_schema,
    to_arrow,
)
from tocsin.run.pipeline import TickOut

_ROWS_PER_GROUP = 65_536


class TableFile:
    """Write one table to one Parquet file, in groups of rows."""

    def __init__(self, cls: type[Table], path: Path) -> None:
        """Open the file."""
        self._cls, self._held = cls, 0
        self._tables: list[Table] = []
        self._writer = pq.ParquetWriter(path, arrow_schema(cls), compression="zstd")
        self.rows = 0

    def add(self, table: Table) -> None:
        """Add rows."""
        if len(table) == 0:
            return
        self._tables.append(table)
        self._held += len(table)
        self.rows += len(table)
        if self._held >= _ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._tables:
            self._writer.write_table(to_arrow(self._cls.concat(self._tables)))
        self._tables, self._held = [], 0

    def close(self) -> None:
        """Write what is held and finish the file."""
        self._flush()
        self._writer.close()


class Minutely:
    """Pass the first forecasts of each minute: decisions fall every two seconds."""

    def __init__(self) -> None:
        """Start before all minutes."""
        self._minute = -1

    def __call__(self, forecasts: Forecasts) -> Forecasts:
        """Return the forecasts of one decision, or none."""
        if len(forecasts) == 0 or int(forecasts.made_at_ns[0]) // (60 * NS) == self._minute:
            return Forecasts.empty()
        self._minute = int(forecasts.made_at_ns[0]) // (60 * NS)
        return forecasts


class Outputs:
    """Write a run's tracks and how they came about, forecasts, warnings and notices."""

    def __init__(self, folder: Path) -> None:
        """Make the folder and open the files.

        Raises:
            InputError: the folder cannot be written.
        """
        self._minutely = Minutely()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._files = {
                cls: TableFile(cls, folder / f"{cls.NAME}.parquet")
                for cls in (Tracks, Innovations, Biases, Forecasts, Warnings, Notices)
            }
        except OSError as error:
            raise InputError(folder, f"cannot be written: {error}", "choose another -o") from error

    def add(self, out: TickOut) -> None:
        """Add the rows of a tick's tables, each to its own file."""
        forecasts = self._minutely(out.forecasts)
        for table in (
            out.tracks,
            out.innovations,
            out.biases,
            forecasts,
            out.warnings,
            out.notices,
        ):
            self._files[type(table)].add(table)

    def close(self) -> None:
        """Finish all files."""
        for file in self._files.values():
            file.close()
