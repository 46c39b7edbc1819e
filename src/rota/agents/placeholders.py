"""Placeholders in the arguments of a command: `{title}`, `{payload.file}`, `{brief}`; never through a shell.

A placeholder is a name in braces. Everything else in braces is left alone: `{}`, `{"a": 1}`, `{print $1}`,
`{{.Names}}`, and `${HOME}`, which belongs to a shell. Doubled braces around a name stand for single ones:
`{{title}}` -> `{title}`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

FIELDS = (
    "id",
    "title",
    "description",
    "payload",
    "kind",
    "queue",
    "priority",
    "project",
    "tenant",
    "deadline",
    "attempt",
    "agent",
    "slot",
    "answer",
    "checkpoint",
    "session",
    "previous_session",
    "worktree",
    "branch",
    "base",
    "python",
)
"""What can be named, beside `brief` and paths into the payload (`payload.key`, `payload.list.0`).

`worktree`, `branch` and `base` are there for agents with a workspace alone.

`python` is the interpreter that runs Rota; whoever fills in the arguments puts it among the fields.
"""

ARGUMENT_BYTES = 131_071
"""The longest single argument that Linux takes (MAX_ARG_STRLEN without its final NUL)."""

_PLACEHOLDER = re.compile(r"(?<!\$)(\{+)([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)(\}+)")
_SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "ash", "fish"}


class PlaceholderError(ValueError):
    """A placeholder that cannot be filled. `fault`: the command's, for any task, or this task's alone."""

    def __init__(self, message: str, fault: Literal["command", "task"]) -> None:
        super().__init__(message)
        self.fault = fault


def check_arguments(argv: Sequence[str]) -> None:
    """Refuses what is wrong for any task: unknown names, and placeholders inside the code of a shell."""
    code = _shell_code(argv)
    for number, argument in enumerate(argv):
        for name in names_in(argument):
            if not _is_known(name):
                raise _unknown(name)
            if number == code:
                raise _in_shell_code(name, argv[0])


def names_in(argument: str) -> list[str]:
    """The names of the placeholders in one argument."""
    return [name for opening, name, closing in _PLACEHOLDER.findall(argument) if min(len(opening), len(closing)) % 2]


def substitute(argv: Sequence[str], task: Mapping[str, Any], brief: Callable[[], str] | None = None) -> tuple[str, ...]:
    """The arguments with their placeholders filled in; one argument stays one, whatever the task holds.

    `task`: the fields of a claim's answer (`task` counts as `id`). None becomes nothing, numbers and
    true/false are written as in JSON, objects and arrays as JSON. `brief` makes the text for `{brief}`; it is
    called if that is used. PlaceholderError for an unknown name, a missing key of the payload, NUL, text that
    is no Unicode, an argument too long.
    """
    check_arguments(argv)
    return tuple(_fill(number, argument, task, brief) for number, argument in enumerate(argv))


def _fill(number: int, argument: str, task: Mapping[str, Any], brief: Callable[[], str] | None) -> str:
    if not _PLACEHOLDER.search(argument):
        return argument

    def replaced(match: re.Match[str]) -> str:
        opening, name, closing = match.groups()
        braces = min(len(opening), len(closing))
        value = _text_of(name, task, brief) if braces % 2 else name
        around = braces // 2
        extra = opening[braces:], closing[braces:]
        return f"{extra[0]}{'{' * around}{value}{'}' * around}{extra[1]}"

    filled = _PLACEHOLDER.sub(replaced, argument)
    if len(os.fsencode(filled)) > ARGUMENT_BYTES:
        raise PlaceholderError(
            f"argument {number} ({first(argument)}) would be {len(os.fsencode(filled)):,} bytes long, "
            f"the system takes {ARGUMENT_BYTES:,}; let the command read the task from its standard input",
            "task",
        )
    return filled


def _text_of(name: str, task: Mapping[str, Any], brief: Callable[[], str] | None) -> str:
    text = _written(_value(name, task, brief))
    if "\0" in text:
        raise PlaceholderError(
            f"{{{name}}} holds a NUL character, which no argument can; read the task from stdin", "task"
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PlaceholderError(f"{{{name}}} holds half of a surrogate pair, which is no text", "task") from None
    return text


def _value(name: str, task: Mapping[str, Any], brief: Callable[[], str] | None) -> Any:
    if name == "brief":
        if brief is None:
            raise PlaceholderError("{brief} is not to be had here", "command")
        return brief()
    field, *path = name.split(".")
    value = task.get("id", task.get("task")) if field == "id" else task.get(field)
    for depth, key in enumerate(path):
        value = _step(value, key, ".".join([field, *path[:depth]]), name)
    return value


def _step(value: Any, key: str, place: str, name: str) -> Any:
    if isinstance(value, Mapping) and key in value:
        return value[key]
    if isinstance(value, Sequence) and not isinstance(value, str) and key.isdecimal() and int(key) < len(value):
        return value[int(key)]
    if isinstance(value, Mapping):
        has = "it has " + (", ".join(sorted(map(str, value))[:20]) or "no keys")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        has = f"it is a list of {len(value)}"
    else:
        has = "it is empty" if value is None else f"it is {first(_written(value))}"
    raise PlaceholderError(f"{{{name}}}: the task's {place} has no {key!r}; {has}", "task")


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _is_known(name: str) -> bool:
    return name in FIELDS or name == "brief" or name.startswith("payload.")


def _unknown(name: str) -> PlaceholderError:
    known = ", ".join(f"{{{field}}}" for field in (*FIELDS, "brief", "payload.KEY"))
    return PlaceholderError(
        f"{{{name}}} is no placeholder; there are {known}. To write it as it is, double the braces: {{{{{name}}}}}",
        "command",
    )


def _in_shell_code(name: str, shell: str) -> PlaceholderError:
    return PlaceholderError(
        f"{{{name}}} stands inside shell code, where a task's text would be run as commands; "
        f"pass it as an argument of its own ({shell} -c '... \"$1\"' - {{{name}}}) "
        "or read a variable ($ROTA_TITLE)",
        "command",
    )


def _shell_code(argv: Sequence[str]) -> int | None:
    """The place of the argument that a shell takes as code: the one after `-c` (also as in `-euc`)."""
    if not argv or os.path.basename(argv[0]) not in _SHELLS:
        return None
    for number, argument in enumerate(argv[1:], 1):
        if not argument.startswith("-"):
            if argv[number - 1].endswith(("o", "O")):
                continue  # the name of an option: `-eo pipefail`
            return None
        if not argument.startswith("--") and "c" in argument:
            return number + 1
    return None


def first(text: str) -> str:
    """The beginning of a text, for an error."""
    return repr(text if len(text) <= 60 else text[:60] + "…")
