"""Makes what a process wrote fit to be stored and shown: no colours, no control characters, not too long."""

from __future__ import annotations

import re

_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor moves
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles, links and other strings
    r"|\x1b[ -/]*[0-~]"  # everything shorter
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """For errors: no ANSI, no control characters; of a line redrawn with returns only the last state."""
    lines = _ANSI.sub("", text).split("\n")
    return _CONTROL.sub("", "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines))


def readable(text: str) -> str:
    """For answers: no ANSI, plain newlines, U+FFFD for control characters; nothing else is lost."""
    text = _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("\ufffd", text)


def last_lines(text: str, characters: int) -> str:
    """The last whole lines that fit; of a single line too long, its end. Blank lines around are dropped."""
    text = text.strip("\n \t")
    if len(text) <= characters:
        return text
    kept = text[len(text) - max(0, characters - 2) :]
    _, newline, whole = kept.partition("\n")
    return "… " + (whole if newline and whole.strip() else kept).lstrip("\n")


def first_part(text: str, characters: int) -> str:
    """The beginning, marked as cut if it is."""
    return text if len(text) <= characters else text[: characters - 1] + "…"
