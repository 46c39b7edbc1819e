"""The tables of fleet.toml as they are written. The schema and the reference are generated from here."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.files.agent_table import MOST_COST as MOST_COST
from rota.files.agent_table import AgentTable as AgentTable
from rota.files.agent_table import CostTable as CostTable
from rota.files.agent_table import Name
from rota.files.agent_table import ReserveTable as ReserveTable
from rota.files.guard import GuardTable
from rota.files.limits import LimitTable
from rota.files.routing import PreemptTable, RegionTable
from rota.files.schedules import ScheduleTable
from rota.files.targets import TargetsTable
from rota.model.bounds import ATTEMPTS, GROUP, INT64
from rota.model.priority import Priority
from rota.model.queue import Matching, Ordering, Overflow
from rota.model.rule import Rule
from rota.model.stage import STAGES, Stage
from rota.model.times import Span

NOT_YET = {
    "alert": "alerts",
}
"""Tables that are part of the design but not of this version: refused, never ignored."""


class BackoffTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Waits between attempts: a random time up to `base`, doubled with each attempt, at most `cap`."""

    base: Annotated[Span, Meta(description="The longest wait after the first failure.")] = 1
    cap: Annotated[Span, Meta(description="The longest wait after any failure.")] = 300


class QueueTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The policy of a queue."""

    pool: Annotated[Name, Meta(description="The pool whose agents do its tasks.")] = "default"
    max_attempts: Annotated[int, Meta(ge=1, le=ATTEMPTS, description="Failed attempts after which a task is dead.")] = 5
    backoff: Annotated[BackoffTable, Meta(description="How long a failed task waits for its next attempt.")] = (
        msgspec.field(default_factory=BackoffTable)
    )
    term: Annotated[Span, Meta(description="How long a lease lasts without a heartbeat.")] = 60
    ttl: Annotated[
        Span | None,
        Meta(description="A task that no agent got within this time expires. Without it, tasks wait for ever."),
    ] = None
    ordering: Annotated[
        Ordering,
        Meta(
            description="Inside a priority: `deadline` = by deadline, without one by submission plus target wait "
            "plus ten times the estimate; `fair` = the tenant that had least, first come inside it; `fifo` = first "
            "come; `shortest` = least estimate first; `makespan` = what delays the end of a batch most first."
        ),
    ] = "deadline"
    patience: Annotated[
        Annotated[float, Meta(ge=-1e6, le=1e6)] | None,
        Meta(
            description="Seconds of waiting that each second of a task's estimate excuses; without it, as `ordering` "
            "says."
        ),
    ] = None
    target_wait: Annotated[
        dict[Priority, Span],
        Meta(
            description='How long a task of each priority may wait: `{ high = "2m" }`. Missing ones: '
            "emergency 1s, critical 30s, high 5m, normal 30m, low 2h."
        ),
    ] = {}
    approval: Annotated[bool, Meta(description="A person approves each outcome before it counts.")] = False
    max_unreviewed: Annotated[
        Annotated[int, Meta(ge=1, le=INT64)] | None,
        Meta(description="No more of its tasks are started while so many wait for approval."),
    ] = None
    depth: Annotated[
        Annotated[int, Meta(ge=1, le=INT64)] | None,
        Meta(description="The most tasks that may wait in it. Without it there is no limit."),
    ] = None
    overflow: Annotated[
        Overflow,
        Meta(
            description="Beyond `depth`: `refuse` the submit, `shed` the waiting tasks of the worst "
            "priority, or `move` what comes to `overflow_queue`."
        ),
    ] = "refuse"
    overflow_queue: Annotated[
        Name | None, Meta(description='The queue that takes what is too much, with `overflow = "move"`.')
    ] = None
    stages: Annotated[
        list[Stage], Meta(max_length=STAGES, description="Changes to its tasks that come with time or trouble.")
    ] = []
    group_size: Annotated[
        int,
        Meta(
            ge=1,
            le=GROUP,
            description="The most tasks of one `group` that go to an agent together; 1 = each goes by itself.",
        ),
    ] = 8


class PoolTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The policy of a pool: the agents and queues that are planned together."""

    database: Annotated[
        str | None,
        Meta(
            description="Where its tasks are kept: the same as the file's `database`. Limits count across all pools of "
            "a file, so these live in one database; a pool in another has a file of its own."
        ),
    ] = None
    strategy: Annotated[
        Name,
        Meta(
            description="Which agent gets the next task, of those that may: one of those in "
            "[strategies.md](strategies.md), or the name of a table `[strategy.NAME]`."
        ),
    ] = "balanced"
    matching: Annotated[
        Matching,
        Meta(
            description="`greedy`: task by task in the order of work. `regret`: inside one priority the task first "
            "that would lose most by not getting its best agent; for strategies that speak of cost or time."
        ),
    ] = "greedy"
    avoid_s: Annotated[
        Annotated[float, Meta(ge=0, le=86_400)],
        Meta(description="Seconds for which a retry avoids the agent that failed last."),
    ] = 30.0
    slack: Annotated[
        Annotated[float, Meta(ge=0, le=MOST_COST)],
        Meta(
            description="How far a tenant may be ahead of the one that had least before its tasks stand back, in mean "
            "tasks."
        ),
    ] = 5.0
    late_quantile: Annotated[
        Annotated[float, Meta(gt=0, lt=1)],
        Meta(description="A task is late when even this share of such work would not be done by its deadline."),
    ] = 0.2
    breaker_s: Annotated[
        Annotated[float, Meta(ge=0, le=86_400)],
        Meta(
            description="Seconds for which an agent gets no tasks of a kind after it failed at half of the last ones; "
            "then one is tried. 0 = it goes on."
        ),
    ] = 30.0
    eject_s: Annotated[
        Annotated[float, Meta(ge=0, le=86_400)],
        Meta(
            description="Seconds for which an agent gets nothing after three failures in a row, doubled each time up "
            "to 300; never for more than half of those that may. 0 = it goes on."
        ),
    ] = 30.0
    preempt: Annotated[
        PreemptTable | None,
        Meta(description="When running work gives way to a better task. Without it, never."),
    ] = None
    slow_start_s: Annotated[
        Annotated[float, Meta(ge=0, le=86_400)],
        Meta(
            description="Seconds until an agent that has just come is given all its slots, a tenth at first. 60 is "
            "usual, 0 = at once."
        ),
    ] = 0.0


class TenantTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Somebody between whom and others work is shared fairly."""

    weight: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)],
        Meta(description="Its share of the work, against the weights of the other tenants that wait."),
    ] = 1


class FleetTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All of fleet.toml. An empty file is a fleet too: one queue, one pool, agents from outside."""

    database: Annotated[
        str | None,
        Meta(
            description="Where tasks are kept: a file, relative to the folder of fleet.toml (`sqlite:///PATH`"
            " says the same), or `postgresql://...`. Without it `ROTA_DATABASE` decides, else it is "
            "`.rota/rota.db` beside fleet.toml."
        ),
    ] = None
    queue: Annotated[dict[Name, QueueTable], Meta(description="One table `[queue.NAME]` for each queue.")] = {}
    pool: Annotated[dict[Name, PoolTable], Meta(description="One table `[pool.NAME]` for each pool.")] = {}
    region: Annotated[
        dict[Name, RegionTable],
        Meta(
            description="One table `[region.NAME]` for each region whose neighbours do not follow from names such as "
            "`eu-west` and `eu-north`."
        ),
    ] = {}
    rule: Annotated[
        list[Rule], Meta(description="One table `[[rule]]` for each routing rule; the first that matches counts.")
    ] = []
    strategy: Annotated[
        dict[Name, dict[str, float]],
        Meta(
            description="One table `[strategy.NAME]` for each strategy of your own: weights of score terms, such as "
            "`utilisation = 1`, `cost = 0.3`. The terms are in [strategies.md](strategies.md)."
        ),
    ] = {}
    tenant: Annotated[
        dict[Name, TenantTable],
        Meta(description="One table `[tenant.NAME]` for each tenant whose weight is not 1; others need none."),
    ] = {}
    agent: Annotated[list[AgentTable], Meta(description="One table `[[agent]]` for each kind of agent.")] = []
    limit: Annotated[list[LimitTable], Meta(description="One table `[[limit]]` for each limit.")] = []
    guard: Annotated[
        GuardTable | None, Meta(description="One table `[guard]`: when this machine is too busy to start more.")
    ] = None
    schedule: Annotated[list[ScheduleTable], Meta(description="One table `[[schedule]]` for each schedule.")] = []
    targets: Annotated[
        TargetsTable | None, Meta(description="One table `[targets]`: what distribution is to reach.")
    ] = None
