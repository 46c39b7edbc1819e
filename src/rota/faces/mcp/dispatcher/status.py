"""`distribution_status`: the progress envelope, the figures behind it, and at the end the delivery notice."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from rota.agents.scorecard.card import Scorecard
from rota.agents.scorecard.make import scorecard_of
from rota.agents.scorecard.record import Record, record_of_batch, record_of_project, record_since
from rota.faces.mcp.apart import apart
from rota.faces.mcp.dispatcher.amounts import count, share, span
from rota.faces.mcp.dispatcher.attention import Attention, attention
from rota.faces.mcp.dispatcher.figures import Figure, Looked, figures_of, latency_of
from rota.faces.mcp.dispatcher.goals import goals_of
from rota.faces.mcp.dispatcher.notice import Waits, waits_cut
from rota.faces.mcp.dispatcher.status_elsewhere import Order, status_elsewhere
from rota.faces.mcp.looking import looking
from rota.faces.mcp.tool import Call, Hints, Tool
from rota.model.commands.read import (
    BatchView,
    GetBatch,
    GetProject,
    GetStatistics,
    ListTenants,
    Statistics,
    TenantPage,
)
from rota.model.errors import RotaError, invalid
from rota.model.project import ProjectView
from rota.model.times import SECOND, rfc3339
from rota.operations.distributor import Distributor
from rota.store.sql.history import LAST_EVENT

REPLAYED = 2_000
"""Tasks given that are replayed for load, utilisation and fairness; of more, the last minutes or seconds."""
AT_ONCE = 500
"""Events of a log up to which the answer takes no longer than another process takes to start."""
EVENTS = 50_000
"""Events of a project's time, or of the whole log for an audit, beyond which a call would take too long."""

State = Literal["idle", "distributing", "waiting", "completed"]


