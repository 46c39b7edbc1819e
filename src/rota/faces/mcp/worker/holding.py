"""What all words about a task in an agent's hands share: task and token, and what comes back."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from rota.faces.mcp.tool import Call
from rota.model.commands.read import GetTask
from rota.model.commands.work import Beat, Heartbeat, Judged
from rota.model.errors import KINDS, RotaError
from rota.model.task import TaskView

Task = Annotated[str, Meta(description="Its id, such as task-7.")]
Token = Annotated[str, Meta(description="The lease token that the claim answered.")]
Notes = Annotated[str | None, Meta(description="For whoever comes after.")]
Checkpoint = Annotated[Any, Meta(description="Any JSON: where the next attempt goes on.")]
Usage = Annotated[dict[str, float], Meta(description="What was used, such as {'tokens': 1200}.")]
Cost = Annotated[Annotated[float, Meta(ge=0)] | None, Meta(description="What it has cost.")]

_OF_AN_OUTCOME = re.compile(r"(?:outcomes|tasks)\[\d+\]\.([\w.\[\]]+): ")


class Standing(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer: where the task stands after the word."""

    task: str
    state: str
    next: str
    """What happens now, in words."""
    start: str | None = None
    """Not given out again before."""
    blocked_by: list[str] = []
    """Tasks that it waits for now."""


def state_of(judged: Judged, task: str) -> str:
    """The new state; raises what the report was refused with."""
    if task in judged.states:
        return judged.states[task]
    refusal = judged.refused.get(task, "lease_lost")
    code, _, text = refusal.partition(": ")
    kind = code if code in KINDS else "invalid"
    if not text:
        raise RotaError(kind, f"{task} is not in the hands of whoever has this token", field="token")
    # Written as one text: the outcome's field, what is wrong, and the fix, which the refusal says by itself.
    found = _OF_AN_OUTCOME.match(text)
    field, text = (found[1], text[found.end() :]) if found else ("task", text)
    raise RotaError(kind, text.removesuffix(f" ({KINDS[kind].fix})"), field=field)


def agent_of(call: Call, task: str, named: str | None) -> str:
    """Who has the task: a beat is the agent's own, whichever session it comes through."""
    if named is not None:
        return named
    view: TaskView = call.distributor.call(GetTask(task=task))
    return view.agent or call.session.agent


def keep_checkpoint(call: Call, task: str, token: str, checkpoint: Any) -> None:
    """Write down where the next attempt goes on. Where the lease is no longer held nothing is: the report itself is
    judged then, and may be one that was recorded before.
    """
    if checkpoint is None:
        return
    beat = Beat(task=task, token=token, checkpoint=checkpoint)
    call.distributor.call(Heartbeat(agent=agent_of(call, task, None), beats=[beat]))
