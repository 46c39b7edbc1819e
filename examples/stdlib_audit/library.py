"""The standard library of the running Python, as source files. Test suites are left out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import NamedTuple

HOME = os.path.dirname(os.path.realpath(os.__file__))
LEFT_OUT = frozenset({"test", "tests", "idle_test", "site-packages", "__pycache__"})


class Source(NamedTuple):
    """One module with its file."""

    module: str
    path: str

    def read(self) -> bytes:
        """The source as it lies on disk."""
        with open(self.path, "rb") as file:
            return file.read()


def top_level() -> list[str]:
    """Every top-level module and package that is written in Python, sorted."""
    return sorted(name for name in sys.stdlib_module_names if name not in LEFT_OUT and sources(name))


def is_package(name: str) -> bool:
    """Whether `name` is a folder of modules rather than one file."""
    return os.path.isfile(os.path.join(HOME, name, "__init__.py"))


def sources(name: str) -> list[Source]:
    """The module called `name`, or every module of the package; empty when there is no such thing."""
    if is_package(name):
        return sorted(_modules_below(name))
    path = os.path.join(HOME, f"{name}.py")
    return [Source(name, path)] if os.path.isfile(path) else []


def _modules_below(package: str) -> Iterator[Source]:
    for folder, inner, files in os.walk(os.path.join(HOME, package)):
        inner[:] = [name for name in inner if name not in LEFT_OUT]
        prefix = os.path.relpath(folder, HOME).replace(os.sep, ".")
        for file in files:
            if file.endswith(".py"):
                module = f"{prefix}.{file[:-3]}".removesuffix(".__init__")
                yield Source(module, os.path.join(folder, file))
