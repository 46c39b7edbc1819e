"""From the tasks of a call to the tasks that are submitted: recommendations, priority, references."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rota.faces.mcp.asking import Asking
from rota.faces.mcp.classic.arguments import RECOMMENDATIONS, Arguments
from rota.faces.mcp.classic.errors import ToolError
from rota.model.bounds import PARENTS
from rota.model.commands.fleet import AddToProject, CreateProject, SetQueue
from rota.model.commands.read import GetTask, ListTasks
from rota.model.commands.submit import Edit
from rota.model.errors import RotaError
from rota.model.priority import Priority
from rota.model.queue import QueuePolicy
from rota.model.task import After, TaskSpec, TaskView

QUEUE = "taskqueue"
"""Where tasks of these tools wait. Among equals they go in the order they were created, as their users expect: how long
they take, which is what other queues also look at, is left out of it."""
_POLICY = QueuePolicy(patience=0.0)
_PRIORITY = re.compile(r"\bpriority\s*[:=]\s*(emergency|critical|high|normal|low)\b", re.IGNORECASE)
_ID = re.compile(r"task-[1-9][0-9]*")
EDITABLE = ("blocked", "scheduled", "held", "ready")
"""States in which what a task waits for can be changed."""


class Wanted(NamedTuple):
    """What a call wants created."""

    tasks: list[TaskSpec]
    blocks: dict[str, list[int]]
    """Tasks that exist already, each with the new ones it is to wait for, by index."""


def wanted(rota: Asking, items: Sequence[Arguments], facts: Mapping[str, Any] | None) -> Wanted:
    """The tasks to submit; `facts` are those of their project (see `projects.facts_of`)."""
    names = _names(items)
    after: list[list[str]] = [[] for _ in items]
    blocks: dict[str, list[int]] = {}
    for index, item in enumerate(items):
        for name in item.get("dependsOn", ()):
            after[index].append(_reference(names, name, "dependsOn", index))
        for name in item.get("blocks", ()):
            if _ID.fullmatch(name):
                blocks.setdefault(name, []).append(index)
            else:
                after[_known(names, name, "blocks", index)].append(f"#{index}")
    for task, indices in blocks.items():
        check_editable(rota, task, len(indices))
        _check_cycle(rota, task, indices, after)
    return Wanted([_spec(item, index, after[index], facts) for index, item in enumerate(items)], blocks)


def _check_cycle(rota: Asking, task: str, indices: Sequence[int], after: Sequence[Sequence[str]]) -> None:
    """Refuse to let a task wait for new ones that wait for it themselves: before those are there."""
    looked: set[str] = set()
    ahead = [f"#{index}" for index in indices]
    while ahead:
        name = ahead.pop()
        if name == task:
            raise ToolError(f"blocks: {task} would wait for a new task that waits for {task}; leave out one of the two")
        if name not in looked:
            looked.add(name)
            ahead += after[int(name[1:])] if name[0] == "#" else _parents(rota, name)


def _parents(rota: Asking, task: str) -> Sequence[str]:
    try:
        found: TaskView = rota.call(GetTask(task=task))
    except RotaError:
        return ()  # refused with the rest, as what is waited for
    return found.after


def _names(items: Sequence[Arguments]) -> dict[str, list[int]]:
    """What the tasks of one call are called among each other, by `ref`, else by title: the indices of those meant."""
    titles: dict[str, list[int]] = {}
    refs: dict[str, list[int]] = {}
    for index, item in enumerate(items):
        titles.setdefault(item["title"], []).append(index)
        if "ref" in item:
            refs.setdefault(item["ref"], []).append(index)
    return titles | refs


def _reference(names: Mapping[str, Sequence[int]], name: str, field: str, index: int) -> str:
    return name if _ID.fullmatch(name) else f"#{_known(names, name, field, index)}"


def _known(names: Mapping[str, Sequence[int]], name: str, field: str, index: int) -> int:
    meant = names.get(name, ())
    if len(meant) == 1:
        return meant[0]
    told = "is neither a task id nor the ref or title of a task in this call"
    if meant:
        which = ", ".join(str(one) for one in meant)
        told = (
            f"means more than one task of this call, those at index {which}; give each a ref of its own and name that"
        )
    raise ToolError(f"{field} in task at index {index}: {name!r} {told}")


def _spec(item: Arguments, index: int, after: Sequence[str], facts: Mapping[str, Any] | None) -> TaskSpec:
    facts = facts or {}
    payload = {name: item[name] for name in RECOMMENDATIONS if name in item}
    spec = TaskSpec(
        title=item["title"],
        description=item["description"],
        payload=payload or None,
        ref=f"#{index}",
        queue=QUEUE,
        priority=priority_of(item),
        after=[held_by(task) for task in dict.fromkeys(after)],
        sequence=facts.get("sequence"),
        approval=None if "autoApprove" not in facts else not facts["autoApprove"],
    )
    for name in ("kind", "skills", "role", "deadline", "estimate", "tenant", "group"):
        if name in item:
            setattr(spec, name, item[name])
    return spec


def held_by(task: str) -> After:
    """What waits for a task that ends without a result is held, for somebody to look at."""
    return After(task=task, rule="hold")


def priority_of(item: Mapping[str, Any]) -> Priority:
    """As said, else as `Priority: CRITICAL` in the rule recommendations says, else normal."""
    if "priority" in item:
        said: Priority = item["priority"]
        return said
    return priority_in(item.get("ruleRecommendations")) or "normal"


def priority_in(text: str | None) -> Priority | None:
    """The priority that a text names, such as `Priority: CRITICAL`."""
    found = _PRIORITY.search(text or "")
    return found[1].lower() if found else None  # type: ignore[return-value]


def check_editable(rota: Asking, task: str, more: int = 1) -> None:
    """Refuse to let a task wait that is not there, can not wait any more, or not for so many more."""
    try:
        found: TaskView = rota.call(GetTask(task=task))
    except RotaError:
        raise ToolError(f"blocks: Task {task} not found") from None
    if found.state not in EDITABLE:
        raise ToolError(f"blocks: {task} is {found.state} and can not wait for anything any more")
    if len(found.after) + more > PARENTS:
        raise ToolError(f"blocks: {task} waits for {len(found.after)} tasks already; the most is {PARENTS}")


def taken_in(rota: Asking, request: CreateProject | AddToProject) -> Any:
    """Submit; before that the queue is made when there is none of that name yet."""
    if not _has_queue(rota):
        rota.call(SetQueue(queue=QUEUE, policy=_POLICY))
    return rota.call(request)


def _has_queue(rota: Asking) -> bool:
    """Asked before: a project or task that is refused for want of its queue has taken its number already."""
    try:
        # No task is before the first: the names are looked at, and no task is.
        rota.call(ListTasks(queue=QUEUE, limit=1, cursor="task-1"))
    except RotaError as error:
        if error.code != "no_queue":
            raise
        return False
    return True


def let_wait(rota: Asking, blocks: Mapping[str, Sequence[int]], ids: Sequence[str]) -> None:
    """Let the tasks that exist already wait for those that were created."""
    for task, indices in blocks.items():
        parents = [ids[index] for index in indices]
        try:
            rota.call(waits_also(rota, task, parents))
        except RotaError as error:
            raise ToolError(f"{task} can not wait for {', '.join(parents)}: {error}") from None


def waits_also(rota: Asking, task: str, parents: Sequence[str]) -> Edit:
    """What lets a task wait for these too."""
    view: TaskView = rota.call(GetTask(task=task))
    return Edit(task=task, after=[held_by(parent) for parent in dict.fromkeys([*view.after, *parents])])


def created(items: Sequence[TaskSpec], ids: Sequence[str]) -> list[dict[str, Any]]:
    """The new tasks as `create_project` and `add_tasks_to_project` answer them; a priority is echoed."""
    return [
        {"id": number, "title": spec.title, "description": spec.description}
        | ({"priority": spec.priority} if spec.priority != "normal" else {})
        for number, spec in zip(ids, items, strict=True)
    ]
