"""The options that say what a task asks for, as `rota add` takes them and `rota edit` changes them."""

from __future__ import annotations

from rota.faces.cli.short.shape import Option
from rota.model.priority import PRIORITIES

PRIORITY = Option("priority", "How urgent it is.", choices=PRIORITIES, default="normal")
SAYS = (
    Option("description", "What is to be done."),
    Option("payload", "Whatever its agent needs: JSON, or a text; - reads it from the standard input.", "json"),
)
"""What a task says; it may be changed in any state."""
ASKS = (
    PRIORITY,
    Option("kind", "What sort of work it is.", flags=("--kind", "-k"), default="task"),
    Option("deadline", "When it should be finished: 2h, or RFC 3339."),
    Option("start", "Not before: 2h, or RFC 3339."),
    Option("estimate", "How long it will probably take: 90s, 20m."),
    Option("skills", "A skill that its agent needs, and at which level at least.", "levels", ("--skill",)),
    Option("role", "The role that its agent needs."),
    Option("regions", "A region where it may be done.", many=True, flags=("--region",)),
    Option("pin", "The one agent who may have it."),
    Option("ban", "An agent who may not have it.", many=True),
    Option("limits", "A limit it is charged to.", many=True, flags=("--limit",)),
    Option("resources", "What it uses of its agent's resources.", "amounts", ("--resource",)),
    Option("near", "The region in or near which it is best done."),
    Option("max_cost", "The most it may probably cost.", "number"),
    Option("group", "Tasks of one group go to an agent together."),
    Option("max_attempts", "Attempts before it is dead; without it as its queue says.", "integer"),
    Option("after", "A task that must be done first; TASK:run and TASK:hold say what happens if it ends otherwise.",
           many=True, flags=("--after", "-a")),
)  # fmt: skip
"""What it asks for; it may be changed while nobody has it."""
CLEARED = frozenset({"estimate", "deadline", "role", "pin", "near", "max_cost", "group", "start"})
"""May be taken away again."""
ONCE = (
    Option("queue", "The queue it goes to.", flags=("--queue", "-q"), default="default"),
    Option("project", "The project it belongs to, by id or key.", flags=("--project", "-p")),
    Option("tenant", "Who it is done for.", default="default"),
    Option("ttl", "Expires if nobody got it within this time."),
    Option("affinity", "Tasks with the same key go to the same agent where that is possible."),
    Option("sequence", "Tasks of one sequence run one after another."),
    Option("touches", "What it changes, as a pattern of paths: 'src/auth/**'; tasks that clash do not run at once.",
           many=True),
    Option("unique", "While a task with this key is unfinished, that one is answered instead."),
    Option("approval", "Whether a person approves the outcome before it counts; without it, as its queue.", "yes_no"),
    Option("held", "Submitted on hold.", "switch"),
    Option("stages", "A change that comes with time or trouble, as JSON.", "json", ("--stage",), many=True),
)  # fmt: skip
"""Said when it is submitted, and never again."""


def parents(words: list[str]) -> list[object]:
    """`task-1`, `task-1:run` -> what operations take."""
    named = [word.partition(":") for word in words]
    return [{"task": task, "rule": rule} if rule else task for task, _, rule in named]
