"""Which operation a request is of, and what it answers.

The table of operations says the same, but to load it takes longer than a short command beside a busy owner may take
altogether; a test compares the two.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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
from rota.model.errors import invalid
from rota.model.project import ProjectView
from rota.model.queue import QueueView
from rota.model.task import TaskView


class Called(NamedTuple):
    """An operation by its name, and the type of its answer."""

    operation: str
    answer: type[Any]


CALLS: dict[type, Called] = {
    s.Submit: Called("submit", s.Submitted),
    s.Describe: Called("describe", s.Changed),
    s.Edit: Called("edit", s.Changed),
    s.Cancel: Called("cancel", s.Changed),
    s.Hold: Called("hold", s.Changed),
    s.Unhold: Called("unhold", s.Changed),
    s.Redrive: Called("redrive", s.Changed),
    w.Claim: Called("claim", w.Claimed),
    w.Confirm: Called("confirm", w.Renewed),
    w.Heartbeat: Called("heartbeat", w.Renewed),
    w.Complete: Called("complete", w.Judged),
    w.Fail: Called("fail", w.Judged),
    w.GiveBack: Called("give_back", w.Judged),
    w.Ask: Called("ask", w.Judged),
    w.Answer: Called("answer", s.Changed),
    w.Approve: Called("approve", s.Changed),
    w.Reject: Called("reject", s.Changed),
    f.Register: Called("register_agent", f.Registered),
    f.Drain: Called("drain_agent", f.Ok),
    f.ResumeAgent: Called("resume_agent", f.Ok),
    f.SetHealth: Called("set_health", f.Ok),
    f.RemoveAgent: Called("remove_agent", f.Ok),
    f.SetQueue: Called("set_queue", f.Ok),
    f.SetPool: Called("set_pool", f.Ok),
    f.SetTenant: Called("set_tenant", f.Ok),
    f.PauseQueue: Called("pause_queue", f.Ok),
    f.ResumeQueue: Called("resume_queue", f.Ok),
    l.SetLimit: Called("set_limit", f.Ok),
    l.RemoveLimit: Called("remove_limit", f.Ok),
    t.SetRules: Called("set_rules", f.Ok),
    p.Apply: Called("apply", p.Applied),
    c.SetSchedule: Called("set_schedule", f.Ok),
    c.RemoveSchedule: Called("remove_schedule", f.Ok),
    c.PauseSchedule: Called("pause_schedule", f.Ok),
    c.ResumeSchedule: Called("resume_schedule", f.Ok),
    t.Assign: Called("assign", s.Changed),
    t.Unassign: Called("unassign", s.Changed),
    l.ResetLimit: Called("reset_limit", f.Ok),
    f.PurgeQueue: Called("purge_queue", f.Purged),
    f.CreateProject: Called("create_project", f.ProjectMade),
    f.AddToProject: Called("add_to_project", s.Submitted),
    f.FinalizeProject: Called("finalize_project", f.Ok),
    f.RemoveFromProject: Called("remove_from_project", s.Changed),
    f.DeleteProject: Called("delete_project", f.Ok),
    r.GetTask: Called("get_task", TaskView),
    r.ListTasks: Called("list_tasks", r.TaskPage),
    r.GetHistory: Called("get_history", r.TaskHistory),
    r.Explain: Called("explain", r.Explanation),
    r.ExplainAgent: Called("explain_agent", r.AgentExplanation),
    r.GetAgent: Called("get_agent", AgentView),
    r.ListAgents: Called("list_agents", r.AgentPage),
    r.GetQueue: Called("get_queue", QueueView),
    r.ListQueues: Called("list_queues", r.QueuePage),
    t.Match: Called("match", t.Matched),
    t.ListRules: Called("list_rules", t.RulePage),
    c.ListSchedules: Called("list_schedules", c.SchedulePage),
    c.NextTicks: Called("next_ticks", c.Ticks),
    l.ListLimits: Called("list_limits", l.LimitPage),
    l.GetLimit: Called("get_limit", l.LimitPage),
    r.ListTenants: Called("list_tenants", r.TenantPage),
    r.GetProject: Called("get_project", ProjectView),
    r.ListProjects: Called("list_projects", r.ProjectPage),
    r.GetStatistics: Called("get_statistics", r.Statistics),
    r.GetBatch: Called("get_batch", r.BatchView),
    r.ListAttempts: Called("list_attempts", r.AttemptPage),
    r.ListEvents: Called("list_events", r.EventPage),
    a.ListArchives: Called("list_archives", a.ArchivePage),
    k.CreateKey: Called("create_key", k.KeyMade),
    k.RevokeKey: Called("revoke_key", f.Ok),
    k.ListKeys: Called("list_keys", k.KeyPage),
    r.Backup: Called("backup", r.BackedUp),
    a.Archive: Called("archive", a.Archived),
    a.RestoreArchive: Called("restore_archive", a.Restored),
}


def called(request: Any) -> Called:
    """The operation of a request; refused when it is a request of none."""
    found = CALLS.get(type(request))
    if found is None:
        raise invalid("request", f"{type(request).__name__} is not a request of any operation")
    return found
