"""The way from the top of a document to one value in it, and how it is shown: `tasks[2].payload`."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""Keys and indexes from the top of a document down to one value."""

_BARE = re.compile(r"[A-Za-z0-9_-]{1,60}")
_SHOWN = 60


def path_text(path: Path) -> str:
    """`("agent", 1, "cost")` -> `agent[1].cost`; a key that is not a plain word is quoted."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if _BARE.fullmatch(part) else f"[{quoted(part)}]"
    return text.removeprefix(".")


def quoted(text: str) -> str:
    """What the user wrote, in quotes, unprintable characters escaped, cut to one glance."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."
