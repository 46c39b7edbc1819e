"""What nodes keep each other from changing while a turn works with it (see `Transaction.hold`).

The fleet is taken at the very beginning of a turn, the others when they are needed. Should two turns wait for each
other because of it, PostgreSQL ends one, and that is run again.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from rota.engine.context import Context

FLEET = 0
"""Agents, queues and pools: a turn that changes them is alone, all others share them."""
EDGES = 1
"""Dependencies between tasks that exist: two edits that each close half of a cycle would not see each other."""
_SEQUENCES = range(2, 66)
BELIEFS = 66
"""What was learnt of kinds of work: plans of several pools fold samples into the same rows."""


def hold_sequences(context: Context, keys: Iterable[str]) -> None:
    """Keep other nodes from adding to these sequences: two could take the same task for the last one."""
    for number in sorted({_SEQUENCES[crc32(key.encode()) % len(_SEQUENCES)] for key in keys}):
        context.transaction.hold(number)
