"""The history of a database as a workload: what came when, what it needed, how long it took. No titles, no texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from rota.engine.book import Book
from rota.engine.dependencies import RULES, UNTILS
from rota.model import state
from rota.model.ids import task_id
from rota.model.priority import PRIORITIES
from rota.model.requirements import Requirements
from rota.model.times import SECOND
from rota.simulator.measures.sketch import rounded
from rota.store.protocol import Reader
from rota.store.sql import archive as sql
from rota.store.sql.audit import TASKS
from rota.store.statement import Add, Each

PAGE = 500
LEAST_S = 1e-6
Row = dict[str, Any]


class Recorded(msgspec.Struct, kw_only=True):
    """What a history holds, and how it went."""

    tasks: int = 0
    left_out: int = 0
    """Tasks that were cancelled: nobody wants them done."""
    unknown: int = 0
    """Tasks that were never done: their work is guessed from others of their kind."""
    deadlines_met: int = 0
    with_deadline: int = 0
    attempts: dict[str, int] = {}
    """By agent."""
    failed: dict[str, int] = {}
    """By agent: attempts that failed or whose lease was lost."""


class _Told(NamedTuple):
    """Rows about one task: its attempts in order, and the edges to those it waits for."""

    task: Row
    attempts: list[Row]
    parents: list[Row]


class History:
    """One committed state of a database, read twice: first for how long kinds of tasks take, then task by task."""

    def __init__(self, reader: Reader, book: Book) -> None:
        self._reader = reader
        self._book = book
        self.recorded = Recorded()
        self._work: dict[str | None, tuple[float, int]] = {}
        """By kind, and of all under None: seconds and number of tasks that were done."""
        self._first: int | None = None
        self._last = 0

    def lines(self) -> Iterator[Row]:
        """Each task as a line of a workload, in order of submission; `recorded` is complete afterwards."""
        for told in self._tasks():
            self._learn(told)
        for told in self._tasks():
            if told.task["state"] == state.CANCELLED:
                self.recorded.left_out += 1
                continue
            self._record(told)
            yield self._line(told)

    def _tasks(self) -> Iterator[_Told]:
        after = 0
        while rows := self._reader.one(TASKS, after, PAGE):
            after = rows[-1][0]
            numbers = [row[0] for row in rows]
            tasks = self._whole(numbers)
            attempts = _grouped(self._read(sql.WHOLE_ATTEMPTS, sql.PUT_ATTEMPT, numbers), "task")
            edges = self._read(sql.WHOLE_EDGES, sql.PUT_EDGE, numbers)
            parents = {**tasks, **self._whole(sorted({row["parent"] for row in edges} - set(numbers)))}
            told = _grouped([row for row in edges if _tells(row, tasks, parents)], "child")
            for number in numbers:
                tried = sorted(attempts.get(number, []), key=lambda row: int(row["number"]))
                yield _Told(tasks[number], tried, sorted(told.get(number, []), key=lambda row: int(row["parent"])))

    def _whole(self, numbers: list[int]) -> dict[int, Row]:
        return {row["id"]: row for row in self._read(sql.WHOLE_TASKS, sql.PUT_TASK, numbers)}

    def _read(self, statement: Each, like: Add, numbers: list[int]) -> list[Row]:
        found = self._reader.each(statement, [(number,) for number in numbers])
        return [dict(zip(like.columns, row, strict=True)) for row in found]

    def _learn(self, told: _Told) -> None:
        seconds = _done_s(told)
        if seconds is None:
            return
        for kind in (told.task["kind"], None):
            total, n = self._work.get(kind, (0.0, 0))
            self._work[kind] = total + seconds, n + 1

    def _record(self, told: _Told) -> None:
        recorded, task = self.recorded, told.task
        recorded.tasks += 1
        recorded.unknown += _done_s(told) is None
        if task["deadline"] is not None:
            recorded.with_deadline += 1
            recorded.deadlines_met += task["state"] == state.DONE and task["finished"] <= task["deadline"]
        for attempt in told.attempts:
            name = self._book.agent_name(attempt["agent"])
            recorded.attempts[name] = recorded.attempts.get(name, 0) + 1
            if attempt["outcome"] in ("failed", "lost"):
                recorded.failed[name] = recorded.failed.get(name, 0) + 1

    def _line(self, told: _Told) -> Row:
        task = told.task
        values = {
            "title": task_id(task["id"]),
            "submit_s": self._elapsed(task["submitted"]),
            "run_s": self._run_s(told),
            "kind": task["kind"],
            "queue": self._book.queues[task["queue"]].name,
            "tenant": self._book.tenant_name(self._reader, task["tenant"]),
            "priority": PRIORITIES[task["band"]],
            "estimate": None if task["estimate"] is None else task["estimate"] / SECOND,
            "deadline": _span(task, task["deadline"]),
            "ttl": _span(task, task["expires"]),
            "start": _span(task, _start(told)),
            "max_attempts": task["max_attempts"],
            "ref": task_id(task["id"]) if task["children"] else None,
            "after": [_after(edge) for edge in told.parents] or None,
            "sequence": task["sequence"],
            "affinity": task["affinity"],
            "group": task["grp"],
            **_needed(self._book.needs_of(self._reader, task["shape"])),
        }
        return {name: value for name, value in values.items() if value is not None}

    def _elapsed(self, submitted: int) -> float:
        """Seconds since the first task; never back, whatever several nodes' clocks said."""
        if self._first is None:
            self._first = self._last = submitted
        self._last = max(self._last, submitted)
        return (self._last - self._first) / SECOND

    def _run_s(self, told: _Told) -> float | None:
        """What it took; of a task that was never done its estimate, else the mean of its kind, else of all."""
        seconds = _done_s(told)
        if seconds is None and told.task["estimate"] is not None:
            seconds = told.task["estimate"] / SECOND
        if seconds is None:
            total, n = self._work.get(told.task["kind"]) or self._work.get(None, (0.0, 0))
            seconds = total / n if n else None
        return None if seconds is None else rounded(max(seconds, LEAST_S))


