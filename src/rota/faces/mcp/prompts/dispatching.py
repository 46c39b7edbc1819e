"""The dispatcher's loop."""

from __future__ import annotations

from collections.abc import Mapping

from rota.faces.mcp.fence import RULE
from rota.operations.distributor import Distributor


def text(distributor: Distributor, arguments: Mapping[str, str]) -> str:
    """How to hand out work."""
    del distributor
    project = arguments.get("project")
    only = f'project="{project}"' if project else ""
    return f"""You distribute tasks to agents that you start yourself.

1. get_distribution_context: volumes, capacities, priorities, targets, constraints. Read `findings` and `attention`
   first.
2. register_roster: the agents you can start, with role, skills and slots. Once, and when it changes.
3. assign_tasks(n=<free slots>{", " + only if only else ""}): it chooses the tasks and for each the best agent, by
   priority, deadline, skill, load, cost and fairness. Do not choose yourself; route_task overrules it for one task.
4. Start each agent with the brief of its assignment, unchanged, all at once. {RULE}
5. While they work, heartbeat for each within term_s. When one ends, report for it with its task and token:
   complete_task with its result, fail_task with what went wrong, or ask with its question.
6. Look after what waits for you: approve_task or reject_task, answer, explain_task and redrive for dead tasks.
7. Begin again at 3 until assign_tasks gives nothing and nothing runs.
8. distribution_status({only}): report the figures against their targets, and at the end its delivery notice.

When something is slow, explain_task says why a task waits. Try a change with simulate before set_policy."""
