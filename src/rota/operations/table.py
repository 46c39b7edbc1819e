"""The table of operations: from it come the Python calls, and every other face."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import msgspec

from rota.engine.book import Book
from rota.model.agent import AgentView
from rota.model.commands import apply as p
from rota.model.commands import archive as a
from rota.model.commands import fleet as f
from rota.model.commands import keys as k
from rota.model.commands import limits as l
from rota.model.commands import read as r
from rota.model.commands import route as t
from rota.model.commands import schedules as c
from rota.model.commands import submit as s
from rota.model.commands import work as w
from rota.model.project import ProjectView
from rota.model.queue import QueueView
from rota.model.task import TaskView
from rota.operations import (
    agents,
    archive,
    batches,
    explain,
    explain_agent,
    keys,
    limits,
    match,
    projects,
    queues,
    rules,
    schedules,
    statistics,
    tasks,
)
from rota.store.protocol import Reader

Scope = Literal["read", "submit", "work", "approve", "route", "admin"]
Look = Callable[[Reader, Book, Any, int], Any]
"""A read: reader, names, request, now in microseconds -> answer."""


class Operation(NamedTuple):
    """One operation. `look` is None for commands, which go through the engine's inbox."""

    name: str
    request: type[msgspec.Struct]
    answer: type[msgspec.Struct]
    scope: Scope
    errors: tuple[str, ...]
    idempotent: bool
    """The same call again changes nothing more."""
    look: Look | None = None

    @property
    def documentation(self) -> str:
        """What it does, as documented on its request."""
        return (self.request.__doc__ or "").strip()


_EVERY = ("invalid", "too_large", "unavailable")
"""What any operation may be refused with."""


def _command(
    name: str,
    request: type[msgspec.Struct],
    answer: type[msgspec.Struct],
    scope: Scope,
    *errors: str,
    idempotent: bool = False,
) -> Operation:
    return Operation(name, request, answer, scope, (*_EVERY, *errors), idempotent)


def _look(
    name: str, request: type[msgspec.Struct], answer: type[msgspec.Struct], look: Look, *errors: str
) -> Operation:
    return Operation(name, request, answer, "read", (*_EVERY, *errors), True, look)


