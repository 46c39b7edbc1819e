"""`rota`: finds the command, runs it, turns every refusal into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from rota.faces.cli.commands import COMMANDS, overview
from rota.faces.cli.standard_error import outlasting

INTERRUPTED = 130
BROKEN_PIPE = 141
"""As a shell reports a program that wrote into a closed pipe (128 + SIGPIPE)."""
_HELP = ("-h", "--help", "help")
_VERSION = ("-V", "--version")


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    # Both may be closed by whoever started us; writing must not fail then.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = outlasting(sys.stderr or sys.stdout)
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. Nothing is raised and no traceback is shown."""
    try:
        code = _guarded(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read our output has left; the interpreter must not trip over it again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        sys.stderr.write("rota: interrupted\n")
        return INTERRUPTED


def _guarded(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["help"] and len(arguments) > 1:
        arguments = [*arguments[1:], "--help"]
    if not arguments or arguments[0] in _HELP:
        sys.stdout.write(overview() + "\n")
        return 0
    name = "version" if arguments[0] in _VERSION else arguments[0]
    if name == "version":
        from rota.faces.cli.version import version_line

        sys.stdout.write(version_line("--json" in arguments) + "\n")
        return 0
    from rota.faces.cli.say import Usage, misused, refuse
    from rota.model.errors import RotaError

    try:
        return _run([name, *arguments[1:]])
    except Usage as error:
        return misused(error, as_json=_wants_json(arguments))
    except RotaError as error:
        return refuse(error, as_json=_wants_json(arguments))
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        if os.environ.get("ROTA_DEBUG") == "1":
            raise
        text = f"{type(error).__name__}: {error} (ROTA_DEBUG=1 shows where)"
        return refuse(RotaError("internal", text), as_json=_wants_json(arguments))


def _run(arguments: Sequence[str]) -> int:
    from rota.faces.cli.say import Usage

    commands = {command.name: command for command in COMMANDS}
    if arguments[0] not in commands:
        # Lazily: most words are right.
        import difflib

        near = difflib.get_close_matches(arguments[0], commands, 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise Usage(f"there is no command {arguments[0][:60]!r}{meant}", "`rota --help` lists the commands")
    command = commands[arguments[0]]
    if command.is_short:
        return _short(command.target, arguments)
    if command.is_group and _is_alone(arguments):
        raise Usage(f"`rota {arguments[0]}` needs one of its commands", f"`rota {arguments[0]} --help` lists them")
    from cyclopts import CycloptsError, UnusedCliTokensError

    try:
        code: Any = long_commands()(arguments, exit_on_error=False, print_error=False)
    except UnusedCliTokensError as error:
        raise _too_many(arguments[0], error.unused_tokens or []) from None
    except CycloptsError as error:
        command_line = " ".join(error.command_chain or arguments[:1])
        raise Usage(_message(error), f"`rota {command_line} --help` says what it takes") from None
    return code if isinstance(code, int) else 0


def _message(error: Any) -> str:
    from cyclopts import MissingArgumentError

    if isinstance(error, MissingArgumentError) and error.argument and not (error.keyword or error.unused_tokens):
        return f"{error.argument.name} is missing"
    return " ".join(str(error).split()).rstrip(".")


def _short(target: str, arguments: Sequence[str]) -> int:
    from rota.faces.cli.short.call import call
    from rota.faces.cli.short.parse import Unplaced

    try:
        return call(target, arguments[0], arguments[1:])
    except Unplaced as error:
        raise _too_many(arguments[0], error.words) from None


def _is_alone(arguments: Sequence[str]) -> bool:
    """Whether options at most follow, and none of them asks for help."""
    return all(word.startswith("-") for word in arguments[1:2]) and not set(arguments) & set(_HELP)


def _too_many(command: str, words: Sequence[str]) -> Exception:
    """More was said than the command takes; most often that is the database, which is an option."""
    from rota.faces.cli.say import Usage

    first = next(iter(words), "")
    if first.startswith(("postgresql://", "postgres://", "sqlite:///")) or os.path.isfile(first):
        # An address may hold a password.
        shown = first if "://" not in first else "ADDRESS"
        return Usage(f"`rota {command}` takes no database in this place", f"use `-d {shown}`")
    said = " ".join(words)
    return Usage(f"`rota {command}` does not take {said[:60]!r}", f"`rota {command} --help` says what it takes")


def long_commands() -> Any:
    """The commands that are functions, read by cyclopts; the short ones are declared as data."""
    from cyclopts import App

    app = App(
        name="rota",
        help_format="plaintext",
        version_flags=[],
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    for command in COMMANDS:
        if command.is_short:
            continue
        app.command(f"rota.faces.cli.{command.target}", name=command.name)
    return app


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether the command itself, not one that it is to start, was asked for JSON."""
    own = arguments[: list(arguments).index("--")] if "--" in arguments else arguments
    return "--json" in own


if __name__ == "__main__":
    main()
