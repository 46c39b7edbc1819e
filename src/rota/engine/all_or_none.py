"""Several commands as one: all of them are done, in one turn, or none is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rota.engine.context import Context, Waiting
from rota.model.commands.submit import Changed
from rota.model.commands.work import Claimed, Judged, Renewed
from rota.model.errors import RotaError
from rota.store.protocol import Rerun


class AllOrNone(NamedTuple):
    """Commands for a turn of their own. A claim among them is for now: it does not wait."""

    commands: tuple[Any, ...]


class Undone(NamedTuple):
    """None of them was done, since the one at this place was answered so: refused, in part too, or given nothing."""

    place: int
    answer: Any


class NotAll(Exception):
    """Ends the transaction of a turn that would have done only some of them."""

    def __init__(self, undone: Undone) -> None:
        super().__init__(undone)
        self.undone = undone


def undone(answers: Sequence[Any]) -> Undone | None:
    """The first of the answers that is a refusal; None when everything was done."""
    for place, answer in enumerate(answers):
        if _is_refusal(answer):
            return Undone(place, answer)
    return None


def _is_refusal(answer: Any) -> bool:
    if isinstance(answer, Judged | Changed):
        return bool(answer.refused)
    if isinstance(answer, Renewed):
        return bool(answer.lost)
    return isinstance(answer, RotaError) or (isinstance(answer, Claimed) and not answer.tasks)


def check_all(context: Context, answers: Sequence[Any]) -> None:
    """Raise `NotAll` when some command of the turn was not done, `Rerun` when nobody could look at a claim yet."""
    found = undone([_answer(context, answer) for answer in answers])
    if found is None:
        return
    waiting = answers[found.place]
    if isinstance(waiting, Waiting) and context.book.agents[waiting.agents[0]].pool in context.contended:
        raise Rerun("another node was planning the pool")
    raise NotAll(found)


def _answer(context: Context, answer: Any) -> Any:
    return context.answered.get(answer.id, Claimed()) if isinstance(answer, Waiting) else answer
