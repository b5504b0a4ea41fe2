"""The rules of style that no linter knows: each takes sources and yields what breaks it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FUNCTION_LINES = 70
FILE_LINES = 600
NO_UNIT = frozenset(
    {"alt", "altitude", "azimuth", "bearing", "course", "dist", "distance", "elevation"}
    | {"lat", "latitude", "lon", "longitude", "time", "timeout"}
)
NUMBER = re.compile(r"\b(float|int|complex|array|ndarray|NDArray|ArrayLike|[FIU]\d+)\b")
OUT_OF_BOUNDS = re.compile(r"weapon|intercept_point|engagement|jamm(er|ing)|launch_point|munition")
WRONG_WORDS = re.compile(r"confidence|track_(rad|deg|angle)|^(plot|draw)_?(chart|figure|plot)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
SILENCED = re.compile(r"#\s*(type: ignore|noqa)\b[^#]*$")
ADDRESS = re.compile(r"https?:")
MACHINE_PATH = re.compile(r"(?<![\w.>$}~-])/(home|root|work|Users)/[\w.]+")
PACKAGE_HOST = re.compile(r"(pypi|npmjs|pythonhosted|yarnpkg|conda)\.(org|com)")


@dataclass(frozen=True)
class Source:
    """A Python file: its path from the repository's root, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """Parse the text."""
        return ast.parse(self.text)

    @property
    def generated(self) -> bool:
        """Tell whether the file says in its head that a program wrote it."""
        return "do not edit" in self.text[:400]


@dataclass(frozen=True)
class Finding:
    """One place that breaks a rule, and by how much where that can be counted."""

    rule: str
    place: str
    size: int = 1


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Walk all functions and methods of a file."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function from its `def`, without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    doc = function.body[0]
    return lines - ((doc.end_lineno or 0) - doc.lineno + 1)


def long_functions(source: Source) -> Iterator[Finding]:
    """Find functions that no reader can hold in mind."""
    for function in functions(source):
        if not source.generated and (lines := length(function)) > FUNCTION_LINES:
            yield Finding("function length", f"{source.path}:{function.name}", lines)


def long_files(source: Source) -> Iterator[Finding]:
    """Find files that are several."""
    if not source.generated and (lines := source.text.count("\n")) > FILE_LINES:
        yield Finding("file length", source.path, lines)


def numba_outside_kernels(source: Source) -> Iterator[Finding]:
    """Find numba where it is not in a kernels file."""
    if Path(source.path).name.startswith("kernels"):
        return
    for node in ast.walk(source.tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        if any(name.split(".")[0] == "numba" for name in names):
            yield Finding("numba outside kernels", source.path)


def _is_quantity(name: str, annotation: ast.expr | None) -> bool:
    # Without a type it may be a number; with the type of an object it is none.
    return name in NO_UNIT and (not annotation or bool(NUMBER.search(ast.unparse(annotation))))


def names_without_unit(source: Source) -> Iterator[Finding]:
    """Find parameters and fields that do not say their unit."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.arg) and _is_quantity(node.arg, node.annotation):
            yield Finding("name without unit", f"{source.path}:{node.arg}")
        if isinstance(node, ast.ClassDef):
            for field in node.body:
                target = field.target if isinstance(field, ast.AnnAssign) else None
                annotation = field.annotation if isinstance(field, ast.AnnAssign) else None
                if isinstance(target, ast.Name) and _is_quantity(target.id, annotation):
                    yield Finding("name without unit", f"{source.path}:{node.name}.{target.id}")


def _identifiers(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


def wrong_words(source: Source) -> Iterator[Finding]:
    """Find identifiers outside the boundary, or with a word that means something else here."""
    for name in sorted(set(_identifiers(source))):
        if OUT_OF_BOUNDS.search(name.lower()):
            yield Finding("outside the boundary", f"{source.path}:{name}")
        if WRONG_WORDS.search(name):
            yield Finding("wrong word", f"{source.path}:{name}")


def unfinished(source: Source) -> Iterator[Finding]:
    """Find promises instead of code."""
    for line in source.text.splitlines():
        if UNFINISHED.search(line):
            yield Finding("unfinished", f"{source.path}:{line.strip()[:60]}")


def silenced(source: Source) -> Iterator[Finding]:
    """Find checks that were silenced without a reason beside."""
    for line in source.text.splitlines():
        if SILENCED.search(line):
            yield Finding("silenced without reason", f"{source.path}:{line.strip()[:60]}")


def _base_names(node: ast.ClassDef) -> list[str]:
    plain = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
    return [ast.unparse(base).rsplit(".", 1)[-1] for base in plain]


def deep_classes(sources: list[Source]) -> Iterator[Finding]:
    """Find classes of ours that inherit from a class of ours that inherits from one of ours."""
    bases: dict[str, list[str]] = {}
    place: dict[str, str] = {}
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = _base_names(node)
                place[node.name] = source.path

    def depth(name: str) -> int:
        return max((1 + depth(base) for base in bases[name] if base in bases), default=0)

    for name in sorted(bases):
        if (levels := depth(name)) > 1:
            yield Finding("inheritance depth", f"{place[name]}:{name}", levels)


def addresses_in_lock(path: str, text: str) -> Iterator[Finding]:
    """Find addresses in a lock file."""
    if ADDRESS.search(text):
        yield Finding("address in lock", path)


def machine_names(path: str, text: str) -> Iterator[Finding]:
    """Find paths of one machine and names of package hosts."""
    for pattern in (MACHINE_PATH, PACKAGE_HOST):
        for match in pattern.finditer(text):
            yield Finding("name of a machine", f"{path}:{match.group()}")


PYTHON_RULES = (
    long_functions,
    long_files,
    numba_outside_kernels,
    names_without_unit,
    wrong_words,
    unfinished,
    silenced,
)
