"""Statements: SQL written once for both databases.

A `One` runs once with scalar parameters (`?`). An `Each` runs for a set of rows: its text speaks of the row as
`v.column`, and one of the marks `{using}`, `{from}`, `{comma}` stands where PostgreSQL names the set. PostgreSQL
runs it once over `unnest` of column arrays; SQLite runs it row by row, prepared, where a statement costs about a
microsecond. An `Add` inserts rows: COPY on PostgreSQL, prepared inserts on SQLite.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ROW_COLUMN = re.compile(r"\bv\.(\w+)")
_MARKS = re.compile(r"\s*\{(?:using|from|comma|lock)\}")


class One(NamedTuple):
    """A statement with scalar parameters, `?` each."""

    name: str
    sql: str

    @property
    def sqlite(self) -> str:
        """Its text for SQLite."""
        return _MARKS.sub("", self.sql)

    @property
    def postgres(self) -> str:
        """Its text for PostgreSQL."""
        return self.sql.replace("{lock}", "FOR UPDATE").replace("%", "%%").replace("?", "%s")


class Each(NamedTuple):
    """A statement over a set of rows with `columns`: "task bigint, token bigint"."""

    name: str
    columns: str
    sql: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the row's columns."""
        return tuple(part.split()[0] for part in self.columns.split(","))

    @property
    def types(self) -> tuple[str, ...]:
        """The PostgreSQL types of the row's columns."""
        return tuple(part.split(maxsplit=1)[1] for part in self.columns.split(", "))

    @property
    def sqlite(self) -> str:
        """Its text for one row on SQLite: `v.column` is a numbered parameter."""
        place = {name: index + 1 for index, name in enumerate(self.names)}
        return _ROW_COLUMN.sub(lambda found: f"?{place[found[1]]}", _MARKS.sub("", self.sql))

    @property
    def postgres(self) -> str:
        """Its text for the whole set on PostgreSQL: one array parameter a column."""
        arrays = ", ".join(f"%s::{type_}[]" for type_ in self.types)
        rows = f"unnest({arrays}) AS v({', '.join(self.names)})"
        text = self.sql.replace("%", "%%")
        for mark, word in (("{using}", "USING "), ("{from}", "FROM "), ("{comma}", ", ")):
            text = text.replace(mark, word + rows)
        return text.replace("{lock}", f"ORDER BY v.{self.names[0]} FOR UPDATE OF {self._table}")

    @property
    def _table(self) -> str:
        return self.sql.split(" FROM ", 1)[1].split("{", 1)[0].strip().split()[0]


class Add(NamedTuple):
    """An insert of rows; `ignore` skips rows whose key is there already."""

    table: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    ignore: bool = False

    @property
    def name(self) -> str:
        """What the statement is called in messages."""
        return f"add_{self.table}"

    @property
    def sqlite(self) -> str:
        """Its text for one row on SQLite."""
        places = ", ".join("?" * len(self.columns))
        skip = " ON CONFLICT DO NOTHING" if self.ignore else ""
        return f'INSERT INTO "{self.table}" ({", ".join(self.columns)}) VALUES ({places}){skip}'

    @property
    def postgres(self) -> str:
        """Its text for a set of rows on PostgreSQL."""
        arrays = ", ".join(f"%s::{type_}[]" for type_ in self.types)
        skip = " ON CONFLICT DO NOTHING" if self.ignore else ""
        return f'INSERT INTO "{self.table}" ({", ".join(self.columns)}) SELECT * FROM unnest({arrays}){skip}'

    @property
    def copy(self) -> str:
        """Its text as a COPY on PostgreSQL."""
        return f'COPY "{self.table}" ({", ".join(self.columns)}) FROM STDIN'


def add(table: str, columns: str, *, ignore: bool = False) -> Add:
    """An `Add` from "task bigint, agent bigint"."""
    parts = [part.strip().split(maxsplit=1) for part in columns.split(",")]
    return Add(table, tuple(name for name, _ in parts), tuple(type_ for _, type_ in parts), ignore)
