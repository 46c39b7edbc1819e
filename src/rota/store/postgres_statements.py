"""Rota's statements on PostgreSQL: rows as arrays, and what is the same in all rows said once."""

from __future__ import annotations

from collections.abc import Sequence

from rota.store.postgres_arrays import array, scalar
from rota.store.postgres_session import Session
from rota.store.protocol import Row
from rota.store.statement import Add, Each, One

LEAST_SAME = 16
"""From this many rows on, columns that are the same in all rows are looked for."""
FORMS = 24
"""Texts kept for one statement, by which columns are the same; more would only fill the server's memory."""
CHUNK_ROWS = 2_000
CHUNK_BYTES = 64_000_000
"""What one statement may carry; larger sets are sent in parts."""
LOCKS = 0x526F7461
"""The first key of Rota's advisory locks ("Rota"); the second is the pool, or 0 for the schema."""

_HORIZON = b"SELECT pg_current_snapshot()::text, xid_base()"
_LOCK_POOL = b"SELECT pg_try_advisory_xact_lock(%d, $1::int)" % LOCKS
_HOLD = b"SELECT pg_advisory_xact_lock(%d, $1::int)" % (LOCKS + 1)
_SHARE = b"SELECT pg_advisory_xact_lock_shared(%d, $1::int)" % (LOCKS + 1)
_NEW_IDS = b"SELECT nextval('number') FROM generate_series(1, $1::int)"


class Forms:
    """The texts of one statement over rows."""

    def __init__(self, statement: Each | Add) -> None:
        self._statement = statement
        self.types = statement.types
        self.answers, self.writes = statement.answers, statement.writes
        # One column stays an array however much the rows are alike: it says how many there are.
        keys = statement.keys or {statement.names[0]}
        self.varies = [name in keys for name in statement.names]
        n = len(statement.names)
        self.of_one = statement.postgres([True] * n).encode()
        self.of_many = statement.postgres([False] * n).encode()
        self._by_same: dict[tuple[bool, ...], bytes] = {}

    def text(self, same: tuple[bool, ...]) -> bytes | None:
        """The text for rows in which these columns are the same; None when there are too many such texts already."""
        text = self._by_same.get(same)
        if text is None and len(self._by_same) < FORMS:
            text = self._by_same[same] = self._statement.postgres(same).encode()
        return text


class PostgresReader:
    """Sends statements to one session."""

    dialect = "postgres"

    def __init__(self, session: Session) -> None:
        self._session = session
        self.wrote = False
        """Whether anything may have been changed."""

    def one(self, statement: One, *values: object) -> list[Row]:
        """Run the statement once; its rows."""
        text, answers, writes = _one(statement)
        return self._run(text, [scalar(value) for value in values], answers, writes)

    def each(self, statement: Each, rows: Sequence[Row]) -> list[Row]:
        """Run the statement for every row; the rows of all of them."""
        found: list[Row] = []
        for part in _parts(rows):
            found += self._run_each(_forms(statement), part)
        return found

    def _run_each(self, forms: Forms, rows: Sequence[Row]) -> list[Row]:
        text, values = _written(forms, rows)
        if len(rows) > 1 and sum(map(len, filter(None, values))) > CHUNK_BYTES:
            half = len(rows) // 2
            return self._run_each(forms, rows[:half]) + self._run_each(forms, rows[half:])
        found = self._run(text, values, forms.answers, forms.writes)
        if len(rows) >= LEAST_SAME and not forms.answers:
            self._session.push()
        return found

    def _run(self, text: bytes, values: Sequence[bytes | None], answers: bool, writes: bool) -> list[Row]:
        if not answers:
            self.wrote |= writes
            self._session.send(text, values)
            return []
        found = self._session.ask(text, values)
        self.wrote |= writes and bool(found)
        return found


class PostgresTransaction(PostgresReader):
    """The write session inside a turn."""

    def add(self, statement: Add, rows: Sequence[Row]) -> None:
        """Insert the rows."""
        for part in _parts(rows):
            self._run_each(_forms(statement), part)

    def new_ids(self, n: int) -> list[int]:
        """`n` numbers never handed out before. A sequence never goes back, not even when the turn does."""
        return [number for (number,) in self._session.ask(_NEW_IDS, [b"%d" % n])]

    def lock_pool(self, pool: int) -> bool:
        """Take the right to plan this pool until the transaction ends."""
        return bool(self._session.ask(_LOCK_POOL, [b"%d" % pool])[0][0])

    def hold(self, what: int, *, shared: bool = False) -> None:
        """Let no other transaction hold this number; whoever reads next reads what the last holder committed."""
        self._session.send(_SHARE if shared else _HOLD, [b"%d" % what])

    def horizon(self) -> str | None:
        """Which transactions a read made now sees."""
        snapshot, base = self._session.ask(_HORIZON)[0]
        return str(snapshot) if base == 0 else _shifted(snapshot, base)


_ONES: dict[int, tuple[One, bytes, bool, bool]] = {}
_FORMS: dict[int, tuple[Each | Add, Forms]] = {}


# By identity: statements are constants, and hashing their text each time would cost more than the look-up saves.
def _one(statement: One) -> tuple[bytes, bool, bool]:
    known = _ONES.get(id(statement))
    if known is None:
        known = (statement, statement.postgres.encode(), statement.answers, statement.writes)
        _ONES[id(statement)] = known
    return known[1:]


def _forms(statement: Each | Add) -> Forms:
    known = _FORMS.get(id(statement))
    if known is None:
        known = _FORMS[id(statement)] = (statement, Forms(statement))
    return known[1]


def _shifted(snapshot: str, base: int) -> str:
    """A snapshot ("xmin:xmax:running,running") in the numbers that events have; see `schema`."""
    xmin, xmax, running = snapshot.split(":")
    shifted = ",".join(str(int(number) + base) for number in running.split(",") if number)
    return f"{int(xmin) + base}:{int(xmax) + base}:{shifted}"


def _parts(rows: Sequence[Row]) -> list[Sequence[Row]]:
    if len(rows) <= CHUNK_ROWS:
        return [rows] if rows else []
    return [rows[at : at + CHUNK_ROWS] for at in range(0, len(rows), CHUNK_ROWS)]


def _written(forms: Forms, rows: Sequence[Row]) -> tuple[bytes, list[bytes | None]]:
    """The text and its parameters, one for each column."""
    if len(rows) == 1:
        return forms.of_one, [scalar(value) for value in rows[0]]
    columns = list(zip(*rows, strict=True))
    if len(rows) >= LEAST_SAME:
        same = tuple(
            not varies and column.count(column[0]) == len(rows)
            for column, varies in zip(columns, forms.varies, strict=True)
        )
        text = forms.text(same)
        if text is not None:
            return text, [
                scalar(column[0]) if is_same else array(column, type_)
                for column, type_, is_same in zip(columns, forms.types, same, strict=True)
            ]
    return forms.of_many, [array(column, type_) for column, type_ in zip(columns, forms.types, strict=True)]
