"""The first tasks of lanes, and of groups in their lanes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from rota.planning.snapshot import Head, Lane, Snapshot
from rota.store.protocol import Reader
from rota.store.sql.waiting import COMPANIONS_POSTGRES, COMPANIONS_SQLITE, HEADS_POSTGRES, HEADS_SQLITE


def heads_of(reader: Reader, lanes: Iterable[int], k: int) -> dict[int, list[Head]]:
    """By lane its first `k` tasks, best first; empty lanes are missing."""
    statement = HEADS_SQLITE if reader.dialect == "sqlite" else HEADS_POSTGRES
    heads: dict[int, list[Head]] = {}
    for lane, *head in reader.each(statement, [(lane, k) for lane in lanes]):
        heads.setdefault(lane, []).append(Head(*head))
    return heads


def add_companions(reader: Reader, pictured: Snapshot, lanes: Sequence[Lane], gone: Collection[int]) -> None:
    """Let lanes show what may come along with their heads: of each group as many tasks as a plan could give.

    Each head of a group can bring along what the group's size, one claim and one agent's slots take. Nothing is read
    while that is one task, or no head is of a group. `gone` are tasks that were given before the plan.
    """
    grouped = [lane for lane in lanes if lane.group_size > 1 and any(head.group for head in lane.heads)]
    if not grouped:
        return
    claims = [listener.n for listener in pictured.listeners]
    free = max((agent.slots - agent.running for agent in pictured.agents), default=0)
    largest, wanted = min(max(claims, default=0), free), sum(claims)
    asked: list[tuple[int, int, int]] = []
    for lane in grouped:
        together = min(lane.group_size, largest)
        if together > 1:
            each = Counter([head.group for head in lane.heads if head.group])
            asked += [(lane.id, group, min(n * together, wanted) + len(gone)) for group, n in each.items()]
    if not asked:
        return
    statement = COMPANIONS_SQLITE if reader.dialect == "sqlite" else COMPANIONS_POSTGRES
    found: dict[int, dict[int, list[Head]]] = {}
    for number, *row in reader.each(statement, asked):
        head = Head(*row)
        if head.task not in gone:
            found.setdefault(number, {}).setdefault(head.group, []).append(head)
    for lane in lanes:
        lane.companions = found.get(lane.id, {})
