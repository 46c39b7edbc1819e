"""The picture in words: the same on the screen and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rota.faces.cli.amounts import count, money, span
from rota.faces.cli.say import shown
from rota.faces.top.picture import AgentLine, Apart, Finish, Line, Picture, QueueLine, Wait, Work

WORK = ("AGENT", "STATE", "SLOTS", "DONE", "FAILED", "TASK", "FOR", "COST", "AT WORK ON")
QUEUES = ("QUEUE", "WAITING", "RUNNING", "ASIDE", "PAUSED")
APART = ("TASK", "STATE", "QUEUE", "TITLE", "REASON")
WAITS = ("TASKS", "QUEUE", "PRIORITY", "WHY THEY WAIT")
EVENTS = ("AT", "KIND", "STATE", "TASKS OR AGENT")

Cells = tuple[str, ...]


def head(picture: Picture) -> list[str]:
    """How much there is, and when it is likely to be done."""
    working = sum(agent.running for agent in picture.agents)
    slots = sum(agent.slots for agent in picture.agents if agent.state == "active")
    more = " and more" if picture.more_agents else ""
    agents = f"{count(len(picture.agents), 'agent')}{more}, {working:,} of {slots:,} slots at work"
    return [f"{agents}; {states(picture.states) or 'no tasks'}", finish(picture.finish)]


def states(by_state: Mapping[str, int]) -> str:
    """`156 ready, 8 running, 1 dead`."""
    return ", ".join(f"{n:,} {state}" for state, n in by_state.items() if n)


def finish(found: Finish) -> str:
    """When the backlog is likely to be done."""
    if found.seconds is None or not found.tasks:
        return f"{count(found.tasks, 'task')} to be done: {found.text}" if found.tasks else found.text
    each = found.per_second or 0.0
    pace = f"{each:.3g} a second" if each >= 1 else f"{each * 60:.3g} a minute"
    return f"{count(found.tasks, 'task')} to be done, likely in {span(found.seconds)} at {pace}"


def agent_rows(agent: AgentLine) -> list[tuple[str | None, Cells]]:
    """A row for each task in its hands, by task; one without when it has none."""
    front = (agent.name, _state(agent), f"{agent.running}/{agent.slots}", f"{agent.done:,}", f"{agent.failed:,}")
    if not agent.work:
        return [(None, _plain((*front, "", "", "", agent.barred or agent.reason or "")))]
    blank = (agent.name, "", "", "", "")
    return [(work.task, _plain((*(blank if at else front), *_work(work)))) for at, work in enumerate(agent.work)]


def _state(agent: AgentLine) -> str:
    """Who is given nothing shows why: `ejected`, `off_hours`, ..."""
    if agent.state != "active" or (agent.healthy and agent.barred is None):
        return agent.state
    code = (agent.barred or "unhealthy").partition(":")[0]
    return "silent" if code == "unhealthy" else code


def _work(work: Work) -> Cells:
    progress = "" if work.progress is None else f" ({work.progress:.0%})"
    since = "" if work.since_s is None else span(max(1.0, work.since_s))
    return work.task, since, "" if work.cost is None else money(work.cost), work.title + progress


def queue_row(queue: QueueLine) -> Cells:
    """A queue."""
    paused = (queue.reason or "yes") if queue.paused else ""
    return _plain((queue.name, f"{queue.waiting:,}", f"{queue.running:,}", states(queue.aside), paused))


def apart_row(apart: Apart) -> Cells:
    """A task that waits for a decision."""
    return _plain((apart.task, apart.state, apart.queue, apart.title, apart.reason))


def wait_row(wait: Wait) -> Cells:
    """A reason."""
    whom = f"{wait.agent}: " if wait.agent and wait.agent not in wait.text else ""
    return _plain((f"{wait.tasks:,}", wait.queue, wait.priority, whom + wait.text))


def event_row(event: Line) -> Cells:
    """Something that happened."""
    return _plain((event.at[11:19], event.kind, event.state or "", ", ".join(event.tasks) or event.agent or ""))


def _plain(cells: Iterable[str]) -> Cells:
    return tuple(" ".join(shown(cell).split()) for cell in cells)
