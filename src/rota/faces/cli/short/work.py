"""For agents that are shell scripts: `claim`, `heartbeat`, `complete`, `fail`, `give-back`, `ask`."""

from __future__ import annotations

from typing import Any

from rota.faces.cli.say import json_line, line, shown, talk
from rota.faces.cli.short.calls import changing
from rota.faces.cli.short.options import PLACE, PROJECT
from rota.faces.cli.short.several import exit_code, say_refused
from rota.faces.cli.short.shape import Given, Option, Verb, Word, picked
from rota.model.errors import RotaError

AGENT = Option("agent", "Who asks, as registered with `rota agents register`.", variable="ROTA_AGENT",
               flags=("--agent", "-a"))  # fmt: skip
TASK = Word("task", "Its id, as `rota claim` printed it.", "TASK")
TOKEN = Word("token", "Its lease token, as `rota claim` printed it.", "TOKEN")
NOTES = Option("notes", "What the next attempt, or a person, should know.")
USED = (
    Option("usage", "What it used, such as tokens=1200.", "amounts"),
    Option("cost", "What it cost.", "number"),
    Option("branch", "What it left in a git repository, as JSON.", "json"),
)
_USED = tuple(option.field for option in USED)
LOST = 4


def claim(given: Given) -> int:
    """Ask for tasks; one a line: id, token, title, with tabs between them."""
    asked = {name: value for name, value in given.items() if name not in ("database", "json")}
    if "agent" not in asked:
        raise RotaError("invalid", "nobody is named; use --agent NAME or ROTA_AGENT", field="agent")
    with changing(given.get("database")) as call:
        answer = call("claim", asked)
    if given.get("json"):
        json_line(answer)
    else:
        for task in answer["tasks"]:
            line("\t".join((task["task"], task["token"], " ".join(shown(task["title"]).split()))))
    if answer["tasks"]:
        return 0
    raise RotaError("nothing", f"there is nothing for {asked['agent']} at the moment")


def heartbeat(given: Given) -> int:
    """Say that the agent lives, and renew the lease of a task."""
    if "agent" not in given:
        raise RotaError("invalid", "nobody is named; use --agent NAME or ROTA_AGENT", field="agent")
    beats = [picked(given, ("task", "token", "progress", "notes", "checkpoint", *_USED))] if "task" in given else []
    if beats and "token" not in given:
        raise RotaError("invalid", "is needed beside the task", field="token")
    with changing(given.get("database")) as call:
        answer = call("heartbeat", {**picked(given, ("agent", "instance")), "beats": beats})
    if given.get("json"):
        json_line(answer)
    for word in ("cancel", "preempt"):
        for task in answer.get(word, []):
            if not given.get("json"):
                line(f"{word}\t{task}")
    for task in answer.get("lost", []):
        talk(f"rota: {task}: lease_lost (drop the work: it was given to somebody else or has ended)")
    return LOST if answer.get("lost") else 0


def complete(given: Given) -> int:
    """Report it done."""
    return _report(given, "complete", picked(given, ("task", "token", "result", "notes", *_USED)))


def fail(given: Given) -> int:
    """Report that the attempt failed."""
    said = picked(given, ("task", "token", "error", "retry_at", "limit", "notes", *_USED))
    return _report(given, "fail", {**said, "retryable": not given.get("final", False)})


def give_back(given: Given) -> int:
    """Hand it back unfinished."""
    held = picked(given, ("task", "token"))
    with changing(given.get("database")) as call:
        return _judged(given, call("give_back", {"tasks": [held], **picked(given, ("reason", "start"))}))


def ask(given: Given) -> int:
    """Ask a person; the slot is free meanwhile."""
    with changing(given.get("database")) as call:
        return _judged(given, call("ask", picked(given, ("task", "token", "question", "checkpoint"))))


def _report(given: Given, operation: str, outcome: dict[str, Any]) -> int:
    with changing(given.get("database")) as call:
        return _judged(given, call(operation, {"outcomes": [outcome]}))


