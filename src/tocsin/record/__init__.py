"""Durable journal of every boundary: what came in, what went out, in one order."""

from tocsin.record.journal import Journal, JournalError
from tocsin.record.ledger import LEDGER, Ledger, LedgerError, read_deliveries
from tocsin.record.reader import check, digest, newest, read_journal, read_meta, read_metas
from tocsin.record.segment import INPUT_STREAMS, OUTPUT_STREAMS, Batch, Entry

__all__ = [
    "INPUT_STREAMS",
    "LEDGER",
    "OUTPUT_STREAMS",
    "Batch",
    "Entry",
    "Journal",
    "JournalError",
    "Ledger",
    "LedgerError",
    "check",
    "digest",
    "newest",
    "read_deliveries",
    "read_journal",
    "read_meta",
    "read_metas",
]
