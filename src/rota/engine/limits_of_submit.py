"""Limits and the tasks of one submit: the keys they must be admitted to, and refusals while a limit is used up."""

from __future__ import annotations

from rota.engine.book import Queue
from rota.engine.context import Context
from rota.engine.limit_standing import standings_of
from rota.engine.limits import Charged, Limit
from rota.engine.line import keys_text
from rota.engine.touches import touched
from rota.model.errors import RotaError
from rota.model.ids import project_id
from rota.model.task import TaskSpec
from rota.model.times import rfc3339
from rota.store.sql.relations import PROJECT


class LimitsOfSubmit:
    """What is read for one submit. Nothing is locked: other nodes may use up a limit in the same moment."""

    def __init__(self, context: Context, project_keys: dict[int, str]) -> None:
        self._context = context
        self._projects = project_keys
        self._used_up: dict[str, str | None] = {}
        """By limit: how a refusal says it; None = it has room."""

    def keys(self, index: int, spec: TaskSpec, queue: Queue, project: int | None) -> str | None:
        """What the task keeps of the limits it must be admitted to; refused where one that refuses is used up."""
        limits = self._context.book.limits
        if not limits and not spec.touches:
            return None
        charged: Charged = touched(spec.touches) if spec.touches else {}
        if limits.by_task:
            facts = {"queue": queue.name, "tenant": spec.tenant, "kind": spec.kind, "project": self._named(project)}
            charged = {**charged, **limits.of_task(facts, spec.payload)}
        if limits.refusing:
            own = limits.of_lane(queue.name, spec.tenant, spec.kind, spec.limits)
            for name, limit in sorted({**charged, **own}.items()):
                if limit.spec.on_empty == "refuse":
                    self._refuse(index, name, limit)
        return keys_text(charged)

    def _named(self, project: int | None) -> str | None:
        """The key of a project, or its id when it has none."""
        if project is None:
            return None
        if project not in self._projects:
            found = self._context.transaction.one(PROJECT, project)
            self._projects[project] = (found[0][3] if found else None) or project_id(project)
        return self._projects[project]

    def _refuse(self, index: int, name: str, limit: Limit) -> None:
        if name not in self._used_up:
            self._used_up[name] = self._why(name, limit)
        why = self._used_up[name]
        if why is not None:
            raise RotaError("limit_used_up", why, field=f"tasks[{index}]", limit=name)

    def _why(self, name: str, limit: Limit) -> str | None:
        context = self._context
        context.flush()
        found = standings_of(context.transaction, {name: limit}, context.now)[name]
        # Tasks in line want to be counted too.
        if found.gauge.room and not found.waiting:
            return None
        return f"limit {name} is used up" + (f" until {rfc3339(found.opens)}" if found.opens else "")
