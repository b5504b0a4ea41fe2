"""`plots.parquet` and `looks.parquet`: the contract's own tables as files."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.contract import InputError, Looks, Reports, from_arrow
from tocsin.decode.config import DecodeConfig
from tocsin.decode.out import Out

MAGIC = b"PAR1"


@dataclass
class ParquetFile:
    """Hold the file until its end, where its index is."""

    data: bytearray = field(default_factory=bytearray)


def start(_: DecodeConfig) -> ParquetFile:
    """Return the state before the first byte."""
    return ParquetFile()


def feed(state: ParquetFile, chunk: bytes, _: Out) -> None:
    """Keep one chunk."""
    state.data += chunk


def finish(state: ParquetFile, out: Out) -> None:
    """Read the file.

    Raises:
        InputError: it is no Parquet file, or its columns are not those of plots or looks.
    """
    where = out.source_id
    try:
        data = pq.read_table(pa.BufferReader(bytes(state.data)))
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            where, f"is no readable Parquet file: {reason}", "write it again"
        ) from error
    if "azimuth_from_rad" in data.column_names:
        out.look_tables.append(from_arrow(Looks, data, where))
        return
    reports = from_arrow(Reports, data, where)
    late = np.maximum(reports.received_at_ns, reports.measured_at_ns)
    out.tables.append(reports.replace(received_at_ns=late))
    out.count("plots", len(reports))
