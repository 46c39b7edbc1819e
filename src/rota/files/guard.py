"""The guard in fleet.toml: when this machine is too busy to start more."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.files.place import Misfit
from rota.model.bounds import INT64

_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}

Size = Annotated[int, Meta(ge=0)] | str


class GuardTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """While this machine is busier than that, `rota run` starts no more; what runs goes on."""

    max_load: Annotated[
        Annotated[float, Meta(gt=0, le=1e6)] | None,
        Meta(description="The highest load of the last minute, as `uptime` shows it."),
    ] = None
    min_free_memory: Annotated[
        Size | None, Meta(description='The least memory that must be available: bytes, or `"2GB"`, `"500MB"`.')
    ] = None


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """The guard, checked. Memory in bytes."""

    max_load: float | None = None
    min_free_memory: int | None = None


def guard_of(table: GuardTable | None) -> Guard | None:
    """The guard that the table describes; a `Misfit` for a size that is none."""
    if table is None or (table.max_load is None and table.min_free_memory is None):
        return None
    memory = None if table.min_free_memory is None else _size(table.min_free_memory)
    return Guard(max_load=table.max_load, min_free_memory=memory)


def _size(value: int | str) -> int:
    path = ("guard", "min_free_memory")
    if isinstance(value, int):
        return value
    text = value.strip().lower().removesuffix("b").removesuffix("i")
    factor = _UNITS.get(text[-1:], 0)
    try:
        size = round(float(text[:-1].strip()) * factor) if factor else int(text)
    except (ValueError, OverflowError):
        raise Misfit(path, f"{value[:60]!r} is no size; write it as `2GB` or `500MB`") from None
    if not 0 <= size <= INT64:
        raise Misfit(path, f"{value[:60]!r} is no size of memory; write it as `2GB` or `500MB`")
    return size
