"""What an audit found."""

from __future__ import annotations

import msgspec

from rota.audit.rules import RULES, Rule
from rota.model.ids import task_id

KEPT = 1_000
"""Violations named in a report; all are counted."""


class Violation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One breach of the promise, with its evidence."""

    rule: Rule
    expected: str
    found: str
    event: int | None = None
    """The event's `seq`; None when a table says it."""
    task: str | None = None

    @property
    def text(self) -> str:
        """One line for people."""
        where = f"event {self.event}" if self.event is not None else "tables"
        about = f", {self.task}" if self.task else ""
        return f"{self.rule}: {where}{about}: expected {self.expected}, found {self.found}"


class Report(msgspec.Struct, kw_only=True):
    """The result of an audit: it is clean when nothing was violated."""

    clean: bool
    events: int
    tasks: int
    """Tasks that were submitted, archived ones included."""
    archived: int
    gives: int
    """Tasks given to agents by plans, offers that lapsed included."""
    inversions: int
    counts: dict[str, int]
    """Violations by rule; only rules that were violated."""
    violations: list[Violation]
    """The first 1,000."""
    states: dict[str, int]
    """Tasks by the state the events led them to, archived ones excluded."""


class Evidence:
    """Gathers violations: counts all, keeps the first."""

    def __init__(self) -> None:
        self.counts: dict[Rule, int] = {}
        self.violations: list[Violation] = []

    def add(self, rule: Rule, expected: str, found: str, *, event: int | None = None, task: int | None = None) -> None:
        """One more breach of a rule."""
        assert rule in RULES
        self.counts[rule] = self.counts.get(rule, 0) + 1
        if len(self.violations) < KEPT:
            named = None if task is None else task_id(task)
            self.violations.append(Violation(rule=rule, expected=expected, found=found, event=event, task=named))
