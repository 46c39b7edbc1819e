"""The syntax trees of the modules a task names."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from library import Source, sources
from protocol import BadTask


def found(name: str) -> list[Source]:
    """The sources of a module or package; a task that names none can never succeed."""
    files = sources(name)
    if not files:
        version = ".".join(map(str, sys.version_info[:3]))
        raise BadTask(f"the standard library of Python {version} has no module {name!r} written in Python")
    return files


def trees(name: str) -> Iterator[tuple[str, bytes, ast.Module]]:
    """Module name, source and tree of each module below `name`."""
    for source in found(name):
        code = source.read()
        try:
            yield source.module, code, ast.parse(code, source.module)
        except (SyntaxError, ValueError) as why:
            raise BadTask(f"{source.module} cannot be parsed: {why}") from why
