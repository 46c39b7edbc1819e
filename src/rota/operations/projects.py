"""Showing projects."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.engine.book import Book
from rota.engine.named import project_row
from rota.model import bounds, check, state
from rota.model.commands.read import GetProject, ListProjects, ProjectPage
from rota.model.ids import project_id
from rota.model.project import ProjectView
from rota.model.times import maybe_rfc3339, rfc3339
from rota.operations.tasks import page_cursor
from rota.store.protocol import Reader
from rota.store.sql import relations


def get(reader: Reader, book: Book, request: GetProject, now: int) -> ProjectView:
    """One project, by id or key, with its tasks counted by state."""
    del book, now
    return _view(reader, project_row(reader, request.project), counts=request.counts)


def listed(reader: Reader, book: Book, request: ListProjects, now: int) -> ProjectPage:
    """A page of projects, oldest first."""
    del book, now
    check.number(request.limit, "limit", 1, bounds.PAGE)
    rows = reader.one(relations.PROJECTS, page_cursor(request.cursor), request.limit + 1)
    page = rows[: request.limit]
    cursor = str(page[-1][0]) if len(rows) > request.limit else None
    return ProjectPage(projects=[_view(reader, row) for row in page], cursor=cursor)


def _view(reader: Reader, row: tuple[Any, ...], *, counts: bool = True) -> ProjectView:
    number, title, plan, key, created, finalized, payload = row
    rows = reader.one(relations.PROJECT_STATES, number) if counts else []
    states: dict[str, int] = {state.STATES[came_into]: n for came_into, n in rows}
    return ProjectView(
        id=project_id(number),
        title=title,
        state="open" if finalized is None else "finalized",
        created=rfc3339(created),
        plan=plan,
        key=key,
        finalized=maybe_rfc3339(finalized),
        payload=None if payload is None else msgspec.json.decode(payload),
        tasks=states,
    )
