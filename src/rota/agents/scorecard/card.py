"""The figures of a scorecard. Times are RFC 3339 UTC, spans seconds, shares 0 to 1; None = cannot be said."""

from __future__ import annotations

import msgspec


class Spread(msgspec.Struct, kw_only=True):
    """Some spans, over all of them: percentiles by nearest rank."""

    n: int
    mean_s: float
    p50_s: float
    p99_s: float
    most_s: float


class Ending(msgspec.Struct, kw_only=True):
    """A task that ended otherwise than done."""

    task: str
    title: str
    state: str
    reason: str


class AgentLine(msgspec.Struct, kw_only=True):
    """What one agent did for the run. `offered_s` are its slot-seconds while there was work."""

    name: str
    slots: int
    done: int
    failed: int
    given_back: int
    busy_s: float
    offered_s: float
    utilisation: float | None
    cpu_s: float
    cost: float


class PoolLine(msgspec.Struct, kw_only=True):
    """Agents that may do the same tasks of the run, over the time in which there was such a task.

    `variation` is the capacity-weighted coefficient of variation of their utilisation,
    sqrt(sum s_i (u_i - u)^2 / sum s_i) / u, with s_i the slots and u = busy / offered slot-time of all; None for a
    single agent, below 5 % utilisation, or in a time shorter than 20 mean attempts.
    """

    agents: list[str]
    window_s: float
    utilisation: float | None
    variation: float | None


class LoadVariation(msgspec.Struct, kw_only=True):
    """`value`: over agents that may do the same tasks, the pools weighted by slots. `fleet`: over all agents,
    whatever they can do; part of it comes from the skills of the fleet, not from the distribution.
    """

    value: float | None
    fleet: float | None
    pools: list[PoolLine]


class Utilisation(msgspec.Struct, kw_only=True):
    """Busy over offered slot-time while there was work, and while work waited that the agent may do."""

    raw: float | None
    while_work_waited: float | None


class Deadlines(msgspec.Struct, kw_only=True):
    """Tasks with a deadline. Cancelled ones are left out; an unfinished one counts once its deadline is over."""

    met: int
    missed: int
    open: int
    share: float | None


class Scorecard(msgspec.Struct, kw_only=True):
    """What a run came to."""

    batch: str | None
    tasks: int
    states: dict[str, int]
    done: int
    retried: int
    """Tasks that needed more than one attempt."""
    dead: int
    cancelled: int
    expired: int
    unfinished: int
    endings: list[Ending]
    """Every task that ended otherwise than done, with its reason."""
    attempts: int
    outcomes: dict[str, int]
    """Attempts by how they ended: done, failed, lost, given_back, ..."""
    failures: dict[str, int]
    """Failed attempts by cause: rejected by the check, crashed, exit code 1, ..."""
    submitted: str | None
    finished: str | None
    elapsed_s: float
    """From the submission to the last end, standstills (nobody worked on the database) left out."""
    window_s: float
    """How long of it there was work: a task ready or in somebody's hands."""
    throughput: float | None
    """Tasks done a second of `elapsed_s`."""
    queue_time: Spread | None
    """From ready to given, every attempt."""
    distribution_latency: Spread | None
    """From the later of ready and slot free to the answer; of this process alone, None if it gave nothing."""
    load_variation: LoadVariation
    utilisation: Utilisation
    deadlines: Deadlines
    inversions: int | None
    """Times a slot went to a task while a better one waited for it, in the whole database; None: not audited."""
    violations: int | None
    """All breaches of the promise that the audit of the whole database found."""
    cost: float
    cpu_s: float
    wall_s: float
    """The sum over all attempts."""
    max_rss_bytes: int | None
    agents: list[AgentLine]
