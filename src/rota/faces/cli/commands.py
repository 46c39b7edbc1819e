"""The commands of `rota`: where each is found, and its one line of help. Nothing is imported before it is called."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """A command, or a group of them."""

    name: str
    target: str
    """`module:name` below `rota.faces.cli`: a function; of a group its `App`; of a short command what declares it."""
    summary: str

    @property
    def is_group(self) -> bool:
        """Whether it needs one of its own commands after it."""
        return self.target.endswith(":app")

    @property
    def is_short(self) -> bool:
        """Whether it is declared as data (docs/decisions/0022-short-commands.md)."""
        return self.target.startswith("short.")


DUTIES: tuple[tuple[str, tuple[Command, ...]], ...] = (
    (
        "Begin",
        (
            Command("run", "run:run", "Do all tasks of a file with the agents of a fleet.toml"),
            Command("each", "each:each", "Run a command for each task of a file, without any set-up"),
            Command("check", "check:check", "Check a fleet and its tasks before anything runs, and estimate"),
        ),
    ),
    (
        "Look",
        (
            Command("tasks", "lists:tasks", "List tasks"),
            Command("task", "task:task", "Show one task and why it is where it is"),
            Command("explain", "explain:explain", "Say why a task waits and when its turn is, or what waits for an agent"),
            Command("dead", "lists:dead", "List dead tasks with their reasons"),
            Command("queues", "lists:queues", "List queues"),
            Command("agents", "lists:agents", "List agents"),
            Command("events", "lists:events", "List what happened"),
        ),
    ),
    (
        "Serve",
        (
            Command("serve", "serve:serve", "Serve a database over HTTP, with the agents of a fleet.toml"),
            Command("keys", "keys:app", "Make, list and revoke the keys of those who ask over HTTP"),
            Command("owner", "owner:owner", "Own a database for others; it is started by itself when needed"),
        ),
    ),
    (
        "Try out",
        (
            Command("rules", "rules:app", "Try routing rules on a file of tasks, list those in use"),
            Command("simulate", "simulate:simulate", "Rehearse a workload on a fleet: the real engine on a virtual clock"),
        ),
    ),
    (
        "Keep",
        (
            Command("audit", "audit:audit", "Prove or refute from the event log that the promise was kept"),
            Command("doctor", "doctor:doctor", "Look for trouble with this machine and a database"),
            Command("backup", "backup:backup", "Write a complete copy of a database while it is in use"),
            Command("restore", "backup:restore", "Make a database from a copy"),
            Command("move", "move:move", "Carry a database over, from a SQLite file to PostgreSQL or the other way"),
    Command("archive", "archive:app", "Move ended tasks into files, list the files, put tasks back"),
            Command("import", "import_:import_", "Bring the projects of a taskqueue-mcp file into a database"),
            Command("export", "export:export", "Write a database's history as a workload, or its projects for taskqueue-mcp"),
            Command("version", "version:version", "Say which version this is"),
        ),
    ),
)  # fmt: skip
"""The commands by the duty they serve, in the order of the overview."""

COMMANDS: tuple[Command, ...] = tuple(command for _duty, commands in DUTIES for command in commands)

USAGE = "rota COMMAND [ARGUMENTS]"
ABOUT = "Gives the right task to the right agent: by priority, deadline, skill, load, cost and fairness."


def overview() -> str:
    """What `rota --help` says."""
    width = max(len(command.name) for command in COMMANDS)
    lines = [f"Usage: {USAGE}", "", ABOUT]
    for duty, commands in DUTIES:
        lines += ["", f"{duty}:", *(f"  {command.name:<{width}}  {command.summary}" for command in commands)]
    return "\n".join(
        [*lines, "", "`rota COMMAND --help` says more. Every command that shows something takes --json."]
    )
