"""Auditing a database: replay the log, then compare the tables with what it says."""

from __future__ import annotations

from rota.audit.replay import Progress, Replay
from rota.audit.report import Evidence, Report
from rota.audit.tables import compare
from rota.model.state import STATES
from rota.store.protocol import Reader
from rota.store.sql.history import LAST_TASK


def audit(reader: Reader, progress: Progress | None = None) -> Report:
    """Prove or refute the promise from one committed state of a database. Reads only; memory is 26 bytes a task."""
    evidence = Evidence()
    replay = Replay(reader, int(reader.one(LAST_TASK)[0][0]), evidence)
    replay.run(progress)
    compare(reader, replay.ledger, replay.lanes, evidence)
    replay.fleet.compare(reader, evidence)
    counts = {STATES[state]: replay.ledger.numbers_in(state) for state in range(len(STATES))}
    return Report(
        clean=not evidence.counts,
        events=replay.events,
        tasks=replay.ledger.submitted,
        archived=replay.ledger.archived,
        gives=replay.gives,
        inversions=replay.order.inversions,
        counts=dict[str, int](sorted(evidence.counts.items())),
        violations=evidence.violations,
        states={name: n for name, n in counts.items() if n},
    )
