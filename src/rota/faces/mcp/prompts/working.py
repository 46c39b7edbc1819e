"""The worker's loop."""

from __future__ import annotations

from collections.abc import Mapping

from rota.faces.mcp.fence import RULE
from rota.operations.distributor import Distributor


def text(distributor: Distributor, arguments: Mapping[str, str]) -> str:
    """How to work off tasks."""
    del distributor
    skills = [skill.strip() for skill in arguments.get("skills", "").split(",") if skill.strip()]
    said = [f'agent="{arguments["agent"]}"'] if "agent" in arguments else []
    said += [f"skills={skills}"] if skills else []
    said += [f'project="{arguments["project"]}"'] if "project" in arguments else []
    return f"""You work off tasks that a task distributor gives you.

1. Call claim_tasks({", ".join([*said, "wait=30"])}). It gives you the task you are to do next; nobody else has it.
2. Read its brief and do what it asks. {RULE}
3. While you work, call heartbeat with task and token, at least once in half of term_s, with your progress and short
   notes. Heed `do` in the answer: it may tell you to stop, to give way, or that the task is yours no more.
4. End every task with exactly one of these, with task and token:
   - complete_task: the result in a form that whoever waits for it can use;
   - fail_task: what went wrong and what you tried. blocked_by=[...] when other work has to be done first; limit and
     retry_at when a provider refuses; retryable=false only when no attempt can ever succeed;
   - ask: a question that only a person can answer, with a checkpoint;
   - give_back_task: you can not go on, through no fault of the task.
5. Begin again at 1. Stop when claim_tasks says that there is no work left, or after three claims in a row that gave
   nothing.

An error with code lease_lost means that somebody else has the task now: drop the work and claim again. Every other
error says in `fix` and `message` how to repair the call. Never make up a token or a result."""
