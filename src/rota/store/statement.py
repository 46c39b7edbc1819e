"""Statements: SQL written once for both databases.

A `One` runs once with scalar parameters (`?`). An `Each` runs for a set of rows: its text speaks of the row as
`v.column`, and one of the marks `{using}`, `{from}`, `{comma}` stands where PostgreSQL names the set. Of two columns
that are compared the one to be looked up stands first: `task.id = aside.task` goes from `aside` to `task`. PostgreSQL
runs it once over `unnest` of column arrays; SQLite runs it row by row, prepared, where a statement costs about a
microsecond. An `Add` inserts rows in the same ways.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count

_ROW_COLUMN = re.compile(r"\bv\.(\w+)")
_MATCH = re.compile(r"\b(\w+\.\w+) = ((\w+)\.(\w+))\b")
_MARKS = re.compile(r"\s*\{(?:using|from|comma|lock)\}")


@dataclass(frozen=True, eq=False)
class One:
    """A statement with scalar parameters, `?` each."""

    name: str
    sql: str

    @cached_property
    def sqlite(self) -> str:
        """Its text for SQLite."""
        return _MARKS.sub("", self.sql)

    @property
    def postgres(self) -> str:
        """Its text for PostgreSQL."""
        place = count(1)
        text = _one_way(self.sql.replace("{lock}", "FOR UPDATE"))
        return re.sub(r"\?", lambda _: f"${next(place)}", text)

    @property
    def answers(self) -> bool:
        """Whether it answers rows."""
        return _reads(self.sql) or " RETURNING " in self.sql

    @property
    def writes(self) -> bool:
        """Whether it changes rows."""
        return not _reads(self.sql)


@dataclass(frozen=True, eq=False)
class Each:
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

    @cached_property
    def sqlite(self) -> str:
        """Its text for one row on SQLite: `v.column` is a numbered parameter."""
        place = {name: index + 1 for index, name in enumerate(self.names)}
        return _ROW_COLUMN.sub(lambda found: f"?{place[found[1]]}", _MARKS.sub("", self.sql))

    @property
    def keys(self) -> frozenset[str]:
        """The columns by which the rows of tables are found."""
        return frozenset(found[4] for found in _MATCH.finditer(self.sql) if found[3] == "v")

    def postgres(self, same: Sequence[bool]) -> str:
        """Its text for the whole set on PostgreSQL: an array for each column, a scalar where all rows are the same.

        Only for a single row may `keys` be the same.
        """
        rows = _rows(self.names, self.types, same)
        text = _one_way(self.sql)
        for mark, word in (("{using}", "USING "), ("{from}", "FROM "), ("{comma}", ", ")):
            text = text.replace(mark, word + rows)
        if "{lock}" in text:
            text = text.replace("{lock}", f"ORDER BY v.{self.names[0]} FOR UPDATE OF {self._table}")
        return text

    @property
    def answers(self) -> bool:
        """Whether it answers rows."""
        return _reads(self.sql) or " RETURNING " in self.sql

    @property
    def writes(self) -> bool:
        """Whether it changes rows."""
        return not _reads(self.sql)

    @property
    def _table(self) -> str:
        return self.sql.split(" FROM ", 1)[1].split("{", 1)[0].strip().split()[0]


@dataclass(frozen=True, eq=False)
class Add:
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
    def names(self) -> tuple[str, ...]:
        """The names of the row's columns."""
        return self.columns

    @property
    def keys(self) -> frozenset[str]:
        """An insert looks for nothing."""
        return frozenset()

    @cached_property
    def sqlite(self) -> str:
        """Its text for one row on SQLite."""
        places = ", ".join("?" * len(self.columns))
        return f'INSERT INTO "{self.table}" ({", ".join(self.columns)}) VALUES ({places}){self._skip}'

    def postgres(self, same: Sequence[bool]) -> str:
        """Its text for a set of rows on PostgreSQL; see `Each.postgres`."""
        values = ", ".join(f"v.{name}" for name in self.columns)
        rows = _rows(self.columns, self.types, same)
        return f'INSERT INTO "{self.table}" ({", ".join(self.columns)}) SELECT {values} FROM {rows}{self._skip}'

    @property
    def answers(self) -> bool:
        """An insert answers no rows."""
        return False

    @property
    def writes(self) -> bool:
        """An insert changes rows."""
        return True

    @property
    def _skip(self) -> str:
        return " ON CONFLICT DO NOTHING" if self.ignore else ""


def add(table: str, columns: str, *, ignore: bool = False) -> Add:
    """An `Add` from "task bigint, agent bigint"."""
    parts = [part.strip().split(maxsplit=1) for part in columns.split(",")]
    return Add(table, tuple(name for name, _ in parts), tuple(type_ for _, type_ in parts), ignore)


def _reads(sql: str) -> bool:
    return sql.startswith(("SELECT ", "WITH RECURSIVE "))


def _one_way(sql: str) -> str:
    """The text with each match `here.column = there.column` written as `here.column = ANY(ARRAY[there.column])`.

    It means the same, but PostgreSQL can use it one way only: from `there` into an index of `here`, never by going
    through all of an index of `here`. With equalities the planner turned that round when it believed tables to be empty
    (as `ready` is at times), and read all of them: 40,000 rows for 50. A lateral subquery can not be turned round, and
    its order needs the equality.
    """
    return sql if " LATERAL " in sql else _MATCH.sub(r"\1 = ANY(ARRAY[\2])", sql)


def _rows(names: Sequence[str], types: Sequence[str], same: Sequence[bool]) -> str:
    """The set `v`; the column at place n is parameter n."""
    scalars = [f"${place}::{type_}" for place, type_ in enumerate(types, 1)]
    varying = [index for index, is_same in enumerate(same) if not is_same]
    arrays = ", ".join(f"{scalars[index]}[]" for index in varying)
    if len(varying) == len(names):
        return f"unnest({arrays}) AS v({', '.join(names)})"
    values = ", ".join(
        f"{scalar} AS {name}" if is_same else f"u.{name}"
        for name, scalar, is_same in zip(names, scalars, same, strict=True)
    )
    if not varying:
        return f"(SELECT {values}) AS v"
    return f"(SELECT {values} FROM unnest({arrays}) AS u({', '.join(names[index] for index in varying)})) AS v"
