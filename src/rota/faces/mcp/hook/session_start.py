"""A session starts: it is registered as an agent, with the role and the skills that its environment names."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.hook.memory import Memory
from rota.faces.mcp.hook.say import context
from rota.faces.mcp.hook.talk import Talk, talk
from rota.faces.mcp.hook.told import Told

EVENT = "SessionStart"


def run(told: Told) -> dict[str, Any] | None:
    """Register it with the owner, if one runs. Only for a worker one is started: the others do so with their first
    call of a tool.
    """
    memory = Memory(told.session)
    if told.source in ("clear", "resume"):
        memory.take_number()
    try:
        with talk(told, memory, start=told.is_worker) as owner:
            if owner is None:
                return None
            agent = register(owner, told)
            owner.call("mcp.renew", {})
    finally:
        memory.keep()
    known = [*_greeting(told, agent), *(_in_hands(task, token) for task, _, token in memory.held)]
    return context(EVENT, "\n".join(known)) if known else None


def _in_hands(task: str, token: str) -> str:
    # After compaction or a resumption the agent may have forgotten it.
    return f"{task} is in this session's hands; its lease token is {token}."


def register(owner: Talk, told: Told) -> str:
    """Make the session known; the agent's name."""
    answer = owner.call("mcp.register", {"role": told.role, "skills": told.skills})
    return str(answer["agent"])


def _greeting(told: Told, agent: str) -> list[str]:
    if not told.is_worker:
        return []
    return [
        f"This session is {agent}, a worker of Rota. Whenever you stop, it waits for the next task and hands it over. "
        "Report every task with complete_task, fail_task, give_back_task or ask before you stop."
    ]
