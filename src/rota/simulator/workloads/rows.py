"""Rows of trace files: CSV and JSON Lines, gz or not. Columns nobody asked for are ignored; errors name the line."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

import msgspec

from rota.files.place import bad, quoted
from rota.files.reading import lines, open_file, unreadable
from rota.model.errors import RotaError

GZIP = b"\x1f\x8b"
MOST = 1e12
"""The largest number that a trace may hold."""


class Row(NamedTuple):
    """One row: its line, and its cells by column. An empty cell is not there."""

    file: str
    line: int
    cells: Mapping[str, Any]

    def number(self, column: str, *, least: float = 0.0, default: float | None = None) -> float:
        """A number of at least `least`."""
        value = self.cells.get(column)
        if value is None:
            if default is not None:
                return default
            raise self.wrong(column, "this cell is empty; it must be a number")
        try:
            found = float(value)
        except (TypeError, ValueError, OverflowError):
            raise self.wrong(column, f"{quoted(str(value))} is not a number") from None
        if not least <= found <= MOST:
            raise self.wrong(column, f"{quoted(str(value))} is not between {least:g} and {MOST:g}")
        return found

    def text(self, column: str, default: str) -> str:
        """A text; `default` when it is not there."""
        value = self.cells.get(column)
        return default if value is None else str(value)

    def wrong(self, column: str, message: str) -> RotaError:
        """An error about one cell."""
        return bad(self.file, message, line=self.line, path=column)


def numbered_lines(file: str) -> Iterator[tuple[int, str]]:
    """The lines of a text file, numbered from 1; unpacked when it is gz."""
    with open_file(file) as raw:
        if not raw.seekable():
            raise bad(file, "a workload is read twice, and this can be read only once; save it as a file first")
        packed = raw.read(2) == GZIP
        raw.seek(0)
        if not packed:
            yield from lines(raw, file)
            return
        with gzip.GzipFile(fileobj=raw) as stream:
            yield from _unpacked(stream, file)


def _unpacked(stream: gzip.GzipFile, file: str) -> Iterator[tuple[int, str]]:
    unpacked: IO[bytes] = stream  # type: ignore[assignment]
    try:
        yield from lines(unpacked, file)
    except (EOFError, zlib.error) as error:
        raise bad(file, f"this gz file is damaged or cut short: {error}") from None
    except OSError as error:
        raise unreadable(file, error) from None


def csv_rows(file: str, needed: Sequence[str]) -> Iterator[Row]:
    """The rows of a CSV file whose first row names the columns, `needed` among them."""
    reader = csv.reader((text for _, text in numbered_lines(file)), strict=True)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise bad(file, f"this row is not CSV: {error}", line=line) from None
        if cells is None:
            break
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = _header(cells, needed, file, line)
            continue
        if len(cells) != len(header):
            raise bad(file, f"this row has {len(cells)} cells, the first row has {len(header)}", line=line)
        found = {name: text for name, cell in zip(header, cells, strict=True) if (text := cell.strip())}
        yield Row(file, line, found)
    if header is None:
        raise bad(file, f"this file is empty; its first row must name the columns {', '.join(needed)}")


def csv_columns(file: str) -> tuple[str, ...]:
    """The columns that a CSV file's first row names; none when the file is empty."""
    for _line, text in numbered_lines(file):
        if text.strip():
            return tuple(cell.strip() for cell in next(csv.reader([text])))
    return ()


def _header(cells: list[str], needed: Sequence[str], file: str, line: int) -> list[str]:
    names = [cell.strip() for cell in cells]
    for name in needed:
        if name not in names:
            raise bad(file, f"there is no column {name}; the first row must name {', '.join(needed)}", line=line)
        if names.count(name) > 1:
            raise bad(file, f"there are two columns {name}; remove one", line=line)
    return names


def json_rows(file: str) -> Iterator[Row]:
    """The objects of a JSON Lines file; empty lines and lines that begin with # are skipped."""
    for number, text in numbered_lines(file):
        if not text.strip() or text.startswith("#"):
            continue
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise bad(file, f"this is not a JSON object on one line: {error}", line=number) from None
        except RecursionError:
            raise bad(file, "this is nested too deep; flatten it", line=number) from None
        if not isinstance(value, dict):
            raise bad(file, "this is not a JSON object; each line must be one", line=number)
        yield Row(file, number, {key: cell for key, cell in value.items() if cell is not None})


class Order:
    """Sees to it that rows come in order of time."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def next(self, row: Row, column: str, at_s: float) -> float:
        """The moment itself; refused when an earlier row was later."""
        if at_s < self._last:
            raise row.wrong(column, f"{at_s:g} is before {self._last:g} of an earlier row; sort the file by {column}")
        self._last = at_s
        return at_s
