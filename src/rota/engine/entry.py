"""What comes into the inbox: commands, and who waits for their answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from rota.engine.all_or_none import AllOrNone
from rota.engine.turn import Answer, Command
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Complete, Fail

Reply = Callable[[Answer], None]

TURN_ROWS = 4_000
"""Rows of commands one turn takes, so that a bulk submit does not stall others for long."""


class Entry(NamedTuple):
    """A command in the inbox and who waits for its answer. `received` is in microseconds."""

    command: Command
    reply: Reply
    received: int


def rows_of(command: Command) -> int:
    """About how many rows a command touches."""
    if isinstance(command, Submit):
        return len(command.tasks)
    if isinstance(command, Complete | Fail):
        return len(command.outcomes)
    return command.n if isinstance(command, Claim) else 1


def parts_of(entry: Entry) -> list[Entry]:
    """The commands of which all are done or none; with the last of their answers the entry has them all."""
    whole: AllOrNone = entry.command
    answers: dict[int, Answer] = {}

    def answered(place: int, answer: Answer) -> None:
        answers[place] = answer
        if len(answers) == len(whole.commands):
            entry.reply([answers[one] for one in sorted(answers)])

    return [Entry(one, partial(answered, place), entry.received) for place, one in enumerate(whole.commands)]
