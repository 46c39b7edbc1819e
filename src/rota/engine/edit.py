"""Editing a task that nobody has."""

from __future__ import annotations

import msgspec

from rota.engine.assign import refuse_assigned
from rota.engine.context import Context
from rota.engine.dependencies import RUN_CHILD, verdict
from rota.engine.held import EDGES
from rota.engine.needs import hand_up, take_back
from rota.engine.parents import Edge, edge, refuse_twice
from rota.engine.place import Groups, leave, put, tell
from rota.model import bounds, check, state
from rota.model.commands.submit import Changed, Edit
from rota.model.errors import RotaError
from rota.model.ids import task_id, task_number
from rota.model.priority import BANDS
from rota.model.requirements import Requirements, needs_of
from rota.model.times import ahead, micros, moment
from rota.planning.graph import cycle
from rota.store.sql import relations, tasks
from rota.store.sql.tasks import TaskRow

_FITTING = (state.READY, state.BLOCKED, state.SCHEDULED, state.HELD)


def edit(context: Context, command: Edit) -> Changed:
    """Change what is named; the task keeps its place among equals, by the time it was submitted."""
    row = _editable(context, command)
    _check(command)
    refuse_assigned(row, [key for key in _ASKED if getattr(command, key) is not msgspec.UNSET])
    edges = _edges(context, command, row)
    deadline = _deadline(context, command, row)
    start = _start(context, command, row)
    _estimate(command, row)
    if leave(context, [row]):
        raise RotaError("wrong_state", f"{command.task} is running; cancel it or wait", field="task")
    had = [] if not row.waiting else _unmet(context, row)
    changed = _changed_row(context, command, row, edges, deadline)
    groups: Groups = {}
    held = row.state == state.HELD or any(found == "hold" for _, found in edges or ())
    put(context, changed, groups, held=held, start=start, reason=row.reason)
    tell(context, "edit", groups)
    context.flush()
    if had:
        take_back(context, had)
    if changed.waiting:
        hand_up(context, [row.id])
    return Changed(tasks=[command.task])


def _unmet(context: Context, row: TaskRow) -> list[int]:
    """What it waits for before the edit."""
    edges = context.transaction.each(relations.PARENTS, [(row.id,)])
    return [parent for _child, parent, _rule, _until, met in edges if not met]


def _editable(context: Context, command: Edit) -> TaskRow:
    number = task_number(command.task)
    row = context.lock([number]).get(number)
    if row is None:
        raise RotaError("no_task", f"there is no {command.task}", field="task")
    if row.state not in _FITTING:
        raise RotaError("wrong_state", f"{command.task} is {state.STATES[row.state]}", field="task")
    if command.version is not None and command.version != row.version:
        raise RotaError("changed", f"{command.task} has version {row.version}, not {command.version}", field="version")
    return row


def _check(command: Edit) -> None:
    if isinstance(command.title, str):
        check.text(command.title, "title", bounds.TITLE, empty=False)
    if isinstance(command.description, str):
        check.text(command.description, "description", bounds.DESCRIPTION)
    if isinstance(command.max_attempts, int):
        check.number(command.max_attempts, "max_attempts", 1, bounds.ATTEMPTS)
    if command.group is not msgspec.UNSET:
        check.maybe_key(command.group, "group")
    if not isinstance(command.after, msgspec.UnsetType):
        check.parents(command.after, "after")
    wanted = {key: getattr(command, key) for key in _ASKED}
    given = {key: value for key, value in wanted.items() if value is not msgspec.UNSET}
    check.requirements(_Asked(**given), "edit")


class _Asked(msgspec.Struct, kw_only=True):
    kind: str = "task"
    skills: dict[str, int] = {}
    role: str | None = None
    regions: list[str] = []
    pin: str | None = None
    ban: list[str] = []
    limits: list[str] = []
    resources: dict[str, float] = {}
    near: str | None = None
    max_cost: float | None = None


_ASKED = _Asked.__struct_fields__


def _deadline(context: Context, command: Edit, row: TaskRow) -> int | None:
    if isinstance(command.deadline, msgspec.UnsetType):
        return row.deadline
    return None if command.deadline is None else ahead(command.deadline, context.now, "deadline")


def _start(context: Context, command: Edit, row: TaskRow) -> int | None:
    if isinstance(command.start, msgspec.UnsetType):
        return row.start
    return None if command.start is None else moment(command.start, context.now, "start")


def _estimate(command: Edit, row: TaskRow) -> int | None:
    if isinstance(command.estimate, msgspec.UnsetType):
        return row.estimate
    return None if command.estimate is None else micros(command.estimate, "estimate")


