"""Where in a file something is wrong: `fleet.toml:12 agent[1].slots`."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from rota.model.errors import RotaError
from rota.model.path import Path as Path
from rota.model.path import path_text as path_text
from rota.model.path import quoted as quoted

_SHOWN = 60
_PATH_SHOWN = 300
_MESSAGE_SHOWN = 800


class Caution(NamedTuple):
    """Something in a file that may be wrong: the line and field, and a sentence with the fix."""

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


class Misfit(Exception):
    """A value that cannot be taken: the path to it inside its document, why not, and the error code."""

    def __init__(self, path: Path, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.code = code

    def at(self, file: str, line: int | None = None) -> RotaError:
        """The same as an error of that line of that file."""
        return bad(file, self.message, line=line, path=path_text(self.path), code=self.code)


def bad(file: str, message: str, *, line: int | None = None, path: str = "", code: str = "invalid") -> RotaError:
    """An error at a line and a field of a file: one line of printable text, whatever is in the file."""
    where = shown(file) if line is None else f"{shown(file)}:{line}"
    field = f"{where} {_short(_printable(path), _PATH_SHOWN)}" if path else where
    return RotaError(code, _short(_printable(message), _MESSAGE_SHOWN), field=field)


def shown(file: str) -> str:
    """A file's name as it can be printed anywhere; `-` is the standard input."""
    return "stdin" if file == "-" else _printable(file)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-most // 2 :]}"


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'slots'?`, or nothing when no known name is near."""
    found = get_close_matches(word[:_SHOWN], list(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
