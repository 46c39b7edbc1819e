"""What an agent would be given, and what it is refused: by the same filters the plan uses."""

from __future__ import annotations

from rota.engine.agents_now import agents_now
from rota.engine.book import Book
from rota.model.commands.read import AgentExplanation, ExplainAgent, NextTask, RefusedWork
from rota.model.ids import task_id
from rota.model.priority import PRIORITIES
from rota.model.requirements import Requirements, text_of
from rota.model.times import rfc3339
from rota.operations.limits import capped, used_up
from rota.planning.for_now import Asked, standings
from rota.store.protocol import Reader
from rota.store.sql.waiting import DEPTHS, FIRST_OF_LANE

MOST = 1_000
_ANYTHING = Requirements()


def explain_agent(reader: Reader, book: Book, request: ExplainAgent, now: int) -> AgentExplanation:
    """The tasks that wait in its pool: the next it may take, in order, and the others with the reason."""
    agent = book.agent(request.agent)
    limit = min(max(request.limit, 1), MOST)
    found: list[tuple[int, int, int, int, int]] = []
    refused: list[RefusedWork] = []
    barred, running = None, 0
    for lane, n, _rows in reader.one(DEPTHS):
        if n <= 0 or (key := book.lane_key(reader, lane)).pool != agent.pool:
            continue
        needs = book.needs_of(reader, key.shape)
        agents = agents_now(reader, book, key.pool, now, [needs])
        capped(reader, book, agents, now)
        no = standings(agents, Asked(needs, key.band, key.tenant)).get(agent.id)
        shut = used_up(reader, book, lane, now)
        queue = book.queues[key.queue]
        if queue.paused:
            code, text = "paused", f"queue {queue.name} is paused"
        elif shut is not None:
            code, text = shut
        elif no is not None:
            code, text = no.code, no.text
        else:
            rows = reader.one(FIRST_OF_LANE, lane, limit)
            found += [(key.band, key.late, due, task, lane) for due, task in rows]
            continue
        refused.append(
            RefusedWork(
                priority=PRIORITIES[key.band],
                queue=queue.name,
                needs=text_of(needs),
                waiting=int(n),
                code=code,
                text=text,
            )
        )
    me = next((one for one in agents_now(reader, book, agent.pool, now, [_ANYTHING]) if one.id == agent.id), None)
    if me is not None:
        running = me.running
        barred = None if me.barred is None else f"{me.barred.code}: {me.barred.text}"
    following = [
        NextTask(
            task=task_id(task), priority=PRIORITIES[band], late=bool(late), due=None if late else rfc3339(max(due, 0))
        )
        for band, late, due, task, _lane in sorted(found)[:limit]
    ]
    return AgentExplanation(
        agent=agent.name, slots=agent.spec.slots, running=running, barred=barred, next=following, refused=refused
    )