def _judged(given: Given, answer: dict[str, Any]) -> int:
    """The new state on the standard output, or why it did not count."""
    refused: dict[str, str] = answer.get("refused", {})
    if given.get("json"):
        json_line(answer)
    else:
        for state in answer.get("states", {}).values():
            line(state)
    say_refused(refused)
    return exit_code(refused)


CLAIM = Verb(
    "claim",
    "Ask for tasks for an agent; exit code 5 when there is nothing",
    claim,
    options=(
        AGENT,
        Option("n", "How many at most.", "integer", ("--number", "-n"), default=1),
        Option("wait", "How long to wait for the first, up to 45s.", "span", ("--wait", "-w"), default=0),
        PROJECT._replace(help="Only tasks of this project, by id or key."),
        Option("tasks", "Only this task.", many=True, flags=("--task",)),
        Option("tenant", "Only tasks of this tenant."),
        Option("override", "With --project or --task: leave out what stands in the way.", "switch"),
        Option("request", "The same one again answers the same tasks."),
        Option("instance", "Which process it is, as registered."),
        *PLACE,
    ),
    text="""A line a task: its id, its lease token, its title, with tabs between them; --json has all of it. The lease
ends after its term, a minute unless its queue says otherwise, if no heartbeat renews it.

    while found=$(rota claim --agent ann --wait 45s) || [ $? -eq 5 ]; do
      [ -n "$found" ] || continue
      task=$(printf %s "$found" | cut -f1) token=$(printf %s "$found" | cut -f2)
      if result=$(./work "$task"); then
        rota complete "$task" "$token" --result "$result"
      else
        rota fail "$task" "$token" --error "it broke"
      fi
    done""",
)
HEARTBEAT = Verb(
    "heartbeat",
    "Say that an agent lives, and renew its lease of a task",
    heartbeat,
    (TASK._replace(optional=True), TOKEN._replace(optional=True)),
    (
        AGENT,
        Option("progress", "How far it is, 0 to 1.", "number"),
        NOTES,
        Option("checkpoint", "Where another attempt may go on: JSON, or a text; - reads it.", "json"),
        *USED,
        Option("instance", "Which process it is, as registered."),
        *PLACE,
    ),
    text="It prints `cancel` or `preempt` and the id of a task that is to be ended or to give way; exit code 4 when "
    "the lease is lost.",
)
COMPLETE = Verb(
    "complete",
    "Report a task done, and print its new state; exit code 4 when the lease is lost",
    complete,
    (TASK, TOKEN),
    (Option("result", "JSON, or a text; - reads it from the standard input.", "json"), NOTES, *USED, *PLACE),
)
FAIL = Verb(
    "fail",
    "Report that an attempt failed, and print the task's new state",
    fail,
    (TASK, TOKEN),
    (
        Option("error", "What went wrong.", flags=("--error", "-e"), needed=True),
        Option("final", "It can never be done: no further attempt.", "switch"),
        Option("retry_at", "Not again before: 20m, or RFC 3339."),
        Option("limit", "With --retry-at: all tasks charged to this key wait until then; no attempt is counted."),
        NOTES,
        *USED,
        *PLACE,
    ),
)
GIVE_BACK = Verb(
    "give-back",
    "Hand a task back unfinished: ready again at its old place, no attempt counted",
    give_back,
    (TASK, TOKEN),
    (
        Option("reason", "Why.", flags=("--reason", "-r")),
        Option("start", "Not given out again before: 20m, or RFC 3339."),
        *PLACE,
    ),
)
ASK = Verb(
    "ask",
    "Ask a person about a task: the slot is freed, the task waits for `rota answer`",
    ask,
    (TASK, TOKEN, Word("question", "What is to be answered.", "QUESTION")),
    (Option("checkpoint", "Where the next attempt goes on: JSON, or a text; - reads it.", "json"), *PLACE),
)