def _changed_row(
    context: Context,
    command: Edit,
    row: TaskRow,
    edges: list[tuple[Edge, str | None]] | None,
    deadline: int | None,
) -> TaskRow:
    transaction = context.transaction
    band = row.band if isinstance(command.priority, msgspec.UnsetType) else BANDS[command.priority]
    shape = context.book.shape(transaction, _needs(context.book.needs_of(transaction, row.shape), command))
    title = (
        transaction.one(tasks.TITLE_OF, row.id)[0][0] if isinstance(command.title, msgspec.UnsetType) else command.title
    )
    attempts = row.max_attempts if isinstance(command.max_attempts, msgspec.UnsetType) else command.max_attempts
    group = row.grp if isinstance(command.group, msgspec.UnsetType) else command.group
    kind = row.kind if isinstance(command.kind, msgspec.UnsetType) else command.kind
    estimate = _estimate(command, row)
    # What it is expected to take is worked out anew.
    cost = row.cost if (kind, estimate) == (row.kind, row.estimate) else 0
    parents, waiting = row.parents, row.waiting
    if edges is not None:
        parents, waiting = len(edges), sum(found is None for _, found in edges)
        _write_edges(context, row, edges)
    transaction.one(tasks.EDIT_TASK, title, band, shape, deadline, attempts, parents, group, kind, estimate, row.id)
    if isinstance(command.description, str):
        transaction.one(tasks.SET_DESCRIPTION, command.description, row.id)
    return row._replace(
        band=band, deadline=deadline, shape=shape, parents=parents, waiting=waiting, grp=group,
        kind=kind, estimate=estimate, cost=cost,
    )  # fmt: skip


def _needs(old: Requirements, command: Edit) -> Requirements:
    asked = _Asked(
        kind=old.kind,
        skills=dict(old.skills),
        role=old.role,
        regions=list(old.regions),
        pin=old.pin,
        ban=list(old.ban),
        limits=list(old.limits),
        resources=dict(old.resources),
        near=old.near,
        max_cost=old.max_cost,
    )
    for key in asked.__struct_fields__:
        value = getattr(command, key, msgspec.UNSET)
        if value is not msgspec.UNSET:
            setattr(asked, key, value)
    return needs_of(asked)


def _edges(context: Context, command: Edit, row: TaskRow) -> list[tuple[Edge, str | None]] | None:
    """The new parents with what their state means; refused where a parent is missing or a cycle would close."""
    if isinstance(command.after, msgspec.UnsetType):
        return None
    context.transaction.hold(EDGES)
    edges = [edge(after, f"after[{index}]", {}) for index, after in enumerate(command.after)]
    refuse_twice([parent for parent, _, _ in edges], "after")
    edges += _sequence_edges(context, row, {int(parent) for parent, _, _ in edges})
    numbers = [int(parent) for parent, _, _ in edges]
    parents = context.lock(numbers)
    for index, number in enumerate(numbers):
        if number not in parents:
            raise RotaError("unknown_reference", f"there is no {task_id(number)}", field=f"after[{index}]")
    graph: dict[int, list[int]] = {row.id: numbers}
    for number in numbers:
        for child, parent in context.transaction.one(relations.FAMILY, number, number):
            if child != row.id:
                graph.setdefault(child, []).append(parent)
    found = cycle(graph)
    if found:
        named = [task_id(number) for number in found]
        raise RotaError("cycle", f"tasks would wait for each other: {' -> '.join(named)}", field="after", cycle=named)
    verdicts = [
        (one, verdict(parents[number].state, one[1], one[2])) for one, number in zip(edges, numbers, strict=True)
    ]
    if any(said == "cancel" for _, said in verdicts):
        raise RotaError(
            "wrong_state", "a parent has ended without a result; give its edge the rule run or hold", field="after"
        )
    return verdicts


def _sequence_edges(context: Context, row: TaskRow, named: set[int]) -> list[Edge]:
    """What the task waits for because of its sequence stays, whatever else it is to wait for."""
    if row.sequence is None:
        return []
    own = [found for found in context.transaction.each(relations.PARENTS, [(row.id,)]) if found[1] not in named]
    parents = context.lock([parent for _child, parent, *_ in own])
    return [
        (parent, rule, until)
        for _child, parent, rule, until, met in own
        if not met and rule == RUN_CHILD and parents[parent].sequence == row.sequence
    ]


def _write_edges(context: Context, row: TaskRow, edges: list[tuple[Edge, str | None]]) -> None:
    context.transaction.one(relations.DROP_PARENTS, row.id)
    rows = [(row.id, int(parent), rule, until, int(found is not None)) for (parent, rule, until), found in edges]
    context.transaction.add(relations.ADD_DEPENDENCY, rows)
    context.transaction.each(tasks.MARK_PARENTS, sorted({(int(parent),) for (parent, _, _), _ in edges}))
