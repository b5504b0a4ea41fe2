"""The examples in the documentation, cut out so that a test can run them.

Two kinds of fenced block are run; all others are only shown:

- ```` ```pycon ````: a Python session, checked as a doctest (`...` stands for any text); the blocks
  of one file are one session. A block `pycon peers` is run only where Stone Soup is installed;
- ```` ```console ````: lines that start with `$ ` are commands; what they print must be what stands
  below them (`...` stands for any text, nothing below means that the output does not matter).
  Only `tocsin` commands are run, in a folder that all blocks of one file share: empty, but for the
  repository's `scenarios`.
  A command that ends in `# exit 1` must exit so. A block `console long` takes minutes and is run
  by `make test-long` only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

FENCE = re.compile(
    r"^```(?P<kind>pycon|pycon peers|console|console long)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
EXIT = re.compile(r"\s+# exit (\d)$")


@dataclass(frozen=True)
class Command:
    """One command of a console block, the lines it must print, and how it must exit."""

    line: str
    expected: str
    code: int


def sessions(text: str, peers: bool = True) -> Iterator[str]:
    """Give the parts of a page's Python session, in order, with or without those of peers."""
    for block in FENCE.finditer(text):
        if block["kind"] == "pycon" or (peers and block["kind"] == "pycon peers"):
            yield block["body"]


def commands(text: str, kind: str = "console") -> Iterator[Command]:
    """Give the `tocsin` commands of a page's blocks of a kind, in order."""
    for block in FENCE.finditer(text):
        if block["kind"] == kind:
            for part in re.split(r"^\$ ", block["body"], flags=re.MULTILINE)[1:]:
                line, _, expected = part.partition("\n")
                code = EXIT.search(line)
                if line.startswith("tocsin "):
                    yield Command(EXIT.sub("", line), expected, int(code[1]) if code else 0)


def matches(expected: str, printed: str) -> bool:
    """Compare the output of a command with what a page says, where `...` is any text."""
    pieces = [re.escape(piece) for piece in expected.strip().split("...")]
    return not expected.strip() or bool(
        re.fullmatch(".*?".join(pieces), printed.strip(), flags=re.DOTALL)
    )
