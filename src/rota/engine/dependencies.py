"""When parents end: their children become ready, or what their edges say."""

from __future__ import annotations

from collections.abc import Sequence

from rota.engine.context import Context
from rota.engine.ending import end
from rota.engine.needs import take_back
from rota.engine.place import Groups, leave, put, tell, temporary_shape
from rota.model import state
from rota.model.ids import task_id
from rota.store.sql.relations import ADD_DEPENDENCY, CHILDREN, MEET, PARENTS
from rota.store.sql.tasks import TaskRow

RULES = ("cancel", "run", "hold")
CANCEL_CHILD, RUN_CHILD, HOLD_CHILD = range(3)
UNTILS = ("done", "approved")
UNTIL_DONE, UNTIL_APPROVED = range(2)


def verdict(parent_state: int, rule: int, until: int) -> str | None:
    """What a parent in this state means for an edge: `met`, `cancel`, `hold`, or None = wait on."""
    if parent_state == state.DONE or (parent_state == state.REVIEW and until == UNTIL_DONE):
        return "met"
    if parent_state in (state.DEAD, state.CANCELLED, state.EXPIRED):
        return ("cancel", "met", "hold")[rule]
    return None


def settle(context: Context) -> None:
    """Carry the ends of this turn on to the children, and theirs, until nothing more ends."""
    while context.ended:
        ended, context.ended = context.ended, {}
        context.flush()
        _settle_one_level(context, ended)
    if context.gone:
        gone, context.gone = context.gone, set()
        context.flush()
        edges = context.transaction.each(PARENTS, [(task,) for task in sorted(gone)])
        take_back(context, {parent for _child, parent, _rule, _until, met in edges if not met})


def _settle_one_level(context: Context, ended: dict[int, int]) -> None:
    edges = context.transaction.each(CHILDREN, [(task,) for task in sorted(ended)])
    decided = [
        (child, parent, found)
        for child, parent, rule, until, met in edges
        if not met and (found := verdict(ended[parent], rule, until)) is not None
    ]
    if not decided:
        return
    rows = context.lock([child for child, _parent, _found in decided])
    before = _before_in_sequence(context, ended, decided, rows)
    newly = set(context.transaction.each(MEET, sorted((child, parent) for child, parent, _found in decided)))
    by_child: dict[int, list[tuple[int, str]]] = {}
    for child, parent, found in decided:
        if (child, parent) in newly:
            by_child.setdefault(child, []).append((parent, found))
    groups: Groups = {}
    for child, met_edges in by_child.items():
        row = rows.get(child)
        if row is not None and row.state not in state.ENDED:
            _meet(context, row, met_edges, ended, groups, before.get(child, ()))
    tell(context, "parents_ended", groups)


def _before_in_sequence(
    context: Context, ended: dict[int, int], decided: list[tuple[int, int, str]], rows: dict[int, TaskRow]
) -> dict[int, list[int]]:
    """Children in a sequence whose previous task ended before its turn, with the tasks that one still waited for."""
    skipped = {parent for _child, parent, _found in decided if ended[parent] in (state.CANCELLED, state.EXPIRED)}
    waited: dict[int, list[int]] = {}
    for task, parent, _rule, _until, met in context.transaction.each(PARENTS, [(task,) for task in sorted(skipped)]):
        if not met:
            waited.setdefault(task, []).append(parent)
    if not waited:
        return {}
    others = context.lock([*waited, *(parent for parents in waited.values() for parent in parents)])
    found: dict[int, list[int]] = {}
    for child, parent, _found in decided:
        key = rows[child].sequence
        if key is not None and parent in others and others[parent].sequence == key:
            line = _line(parent, waited, others)
            found[child] = [task for task in line if others[task].sequence == key]
    return found


def _line(task: int, waited: dict[int, list[int]], others: dict[int, TaskRow]) -> list[int]:
    """The live tasks that a task waited for, also through others that end with it."""
    live, looked_at, todo = [], {task}, [task]
    while todo:
        for parent in waited.get(todo.pop(), ()):
            if parent in looked_at:
                continue
            looked_at.add(parent)
            if others[parent].state in state.ENDED:
                todo.append(parent)
            else:
                live.append(parent)
    return sorted(live)


def _meet(
    context: Context,
    row: TaskRow,
    edges: list[tuple[int, str]],
    ended: dict[int, int],
    groups: Groups,
    before: Sequence[int],
) -> None:
    for parent, found in edges:
        if found == "cancel":
            in_hands = leave(context, [row])
            if not in_hands:
                end(context, [row], state.CANCELLED, "parent_ended", _because(parent, ended))
            return
    waiting = max(row.waiting - len(edges), 0) + _wait_for(context, row, before)
    holding = next((parent for parent, found in edges if found == "hold"), None)
    if leave(context, [row]):
        return
    held = row.state == state.HELD or holding is not None
    reason = row.reason if holding is None else _because(holding, ended)
    put(
        context,
        row,
        groups,
        held=held,
        waiting=waiting,
        start=row.start,
        shape=temporary_shape(context, row),
        reason=reason,
    )


def _wait_for(context: Context, row: TaskRow, before: Sequence[int]) -> int:
    """Let the task wait for these too; for how many more it waits."""
    if not before:
        return 0
    has = {parent for _child, parent, *_ in context.transaction.each(PARENTS, [(row.id,)])}
    new = [(row.id, parent, RUN_CHILD, UNTIL_DONE, 0) for parent in before if parent not in has]
    context.transaction.add(ADD_DEPENDENCY, new)
    return len(new)


def _because(parent: int, ended: dict[int, int]) -> str:
    return f"parent {task_id(parent)} is {state.STATES[ended[parent]]}"
