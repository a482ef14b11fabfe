"""What the security documents name: files, tests and definitions of this repository, written `path` or `path::name`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from vigil.config.folders import BASE_DIR

NAMED = re.compile(r"`((?:src|tests|docs|bench|requirements)/[\w./-]+|[A-Z_]+\.md)(?:::(\w+))?`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def text_of(name: str) -> str:
    """A document, by its path from the root."""
    return (BASE_DIR / name).read_text(encoding="utf-8")


def named(text: str) -> list[tuple[str, str]]:
    """Each path that the text names, with what of it; empty for the file itself."""
    return [(path, name or "") for path, name in NAMED.findall(text)]


def tests_in(text: str) -> list[str]:
    """The tests that the text names."""
    return [f"{path}::{name}" for path, name in named(text) if path.startswith("tests/") and name]


IMPORTED = re.compile(r"^\s*(?:import ([\w.]+)|from ([\w.]+) import ([\w, ]+|\())", re.MULTILINE)


def imports(folder: Path) -> dict[str, frozenset[str]]:
    """What each module below the folder imports, whole and by name, by the module's path from there."""
    return {str(file.relative_to(folder)): frozenset(_imported(file)) for file in sorted(folder.rglob("*.py"))}


def _imported(file: Path) -> Iterator[str]:
    for whole, source, names in IMPORTED.findall(file.read_text(encoding="utf-8")):
        yield whole or source
        yield from (f"{source}.{name.strip()}" for name in names.split(",") if source)


def rows(text: str, heads: tuple[str, ...]) -> Iterator[list[str]]:
    """The cells of the tables that have these column heads."""
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif tuple(cells) == heads:
            inside = True
        elif inside and not set(line) <= set("|-: "):
            yield cells


def missing(document: str) -> list[str]:
    """What the document names and links that is not there."""
    text = text_of(document)
    lost = [f"{path}::{name}" if name else path for path, name in named(text) if not _is_there(path, name)]
    folder = (BASE_DIR / document).parent
    return lost + [f"link to {link}" for link in LINK.findall(text) if not (folder / link).exists()]


def _is_there(path: str, name: str) -> bool:
    file = BASE_DIR / path
    if not name:
        return file.exists()
    return file.is_file() and name in _definitions(file)


@cache
def _definitions(file: Path) -> frozenset[str]:
    """Functions, classes and constants of a module, and what its classes define."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    inner = [one for node in body if isinstance(node, ast.ClassDef) for one in node.body]
    return frozenset(_names([*body, *inner]))


def _names(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name))
