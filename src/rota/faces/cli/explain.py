"""`rota explain`: why a task waits, or what waits for an agent."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from rota.faces.cli.asking import asking
from rota.faces.cli.columns import columns, facts
from rota.faces.cli.options import Database, Json
from rota.faces.cli.say import Usage, json_line, line
from rota.model.commands.read import AgentExplanation, Explain, ExplainAgent, Explanation, OrderView


def explain(
    task_id: Annotated[str | None, Parameter(name="TASK", help="Its id, such as task-7.")] = None,
    /,
    *,
    agent: Annotated[
        str | None, Parameter(help="Instead of a task: what this agent would be given, and what not.")
    ] = None,
    database: Database = None,
    json: Json = False,
) -> int:
    """Say where a task stands in the order of work and why, who may take it, who may not and why, and when it will
    probably start; of a task that was given away, the decision as recorded."""
    if (task_id is None) == (agent is None):
        raise Usage("there is nothing to explain, or too much", "name a task, or an agent with --agent NAME")
    with asking(database) as ask:
        found = ask(Explain(task=task_id)) if task_id is not None else ask(ExplainAgent(agent=agent or ""))
    if json:
        json_line(found)
    elif isinstance(found, Explanation):
        _task(found)
    else:
        _agent(found)
    return 0


def _task(found: Explanation) -> None:
    facts([("task", found.task), ("state", found.state), ("why", found.text), *found.why.items()])
    if found.order is not None:
        line()
        _order(found.order)
    if found.agents:
        line()
        columns(("AGENT", "MAY"), sorted(found.agents.items()))


def _order(order: OrderView) -> None:
    for reason in order.why:
        line(f"- {reason}")
    line(f"- {order.before:,} tasks before it, {order.work_before_s:,.1f} s of work")
    line()
    if order.starts_p50 is None:
        line("nobody can say when it will start")
        return
    columns(
        ("EXPECTED", "HALF THE TIME BY", "NINE TIMES OF TEN BY"),
        [("start", order.starts_p50, order.starts_p90), ("finish", order.finishes_p50, order.finishes_p90)],
    )


def _agent(found: AgentExplanation) -> None:
    barred = [("gets nothing", found.barred)] if found.barred else []
    facts([("agent", found.agent), ("slots", found.slots), ("running", found.running), *barred])
    if found.next:
        line()
        columns(
            ("NEXT", "PRIORITY", "DUE"),
            [(one.task, one.priority, "late" if one.late else one.due) for one in found.next],
        )
    if found.refused:
        line()
        rows = [(one.waiting, one.priority, one.queue, one.text, one.needs) for one in found.refused]
        columns(("WAITING", "PRIORITY", "QUEUE", "NOT FOR IT BECAUSE", "NEEDS"), rows)
