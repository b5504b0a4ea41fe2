"""The reference page is what the schemas say today."""

from pathlib import Path

from scripts import make_tables_doc
from tocsin.contract import TABLES


def test_the_page_is_up_to_date() -> None:
    written = make_tables_doc.PAGE.read_text("utf-8")
    assert written == make_tables_doc.page(), "run `python scripts/make_tables_doc.py`"


def test_the_page_names_every_column() -> None:
    text = Path(make_tables_doc.PAGE).read_text("utf-8")
    for name, table in TABLES.items():
        assert f"\n## {name}\n" in text
        hidden = {column.validity for column in table.schema().values()}
        for column in table.schema():
            assert (f"| `{column}` |" in text) or column in hidden
