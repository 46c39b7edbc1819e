"""Every command as data, however it is declared: what the reference and the completion are made from."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

from rota.faces.cli.commands import DUTIES, Command
from rota.faces.cli.short.call import declared
from rota.faces.cli.short.shape import Noun, Option, Verb, Word


class Described(NamedTuple):
    """A command with its whole name, such as `queues pause`."""

    duty: str
    name: str
    verb: Verb


def described() -> Iterator[Described]:
    """All commands with their own ones, in the order of the overview."""
    app = None
    for duty, commands in DUTIES:
        for command in commands:
            if command.is_short:
                yield from _short(duty, command)
                continue
            if app is None:
                from rota.faces.cli.main import long_commands

                app = long_commands()
            yield from _long(duty, command, app[command.name])


def _short(duty: str, command: Command) -> Iterator[Described]:
    found = declared(command.target)
    if isinstance(found, Verb):
        yield Described(duty, command.name, found)
    else:
        yield from _noun(duty, command.name, found)


def _noun(duty: str, name: str, noun: Noun) -> Iterator[Described]:
    yield Described(duty, name, noun.listing)
    for verb in noun.verbs:
        yield Described(duty, f"{name} {verb.name}", verb)


def _long(duty: str, command: Command, app: Any) -> Iterator[Described]:
    if not command.is_group:
        yield Described(duty, command.name, _verb(command.name, app))
        return
    for name in app:
        if not name.startswith("-"):
            yield Described(duty, f"{command.name} {name}", _verb(name, app[name]))


def _verb(name: str, app: Any) -> Verb:
    """What cyclopts reads from a function, as a short command would declare it."""
    said = inspect.cleandoc(app.help or "").split("\n\n")
    words: list[Word] = []
    options: list[Option] = []
    for argument in app.assemble_argument_collection():
        if argument.names[0].startswith("-"):
            options.append(_option(argument))
        else:
            words.append(_word(argument))
    summary, text = " ".join(said[0].split()).rstrip("."), "\n\n".join(said[1:])
    return Verb(name, summary, _not_run, tuple(words), tuple(options), text.partition("Parameters\n---")[0].rstrip())


def _word(argument: Any) -> Word:
    shown = argument.names[0]
    many = argument.field_info.kind is inspect.Parameter.VAR_POSITIONAL
    return Word(shown.lower(), argument.parameter.help or "", shown, many=many, optional=not argument.required)


def _option(argument: Any) -> Option:
    default = argument.field_info.default
    is_switch = argument.hint is bool
    return Option(
        argument.names[0].strip("-").replace("-", "_"),
        argument.parameter.help or "",
        "switch" if is_switch else "text",
        argument.names,
        many=str(argument.hint).startswith("tuple"),
        choices=argument.get_choices() or (),
        default=None if is_switch or default in ((), inspect.Parameter.empty) else default,
        needed=argument.required,
    )


def _not_run(_given: dict[str, Any]) -> int:
    raise AssertionError("this command is run from its function")
