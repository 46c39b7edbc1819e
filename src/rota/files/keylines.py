"""On which line each key of a TOML text stands.

The standard library's parser checks the text but forgets where things were; this scanner finds the lines.
It is only ever given text that the parser took, so it looks for keys and skips values, and checks nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

from rota.files.place import Path

_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


def key_lines(text: str) -> dict[Path, int]:
    """The line, from 1, of every table, key and list element of a valid TOML text."""
    return _Scanner(text.replace("\r\n", "\n")).lines


def line_of(found: Mapping[Path, int], path: Path) -> int | None:
    """The line of a path, or of the nearest thing around it that has one; None for the whole document."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path)


class _Scanner:
    """Walks the text once. `lines` is what it found; `at` the place it has come to."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.counted = 0
        self.lines: dict[Path, int] = {}
        self.sizes: dict[Path, int] = {}
        table: Path = ()
        while self._gap() < len(text):
            if text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        path: Path = ()
        keys = self._keys()
        for key in keys[:-1]:
            self._mark((*path, key))
            path = self._inside((*path, key))
        path = (*path, keys[-1])
        if array:
            self._mark(path)
            self.sizes[path] = self.sizes.get(path, 0) + 1
            path = self._inside(path)
        self._mark(path)
        self.at += 2 if array else 1
        return path

    def _inside(self, path: Path) -> Path:
        """A name that stands for an array of tables means its last table."""
        size = self.sizes.get(path)
        return path if size is None else (*path, size - 1)

    def _pair(self, table: Path) -> None:
        path = table
        for key in self._keys():
            path = (*path, key)
            self._mark(path)
        self.at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            bare = _BARE_KEY.match(self.text, self.at)
            keys.append(bare.group() if bare else self._quoted_key())
            self.at = bare.end() if bare else self.at
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def _quoted_key(self) -> str:
        start = self.at
        self._skip(_STRING)
        return str(tomllib.loads(f"k = {self.text[start : self.at]}")["k"])

    def _value(self, path: Path) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self._list(path)
        elif opening == "{":
            self._inline_table(path)
        elif opening in "\"'":
            self._skip(_STRING)
        else:
            self._skip(_SCALAR)

    def _list(self, path: Path) -> None:
        self.at += 1
        index = 0
        while not self.text.startswith("]", self._gap()):
            self._mark((*path, index))
            self._value((*path, index))
            index += 1
            if self.text.startswith(",", self._gap()):
                self.at += 1
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while not self.text.startswith("}", self._gap()):
            self._pair(path)
            if self.text.startswith(",", self._gap()):
                self.at += 1
        self.at += 1

    def _gap(self) -> int:
        """Skip white space, line ends and comments; where that leads."""
        self._skip(_GAP)
        return self.at

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at + 1  # a step, so that no text can make this stand still

    def _mark(self, path: Path) -> None:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        self.lines.setdefault(path, self.line)
