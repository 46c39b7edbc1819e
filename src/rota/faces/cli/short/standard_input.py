"""The standard input, where a command reads it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rota.model.errors import invalid


def lines() -> Iterator[str]:
    """Its lines without the blanks around them; empty ones are left out. Refused where it is no UTF-8 text."""
    if sys.stdin is None:
        raise invalid("-", "there is no standard input")
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            text = line.decode().strip()
        except UnicodeDecodeError:
            raise invalid("-", f"line {number} of the standard input is no UTF-8 text") from None
        if text:
            yield text


def whole() -> str:
    """All of it. Raises `ValueError` where it is no UTF-8 text."""
    try:
        return "" if sys.stdin is None else sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise ValueError("is no UTF-8 text") from None
