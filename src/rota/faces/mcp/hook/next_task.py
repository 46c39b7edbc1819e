"""The next task of a worker that stops: waited for, and handed over as the reason to go on."""

from __future__ import annotations

import select
import threading
from time import monotonic
from typing import Any

from rota.faces.mcp.hook.memory import Memory
from rota.faces.mcp.hook.say import say
from rota.faces.mcp.hook.session_start import register
from rota.faces.mcp.hook.talk import Gone, Talk, talk
from rota.faces.mcp.hook.told import Told
from rota.owner.connection import Connection

AT_ONCE_S = 45.0
"""The longest wait of one claim, seconds."""
MARGIN_S = 15.0
"""How much longer the answer of a claim may take than it waits, seconds."""
REMIND = (
    "You have not reported {tasks}. Report with complete_task, fail_task, give_back_task or ask, with the lease token; "
    "or go on with the work. If you stop again without that, it goes back to the queue."
)
NEXT = "\n\nThis is your next task. When it is reported, stop: the one after it comes by itself."


def next_task(told: Told) -> dict[str, Any] | None:
    """Hand over the next task, remind of one that is not reported, or let the session stop.

    A stop is blocked for a task only, never twice for the same reminder, and not more often in a row than Claude Code
    allows: a task that it would not let us hand over any more stays in the queue.
    """
    memory = Memory(told.session)
    memory.blocks = memory.blocks if told.goes_on else 0
    if memory.blocks >= told.most_blocks:
        return {
            "systemMessage": f"rota: {memory.blocks} tasks in a row, as many as Claude Code allows; "
            "CLAUDE_CODE_STOP_HOOK_BLOCK_CAP sets more. The session takes no task until it is spoken to."
        }
    deadline = monotonic() + told.wait
    while True:
        try:
            with talk(told, memory, start=True) as owner:
                assert owner is not None
                return _spoken(owner, told, memory, deadline)
        except Gone:
            # The next owner goes on with it, if anybody waits for that still.
            if monotonic() >= deadline or _is_alone():
                return None
        finally:
            memory.keep()


def _spoken(owner: Talk, told: Told, memory: Memory, deadline: float) -> dict[str, Any] | None:
    owner.call("mcp.renew", {})
    unreported = [task for task, _, _ in memory.held]
    if unreported:
        return _unreported(owner, memory, unreported)
    register(owner, told)
    threading.Thread(target=_listen, args=(owner.connection,), daemon=True).start()
    brief = _claimed(owner, deadline)
    if brief is None:
        return None
    memory.blocks += 1
    memory.said = []
    memory.keep()
    say({"decision": "block", "reason": brief + NEXT})
    owner.confirm()
    return None


def _unreported(owner: Talk, memory: Memory, tasks: list[str]) -> dict[str, Any] | None:
    if all(f"remind {task}" in memory.said for task in tasks):
        owner.call("mcp.give_back", {"reason": "the session stopped without a report"})
        return None
    memory.said += [f"remind {task}" for task in tasks]
    memory.blocks += 1
    return {"decision": "block", "reason": REMIND.format(tasks=", ".join(tasks))}


def _claimed(owner: Talk, deadline: float) -> str | None:
    """The brief of the next task; None when none comes in time."""
    while True:
        left = deadline - monotonic()
        wait = max(0.0, min(AT_ONCE_S, left))
        answer = owner.call("mcp.call", {"tool": "claim_tasks", "arguments": {"wait": wait}}, wait + MARGIN_S)
        result = answer.get("result", {})
        if result.get("isError"):
            raise RuntimeError(result["content"][0]["text"])
        tasks = result.get("structuredContent", {}).get("tasks", [])
        if tasks:
            return str(tasks[0]["brief"])
        if left <= AT_ONCE_S:
            return None


def _listen(connection: Connection) -> None:
    """When nobody reads our answer any more, wait no longer: a task would go nowhere."""
    _end_of_reader().poll()
    connection.hang_up()


def _is_alone() -> bool:
    return bool(_end_of_reader().poll(0))


def _end_of_reader() -> select.poll:
    reader = select.poll()
    reader.register(1, 0)
    return reader
