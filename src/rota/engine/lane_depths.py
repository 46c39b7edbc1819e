"""How many tasks wait in each lane: rows that every turn adds to, folded into one a lane when there are many."""

from __future__ import annotations

from rota.engine.context import Context
from rota.store.sql.waiting import ADD_DEPTH, DEPTHS, TAKE_DEPTHS

FOLD_DEPTH = 64
"""Depth rows are folded into one a lane when there are this many more than lanes."""


def lane_depths(context: Context) -> dict[int, int]:
    """Waiting tasks by lane, of lanes that have some, in order of lanes."""
    owned = context.owned
    if owned is not None and owned.depths is not None and owned.depth_rows <= len(owned.depths) + FOLD_DEPTH:
        more = context.changes.depth
        now = {lane: owned.depths.get(lane, 0) + more.get(lane, 0) for lane in owned.depths.keys() | more.keys()}
        return {lane: n for lane, n in sorted(now.items()) if n > 0}
    context.write_depths()
    rows = context.transaction.one(DEPTHS)
    n_rows = sum(row[2] for row in rows)
    found = {lane: n for lane, n, _rows in rows}
    if n_rows > len(rows) + FOLD_DEPTH:
        totals: dict[int, int] = {}
        for lane, n in context.transaction.one(TAKE_DEPTHS):
            totals[lane] = totals.get(lane, 0) + n
        folded = sorted((lane, n) for lane, n in totals.items() if n)
        context.transaction.add(ADD_DEPTH, folded)
        n_rows = len(folded)
    if owned is not None:
        owned.depths, owned.depth_rows = {lane: n for lane, n in found.items() if n}, n_rows
    return {lane: n for lane, n in found.items() if n > 0}
