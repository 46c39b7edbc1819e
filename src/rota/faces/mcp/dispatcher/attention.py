"""What waits for a person or the dispatcher: results to review, questions, dead tasks, what stands still."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from rota.faces.mcp.fence import fenced, maybe_fenced
from rota.model.commands.limits import LimitPage, ListLimits
from rota.model.commands.read import AgentPage, ListAgents, ListQueues, ListTasks, QueuePage, TaskPage
from rota.model.state import State
from rota.model.task import TaskView
from rota.operations.distributor import Distributor

TOLD = 10
"""Things of one sort that are named."""

What = Literal["review", "asked", "dead", "held", "paused queue", "unwell agent", "used up limit"]


class Attention(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One thing to look at."""

    what: What
    name: str
    """The task, queue, agent or limit."""
    do: str
    title: str | None = None
    text: str | None = None


class _Sort(NamedTuple):
    what: What
    state: State
    do: str


_SORTS = (
    _Sort("review", "review", "approve_task or reject_task"),
    _Sort("asked", "asked", "answer"),
    _Sort("dead", "dead", "explain_task, then redrive or leave it"),
    _Sort("held", "held", "hold with release=true"),
)


def attention(distributor: Distributor, project: str | None = None) -> list[Attention]:
    """The most pressing first; at most ten of a sort."""
    found: list[Attention] = []
    for sort in _SORTS:
        page: TaskPage = distributor.call(ListTasks(state=sort.state, project=project, limit=TOLD, whole=True))
        found += [_task(sort, task) for task in reversed(page.tasks)]
    return found if project is not None else [*found, *_standing_still(distributor)]


def _task(sort: _Sort, task: TaskView) -> Attention:
    said = {"asked": (task.question, "question"), "review": (task.result, "result")}
    value, part = said.get(sort.what, (task.reason, "reason"))
    return Attention(
        what=sort.what,
        name=task.id,
        do=sort.do,
        title=fenced(task.title, f"{task.id} title"),
        text=maybe_fenced(value, f"{task.id} {part}"),
    )


def _standing_still(distributor: Distributor) -> list[Attention]:
    queues: QueuePage = distributor.call(ListQueues())
    agents: AgentPage = distributor.call(ListAgents())
    limits: LimitPage = distributor.call(ListLimits())
    paused = [
        Attention(
            what="paused queue",
            name=queue.name,
            do="hold with release=true",
            text=maybe_fenced(queue.reason, f"queue {queue.name} reason"),
        )
        for queue in queues.queues
        if queue.paused and queue.waiting
    ]
    unwell = [
        Attention(
            what="unwell agent",
            name=agent.name,
            do="drain it, or start it again",
            text=maybe_fenced(agent.reason, f"agent {agent.name} reason"),
        )
        for agent in agents.agents
        if agent.state == "active" and not agent.healthy and agent.running
    ]
    asked = [
        Attention(what="used up limit", name=use.key, do="ask a person to raise or reset it", text=f"asked {use.asked}")
        for limit in limits.limits
        for use in limit.uses
        if use.asked is not None
    ]
    parked = [
        Attention(what="used up limit", name=key, do="wait until it opens", text=f"opens {until}")
        for key, until in limits.parked.items()
    ]
    return [*paused[:TOLD], *unwell[:TOLD], *asked[:TOLD], *parked[:TOLD]]
