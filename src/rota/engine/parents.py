"""The tasks that the tasks of a submit wait for: named in `after`, or the previous one of their sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rota.engine.context import Context
from rota.engine.dependencies import RULES, RUN_CHILD, UNTIL_DONE, UNTILS, verdict
from rota.engine.held import hold_sequences
from rota.model import bounds, check, state
from rota.model.errors import RotaError, invalid
from rota.model.ids import task_id, task_number
from rota.model.task import After, TaskSpec
from rota.planning.graph import cycle
from rota.store.sql import relations
from rota.store.sql.tasks import TaskRow

Edge = tuple[str | int, int, int]
"""A parent (a local reference or a task number), its rule and its until."""


class Parents:
    """The edges of one submit, by the index of the child. Reading them locks the parents that exist already."""

    def __init__(self, context: Context, specs: Sequence[TaskSpec], existing: Mapping[int, int]) -> None:
        self._context = context
        self._specs = specs
        self._existing = existing
        """Index of a spec -> the task that its unique key answers instead."""
        self.refs: dict[str, int] = {}
        self.edges: dict[int, list[Edge]] = {}
        self._rows: dict[int, TaskRow] = {}
        self._read_refs()
        self._read_edges()
        if self.edges:
            self._lock()
        self._add_sequences()
        if self.edges:
            self._refuse_cycles()

    def verdicts(self, index: int) -> Iterator[str | None]:
        """What the states of its parents mean for the task of this index: `met`, `cancel`, `hold`, None = wait."""
        for parent, rule, until in self.edges.get(index, ()):
            yield self.verdict(parent, rule, until)

    def verdict(self, parent: str | int, rule: int, until: int) -> str | None:
        """What the state of one parent means. Those of the same submit are waited for."""
        kind, number = self._key(parent)
        row = self._rows.get(number) if kind == "task" else None
        return None if row is None else verdict(row.state, rule, until)

    def local(self) -> dict[int, list[int]]:
        """For each task the others of this submit that it waits for, by index; only tasks with such."""
        found = {
            index: [number for parent, _, _ in edges for kind, number in [self._key(parent)] if kind == "spec"]
            for index, edges in self.edges.items()
        }
        return {index: parents for index, parents in found.items() if parents}

    def outside(self) -> list[int]:
        """The tasks, by index, that wait for tasks of earlier submits."""
        return [
            index
            for index, edges in self.edges.items()
            if any(self._key(parent)[0] == "task" and self.verdict(parent, r, u) is None for parent, r, u in edges)
        ]

    @property
    def existing(self) -> frozenset[int]:
        """The tasks of earlier submits that these wait for."""
        return frozenset(self._rows)

    def _read_refs(self) -> None:
        for index, spec in enumerate(self._specs):
            if spec.ref is None:
                continue
            if spec.ref in self.refs:
                raise RotaError(
                    "duplicate", f"{spec.ref!r} is also tasks[{self.refs[spec.ref]}].ref", field=f"tasks[{index}].ref"
                )
            self.refs[spec.ref] = index

    def _read_edges(self) -> None:
        for index, spec in enumerate(self._specs):
            if not spec.after or index in self._existing:
                continue
            edges = self.edges[index] = [
                edge(after, f"tasks[{index}].after[{at}]", self.refs) for at, after in enumerate(spec.after)
            ]
            refuse_twice([self._key(parent) for parent, _, _ in edges], f"tasks[{index}].after")

    def _key(self, parent: str | int) -> tuple[str, int]:
        """One name for one parent: a reference to a task that exists already is that task."""
        if isinstance(parent, int):
            return ("task", parent)
        index = self.refs[parent]
        return ("task", self._existing[index]) if index in self._existing else ("spec", index)

    def _lock(self) -> None:
        outside = {self._key(parent) for edges in self.edges.values() for parent, _, _ in edges}
        numbers = sorted(number for kind, number in outside if kind == "task")
        if not numbers:
            return
        self._context.flush()
        self._rows = self._context.lock(numbers)
        for index, edges in self.edges.items():
            for at, (parent, _, _) in enumerate(edges):
                if isinstance(parent, int) and parent not in self._rows:
                    raise RotaError(
                        "unknown_reference", f"there is no {task_id(parent)}", field=f"tasks[{index}].after[{at}]"
                    )

    def _add_sequences(self) -> None:
        """A task of a sequence runs after the previous live one, however that ends."""
        members = [
            (index, spec.sequence)
            for index, spec in enumerate(self._specs)
            if spec.sequence is not None and index not in self._existing
        ]
        if not members:
            return
        previous: dict[str, str | int] = dict(self._live_tails({key for _, key in members}))
        for index, key in members:
            if key in previous:
                self._add_sequence_edge(index, previous[key])
            name = self._specs[index].ref or f"\0{index}"
            self.refs.setdefault(name, index)
            previous[key] = name

    def _live_tails(self, keys: set[str]) -> Iterator[tuple[str, int]]:
        self._context.flush()
        hold_sequences(self._context, keys)
        found = self._context.transaction.each(relations.SEQUENCE_TAILS, [(key,) for key in sorted(keys)])
        self._rows.update(self._context.lock([tail for _, tail in found if tail not in self._rows]))
        for key, tail in found:
            if tail in self._rows and self._rows[tail].state not in state.ENDED:
                yield key, tail

    def _add_sequence_edge(self, index: int, parent: str | int) -> None:
        """Where the previous task is also named in `after`, that dependency with its own rule is enough."""
        edges = self.edges.setdefault(index, [])
        if self._key(parent) not in {self._key(other) for other, _, _ in edges}:
            edges.append((parent, RUN_CHILD, UNTIL_DONE))

    def _refuse_cycles(self) -> None:
        found = cycle(self.local())
        if found:
            named = [self._specs[index].ref or f"tasks[{index}]" for index in found]
            raise RotaError("cycle", f"tasks wait for each other: {' -> '.join(named)}", field="tasks", cycle=named)


def edge(after: Any, field: str, refs: dict[str, int]) -> Edge:
    """One dependency with its parent found: a reference of the same submit wins over a task id."""
    if isinstance(after, str):
        after = After(task=after)
    if not isinstance(after, After):
        raise invalid(field, f"must be a task id, a ref, or a dependency, not {type(after).__name__}")
    check.text(after.task, field, bounds.KEY, empty=False)
    if after.rule not in RULES:
        raise invalid(f"{field}.rule", f"{after.rule!r} is none of {', '.join(RULES)}")
    if after.until not in UNTILS:
        raise invalid(f"{field}.until", f"{after.until!r} is none of {', '.join(UNTILS)}")
    rule, until = RULES.index(after.rule), UNTILS.index(after.until)
    if after.task in refs:
        return (after.task, rule, until)
    try:
        return (task_number(after.task, field), rule, until)
    except RotaError:
        raise RotaError(
            "unknown_reference", f"{after.task[:60]!r} is neither a ref of this submit nor a task id", field=field
        ) from None


def refuse_twice(parents: Sequence[object], field: str) -> None:
    """Refuse a parent named twice: it would be waited for twice and ends once."""
    named: dict[object, int] = {}
    for at, parent in enumerate(parents):
        if parent in named:
            raise RotaError("duplicate", f"is the same task as [{named[parent]}]", field=f"{field}[{at}]")
        named[parent] = at