_ALL = (
    _command(
        "submit", s.Submit, s.Submitted, "submit",
        "past", "cycle", "unknown_reference", "no_queue", "no_project", "duplicate", "other_request",
        "queue_full", "wrong_state", "limit_used_up",
    ),
    _command("describe", s.Describe, s.Changed, "submit", "no_task", "changed"),
    _command(
        "edit", s.Edit, s.Changed, "submit",
        "no_task", "wrong_state", "changed", "cycle", "past", "unknown_reference", "duplicate",
    ),
    _command("cancel", s.Cancel, s.Changed, "submit", idempotent=True),
    _command("hold", s.Hold, s.Changed, "route", idempotent=True),
    _command("unhold", s.Unhold, s.Changed, "route", idempotent=True),
    _command("redrive", s.Redrive, s.Changed, "route", idempotent=True),
    _command("claim", w.Claim, w.Claimed, "work", "no_agent", "name_taken", "no_task", "no_project"),
    _command("confirm", w.Confirm, w.Renewed, "work", idempotent=True),
    _command("heartbeat", w.Heartbeat, w.Renewed, "work", "no_agent", "name_taken", idempotent=True),
    _command("complete", w.Complete, w.Judged, "work", idempotent=True),
    _command("fail", w.Fail, w.Judged, "work", "past", idempotent=True),
    _command("give_back", w.GiveBack, w.Judged, "work", idempotent=True),
    _command("ask", w.Ask, w.Judged, "work", "lease_lost", idempotent=True),
    _command("answer", w.Answer, s.Changed, "approve", "no_task", "wrong_state"),
    _command("approve", w.Approve, s.Changed, "approve"),
    _command("reject", w.Reject, s.Changed, "approve", "no_task", "wrong_state"),
    _command("register_agent", f.Register, f.Registered, "work", "name_taken", "not_empty", idempotent=True),
    _command("drain_agent", f.Drain, f.Ok, "route", "no_agent", idempotent=True),
    _command("resume_agent", f.ResumeAgent, f.Ok, "route", "no_agent", idempotent=True),
    _command("set_health", f.SetHealth, f.Ok, "work", "no_agent", "name_taken", idempotent=True),
    _command("remove_agent", f.RemoveAgent, f.Ok, "route", "no_agent"),
    _command("set_queue", f.SetQueue, f.Ok, "admin", "not_empty", "no_queue", idempotent=True),
    _command("set_pool", f.SetPool, f.Ok, "admin", idempotent=True),
    _command("set_tenant", f.SetTenant, f.Ok, "admin", idempotent=True),
    _command("pause_queue", f.PauseQueue, f.Ok, "route", "no_queue", idempotent=True),
    _command("resume_queue", f.ResumeQueue, f.Ok, "route", "no_queue", idempotent=True),
    _command("set_limit", l.SetLimit, f.Ok, "admin", idempotent=True),
    _command("remove_limit", l.RemoveLimit, f.Ok, "admin", "no_limit"),
    _command("set_rules", t.SetRules, f.Ok, "admin", "no_queue", idempotent=True),
    _command("apply", p.Apply, p.Applied, "admin", "not_empty", "no_queue", "changed", idempotent=True),
    _command("set_schedule", c.SetSchedule, f.Ok, "admin", "no_queue", idempotent=True),
    _command("remove_schedule", c.RemoveSchedule, f.Ok, "admin", "no_schedule"),
    _command("pause_schedule", c.PauseSchedule, f.Ok, "route", "no_schedule", idempotent=True),
    _command("resume_schedule", c.ResumeSchedule, f.Ok, "route", "no_schedule", idempotent=True),
    _command("assign", t.Assign, s.Changed, "route", "no_agent", idempotent=True),
    _command("unassign", t.Unassign, s.Changed, "route", idempotent=True),
    _command("reset_limit", l.ResetLimit, f.Ok, "approve", "no_limit", idempotent=True),
    _command("purge_queue", f.PurgeQueue, f.Purged, "admin", "no_queue", idempotent=True),
    _command(
        "create_project", f.CreateProject, f.ProjectMade, "submit",
        "other_request", "past", "cycle", "unknown_reference", "no_queue", "duplicate", "queue_full", "limit_used_up",
    ),
    _command(
        "add_to_project", f.AddToProject, s.Submitted, "submit",
        "past", "cycle", "unknown_reference", "no_queue", "no_project", "duplicate", "queue_full",
        "wrong_state", "limit_used_up", "other_request",
    ),
    _command("finalize_project", f.FinalizeProject, f.Ok, "approve", "no_project", "wrong_state", idempotent=True),
    _command("remove_from_project", f.RemoveFromProject, s.Changed, "submit", "no_project", "wrong_state"),
    _command("delete_project", f.DeleteProject, f.Ok, "admin", "no_project"),
    _look("get_task", r.GetTask, TaskView, tasks.get, "no_task"),
    _look("list_tasks", r.ListTasks, r.TaskPage, tasks.listed, "no_queue", "no_agent", "no_project"),
    _look("get_history", r.GetHistory, r.TaskHistory, tasks.history, "no_task"),
    _look("explain", r.Explain, r.Explanation, explain.explain, "no_task"),
    _look("explain_agent", r.ExplainAgent, r.AgentExplanation, explain_agent.explain_agent, "no_agent"),
    _look("get_agent", r.GetAgent, AgentView, agents.get, "no_agent"),
    _look("list_agents", r.ListAgents, r.AgentPage, agents.listed),
    _look("get_queue", r.GetQueue, QueueView, queues.get, "no_queue"),
    _look("list_queues", r.ListQueues, r.QueuePage, queues.listed),
    _look("match", t.Match, t.Matched, match.match, "no_queue"),
    _look("list_rules", t.ListRules, t.RulePage, rules.listed),
    _look("list_schedules", c.ListSchedules, c.SchedulePage, schedules.listed),
    _look("next_ticks", c.NextTicks, c.Ticks, schedules.next_ticks, "no_schedule"),
    _look("list_limits", l.ListLimits, l.LimitPage, limits.listed),
    _look("get_limit", l.GetLimit, l.LimitPage, limits.get, "no_limit"),
    _look("list_tenants", r.ListTenants, r.TenantPage, queues.tenants),
    _look("get_project", r.GetProject, ProjectView, projects.get, "no_project"),
    _look("list_projects", r.ListProjects, r.ProjectPage, projects.listed),
    _look("get_statistics", r.GetStatistics, r.Statistics, statistics.get),
    _look("get_batch", r.GetBatch, r.BatchView, batches.get),
    _look("list_attempts", r.ListAttempts, r.AttemptPage, batches.attempts),
    _look("list_events", r.ListEvents, r.EventPage, statistics.events),
    _look("list_archives", a.ListArchives, a.ArchivePage, archive.listed),
    Operation("create_key", k.CreateKey, k.KeyMade, "admin", _EVERY, False),
    _command("revoke_key", k.RevokeKey, f.Ok, "admin", "no_key", idempotent=True),
    Operation("list_keys", k.ListKeys, k.KeyPage, "admin", _EVERY, True, keys.listed),
    Operation("backup", r.Backup, r.BackedUp, "admin", (*_EVERY, "full_disk", "read_only"), True),
    Operation("archive", a.Archive, a.Archived, "admin", (*_EVERY, "full_disk", "read_only"), False),
    Operation("restore_archive", a.RestoreArchive, a.Restored, "admin", (*_EVERY, "no_archive"), True),
)  # fmt: skip

OPERATIONS: dict[str, Operation] = {operation.name: operation for operation in _ALL}
BY_REQUEST: dict[type, Operation] = {operation.request: operation for operation in _ALL}