def _done_s(told: _Told) -> float | None:
    if told.task["state"] not in (state.DONE, state.REVIEW) or not told.attempts:
        return None
    last = told.attempts[-1]
    return max(float(last["ended"] - last["since"]) / SECOND, LEAST_S)


def _span(task: Row, at: int | None) -> float | None:
    """Seconds from the submission to that moment."""
    return None if at is None else max((at - task["submitted"]) / SECOND, LEAST_S)


def _start(told: _Told) -> int | None:
    """When it was to begin at the earliest, as submitted; later it is when it is to be tried again."""
    start = told.task["start"]
    begun = told.attempts[0]["since"] if told.attempts else None
    if start is None or start <= told.task["submitted"] or (begun is not None and start > begun):
        return None
    return int(start)


def _tells(edge: Row, children: dict[int, Row], parents: dict[int, Row]) -> bool:
    """Whether the workload can say that this task waits for that one, and its sequence does not say so already."""
    child, parent = children[edge["child"]], parents.get(edge["parent"])
    if parent is None or parent["state"] == state.CANCELLED or parent["submitted"] > child["submitted"]:
        return False
    return child["sequence"] is None or child["sequence"] != parent["sequence"]


def _after(edge: Row) -> Row:
    return {"task": task_id(edge["parent"]), "rule": RULES[edge["rule"]], "until": UNTILS[edge["until"]]}


def _needed(needs: Requirements) -> Row:
    """The fields of a submit that come to these requirements."""
    return {
        "skills": dict(needs.skills) or None,
        "role": needs.role,
        "regions": list(needs.regions) or None,
        "pin": needs.pin,
        "ban": list(needs.ban) or None,
        "limits": list(needs.limits) or None,
        "resources": dict(needs.resources) or None,
        "near": needs.near,
        "max_cost": needs.max_cost,
    }


def _grouped(rows: list[Row], key: str) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found
