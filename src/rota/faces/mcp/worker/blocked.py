"""A task that can not go on before others are done: they are submitted, and it waits for them."""

from __future__ import annotations

from collections.abc import Sequence

from rota.faces.mcp.new_task import Blocker, specs_of
from rota.faces.mcp.worker.holding import state_of
from rota.model.bounds import NOTES, REASON
from rota.model.commands.read import GetTask
from rota.model.commands.submit import Cancel, Edit, Submit, Submitted
from rota.model.commands.work import Beat, Failed, GiveBack, Heartbeat, Held, Judged, Renewed
from rota.model.errors import RotaError, invalid
from rota.model.task import After, TaskView
from rota.operations.distributor import Distributor

PAUSE_S = 5
"""Between the end of the lease and the edit nobody gets the task: it is scheduled for so long, seconds. Should this
process end just then, it is tried again after that."""


def block(distributor: Distributor, outcome: Failed, blockers: Sequence[Blocker]) -> list[str]:
    """Submit the tasks, end the lease without counting an attempt, let the task wait for them; their ids.

    They take project, tenant and queue of the task where they name none. When one ends badly the task is held.
    """
    view: TaskView = distributor.call(GetTask(task=outcome.task))
    _check_lease(distributor, view, outcome)
    specs = specs_of(blockers, project=view.project, tenant=view.tenant, queue=view.queue)
    named = {after.task if isinstance(after, After) else after for spec in specs for after in spec.after}
    if outcome.task in named:
        raise invalid(
            "blocked_by", f"one of them waits for {outcome.task} itself, which is to wait for it; remove that"
        )
    submitted: Submitted = distributor.call(Submit(tasks=specs))
    try:
        _wait_for(distributor, view, outcome, submitted.ids)
    except RotaError:
        own = [task for task in submitted.ids if task not in submitted.existing]
        if own:
            distributor.call(Cancel(tasks=own, reason=f"{outcome.task} does not wait for it after all"))
        raise
    return submitted.ids


def _check_lease(distributor: Distributor, view: TaskView, outcome: Failed) -> None:
    """Nothing is submitted for a lease that is lost. What the agent says of the attempt is kept with the same word."""
    whole = len(outcome.error) <= REASON
    beat = Beat(
        task=outcome.task,
        token=outcome.token,
        notes=outcome.notes if whole else f"{outcome.error}\n{outcome.notes or ''}"[:NOTES],
        usage=outcome.usage,
        cost=outcome.cost,
    )
    renewed: Renewed | None = None
    if view.state == "running" and view.agent is not None:
        renewed = distributor.call(Heartbeat(agent=view.agent, beats=[beat]))
    if renewed is None or renewed.lost:
        raise RotaError("lease_lost", f"{outcome.task} is not in the hands of whoever has this token", field="token")


def _wait_for(distributor: Distributor, view: TaskView, outcome: Failed, ids: Sequence[str]) -> None:
    held = Held(task=outcome.task, token=outcome.token)
    back = GiveBack(tasks=[held], reason=outcome.error[:REASON], start=PAUSE_S)
    judged: Judged = distributor.call(back)
    if state_of(judged, outcome.task) == "cancelled":
        raise RotaError("wrong_state", f"{outcome.task} was cancelled meanwhile", field="task")
    # Whatever it waited for before has ended; how it ended has been judged already.
    before = [After(task=parent, rule="run") for parent in view.after]
    after: list[str | After] = [*before, *(After(task=task, rule="hold") for task in ids)]
    distributor.call(Edit(task=outcome.task, after=after, start=None))
