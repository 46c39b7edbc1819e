"""What becomes of tasks while an agent is at them, in words for the agent; each is said once."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.hook.memory import Memory

TEXTS = {
    "cancel": "{task} was cancelled. Stop working on it and call give_back_task within 30 s.",
    "preempt": "{task} has to give way to a more urgent task. Call give_back_task with a checkpoint within 30 s.",
    "lost": "The lease of {task} has ended. If you have not reported it, drop the work: somebody else may have it.",
}


def orders(renewed: dict[str, Any], memory: Memory) -> list[str]:
    """What the agent has not heard yet."""
    found = []
    for kind, text in TEXTS.items():
        for task in renewed.get(kind, []):
            said = f"{kind} {task}"
            if said not in memory.said:
                memory.said.append(said)
                found.append(text.format(task=task))
    held = {task for task, _, _ in memory.held}
    memory.said = [said for said in memory.said if said.partition(" ")[2] in held]
    return found
