"""What an agent would be given, and what it is refused: by the same filters the plan uses."""

from __future__ import annotations

from itertools import islice

from rota.engine.agents_now import agents_now
from rota.engine.book import Book
from rota.model import bounds, check
from rota.model.commands.read import AgentExplanation, ExplainAgent, NextTask, RefusedWork
from rota.model.ids import task_id
from rota.model.priority import BANDS, PRIORITIES
from rota.model.requirements import text_of
from rota.model.times import rfc3339
from rota.operations.agents import said
from rota.operations.explain import is_in_turn
from rota.operations.lanes import Waiting, barred, lanes_of
from rota.operations.limits import capped
from rota.operations.line_before import draw
from rota.planning.for_now import Asked, standings
from rota.planning.snapshot import Agent, Head, Lane
from rota.planning.turns import in_turn
from rota.store.protocol import Reader


def explain_agent(reader: Reader, book: Book, request: ExplainAgent, now: int) -> AgentExplanation:
    """The tasks that wait in its pool: the next it may take, in order, and the others with the reason."""
    check.number(request.limit, "limit", 1, bounds.PAGE)
    known = book.agent(request.agent)
    lanes = lanes_of(reader, book, known.pool)
    if request.above is not None:
        lanes = [one for one in lanes if one.key.band < BANDS[request.above]]
        if not lanes:
            # Asked with every task that is given by name: it must cost next to nothing.
            return AgentExplanation(
                agent=known.name, slots=known.spec.slots, running=0, barred=None, next=[], refused=[]
            )
    agents = agents_now(reader, book, known.pool, now, [book.needs_of(reader, one.key.shape) for one in lanes])
    capped(reader, book, agents, now)
    me = next(agent for agent in agents if agent.id == known.id)
    may: list[Waiting] = []
    refused: list[RefusedWork] = []
    for waiting in lanes:
        why = _why_not(reader, book, waiting, agents, me, now)
        if why is not None:
            refused.append(_refused(reader, book, waiting, *why))
        else:
            may.append(waiting)
    drawn = draw(reader, book, may, request.limit, dict.fromkeys((one.lane for one in may), ()), {})
    return AgentExplanation(
        agent=known.name,
        slots=known.spec.slots,
        running=me.running,
        barred=said(me.barred),
        next=[_next(lane, head) for lane, head in islice(in_turn(drawn), request.limit)],
        refused=refused,
    )


def _why_not(
    reader: Reader, book: Book, waiting: Waiting, agents: list[Agent], me: Agent, now: int
) -> tuple[str, str] | None:
    """Why the agent gets none of the lane, even when it has room; None when it may."""
    key = waiting.key
    needs = book.needs_of(reader, key.shape)
    shut = barred(reader, book, waiting.lane, now)
    if shut is not None:
        return shut.code, shut.text
    no = standings(agents, Asked(needs, key.band, key.tenant))[me.id]
    return None if no is None or is_in_turn(no) else (no.code, no.text)


def _refused(reader: Reader, book: Book, waiting: Waiting, code: str, text: str) -> RefusedWork:
    key = waiting.key
    return RefusedWork(
        priority=PRIORITIES[key.band],
        queue=book.queues[key.queue].name,
        needs=text_of(book.needs_of(reader, key.shape)),
        waiting=waiting.tasks,
        code=code,
        text=text,
    )


def _next(lane: Lane, head: Head) -> NextTask:
    at = None if lane.late else rfc3339(max(head.due, 0))
    return NextTask(task=task_id(head.task), priority=PRIORITIES[lane.band], late=lane.late, due=at)
