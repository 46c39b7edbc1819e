"""What the keys of the screen do: one operation each, on what is chosen."""

from __future__ import annotations

from typing import Any, NamedTuple

from rota.faces.top.picture import AgentLine, Apart, QueueLine, Work


class Deed(NamedTuple):
    """An operation, what is asked before it is done, and what is said after."""

    operation: str
    arguments: dict[str, Any]
    question: str
    done: str


def pause(queue: QueueLine) -> Deed:
    """Pause a queue, or end its pause."""
    if queue.paused:
        question = f"Resume queue {queue.name}? {queue.waiting:,} tasks of it wait."
        return Deed("resume_queue", {"queue": queue.name}, question, f"queue {queue.name} goes on")
    question = f"Pause queue {queue.name}? Nothing of it is given out then; what runs goes on."
    return Deed("pause_queue", {"queue": queue.name, "reason": "paused in rota top"}, question,
                f"queue {queue.name} is paused")  # fmt: skip


def drain(agent: AgentLine) -> Deed:
    """Give an agent nothing new, or again."""
    if agent.state == "draining":
        question = f"Let agent {agent.name} have tasks again?"
        return Deed("resume_agent", {"agent": agent.name}, question, f"agent {agent.name} gets tasks again")
    question = f"Drain agent {agent.name}? It finishes what it has and gets nothing new."
    return Deed("drain_agent", {"agent": agent.name, "reason": "drained in rota top"}, question,
                f"agent {agent.name} is being drained")  # fmt: skip


def cancel(task: Work | Apart) -> Deed:
    """Cancel a task."""
    grace = " Its agent is asked to stop." if isinstance(task, Work) else ""
    question = f"Cancel {task.task}, {task.title!r}?{grace}"
    return Deed("cancel", {"tasks": [task.task], "reason": "cancelled in rota top"}, question,
                f"{task.task} is cancelled")  # fmt: skip


def redrive(task: Apart) -> Deed | None:
    """Give a dead task a new life; None for one that is not dead."""
    if task.state != "dead":
        return None
    question = f"Redrive {task.task}, {task.title!r}? It gets fresh attempts."
    return Deed("redrive", {"tasks": [task.task]}, question, f"{task.task} has a new life")
