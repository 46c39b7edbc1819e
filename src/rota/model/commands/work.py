"""Words between an agent and Rota about the tasks in its hands."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from rota.model.branch import Branch
from rota.model.task import Given
from rota.model.times import When

Delivery = Literal["direct", "offer"]


class Claim(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Ask for up to `n` tasks for one agent, or for any of a roster of `agents`; wait up to 45 s for the first.

    The same `request` again answers the same tasks while they are still offered or held. A claim may be for tasks of
    one `project`, or for some `tasks` alone: then what the agent has of them already is answered again, and nothing
    else is given however much better it is. A roster is not answered again what its agents have.
    """

    agent: str | None = None
    agents: list[str] = []
    n: int = 1
    wait: float = 0.0
    request: str | None = None
    instance: str | None = None
    """The agent's process, as registered."""
    project: str | None = None
    """Only tasks of this project, by id or key."""
    tasks: list[str] = []
    """Only these tasks."""
    tenant: str | None = None
    """Only tasks of this tenant; those that the agent has of it are not answered again."""
    override: bool = False
    """With `project` or `tasks`: whatever role, skills, region, resources or price stand in the way are left out."""
    delivery: Delivery = "direct"
    """`direct`: the answer reaches the agent with the call. `offer`: the face confirms after writing the answer."""


class Claimed(msgspec.Struct, kw_only=True):
    """The tasks given, best first; empty when nothing came in time."""

    tasks: list[Given] = []


class Confirm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The answer with these offers was delivered: they are leases from now on."""

    offers: list[Held]


class Held(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A task in an agent's hands: the task and its lease token."""

    task: str
    token: str


class Beat(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an agent says of one task with a heartbeat. What is left out stays."""

    task: str
    token: str
    progress: float | None = None
    """0 to 1."""
    notes: str | None = None
    checkpoint: Any = None
    usage: dict[str, float] = {}
    cost: float | None = None
    branch: Branch | None = None
    """What it left in a git repository."""


class Heartbeat(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The agent lives, and so do the leases named: each is renewed by its term."""

    agent: str
    beats: list[Beat] = []
    instance: str | None = None


class Renewed(msgspec.Struct, kw_only=True):
    """Which leases were renewed, which are lost, which of the renewed are to be ended or to give way."""

    renewed: list[str] = []
    lost: list[str] = []
    cancel: list[str] = []
    preempt: list[str] = []
    """Renewed, but a better task is to have the slot: send a checkpoint and give it back, within 30 s."""


class Done(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One task done, with its result."""

    task: str
    token: str
    result: Any = None
    notes: str | None = None
    usage: dict[str, float] = {}
    cost: float | None = None
    branch: Branch | None = None
    """What it left in a git repository."""


class Complete(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Report tasks done. Each is judged by itself: a late one is refused, the others count."""

    outcomes: list[Done]


class Failed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One attempt that failed."""

    task: str
    token: str
    error: str
    retryable: bool = True
    retry_at: When | None = None
    limit: str | None = None
    """With `retry_at`: all tasks charged to this key wait until then and no attempt is counted."""
    notes: str | None = None
    usage: dict[str, float] = {}
    cost: float | None = None
    branch: Branch | None = None
    """What it left in a git repository."""


class Fail(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Report attempts that failed; each is judged by itself."""

    outcomes: list[Failed]


class GiveBack(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Hand tasks back unfinished: ready again at their old place, no attempt counted."""

    tasks: list[Held]
    reason: str = ""
    said: bool = True
    """Whether the reason is the agent's own word; else the task goes on with the reason it had."""
    start: When | None = None
    """Not given out again before; None = as before."""


class Ask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Ask a question about a task: the slot is freed, the task waits for the answer."""

    task: str
    token: str
    question: str
    checkpoint: Any = None


class Answer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Answer an asked task: ready again, for the same agent first."""

    task: str
    answer: str


class Approve(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Approve outcomes under review."""

    tasks: list[str]


class Reject(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Reject an outcome under review, with the reason: ready again, the attempt counted."""

    task: str
    reason: str


class Judged(msgspec.Struct, kw_only=True):
    """What became of each reported outcome: the new state, or the code of the error."""

    states: dict[str, str] = {}
    refused: dict[str, str] = {}
