"""Colour on a terminal, and nowhere else."""

from __future__ import annotations

import os
import sys

_COLOURS = {
    "dead": "31", "running": "32", "review": "33", "asked": "33", "done": "2", "cancelled": "2", "expired": "2",
    "active": "32", "draining": "33",
}  # fmt: skip
"""What states look like: trouble red, work green, what waits for a person yellow, what is over faint."""


def has_colour() -> bool:
    """Whether the standard output is a terminal that may be painted (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(text: str, word: str) -> str:
    """The text as this word looks."""
    colour = _COLOURS.get(word)
    return text if colour is None else f"\x1b[{colour}m{text}\x1b[0m"
