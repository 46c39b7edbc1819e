"""Whether the module of a Python function is there, found as its process will find it, without importing it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec


def missing(module: str, folder: str, env: Mapping[str, str]) -> str | None:
    """The first part of a dotted name that there is not; None when all of it is there, or cannot be told."""
    first, *rest = module.split(".")
    own = [os.path.join(folder, part) for part in env.get("PYTHONPATH", "").split(os.pathsep) if part]
    name = first
    found = PathFinder.find_spec(first, [folder, *own, *(place for place in sys.path if place)])
    if found is None:
        # Built in, or found by a hook such as that of an editable installation. A top level is not imported by it.
        found = _hooked(first)
    for part in rest:
        if found is None or found.submodule_search_locations is None:
            break
        name = f"{name}.{part}"
        found = PathFinder.find_spec(name, [*found.submodule_search_locations])
    return name if found is None else None


def _hooked(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name)
    except (ImportError, ValueError):
        return None
