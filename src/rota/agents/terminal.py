"""One agent of a database that lives elsewhere: a command of this machine does its tasks."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

import msgspec

from rota.agents.board import Board
from rota.agents.open_files import make_room
from rota.agents.pulse import Pulse
from rota.agents.slot import Setting, Slot
from rota.agents.task_process import process_of
from rota.agents.way import Way
from rota.files.processes import ProcessSettings
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.errors import RotaError

GONE = frozenset(
    {
        "database_refused",
        "key_needed",
        "moved",
        "name_taken",
        "newer_database",
        "no_agent",
        "no_driver",
        "not_allowed",
        "other_version",
    }
)
"""Refusals after which it claims no more. Whatever else is away comes back."""

BYE_S = 2.0
"""How long letting go of the name may take, seconds: nobody waits for a service that is away."""


class TerminalAgent:
    """`start` it, look at its `board`; `finish` and, for those in a hurry, `give_back`; `close` it in the end."""

    def __init__(self, way: Way, spec: AgentSpec, settings: ProcessSettings, *, replace: bool = False) -> None:
        """`replace`: it takes its name over from the process that has it."""
        self.spec = spec
        self.board = Board()
        self._way = way
        self._settings = settings
        self._replace = replace
        self._instance = secrets.token_hex(8)
        self._pulse = Pulse(way, self._instance)
        self._slots: list[Slot] = []

    def start(self, names: Iterable[str] = ()) -> None:
        """Register and let every slot claim: under the spec's name, or the first of `names` that is free.

        Refused (`name_taken`) while another process has the name and it does not replace that, and as registering is.
        """
        make_room(self.spec.slots)
        self.spec = self._registered(names)
        self.board.enter(self.spec.name, self.spec.slots)
        self._pulse.start()
        setting = Setting(self._way, self._instance, self.board, self._pulse, GONE)
        tell = partial(self.board.trouble, self.spec.name)
        make = partial(process_of, self._settings, tell)
        self._slots = [Slot(setting, self.spec, number, make) for number in range(self.spec.slots)]
        for slot in self._slots:
            slot.start()

    def _registered(self, names: Iterable[str]) -> AgentSpec:
        refused: RotaError | None = None
        for name in names or (self.spec.name,):
            spec = msgspec.structs.replace(self.spec, name=name)
            try:
                self._way.call(Register(agent=spec, instance=self._instance, replace=self._replace))
            except RotaError as error:
                if error.code != "name_taken":
                    raise
                refused = error
            else:
                return spec
        assert refused is not None
        raise refused

    @property
    def ended_by(self) -> RotaError | None:
        """Why it gets nothing more, when it was refused for good."""
        return next((slot.ended_by for slot in self._slots if slot.ended_by is not None), None)

    @property
    def came(self) -> int:
        """How many attempts have ended."""
        ended = sum(standing.done + standing.failed for standing in self.board.standings())
        return ended + self.board.later().times

    @property
    def is_over(self) -> bool:
        """Whether no slot claims or works any more."""
        return all(slot.join(0) for slot in self._slots)

    def finish(self) -> None:
        """Claim no more; what is in work is done to its end."""
        for slot in self._slots:
            slot.stop()

    def give_back(self) -> None:
        """After `finish`: end what is in work now (SIGTERM, after its grace SIGKILL) and give its tasks back."""
        self._pulse.stop_all()

    def close(self) -> None:
        """End, giving back what is left, and let go of the name. Blocks until all of that is done."""
        if not self._slots:
            return
        self.finish()
        self.give_back()
        for slot in self._slots:
            slot.join()
        self._pulse.stop()
        if self.ended_by is None:
            # So that the next process of that name need not wait until this one has not been heard from for long.
            with suppress(RotaError, TimeoutError):
                self._way.ask(Register(agent=self.spec, replace=True)).result(BYE_S)
