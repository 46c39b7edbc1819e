"""Verbs on tasks: `cancel`, `hold`, `unhold`, `redrive`, `approve`, `reject`, `answer`, `assign`, `unassign`."""

from __future__ import annotations

import os

from rota.faces.cli.amounts import count
from rota.faces.cli.say import talk
from rota.faces.cli.short.calls import changing
from rota.faces.cli.short.chosen import TASKS, by_filter, chosen
from rota.faces.cli.short.confirm import DECLINED, confirmed
from rota.faces.cli.short.options import FILTERS, PLACE, REASON, YES
from rota.faces.cli.short.several import several, told
from rota.faces.cli.short.shape import Given, Option, Verb, Word, picked
from rota.faces.cli.short.task import ID

WAITING = ("ready", "scheduled", "blocked")
UNFINISHED = (*WAITING, "held", "running", "asked", "review")
BY = Option("by", "Who decides it; without it, who is logged in.")


def cancel(given: Given) -> int:
    """Cancel them; what filters picked is counted and asked about first."""
    tasks = chosen(given, UNFINISHED)
    if by_filter(given) and tasks and not confirmed(given, f"cancel {count(len(tasks), 'task')}"):
        return DECLINED
    return _each(given, "cancel", tasks, "reason")


def hold(given: Given) -> int:
    """Keep them from being given out."""
    return _each(given, "hold", chosen(given, WAITING), "reason")


def unhold(given: Given) -> int:
    """Let them go on."""
    return _each(given, "unhold", chosen(given, ("held",)))


def redrive(given: Given) -> int:
    """Give dead ones a new life."""
    return _each(given, "redrive", chosen(given, ("dead",)))


def approve(given: Given) -> int:
    """Let outcomes under review count."""
    return _each(given, "approve", chosen(given, ("review",)))


def assign(given: Given) -> int:
    """Let one agent alone have them."""
    tasks = chosen({name: value for name, value in given.items() if name != "agent"}, WAITING)
    more = {"agent": given["agent"], "by": _by(given), "override": given.get("override", False)}
    return _each({**given, **more}, "assign", tasks, "agent", "by", "reason", "override")


def unassign(given: Given) -> int:
    """End it."""
    return _each({**given, "by": _by(given)}, "unassign", chosen(given, WAITING), "by", "reason")


def reject(given: Given) -> int:
    """Send an outcome back."""
    return _one(given, "reject", "task", "reason")


def answer(given: Given) -> int:
    """Answer what its agent asked."""
    return _one(given, "answer", "task", "answer")


def _each(given: Given, operation: str, tasks: list[str], *fields: str) -> int:
    if not tasks:
        talk("no task fits")
        told(given, [], [], {})
        return 0
    return several(given, operation, tasks, **picked(given, fields))


def _one(given: Given, operation: str, *fields: str) -> int:
    with changing(given.get("database")) as call:
        found = call(operation, picked(given, fields))
    told(given, found.get("tasks", []), [], {})
    return 0


def _by(given: Given) -> str:
    return str(given.get("by") or os.environ.get("LOGNAME") or os.environ.get("USER") or "somebody at the shell")


CANCEL = Verb(
    "cancel",
    "Cancel tasks: at once when nobody has them, else their agent is told and has 30 s",
    cancel,
    (TASKS,),
    (REASON, *FILTERS, YES, *PLACE),
    text="Filters pick what is not finished; how many that are is said and asked about first.",
)
HOLD = Verb(
    "hold", "Keep waiting tasks from being given out until they are unheld", hold, (TASKS,), (REASON, *FILTERS, *PLACE)
)
UNHOLD = Verb("unhold", "Let held tasks go on, at their old place", unhold, (TASKS,), (*FILTERS, *PLACE))
REDRIVE = Verb(
    "redrive",
    "Give dead tasks a new life with fresh attempts; their story stays",
    redrive,
    (TASKS,),
    (*FILTERS, *PLACE),
)
APPROVE = Verb("approve", "Let outcomes under review count", approve, (TASKS,), (*FILTERS, *PLACE))
REJECT = Verb(
    "reject",
    "Send an outcome under review back with the reason: ready again, the attempt counted",
    reject,
    (ID,),
    (REASON._replace(needed=True), *PLACE),
)
ANSWER = Verb(
    "answer",
    "Answer the question of a task: ready again, for the same agent first",
    answer,
    (ID, Word("answer", "What its agent is told.", "TEXT")),
    PLACE,
)
_FILTERS_BUT_AGENT = tuple(option for option in FILTERS if option.field != "agent")
ASSIGN = Verb(
    "assign",
    "Let one agent alone have tasks that nobody has now",
    assign,
    (TASKS,),
    (
        Option("agent", "Who is to have them.", flags=("--to",), needed=True),
        Option("override", "Leave out what stands in the way: bans, levels, role, region.", "switch"),
        BY,
        REASON,
        *_FILTERS_BUT_AGENT,
        *PLACE,
    ),
)
UNASSIGN = Verb(
    "unassign",
    "End an assignment: the tasks go to whoever is best",
    unassign,
    (TASKS,),
    (BY, REASON, *_FILTERS_BUT_AGENT, *PLACE),
)
