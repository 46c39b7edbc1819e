"""Ended tasks into files and back. A file is on disk before a row is deleted: a crash leaves tasks twice at worst."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from rota.engine.archive import PutBack, TakeOut
from rota.engine.book import Book
from rota.model import bounds, check
from rota.model.commands.archive import (
    Archive,
    Archived,
    ArchivePage,
    ArchiveView,
    ListArchives,
    RestoreArchive,
    Restored,
)
from rota.model.errors import RotaError, invalid
from rota.model.ids import task_id
from rota.model.state import STATES
from rota.model.times import maybe_rfc3339, micros, rfc3339
from rota.operations.archive_file import Line, Writer, check_whole, read_lines
from rota.operations.tasks import page_cursor
from rota.store.protocol import Reader, Row, Store
from rota.store.sql import archive as sql
from rota.store.statement import Add, Each

Run = Callable[[Any], Any]
"""Runs one engine command and answers what it answers."""

MOST = 10_000_000
READ = 500
"""Tasks read from the tables at a time."""
TAKE_OUT = 1_000
"""Tasks deleted in one turn."""
PUT_BACK = 500
PUT_BACK_BYTES = 4_194_304
"""Tasks put back in one turn, and about how large they may be together."""


def make(store: Store, run: Run, request: Archive, now: int) -> Archived:
    """Write the file, then delete what stands in it, some at a time."""
    check.number(request.limit, "limit", 1, MOST)
    before = now - micros(request.older_than, "older_than")
    chosen = list(islice(_ended(store, before), request.limit))
    if not chosen:
        return Archived()
    writer = Writer(_folder(request.folder), now)
    try:
        for at in range(0, len(chosen), READ):
            for line in _lines(store, chosen[at : at + READ]):
                writer.add(line)
        path = writer.finish(chosen[0], chosen[-1])
    finally:
        writer.discard()
    taken = 0
    for at in range(0, len(chosen), TAKE_OUT):
        part = tuple(chosen[at : at + TAKE_OUT])
        taken += run(TakeOut(str(path), now, writer.count, chosen[0], chosen[-1], part))
    return Archived(file=str(path), tasks=taken, bytes=path.stat().st_size, more=len(chosen) == request.limit)


def restore(store: Store, run: Run, request: RestoreArchive, now: int) -> Restored:
    """Put the tasks of a file back, some at a time; nothing is put back from a file that is not whole."""
    del now
    name, path = _recorded(store, request.file)
    check_whole(path)
    answer = Restored(file=name)
    for part in _parts(read_lines(path)):
        put = int(run(_put_back(name, part, last=False)))
        answer.tasks += put
        answer.existing += len(part) - put
    run(_put_back(name, [], last=True))
    return answer


def listed(reader: Reader, book: Book, request: ListArchives, now: int) -> ArchivePage:
    """A page of archive files, oldest first."""
    del book, now
    check.number(request.limit, "limit", 1, bounds.PAGE)
    rows = reader.one(sql.ARCHIVES, *_after(request.cursor), request.limit + 1)
    page = rows[: request.limit]
    views = [
        ArchiveView(
            file=file, made=rfc3339(made), tasks=tasks, first=task_id(first), last=task_id(last),
            restored=maybe_rfc3339(restored),
        )
        for file, made, tasks, first, last, restored in page
    ]  # fmt: skip
    cursor = f"{page[-1][1]}:{page[-1][0]}" if len(rows) > request.limit else None
    return ArchivePage(archives=views, cursor=cursor)


def _ended(store: Store, before: int) -> Iterator[int]:
    """Tasks that ended before that moment and that nothing unfinished depends on, in order of number."""
    after = 0
    while True:
        with store.read() as reader:
            found = [number for (number,) in reader.one(sql.ENDED_TASKS, after, before, READ)]
            needed = {parent for (parent,) in reader.each(sql.STILL_NEEDED, [(number,) for number in found])}
        if not found:
            return
        yield from (number for number in found if number not in needed)
        after = found[-1]


def _lines(store: Store, numbers: list[int]) -> Iterator[Line]:
    with store.read() as reader:
        book = Book()
        book.refresh(reader)
        tasks = {row["id"]: row for row in _rows(reader, sql.WHOLE_TASKS, sql.PUT_TASK, numbers)}
        bodies = {row["task"]: row for row in _rows(reader, sql.WHOLE_BODIES, sql.PUT_BODY, numbers)}
        attempts = _grouped(_rows(reader, sql.WHOLE_ATTEMPTS, sql.PUT_ATTEMPT, numbers), "task")
        edges = _grouped(_rows(reader, sql.WHOLE_EDGES, sql.PUT_EDGE, numbers), "child")
        lines = [
            Line(
                named=_named(reader, book, tasks[number]),
                task=tasks[number],
                body=bodies[number],
                attempts=sorted(attempts.get(number, []), key=lambda row: int(row["number"])),
                after=sorted(edges.get(number, []), key=lambda row: int(row["parent"])),
            )
            for number in numbers
            if number in tasks
        ]
    yield from lines


def _rows(reader: Reader, statement: Each, like: Add, numbers: list[int]) -> list[dict[str, Any]]:
    found = reader.each(statement, [(number,) for number in numbers])
    return [dict(zip(like.columns, row, strict=True)) for row in found]


def _grouped(rows: list[dict[str, Any]], key: str) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def _named(reader: Reader, book: Book, row: dict[str, Any]) -> dict[str, Any]:
    agent = row["agent"]
    return {
        "id": task_id(row["id"]),
        "state": STATES[row["state"]],
        "queue": book.queues[row["queue"]].name,
        "tenant": book.tenant_name(reader, row["tenant"]),
        "agent": None if agent is None else book.agent_name(agent),
        "needs": book.needs_of(reader, row["shape"]),
        "finished": maybe_rfc3339(row["finished"]),
    }


def _put_back(file: str, lines: list[Line], *, last: bool) -> PutBack:
    return PutBack(
        file,
        [_row(sql.PUT_TASK, line.task) for line in lines],
        [_row(sql.PUT_BODY, line.body) for line in lines],
        [_row(sql.PUT_ATTEMPT, attempt) for line in lines for attempt in line.attempts],
        [_row(sql.PUT_EDGE, edge) for line in lines for edge in line.after],
        last,
    )


def _row(like: Add, values: dict[str, Any]) -> Row:
    try:
        known = {**sql.SINCE_1, **values} if like is sql.PUT_TASK else values
        return tuple(known[column] for column in like.columns)
    except KeyError as error:
        raise invalid("file", f"a task of it has no {error} of {like.table}") from None


def _parts(lines: Iterator[Line]) -> Iterator[list[Line]]:
    part: list[Line] = []
    size = 0
    for line in lines:
        part.append(line)
        size += len(msgspec.json.encode(line))
        if len(part) == PUT_BACK or size >= PUT_BACK_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _recorded(store: Store, file: str) -> tuple[str, Path]:
    """The name under which the database knows the file, and where it is: as given, else where it was made."""
    check.text(file, "file", bounds.REASON, empty=False)
    given = Path(file).expanduser().absolute()
    with store.read() as reader:
        if reader.one(sql.ARCHIVE, str(given)):
            return str(given), given
        for name in _all_names(reader):
            if Path(name).name == given.name:
                return name, given if given.exists() else Path(name)
    raise RotaError("no_archive", f"this database made no archive file {given.name}", field="file")


def _all_names(reader: Reader) -> Iterator[str]:
    made, file = -1, ""
    while rows := reader.one(sql.ARCHIVES, made, file, bounds.PAGE):
        yield from (row[0] for row in rows)
        file, made = rows[-1][0], rows[-1][1]


def _after(cursor: str | None) -> tuple[int, str]:
    if cursor is None:
        return -1, ""
    made, colon, file = cursor.partition(":")
    if not colon:
        raise invalid("cursor", "is not a cursor that a page answered")
    return page_cursor(made), check.text(file, "cursor", bounds.REASON)


def _folder(text: str) -> Path:
    check.text(text, "folder", bounds.REASON, empty=False)
    return Path(text).expanduser().absolute()
