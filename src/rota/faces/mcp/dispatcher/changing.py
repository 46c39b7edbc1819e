"""What tools that change several tasks answer, and how a change of one alone is refused."""

from __future__ import annotations

import msgspec

from rota.model.commands.submit import Changed
from rota.model.errors import KINDS, RotaError


class ChangedTasks(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    tasks: list[str]
    """Those that were changed."""
    refused: dict[str, str] = {}
    """The others, each with the reason."""
    queue: str | None = None


def changed_tasks(changed: Changed) -> ChangedTasks:
    """The answer; when nothing at all was changed, the first reason is the refusal."""
    if changed.refused and not changed.tasks and not changed.pending:
        task, told = next(iter(changed.refused.items()))
        code, _, text = told.partition(": ")
        more = f" (and {len(changed.refused) - 1} more)" if len(changed.refused) > 1 else ""
        raise RotaError(code if code in KINDS else "wrong_state", f"{task}: {text or code}{more}", field="tasks")
    return ChangedTasks(tasks=[*changed.tasks, *changed.pending], refused=changed.refused)
