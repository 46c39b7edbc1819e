"""What `rota run` and `rota each` have in common: a fleet opens a database and works off what is to be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rota.agents.batch import Batch, Change, submit_file
from rota.agents.budget import charge_all, set_budget, spent, within_budget
from rota.agents.obstacles import words_of
from rota.agents.scorecard.card import Scorecard
from rota.agents.scorecard.make import scorecard_of_batch, scorecard_since
from rota.agents.supervise import Supervisor
from rota.agents.work import BatchWork, Counts, DatabaseWork, Work
from rota.agents.work_off import Finish, Interruption, Progress, work_off
from rota.faces.cli.amounts import count, money
from rota.faces.cli.interrupts import Caught, interruptible
from rota.faces.cli.say import talk
from rota.faces.cli.watching import view_for
from rota.faces.plugged import plugged
from rota.files.fleet import Fleet
from rota.files.tasks import TaskFile, nothing_in
from rota.model.times import rfc3339
from rota.operations.distributor import Distributor, now_us
from rota.owner.own import owned

DONE, NOT_ALL_DONE, STUCK = 0, 8, 9
"""Exit codes: every task is done; all have ended, but some dead, cancelled or expired; some cannot go on."""


class Order(NamedTuple):
    """What is wanted of a shift. `file` None: whatever waits in the database."""

    fleet: Fleet
    database: str
    file: TaskFile | None
    again: bool = False
    wait: bool = False
    may_wait: bool = False
    """Whether its command has a `--wait` to name."""
    quiet: bool = False
    change: Change = lambda spec: spec
    budget: float | None = None
    """The most that it may spend."""


class Result(NamedTuple):
    """What came of it."""

    finish: Finish
    card: Scorecard
    exit_code: int


Follow = Callable[[Distributor, Batch | None], Callable[[], None]]
"""Called once the tasks are there; answers what is called from time to time, and once after the end."""


def shift(order: Order, follow: Follow = lambda _distributor, _batch: lambda: None) -> Result:
    """Submit, work until all has ended or nothing can go on, add it up. Refused when something does not fit."""
    with owned(order.database, plugged, talk) as distributor:
        supervisor = Supervisor(distributor, order.fleet)
        interruption = Interruption(supervisor.board)
        with interruptible(interruption) as caught:
            supervisor.prepare()
            if order.budget is not None:
                set_budget(distributor, order.budget)
            batch = None
            if order.file is not None:
                change = order.change if order.budget is None else within_budget(order.change)
                batch = submit_file(distributor, order.file, again=order.again, change=change)
                if batch.earlier is not None and not order.quiet:
                    talk(f"warning: {batch.earlier.text(batch.tasks)}")
            since = rfc3339(now_us())
            work: Work = DatabaseWork(distributor) if batch is None else BatchWork(distributor, batch.label)
            if order.budget is not None and (batch is None or not batch.fresh):
                charge_all(distributor, work)
            followed = follow(distributor, batch)
            finish = _worked(distributor, supervisor, work, order, batch, interruption, followed)
            followed()
            if finish.how == "interrupted":
                # What was in work has been given back by now.
                finish = Finish("interrupted", work.count())
            card = (
                scorecard_since(distributor, since) if batch is None else scorecard_of_batch(distributor, batch.label)
            )
    return Result(finish, card, _exit_code(finish, card, caught))


def _worked(
    distributor: Distributor,
    supervisor: Supervisor,
    work: Work,
    order: Order,
    batch: Batch | None,
    interruption: Interruption,
    followed: Callable[[], None],
) -> Finish:
    talking = not order.quiet
    counts = work.count()
    if talking:
        _say_begin(order, supervisor, batch, counts)
    if not counts.unfinished and not (order.wait and batch is None):
        return Finish("done", counts)
    view = view_for(order.quiet)

    def show(progress: Progress) -> None:
        view.show(progress)
        followed()

    try:
        supervisor.start()
        finish = work_off(
            distributor,
            supervisor,
            work,
            interruption=interruption,
            show=show,
            wait=order.wait,
            every_s=view.every_s,
        )
    finally:
        view.close()
        if talking and interruption.asked:
            talk("stopping: what is in work is asked to end and given back (once more: at once)")
        supervisor.stop()
    if talking and finish.how == "interrupted":
        talk("stopped: nothing is lost, the same command goes on with what is left")
    if talking and finish.obstacles:
        _say_stuck(finish, order)
    if talking and order.budget is not None:
        talk(f"budget: {money(spent(distributor) or 0.0)} of {money(order.budget)} spent; a higher --budget goes on")
    return finish


def _say_begin(order: Order, supervisor: Supervisor, batch: Batch | None, counts: Counts) -> None:
    agents = [agent for agent in order.fleet.agents if agent.process is not None]
    fleet = f"{count(len(agents), 'agent')} with {count(supervisor.slots, 'slot')}"
    if order.budget is not None and not any(agent.spec.cost for agent in agents):
        talk("warning: no agent has a price, so only what answers say they cost counts against the budget")
    if batch is None:
        talk(f"{fleet}; no file of tasks was named: working off the {count(counts.unfinished, 'task')} in the database")
        return
    tasks = count(batch.tasks, "task")
    nothing = None if order.file is None else nothing_in(order.file)
    if nothing is not None:
        talk(f"warning: {nothing}")
    elif batch.fresh:
        talk(f"{fleet}; {tasks} submitted as batch {batch.label!r}")
    elif counts.unfinished:
        ended = counts.total - counts.unfinished
        talk(f"{fleet}; going on with batch {batch.label!r}: {ended:,} of {tasks} have ended")
    else:
        talk(f"all {tasks} of batch {batch.label!r} have ended before; --again submits them anew")


def _say_stuck(finish: Finish, order: Order) -> None:
    hint = " (--wait waits for a change)" if order.may_wait else ""
    talk(f"{count(finish.counts.unfinished, 'task')} cannot go on{hint}:")
    for line in words_of(finish.obstacles):
        talk(f"  {line}")


def _exit_code(finish: Finish, card: Scorecard, caught: Caught) -> int:
    if finish.how == "interrupted":
        return caught.exit_code
    if finish.how == "stuck":
        return STUCK
    ended_otherwise = card.dead + card.cancelled + card.expired
    return NOT_ALL_DONE if ended_otherwise else DONE
