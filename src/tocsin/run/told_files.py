"""`tocsin deliveries`: a record's ledger, for people and as a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from tocsin.contract import NS, Deliveries, DeliveryStatus, InputError, write_parquet
from tocsin.record import read_deliveries
from tocsin.serve.deliveries import delivery_rows


def deliveries_of(record: Path, undelivered: bool, out: Path | None) -> dict[str, Any]:
    """Return who was told what when, by the ledger of a record; write `deliveries.parquet`.

    Args:
        record: folder of the record.
        undelivered: leave out what arrived or was superseded.
        out: folder for the file; None: none is written.

    Raises:
        InputError: there is no ledger, or the file cannot be written.
    """
    table = read_deliveries(record, undelivered)
    result: dict[str, Any] = {
        "record": str(record),
        "recipients": _by_recipient(table),
        "deliveries": delivery_rows(table),
    }
    if out is not None:
        result["written"] = str(write_deliveries(table, out))
    return result


def write_deliveries(table: Deliveries, folder: Path) -> Path:
    """Write `deliveries.parquet` into a folder; return its path.

    Raises:
        InputError: it cannot be written.
    """
    path = folder / f"{Deliveries.NAME}.parquet"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_parquet(table, path)
    except OSError as error:
        raise InputError(path, f"cannot be written: {error}", "choose another -o") from error
    return path


def _by_recipient(table: Deliveries) -> dict[str, dict[str, int | float | None]]:
    names = dict.fromkeys(table.recipient.tolist())
    return {name: _summary(table.take(table.recipient == name)) for name in names}


def _summary(rows: Deliveries) -> dict[str, int | float | None]:
    """Return counts by status, and the median time until the recipient confirmed."""
    counts = Counter(rows.status.tolist())
    took_ns = (rows.acknowledged_at_ns - rows.queued_at_ns)[rows.acknowledged_at_ns > 0]
    median_s = round(float(np.median(took_ns)) / NS, 3) if len(took_ns) else None
    return {**{s.name.lower(): counts[s] for s in DeliveryStatus}, "median_s": median_s}
