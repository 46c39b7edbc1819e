"""When parents end: their children become ready, or what their edges say."""

from __future__ import annotations

from rota.engine.context import Context
from rota.engine.ending import end
from rota.engine.place import Groups, leave, put, tell
from rota.model import state
from rota.model.ids import task_id
from rota.store.sql.relations import CHILDREN, MEET
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
    newly = set(context.transaction.each(MEET, sorted((child, parent) for child, parent, _found in decided)))
    by_child: dict[int, list[tuple[int, str]]] = {}
    for child, parent, found in decided:
        if (child, parent) in newly:
            by_child.setdefault(child, []).append((parent, found))
    groups: Groups = {}
    for child, met_edges in by_child.items():
        row = rows.get(child)
        if row is not None and row.state not in state.ENDED:
            _meet(context, row, met_edges, ended, groups)
    tell(context, "parents_ended", groups)


def _meet(context: Context, row: TaskRow, edges: list[tuple[int, str]], ended: dict[int, int], groups: Groups) -> None:
    for parent, found in edges:
        if found == "cancel":
            in_hands = leave(context, [row])
            if not in_hands:
                end(context, [row], state.CANCELLED, "parent_ended", _because(parent, ended))
            return
    waiting = max(row.waiting - len(edges), 0)
    holding = next((parent for parent, found in edges if found == "hold"), None)
    if leave(context, [row]):
        return
    held = row.state == state.HELD or holding is not None
    reason = row.reason if holding is None else _because(holding, ended)
    put(context, row, groups, held=held, waiting=waiting, start=row.start, lane=row.lane, reason=reason)


def _because(parent: int, ended: dict[int, int]) -> str:
    return f"parent {task_id(parent)} is {state.STATES[ended[parent]]}"
