"""Texts as a database can hold them."""

from __future__ import annotations

from rota.model import check
from rota.model.errors import RotaError


def fits(value: object, most: int, *, empty: bool = True) -> bool:
    """Whether it can be held as it is."""
    try:
        check.text(value, "text", most, empty=empty)
    except RotaError:
        return False
    return True


def fitting(value: object, most: int, other: str = "") -> str:
    """The text, or as much of it as can be held; `other` where that is nothing. With an `other` it may not be empty."""
    if not isinstance(value, str):
        return other
    if fits(value, most, empty=not other):
        return value
    clean = value.encode(errors="replace").decode().replace("\0", "\ufffd")[:most]
    return clean if clean.strip() or not other else other
