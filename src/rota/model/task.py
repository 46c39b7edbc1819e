"""Tasks: as they are submitted, as they are shown, and as they are handed to an agent."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from rota.model.branch import Branch
from rota.model.priority import Priority
from rota.model.stage import Stage
from rota.model.state import State
from rota.model.times import Span, When

EdgeRule = Literal["cancel", "run", "hold"]
"""What happens to the child when the parent ends otherwise than the edge wants."""
EdgeUntil = Literal["done", "approved"]


class After(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One dependency: this task waits for `task` (an id, or a `ref` of the same submit)."""

    task: str
    rule: EdgeRule = "cancel"
    until: EdgeUntil = "done"
    """`done`: the parent's outcome counts once it is in, even under review. `approved`: only after approval."""


class TaskSpec(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A task as submitted. Only `title` is needed."""

    title: str
    description: str = ""
    kind: str = "task"
    """What sort of work it is; agents' history is kept per kind."""
    payload: Any = None
    ref: str | None = None
    """A name for this task inside its submit, for `after` of the others."""
    queue: str = "default"
    project: str | None = None
    tenant: str = "default"
    priority: Priority = "normal"
    deadline: When | None = None
    """When it should be finished: RFC 3339, or a span from now."""
    start: When | None = None
    """Not before this moment: RFC 3339, or a span from now."""
    ttl: Span | None = None
    """Expires if no agent got it within this time after it was submitted."""
    estimate: Span | None = None
    """How long the work will probably take."""
    skills: dict[str, int] = {}
    role: str | None = None
    regions: list[str] = []
    pin: str | None = None
    ban: list[str] = []
    limits: list[str] = []
    resources: dict[str, float] = {}
    """What it uses of an agent's resources for as long as it runs: `{"gpu": 1}`."""
    near: str | None = None
    """The region in or near which it is best done; under the strategy `locality` agents there come first."""
    max_cost: float | None = None
    """The most it may probably cost: agents whose price times expected time is above it do not get it."""
    affinity: str | None = None
    """Tasks with the same key go to the same agent where that is possible."""
    group: str | None = None
    """Tasks of one group go to an agent together; without an affinity key it is that too."""
    after: list[str | After] = []
    sequence: str | None = None
    """Tasks of one sequence run one after another, in the order of submission."""
    touches: list[str] = []
    """What it changes, as patterns of paths: `["src/auth/**"]`. Tasks whose places clash do not run at once."""
    unique: str | None = None
    """While a task with this key is unfinished, another submit with it answers that task instead."""
    max_attempts: int | None = None
    """Attempts before it is dead; None = the queue's."""
    approval: bool | None = None
    """A person approves the outcome before it counts; None = the queue's."""
    held: bool = False
    """Submitted on hold."""
    stages: list[Stage] = []
    """Changes that come with time or trouble, after those of its queue."""


class TaskView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A task as shown. Times are RFC 3339 UTC, spans are seconds."""

    id: str
    title: str
    kind: str
    queue: str
    tenant: str
    priority: Priority
    state: State
    submitted: str
    promoted: Priority | None = None
    """Where a stage raised it to."""
    next_stage: str | None = None
    """When a stage changes it next, while it waits; None = none that comes by the clock."""
    attempts: int = 0
    """Attempts that counted."""
    max_attempts: int = 0
    version: int = 0
    """Grows with every edit; send it back to edit only what you saw."""
    project: str | None = None
    batch: str | None = None
    deadline: str | None = None
    start: str | None = None
    expires: str | None = None
    finished: str | None = None
    estimate: float | None = None
    group: str | None = None
    sequence: str | None = None
    unique: str | None = None
    approval: bool = False
    skills: dict[str, int] = {}
    role: str | None = None
    regions: list[str] = []
    pin: str | None = None
    ban: list[str] = []
    limits: list[str] = []
    touches: list[str] = []
    """The folders and files that its patterns begin with."""
    resources: dict[str, float] = {}
    near: str | None = None
    max_cost: float | None = None
    agent: str | None = None
    """Who has it, or had it last."""
    until: str | None = None
    """When the present lease ends unless it is renewed."""
    progress: float | None = None
    reason: str | None = None
    """Why it is dead, held, cancelled, scheduled again or rejected."""
    description: str | None = None
    payload: Any = None
    result: Any = None
    question: str | None = None
    after: list[str] = []
    """Parents it still waits for or waited for; only in a single task's view."""


class ParentResult(msgspec.Struct, kw_only=True):
    """What a child is handed of one parent."""

    id: str
    title: str
    state: State
    result: Any = None
    reason: str | None = None
    """Why it is dead or cancelled, when it is."""


class AttemptView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The story of one lease. Times are RFC 3339 UTC."""

    number: int
    agent: str
    started: str
    ended: str | None = None
    outcome: str = "running"
    counted: bool = False
    error: str | None = None
    progress: float | None = None
    notes: str | None = None
    usage: dict[str, float] = {}
    cost: float | None = None
    branch: Branch | None = None
    """What it left in a git repository."""
    why: dict[str, Any] = {}
    """Why this agent got it: strategy and score."""


class Given(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A task in an agent's hands: what a claim answers. `token` goes with every word about it."""

    task: str
    agent: str
    slot: int
    token: str
    until: str
    """The lease ends then, unless a heartbeat renews it."""
    term: float
    """Seconds a heartbeat adds."""
    attempt: int
    title: str
    kind: str
    queue: str
    priority: Priority
    description: str = ""
    payload: Any = None
    project: str | None = None
    tenant: str = "default"
    group: str | None = None
    """Others of it that were given with this one carry the same."""
    deadline: str | None = None
    estimate: float | None = None
    submitted: str = ""
    waited: float = 0.0
    """Seconds since it became ready."""
    parents: list[ParentResult] = []
    attempts: list[AttemptView] = []
    """The earlier attempts, oldest first."""
    checkpoint: Any = None
    answer: str | None = None
    """The answer to the question asked in an earlier attempt."""
    approval: bool = False
    """A person approves the outcome before it counts."""
    why: dict[str, Any] = {}
    """Why this agent got it: strategy and score."""
