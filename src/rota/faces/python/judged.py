"""What became of a single outcome or change: answered, or raised."""

from __future__ import annotations

from typing import Protocol

from rota.model.commands.submit import Changed
from rota.model.commands.work import Held, Judged
from rota.model.errors import KINDS, RotaError


class InHand(Protocol):
    """A task in hand: `Given`, as a claim answers it, or `Held`."""

    @property
    def task(self) -> str: ...

    @property
    def token(self) -> str: ...


def held(given: InHand) -> Held:
    """The task and its token alone."""
    return Held(task=given.task, token=given.token)


def state_of(judged: Judged, task: str) -> str:
    """The task's new state; raises when the outcome was refused, `lease_lost` when it came too late."""
    if task in judged.states:
        return judged.states[task]
    raise _refusal(task, judged.refused.get(task, "lease_lost"))


def changed_one(changed: Changed, task: str) -> None:
    """Raises when the one task that was to be changed was not."""
    if task in changed.refused:
        raise _refusal(task, changed.refused[task])


def _refusal(task: str, text: str) -> RotaError:
    code, _, message = text.partition(": ")
    if code not in KINDS:
        code, message = "internal", text
    told = message.removesuffix(f" ({KINDS[code].fix})") or f"the lease of {task} is gone"
    return RotaError(code, told, field="task", task=task)
