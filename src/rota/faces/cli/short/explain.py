"""`rota explain`: why a task waits, or what waits for an agent."""

from __future__ import annotations

from typing import Any

from rota.faces.cli.columns import columns, facts
from rota.faces.cli.say import Usage, json_line, line
from rota.faces.cli.short.calls import reading
from rota.faces.cli.short.options import PLACE
from rota.faces.cli.short.shape import Given, Option, Verb, Word


def explain(given: Given) -> int:
    """Ask about the task or the agent, and show the answer."""
    if ("task" in given) == ("agent" in given):
        raise Usage("there is nothing to explain, or too much", "name a task, or an agent with --agent NAME")
    about = "task" if "task" in given else "agent"
    with reading(given.get("database")) as call:
        found = call("explain" if about == "task" else "explain_agent", {about: given[about]})
    if given.get("json"):
        json_line(found)
    elif about == "task":
        _task(found)
    else:
        _agent(found)
    return 0


def _task(found: dict[str, Any]) -> None:
    facts([("task", found["task"]), ("state", found["state"]), ("why", found["text"]), *found.get("why", {}).items()])
    if found.get("order") is not None:
        line()
        _order(found["order"])
    if found.get("agents"):
        line()
        columns(("AGENT", "MAY"), sorted(found["agents"].items()))


def _order(order: dict[str, Any]) -> None:
    for reason in order.get("why", []):
        line(f"- {reason}")
    line(f"- {order.get('before', 0):,} tasks before it, {order.get('work_before_s', 0.0):,.1f} s of work")
    line()
    if order.get("starts_p50") is None:
        line("nobody can say when it will start")
        return
    columns(
        ("EXPECTED", "HALF THE TIME BY", "NINE TIMES OF TEN BY"),
        [
            ("start", order["starts_p50"], order.get("starts_p90")),
            ("finish", order.get("finishes_p50"), order.get("finishes_p90")),
        ],
    )


def _agent(found: dict[str, Any]) -> None:
    barred = [("gets nothing", found["barred"])] if found["barred"] else []
    facts([("agent", found["agent"]), ("slots", found["slots"]), ("running", found["running"]), *barred])
    if found["next"]:
        line()
        columns(
            ("NEXT", "PRIORITY", "DUE"),
            [(one["task"], one["priority"], "late" if one.get("late") else one.get("due")) for one in found["next"]],
        )
    if found["refused"]:
        line()
        columns(
            ("WAITING", "PRIORITY", "QUEUE", "NOT FOR IT BECAUSE", "NEEDS"),
            [
                (one["waiting"], one["priority"], one["queue"], one["text"], one["needs"].replace("{}", ""))
                for one in found["refused"]
            ],
        )


EXPLAIN = Verb(
    "explain",
    "Say why a task waits and when its turn is, or what waits for an agent",
    explain,
    (Word("task", "Its id, such as task-7.", "TASK", optional=True),),
    (Option("agent", "Instead of a task: what this agent would be given, and what not."), *PLACE),
    text="It says where a task stands in the order of work and why, who may take it, who may not and why, and when it "
    "will probably start; of a task that was given away, the decision as recorded.",
)
