"""A fleet at work: its process agents registered, a thread for each slot, one pulse for all."""

from __future__ import annotations

import secrets
from functools import partial

from rota.agents.apply import apply_fleet
from rota.agents.board import Board
from rota.agents.gate import Gate
from rota.agents.guard import GuardWatch
from rota.agents.health import HealthCheck
from rota.agents.open_files import make_room
from rota.agents.preflight import check_commands
from rota.agents.pulse import Pulse
from rota.agents.slot import Setting, Slot
from rota.agents.task_process import process_of
from rota.agents.worktree.leftover import clean_up
from rota.agents.worktree.repository import repository_of
from rota.files.fleet import Fleet, FleetAgent
from rota.model.commands.fleet import Register
from rota.operations.distributor import Distributor


class Supervisor:
    """Runs the process agents of a fleet. `start` it, read its `board`, `stop` it before the distributor is closed."""

    def __init__(self, distributor: Distributor, fleet: Fleet) -> None:
        """Refused when a command of the fleet cannot work; nothing is changed then."""
        check_commands(fleet)
        self.fleet = fleet
        self.board = Board()
        self._distributor = distributor
        self._instance = secrets.token_hex(8)
        self._pulse = Pulse(distributor, self._instance)
        self._slots: list[Slot] = []
        self._health: list[HealthCheck] = []
        self._gate = Gate()
        self._guard = None if fleet.guard is None else GuardWatch(fleet.guard, self._gate, self.board)
        self._agents = [agent for agent in fleet.agents if agent.process is not None]

    @property
    def slots(self) -> int:
        """How many tasks can be in work at once."""
        return sum(agent.spec.slots for agent in self._agents)

    def prepare(self) -> None:
        """Put the fleet's queues and pools into the database, so that tasks can be submitted to them."""
        apply_fleet(self._distributor, self.fleet)

    def start(self) -> None:
        """Register the agents and let every slot claim. After `prepare`.

        Refused when this process may not open as many files as its slots need.
        """
        make_room(self.slots)
        for folder in {agent.process.folder for agent in self._agents if agent.process and agent.process.workspace}:
            clean_up(repository_of(folder))
        for agent in self._agents:
            command = Register(agent=agent.spec, instance=self._instance, replace=True, local=True)
            self._distributor.call(command)
            self.board.enter(agent.spec.name, agent.spec.slots)
        self._pulse.start()
        setting = Setting(self._distributor, self._instance, self.board, self._pulse, gate=self._gate)
        for agent in self._agents:
            self._slots += _slots_of(setting, agent)
        self._health = [HealthCheck(setting, agent) for agent in self._agents if agent.process and agent.process.health]
        if self._guard is not None:
            self._guard.start()
        for check in self._health:
            check.begin()
        for check in self._health:
            check.start()
        for slot in self._slots:
            slot.start()

    def stop(self) -> None:
        """Claim no more, ask every running process to end (SIGTERM, after its grace SIGKILL), give its task back.

        Blocks until all of that is done.
        """
        if self._guard is not None:
            self._guard.stop()
        if not self._slots:
            return
        for check in self._health:
            check.stop()
        for slot in self._slots:
            slot.stop()
        self._pulse.stop_all()
        for slot in self._slots:
            slot.join()
        for check in self._health:
            check.join()
        self._pulse.stop()
        self._slots.clear()
        self._health.clear()


def _slots_of(setting: Setting, agent: FleetAgent) -> list[Slot]:
    assert agent.process is not None
    make = partial(process_of, agent.process, partial(setting.board.trouble, agent.spec.name))
    return [Slot(setting, agent.spec, number, make) for number in range(agent.spec.slots)]