class DistributionStatus(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    project: Annotated[
        str | None, Meta(description="Only this project; when all of it has ended, with the notice.")
    ] = None
    batch: Annotated[str | None, Meta(description="Only the tasks of this batch; the same.")] = None
    minutes: Annotated[int, Meta(ge=1, le=43_200, description="Else: of the last minutes.")] = 60
    notice: Annotated[bool, Meta(description="False: leave the replay for the notice out.")] = True
    agent: Annotated[str, Meta(description="Who reports, for the envelope.")] = "task-distributor"


class Envelope(msgspec.Struct, kw_only=True):
    """The progress as people read it."""

    tasks_distributed: str
    avg_queue_time: str
    load_variance: str
    deadline_success: str
    distribution_latency: str
    completion_rate: str
    priority_respected: str
    resource_utilization: str
    queue_overflow: str
    fairness: str


class Distribution(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    agent: str
    status: State
    progress: Envelope
    figures: dict[str, Figure]
    """The eight of the checklist, raw."""
    queue_time: Figure
    tasks: dict[str, int]
    """Tasks by state."""
    distributed: int
    attention: list[Attention] = []
    waits: Waits | None = None
    notice: str | None = None
    """The delivery notice, when all has ended."""


class _Scope(NamedTuple):
    """What is reported about."""

    counts: dict[str, int]
    window_s: float
    given: int
    wait: tuple[float, int] | None
    """The mean queue time in seconds, and of how many."""
    states: dict[str, int]
    record: Record | None
    card: Scorecard | None
    ended: bool
    why_not: str | None


def run(call: Call) -> Distribution | Future[Distribution]:
    """Look, and say it; what is long to work out another process works out."""
    asked: DistributionStatus = call.arguments
    if asked.project is not None and asked.batch is not None:
        raise invalid("batch", "goes without project; name one of them")
    rota = call.distributor
    latency = latency_of(list(rota.node.latencies))
    if not _is_long(rota):
        return made(rota, call.session.folder, asked, latency)
    order = Order(
        database=rota.store.name,
        now=rota.node.clock(),
        folder=call.session.folder,
        latency=latency,
        asked=msgspec.to_builtins(asked),
    )
    return apart(lambda cancelled: status_elsewhere(order, cancelled))


def _is_long(rota: Distributor) -> bool:
    # Another process can not see what is in memory; the address of a server is known here without its password only.
    if rota.store.dialect != "sqlite" or rota.store.name == ":memory:":
        return False
    with rota.store.read() as reader:
        return int(reader.one(LAST_EVENT)[0][0]) > AT_ONCE


def made(
    rota: Distributor, folder: str | None, asked: DistributionStatus, latency: tuple[int, float] | None
) -> Distribution:
    """The answer. Only reads."""
    goals, _source = goals_of(folder)
    scope = _of_tasks(rota, asked) if asked.project or asked.batch else _of_all(rota, asked.minutes)
    tenants: TenantPage = rota.call(ListTenants())
    looked = Looked(
        counts=scope.counts,
        window_s=scope.window_s,
        card=scope.card,
        record=scope.record,
        latency=latency,
        respected=_respected(rota),
        weights=tenants.tenants,
        why_not=scope.why_not,
    )
    figures = figures_of(looked, goals)
    mean, n = scope.wait or (None, 0)
    queue_time = Figure(
        value=mean, unit="s", n=n, window_s=scope.window_s, goal=0.0, met=None, display=span(mean),
        note="mean from ready to given; the goal is each queue's target_wait",
    )  # fmt: skip
    found = Distribution(
        agent=asked.agent,
        status=_status(scope),
        progress=_envelope(scope, figures, mean),
        figures=figures,
        queue_time=queue_time,
        tasks=scope.states,
        distributed=scope.given,
        attention=attention(rota, asked.project),
    )
    if scope.ended:
        if asked.notice:
            found.waits = waits_cut(rota, asked.project, scope.states.get("done", 0))
        found.notice = notice(found)
    return found


def notice(found: Distribution) -> str:
    """The delivery notice, in a sentence or four."""
    progress = found.progress
    text = (
        f"Task distribution completed. Distributed {progress.tasks_distributed} tasks with {progress.avg_queue_time} "
        f"average queue time and {progress.load_variance} load variance. Achieved {progress.deadline_success} deadline "
        f"success rate with {progress.resource_utilization} resource utilization."
    )
    dead = found.tasks.get("dead", 0) + found.tasks.get("expired", 0)
    if dead:
        text += f" {count(dead)} tasks came to nothing."
    waits = found.waits
    if waits is None:
        return text
    if waits.cut is None:
        return f"{text} How much waiting was saved can not be said: {waits.note}."
    verb = "Reduced" if waits.cut >= 0 else "Lengthened"
    return (
        f"{text} {verb} task wait time by {share(abs(waits.cut))} against round robin, in a replay of "
        f"{count(waits.n)} tasks."
    )


def _status(scope: _Scope) -> State:
    if scope.ended:
        return "completed"
    if scope.states.get("running") or scope.states.get("ready"):
        return "distributing"
    return "waiting" if any(scope.states.get(name) for name in _OPEN) else "idle"


_OPEN = ("blocked", "scheduled", "held", "asked", "review")
_ENDED = frozenset({"done", "dead", "cancelled", "expired"})


def _envelope(scope: _Scope, figures: dict[str, Figure], mean: float | None) -> Envelope:
    return Envelope(
        tasks_distributed=count(scope.given),
        avg_queue_time=span(mean),
        load_variance=figures["load_variance"].display,
        deadline_success=figures["deadline_success"].display,
        distribution_latency=figures["distribution_latency"].display,
        completion_rate=figures["completion_rate"].display,
        priority_respected=figures["priority_respected"].display,
        resource_utilization=figures["utilisation"].display,
        queue_overflow=figures["queue_overflow"].display,
        fairness=figures["fairness"].display,
    )


def _of_all(rota: Distributor, minutes: int) -> _Scope:
    """Counts of all these minutes; what needs a replay of as many of the last as can be replayed."""
    found: Statistics = rota.call(GetStatistics(minutes=minutes))
    given = found.counts.get("given", 0)
    seconds = minutes * 60.0 * min(1.0, REPLAYED / max(given, 1))
    record = record_since(rota, rfc3339(rota.node.clock() - round(seconds * SECOND)))
    card = scorecard_of(rota, record, audited=False)
    states = {"ready": found.waiting, "running": found.running, **found.aside}
    return _Scope(
        counts=found.counts,
        window_s=minutes * 60.0,
        given=given,
        wait=(found.waited_s / given, given) if given else None,
        states={name: n for name, n in states.items() if n},
        record=record,
        card=card,
        ended=False,
        why_not=None,
    )


def _of_tasks(rota: Distributor, asked: DistributionStatus) -> _Scope:
    """All of a project or a batch, from its beginning."""
    if asked.project is not None:
        view: ProjectView = rota.call(GetProject(project=asked.project))
        states = view.tasks
    else:
        batch: BatchView = rota.call(GetBatch(batch=str(asked.batch)))
        states = batch.states
        if not batch.tasks:
            raise invalid("batch", f"no task has the label {str(asked.batch)[:60]!r}")
    record, card, why_not = _replayed(rota, asked, sum(states.values()))
    counts = {name: states.get(name, 0) for name in _ENDED}
    wait, given, window_s = None, 0, 0.0
    if record is not None and card is not None:
        counts |= {
            "deadline_met": card.deadlines.met,
            "deadline_missed": card.deadlines.missed,
            "submitted": card.tasks,
            "shed": sum(ending.reason.startswith("shed") for ending in card.endings),
        }
        given, window_s = card.attempts, card.elapsed_s
        wait = None if card.queue_time is None else (card.queue_time.mean_s, card.queue_time.n)
    ended = bool(states) and not set(states) - _ENDED
    return _Scope(counts, round(window_s, 3), given, wait, states, record, card, ended, why_not)


def _replayed(
    rota: Distributor, asked: DistributionStatus, tasks: int
) -> tuple[Record | None, Scorecard | None, str | None]:
    if tasks > 5 * REPLAYED:
        return None, None, f"{tasks:,} tasks are too many to replay in a call; `rota run` and the command line can"
    try:
        if asked.project is not None:
            record = record_of_project(rota, asked.project, EVENTS)
        else:
            record = record_of_batch(rota, str(asked.batch))
    except RotaError as error:
        if error.code != "too_large":
            raise
        return None, None, error.message
    return record, scorecard_of(rota, record, audited=False), None


def _respected(rota: Distributor) -> tuple[int, int] | None:
    """Tasks given and inversions, by the audit of the whole log; None when that is long."""
    from rota.audit.audit import audit  # lazily: seldom needed

    with looking(rota) as view:
        if int(view.reader.one(LAST_EVENT)[0][0]) > EVENTS:
            return None
        report = audit(view.reader)
    return report.gives, report.inversions


TOOL = Tool(
    name="distribution_status",
    group="dispatcher",
    title="Distribution status",
    description="How distribution goes: the progress envelope, eight figures against their targets, and what needs "
    "somebody's attention. Of the last minutes, or of a project or batch; when that has ended, with a delivery notice.",
    takes=DistributionStatus,
    gives=Distribution,
    scope="read",
    hints=Hints(reads=True),
    run=run,
    example={"project": "proj-1"},
)
