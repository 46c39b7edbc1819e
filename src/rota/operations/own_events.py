"""Events as those see them who see one tenant alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from rota.model import bounds
from rota.model.commands.read import EventPage, ListEvents
from rota.model.event import EventView, MoveView
from rota.model.ids import task_number
from rota.operations.distributor import Distributor
from rota.operations.own_tasks import own_numbers

PLAN = "plan"
LOOKS = 200
"""Pages of everybody's events that are looked through for one page of a tenant's own."""


def own_events(distributor: Distributor, tenant: str, events: Sequence[EventView]) -> list[EventView]:
    """Those about tasks of the tenant. Of one that is about others too, only what it says of these is left."""
    named = {task for event in events for task in event.tasks}
    own = own_numbers(distributor, tenant, named)
    return [shown for event in events if (shown := _own(event, own)) is not None]


def own_page(distributor: Distributor, tenant: str, request: ListEvents) -> EventPage:
    """A whole page of those events: how many of others there are between them is nobody's business."""
    found: list[EventView] = []
    asked = replace(request, limit=bounds.PAGE)
    for _ in range(LOOKS):
        page: EventPage = distributor.call(asked)
        found += own_events(distributor, tenant, page.events)
        if len(found) >= request.limit:
            found = found[: request.limit]
            return EventPage(events=found, cursor=found[-1].seq)
        asked = replace(asked, cursor=page.cursor, since=None)
        if len(page.events) < bounds.PAGE:
            break
    return EventPage(events=found, cursor=asked.cursor or "0")


def own_data(event: EventView) -> dict[str, Any]:
    """What is said of an event that is about the tenant's tasks alone. A plan says of all lanes why they wait."""
    return {} if event.kind == PLAN else event.data


def _own(event: EventView, own: frozenset[int]) -> EventView | None:
    tasks = [task for task in event.tasks if task_number(task) in own]
    if not tasks:
        return None
    moves = [one for move in event.moves for one in _own_moves(move, own)]
    if len(tasks) == len(event.tasks):
        return EventView(
            seq=event.seq,
            at=event.at,
            kind=event.kind,
            tasks=tasks,
            state=event.state,
            moves=moves,
            data=own_data(event),
        )
    return EventView(seq=event.seq, at=event.at, kind=event.kind, tasks=tasks, state=event.state, moves=moves)


def _own_moves(move: MoveView, own: frozenset[int]) -> list[MoveView]:
    first, last = task_number(move.first), task_number(move.last)
    found = sorted(number for number in own if first <= number <= last)
    if len(found) == last - first + 1:
        return [move]
    return [
        MoveView(
            first=f"task-{number}", last=f"task-{number}", to=move.to, agent=move.agent, slot=move.slot,
            attempt=move.attempt,
        )
        for number in found
    ]  # fmt: skip
