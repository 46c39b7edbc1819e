"""What tasks touch: patterns of paths, each cut to the folder or file that it begins with.

Two tasks clash when the place of one is that of the other or lies inside it. `src/**` is the place `src`, and
`src/auth/*.py` is `src/auth`: cut short, a place is larger than its pattern, so what really clashes always does.
"""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import normalize

from rota.model.limit import TOUCHES

DEEPEST = 8
"""Folders of a place; what lies deeper counts as its eighth folder."""
LONGEST = 200
EVERYTHING = "."
_GLOB = frozenset("*?[{")


def place_of(pattern: str) -> str:
    """`src/auth/**/*.py` -> `src/auth`; `.` is everything."""
    parts: list[str] = []
    for part in normalize("NFC", pattern).split("/"):
        if _GLOB & set(part) or len(parts) == DEEPEST or sum(map(len, parts)) + len(part) > LONGEST:
            break
        if part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or EVERYTHING


def places_of(patterns: Iterable[str]) -> list[str]:
    """The places of these patterns, without those inside others."""
    found = sorted({place_of(pattern) for pattern in patterns})
    return [place for place in found if not any(other in above(place) for other in found)]


def place_under(folder: str, pattern: str) -> str:
    """The pattern as if the whole repository lay in a folder, whatever that is called."""
    plain = "".join("_" if char in _GLOB else char for char in folder.strip("/"))
    return f"{plain}/{pattern}"


def above(place: str) -> list[str]:
    """The folders that a place lies in: `src/auth` -> `.`, `src`."""
    if place == EVERYTHING:
        return []
    parts = place.split("/")
    return [EVERYTHING, *("/".join(parts[:n]) for n in range(1, len(parts)))]


def key_of(place: str) -> str:
    """What the key of a place is called."""
    return f"{TOUCHES}{place}"
