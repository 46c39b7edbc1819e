"""All tools of ours by name, in the order in which they are listed."""

from __future__ import annotations

from rota.faces.mcp.dispatcher import (
    assign,
    context,
    explain,
    hold,
    lists,
    match,
    policy,
    review,
    roster,
    status,
    submit,
    what_if,
)
from rota.faces.mcp.tool import Group, Tool
from rota.faces.mcp.worker import ask, claim, complete, fail, give_back, heartbeat

_ALL = (
    claim.TOOL, heartbeat.TOOL, complete.TOOL, fail.TOOL, give_back.TOOL, ask.TOOL,
    roster.TOOL, assign.TOOL, submit.SUBMIT, submit.SCHEDULE, match.MATCH, match.ROUTE, lists.AGENTS, lists.QUEUES,
    explain.TASK, explain.AGENT, context.TOOL, status.TOOL, what_if.TOOL, policy.TOOL, review.REJECT, review.ANSWER,
    hold.HOLD, hold.DRAIN, hold.REDRIVE,
)  # fmt: skip

TOOLS: dict[str, Tool] = {tool.name: tool for tool in _ALL}

CLASSIC: dict[Group, tuple[str, ...]] = {"worker": (), "dispatcher": ("approve_task",)}
"""Tools of the classic ones that belong to a group too."""


def tools_of(group: Group) -> list[Tool]:
    """The tools of a group, without the classic ones."""
    return [tool for tool in _ALL if tool.group == group]
