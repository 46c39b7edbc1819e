"""Signs of life: of agents, and of the leases they hold."""

from __future__ import annotations

from rota.engine.context import Context
from rota.engine.ending import note_text
from rota.model import bounds, check
from rota.model.branch import check_branch
from rota.model.commands.work import Beat, Confirm, Heartbeat, Renewed
from rota.model.errors import RotaError
from rota.model.ids import task_id, task_number, token_number
from rota.store.sql.fleet import BEAT
from rota.store.sql.leases import CONFIRM_LEASES, LEASES_OF_TASKS, NOTES_OF_LEASES, RENEW_LEASES, LeaseRow


def heartbeat(context: Context, command: Heartbeat) -> Renewed:
    """Renew the leases named. A lease of another token is lost; one to be cancelled is renewed and says so."""
    agent = context.book.agent(command.agent)
    if command.instance is not None and agent.instance is not None and command.instance != agent.instance:
        raise RotaError("name_taken", f"agent {agent.name!r} is now another process", field="instance")
    context.seen[agent.id] = context.now
    if len(command.beats) > bounds.OUTCOMES:
        raise RotaError(
            "too_large", f"has {len(command.beats):,} beats; the most is {bounds.OUTCOMES:,}", field="beats"
        )
    wanted = [_checked(beat, f"beats[{index}]") for index, beat in enumerate(command.beats)]
    checkpoints = [
        check.json_text(beat.checkpoint, f"beats[{index}].checkpoint", bounds.CHECKPOINT_BYTES)
        for index, beat in enumerate(command.beats)
    ]
    said_something = [(task, token) for task, token, _beat, said in wanted if said]
    old: dict[int, str | None] = dict(context.transaction.each(NOTES_OF_LEASES, said_something))
    rows = [
        (task, token, agent.id, context.now, _note(old.get(task), beat) if said else None)
        for task, token, beat, said in wanted
    ]
    found: dict[int, tuple[int | None, int | None]] = {}
    for task, *stop_at in context.transaction.each(RENEW_LEASES, sorted(rows, key=lambda row: row[0])):
        found[task] = (stop_at[0], stop_at[1])
    renewed = Renewed()
    for index, (task, _token, beat, _said) in enumerate(wanted):
        if task not in found:
            renewed.lost.append(beat.task)
            continue
        renewed.renewed.append(beat.task)
        cancel_at, preempt_at = found[task]
        if cancel_at is not None:
            renewed.cancel.append(beat.task)
        elif preempt_at is not None:
            renewed.preempt.append(beat.task)
        if checkpoints[index] is not None:
            context.changes.checkpoints.append((task, checkpoints[index] or "null"))
    return renewed


def confirm(context: Context, command: Confirm) -> Renewed:
    """Offers that reached their agent become leases; those that lapsed meanwhile are lost."""
    if len(command.offers) > bounds.OUTCOMES:
        raise RotaError(
            "too_large", f"has {len(command.offers):,} offers; the most is {bounds.OUTCOMES:,}", field="offers"
        )
    wanted = [
        (task_number(held.task, f"offers[{i}].task"), token_number(held.token, f"offers[{i}].token"))
        for i, held in enumerate(command.offers)
    ]
    leases = {}
    for row in context.transaction.each(LEASES_OF_TASKS, [(task,) for task, _token in wanted]):
        lease = LeaseRow._make(row)
        leases[lease.task, lease.token] = lease
    rows = [(task, token, context.now + leases[task, token].term) for task, token in wanted if (task, token) in leases]
    context.transaction.each(CONFIRM_LEASES, sorted(rows))
    # A lease that was confirmed before (the same call again) is held too.
    return Renewed(
        renewed=[task_id(task) for task, token in wanted if (task, token) in leases],
        lost=[task_id(task) for task, token in wanted if (task, token) not in leases],
    )


def write_signs_of_life(context: Context, seen: dict[int, int]) -> None:
    """Write when agents were heard from last."""
    context.transaction.each(BEAT, sorted(seen.items()))


def _checked(beat: Beat, field: str) -> tuple[int, int, Beat, bool]:
    if beat.progress is not None:
        check.share(beat.progress, f"{field}.progress")
    if beat.notes is not None:
        check.text(beat.notes, f"{field}.notes", bounds.NOTES)
    if beat.cost is not None:
        check.amount(beat.cost, f"{field}.cost")
    check.amounts(beat.usage, f"{field}.usage")
    check_branch(beat.branch, f"{field}.branch")
    says = bool(beat.usage) or any(told is not None for told in (beat.progress, beat.notes, beat.cost, beat.branch))
    return task_number(beat.task, f"{field}.task"), token_number(beat.token, f"{field}.token"), beat, says


def _note(old: str | None, beat: Beat) -> str | None:
    return note_text(
        old, progress=beat.progress, notes=beat.notes, usage=beat.usage, cost=beat.cost, branch=beat.branch
    )
