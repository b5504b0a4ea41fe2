"""Render the Markdown pages to HTML: docs.py FOLDER."""

import re
import sys
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  body {{ max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.6 system-ui; }}
  pre {{ background: #f4f4f4; padding: .8rem; overflow-x: auto; }}
  table {{ border-collapse: collapse; display: block; overflow-x: auto; }}
  th, td {{ border: 1px solid #ccc; padding: .3rem .6rem; text-align: left; }}
  img {{ max-width: 100%; }}
</style>
{body}
</html>
"""


def render(text: str) -> str:
    """Turn one Markdown page into HTML whose links lead to the other rendered pages."""
    body = MarkdownIt("commonmark").enable("table").render(text)
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    return PAGE.format(
        title=escape(title[1] if title else "Tocsin"),
        body=re.sub(r'href="(?!https?:)([^"]+)\.md', r'href="\1.html', body),
    )


def main(target: Path) -> None:
    """Render all pages into the target folder, and copy their pictures."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    pictures = [path for path in ROOT.glob("docs/images/**/*") if path.is_file()]
    for page in pages:
        out = target / page.relative_to(ROOT).with_suffix(".html")
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(render(page.read_text()))
    for picture in pictures:
        out = target / picture.relative_to(ROOT)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(picture.read_bytes())
    print(f"{len(pages)} pages and {len(pictures)} pictures in {target}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
