"""The rows on their way, and whether all of them arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from rota.model.errors import RotaError
from rota.store.migrate import VERSION_KEY
from rota.store.move.checksum import Checksum
from rota.store.move.ends import Columns, Source, Tables, Target
from rota.store.move.mark import CAME, WENT
from rota.store.protocol import Row
from rota.store.sqlite import NEXT_ID

Progress = Callable[[int, int], None]
"""Told now and then how many rows of how many were carried or compared."""
Change = Callable[[Row], Row | None]
"""What becomes of a row on its way; None = it is left out."""

OWN = frozenset({VERSION_KEY, NEXT_ID, WENT, CAME})
"""Rows of `meta` that each database has for itself."""


class Carried(msgspec.Struct):
    """One table: its rows, and a checksum of them in any order. Both ends have the same."""

    table: str
    rows: int
    checksum: str


def carry(source: Source, target: Target, progress: Progress) -> list[Carried]:
    """Fill the target, then read it again and compare. Refused when the two have not the same tables."""
    tables = _same(source, target)
    counted = _Counted(progress, 2 * sum(source.count(table) for table in tables))
    last = source.last_transaction()
    # Events that were written before transactions had numbers: before all that have one, or after all of them.
    number = 0 if last is None else last + 1
    sums = {}
    for table, columns in tables.items():
        sums[table] = Checksum()
        change = _change(table, columns, number if target.numbers_transactions else None)
        target.fill(table, columns, _read(source, table, columns, sums[table], change, counted))
    target.go_on(source.next_numbers(), number)
    return [_compared(target, table, columns, sums[table], counted) for table, columns in tables.items()]


def _same(source: Source, target: Target) -> Columns:
    """The tables, with their columns in one order for both."""
    here, there = source.tables(), target.tables()
    for table in sorted({*here, *there}):
        if sorted(here.get(table, ())) != sorted(there.get(table, ())):
            message = f"the table {table!r} of {source.name} is not one that this version of Rota makes"
            raise RotaError("corrupt_database", message)
    return {table: there[table] for table in sorted(there)}


def _change(table: str, columns: Sequence[str], number: int | None) -> Change:
    if table == "meta":
        key = columns.index("key")
        return lambda row: None if row[key] in OWN else row
    if table == "event" and number is not None:
        xid = columns.index("xid")
        return lambda row: row if row[xid] is not None else (*row[:xid], number, *row[xid + 1 :])
    return lambda row: row


def _read(
    end: Tables, table: str, columns: Sequence[str], found: Checksum, change: Change, counted: _Counted
) -> Iterator[list[Row]]:
    for batch in end.rows(table, columns):
        rows = [changed for row in batch if (changed := change(row)) is not None]
        found.add(rows)
        yield rows
        counted.more(len(batch))


def _compared(target: Target, table: str, columns: Sequence[str], sent: Checksum, counted: _Counted) -> Carried:
    found = Checksum()
    for _rows in _read(target, table, columns, found, _change(table, columns, None), counted):
        pass
    if (found.rows, found.text) != (sent.rows, sent.text):
        message = f"of the {sent.rows:,} rows of {table}, {target.name} gives back {found.rows:,}, or others"
        raise RotaError("corrupt_database", message)
    return Carried(table=table, rows=found.rows, checksum=found.text)


class _Counted:
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def more(self, rows: int) -> None:
        self._done += rows
        self._progress(self._done, self._total)
