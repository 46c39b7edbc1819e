"""The ledger notices what a plan should never do."""

from __future__ import annotations

import pytest

from rota.model import state
from rota.model.commands.fleet import Register
from rota.model.commands.submit import Submit
from rota.model.event import Move
from rota.model.priority import BANDS, Priority
from rota.model.task import TaskSpec
from rota.simulator.arrival import Work
from rota.simulator.drive import Drive, Seen, SimulationFault
from rota.simulator.fleet import SimulatedFleet, plain_fleet
from rota.simulator.ledger import Ledger
from rota.simulator.live import Live
from rota.simulator.measures.fairness import Shares
from rota.simulator.measures.laws import LawBroken
from rota.simulator.measures.load import Load
from rota.simulator.simulate import ORIGIN
from rota.simulator.tally import Tally


def ledger_of(drive: Drive, fleet: SimulatedFleet) -> Ledger:
    for agent in fleet.agents:
        drive.ask(Register(agent=agent.spec))
    drive.events()
    tally = Tally({"default": 1.0}, 10.0, 1.0, 0)
    ledger = Ledger(drive, fleet, tally, Load(fleet, [[0, 1]], ORIGIN, 10), Shares({"default": 1.0}), ORIGIN)
    ledger.know_agents()
    return ledger


def submit(drive: Drive, ledger: Ledger, priority: Priority, skills: dict[str, int]) -> int:
    spec = TaskSpec(title=priority, priority=priority, skills=skills)
    number = int(drive.ask(Submit(tasks=[spec])).ids[0].removeprefix("task-"))
    ledger.arrive(Live(number, number, Work(spec=spec, run_s=1.0), BANDS[priority], drive.now, None), None)
    ledger.live[number].number = number
    ledger.follow(drive.events())
    return number


def given(ledger: Ledger, number: int) -> Seen:
    live = ledger.live[number]
    return Seen("plan", [Move(number, number, state.RUNNING, live.lane, 1, 0, 1)])


def test_a_task_given_past_a_better_one_is_an_inversion() -> None:
    drive = Drive(0, ORIGIN)
    ledger = ledger_of(drive, plain_fleet("2"))
    low = submit(drive, ledger, "low", {})
    high = submit(drive, ledger, "high", {})
    ledger.follow([given(ledger, low)])
    assert ledger.inversions == 1
    ledger.follow([Seen("complete", [Move(low, low, state.DONE)]), given(ledger, high)])
    assert ledger.inversions == 1
    drive.close()


def test_a_better_task_that_the_agent_may_not_do_is_none() -> None:
    drive = Drive(0, ORIGIN)
    ledger = ledger_of(drive, plain_fleet("2"))
    low = submit(drive, ledger, "low", {})
    submit(drive, ledger, "high", {"magic": 1})
    ledger.follow([given(ledger, low)])
    assert ledger.inversions == 0
    drive.close()


def test_a_task_left_waiting_beside_a_free_slot_ends_the_simulation() -> None:
    drive = Drive(0, ORIGIN)
    ledger = ledger_of(drive, plain_fleet("2"))
    submit(drive, ledger, "low", {})
    with pytest.raises(LawBroken, match="work conservation"):
        ledger.look()
    drive.close()


def test_a_task_that_was_never_let_in_ends_the_simulation() -> None:
    drive = Drive(0, ORIGIN)
    ledger = ledger_of(drive, plain_fleet("2"))
    with pytest.raises(SimulationFault, match="moved task 9"):
        ledger.follow([Seen("complete", [Move(9, 9, state.DONE)])])
    drive.close()
