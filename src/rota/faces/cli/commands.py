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


_BEGIN = (
    Command("init", "short.init:INIT", "Write a fleet.toml to begin with, and a list of tasks"),
    Command("run", "run:run", "Do all tasks of a file with the agents of a fleet.toml"),
    Command("each", "each:each", "Run a command for each task of a file, without any set-up"),
    Command("agent", "agent:agent", "Turn this terminal into an agent: a command does the tasks it is given"),
    Command("check", "check:check", "Check a fleet and its tasks before anything runs, and estimate"),
    Command("add", "short.add:ADD", "Add a task"),
    Command("submit", "short.submit:SUBMIT", "Submit all tasks of a file"),
)
_LOOK = (
    Command("top", "top:top", "Watch who works on what, what waits and why, and decide"),
    Command("tasks", "short.lists:TASKS", "List tasks"),
    Command("task", "short.task:TASK", "Show one task and why it is where it is"),
    Command("explain", "short.explain:EXPLAIN", "Say why a task waits and when its turn is, or what an agent may have"),
    Command("match", "short.match:MATCH", "Say which agents would be best for a task, before there is any"),
    Command("dead", "short.lists:DEAD", "List dead tasks with their reasons"),
    Command("projects", "short.projects:PROJECTS", "List projects; create, finalize or delete one"),
    Command("queues", "short.queues:QUEUES", "List queues; pause, resume or purge one"),
    Command("agents", "short.agents:AGENTS", "List agents; register, drain, resume or remove one"),
    Command("limits", "short.limits:LIMITS", "List limits and what of them is used; set, reset or remove one"),
    Command("schedules", "short.schedules:SCHEDULES", "List schedules and when they come; set, pause or remove one"),
    Command("tenants", "short.tenants:TENANTS", "List tenants with their weights; set one"),
    Command("events", "short.events:EVENTS", "List what happened, or follow it"),
)
_DECIDE = (
    Command("edit", "short.edit:EDIT", "Change a task"),
    Command("cancel", "short.verbs:CANCEL", "Cancel tasks"),
    Command("hold", "short.verbs:HOLD", "Keep waiting tasks from being given out"),
    Command("unhold", "short.verbs:UNHOLD", "Let held tasks go on"),
    Command("redrive", "short.verbs:REDRIVE", "Give dead tasks a new life"),
    Command("assign", "short.verbs:ASSIGN", "Let one agent alone have tasks"),
    Command("unassign", "short.verbs:UNASSIGN", "End an assignment"),
    Command("answer", "short.verbs:ANSWER", "Answer the question of a task"),
    Command("review", "review:review", "Show what waits for approval and what it changes; approve or reject"),
    Command("approve", "short.verbs:APPROVE", "Let outcomes under review count"),
    Command("reject", "short.verbs:REJECT", "Send an outcome back with the reason"),
)
_WORK = (
    Command("claim", "short.work:CLAIM", "Ask for tasks for an agent"),
    Command("heartbeat", "short.work:HEARTBEAT", "Say that an agent lives, and renew its lease of a task"),
    Command("complete", "short.work:COMPLETE", "Report a task done"),
    Command("fail", "short.work:FAIL", "Report that an attempt failed"),
    Command("give-back", "short.work:GIVE_BACK", "Hand a task back unfinished"),
    Command("ask", "short.work:ASK", "Ask a person about a task"),
)
_SERVE = (
    Command("up", "short.up:UP", "Serve in the background"),
    Command("down", "short.up:DOWN", "End what `rota up` started"),
    Command("status", "short.up:STATUS", "Say what is up, and how much waits and runs"),
    Command("log", "short.up:LOG", "Show the log of what `rota up` started"),
    Command("serve", "serve:serve", "Serve a database over HTTP, with the agents of a fleet.toml"),
    Command("keys", "keys:app", "Make, list and revoke the keys of those who ask over HTTP"),
    Command("owner", "owner:owner", "Own a database for others; it is started by itself when needed"),
)
_TRY = (
    Command("rules", "rules:app", "Try routing rules on a file of tasks, list those in use"),
    Command("simulate", "simulate:simulate", "Rehearse a workload on a fleet: the real engine on a virtual clock"),
)
_KEEP = (
    Command("apply", "short.apply:APPLY", "Show what fleet.toml would change in the database, and change it"),
    Command("audit", "audit:audit", "Prove or refute from the event log that the promise was kept"),
    Command("doctor", "doctor:doctor", "Look for trouble with this machine and a database"),
    Command("backup", "backup:backup", "Write a complete copy of a database while it is in use"),
    Command("restore", "backup:restore", "Make a database from a copy"),
    Command("move", "move:move", "Carry a database over, from a SQLite file to PostgreSQL or the other way"),
    Command("archive", "archive:app", "Move ended tasks into files, list the files, put tasks back"),
    Command("import", "import_:import_", "Bring the projects of a taskqueue-mcp file into a database"),
    Command("export", "export:export", "Write a database's history as a workload, or projects for taskqueue-mcp"),
)
_SHELL = (
    Command("completion", "short.completion:COMPLETION", "Print what makes bash, zsh or fish complete command lines"),
    Command("version", "version:version", "Say which version this is"),
)

DUTIES: tuple[tuple[str, tuple[Command, ...]], ...] = (
    ("Begin", _BEGIN),
    ("Look", _LOOK),
    ("Decide", _DECIDE),
    ("Work, for agents that are scripts", _WORK),
    ("Serve", _SERVE),
    ("Try out", _TRY),
    ("Keep", _KEEP),
    ("The shell", _SHELL),
)
"""The commands by the duty they serve, in the order of the overview."""

COMMANDS: tuple[Command, ...] = tuple(command for _duty, commands in DUTIES for command in commands)

USAGE = "rota COMMAND [ARGUMENTS]"
_MORE = (
    "`rota COMMAND --help` says more. Every command that shows something takes --json.",
    "`rota mcp` speaks with LLM agents over MCP.",
)
ABOUT = "Gives the right task to the right agent: by priority, deadline, skill, load, cost and fairness."


def overview() -> str:
    """What `rota --help` says."""
    width = max(len(command.name) for command in COMMANDS)
    lines = [f"Usage: {USAGE}", "", ABOUT]
    for duty, commands in DUTIES:
        lines += ["", f"{duty}:", *(f"  {command.name:<{width}}  {command.summary}" for command in commands)]
    return "\n".join([*lines, "", *_MORE])
