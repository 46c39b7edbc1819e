"""From the words of a command line to what they say. Standard library only."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rota.faces.cli.say import Usage
from rota.faces.cli.short.shape import NONE, Given, Kind, Noun, Option, Verb, Word
from rota.faces.cli.short.standard_input import whole
from rota.model.errors import RotaError

HELP = ("-h", "--help")


def verb_of(noun: Noun, words: Sequence[str]) -> tuple[Verb, str, Sequence[str]]:
    """The verb that these words call, its whole name and the words that are left for it."""
    for verb in noun.verbs:
        if words and words[0] == verb.name:
            return verb, f"{noun.name} {verb.name}", words[1:]
    if words and not words[0].startswith("-"):
        _no_verb(noun, words[0])
    return noun.listing, noun.name, words


def _no_verb(noun: Noun, word: str) -> None:
    names = [verb.name for verb in noun.verbs]
    near = _nearest(word, names)
    if near:
        message = f"`rota {noun.name}` has no command {word[:60]!r}; did you mean {near!r}?"
        raise Usage(message, f"`rota {noun.name} --help` lists them")


def parsed(verb: Verb, name: str, words: Sequence[str]) -> Given:
    """What the words say. Raises `Usage` naming the word that can not be taken; `Unplaced` for words too many."""
    given: Given = {}
    placed = _options(verb, name, words, given)
    _place(verb, name, placed, given)
    _from_environment(verb, given)
    missing = [option.names[0] for option in verb.options if option.needed and option.field not in given]
    if missing:
        raise _usage(name, f"{missing[0]} is needed")
    return given


class Unplaced(Exception):
    """More words than the command has places for."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(" ".join(words))
        self.words = words


def _options(verb: Verb, name: str, words: Sequence[str], given: Given) -> list[str]:
    """Take the options into `given`; the other words, in their order."""
    known = {flag: option for option in verb.options for flag in option.names}
    left = list(words)
    placed: list[str] = []
    while left:
        word = left.pop(0)
        if word == "--":
            return placed + left
        if word == "-" or not word.startswith("-") or _is_number(word):
            placed.append(word)
            continue
        flag, attached = _split(word, known)
        option = known.get(flag)
        if option is None:
            raise _usage(name, f"there is no option {flag[:60]!r}{_near(flag, known)}")
        if option.kind == "switch":
            if attached is not None:
                raise _usage(name, f"{flag} takes no value")
            given[option.field] = True
            continue
        if attached is None and not left:
            raise _usage(name, f"{flag} needs a value: {flag} {option.takes}")
        _take(option, flag, left.pop(0) if attached is None else attached, name, given)
    return placed


def _split(word: str, known: dict[str, Option]) -> tuple[str, str | None]:
    """`--limit=5`, `-n5` and `--limit` taken apart."""
    if word.startswith("--"):
        flag, equals, value = word.partition("=")
        return flag, value if equals else None
    if len(word) > 2 and word[:2] in known and known[word[:2]].kind != "switch":
        return word[:2], word[2:].removeprefix("=")
    return word, None


def _is_number(word: str) -> bool:
    return word[1:2].isdigit()


def _near(flag: str, known: dict[str, Option]) -> str:
    near = _nearest(flag, known)
    return f"; did you mean {near}?" if near else ""


def _nearest(word: str, known: Iterable[str]) -> str:
    # Lazily: most words are right.
    import difflib

    return next(iter(difflib.get_close_matches(word, list(known), 1)), "")


def _take(option: Option, flag: str, text: str, name: str, given: Given) -> None:
    if option.clears and text == NONE:
        given[option.field] = None
        return
    try:
        value = _READ[option.kind](text)
    except ValueError as error:
        raise _usage(name, f"{flag}: {text[:60]!r} {error}") from None
    if option.choices and value not in option.choices:
        raise _usage(name, f"{flag}: {text[:60]!r} is none of {', '.join(option.choices)}")
    if option.kind in ("levels", "amounts"):
        given.setdefault(option.field, {}).update(value)
    elif option.many:
        given.setdefault(option.field, []).append(value)
    else:
        given[option.field] = value


def _place(verb: Verb, name: str, placed: list[str], given: Given) -> None:
    left = list(placed)
    for word in verb.words:
        if word.many:
            taken, left = left, []
        else:
            taken, left = left[:1], left[1:]
        if not taken and not word.optional:
            raise _usage(name, f"{word.shown} is missing: {word.help[:1].lower()}{word.help[1:].rstrip('.')}")
        if taken:
            values = [_value(word, name, one) for one in taken]
            given[word.field] = values if word.many else values[0]
    if left:
        raise Unplaced(left)


def _value(word: Word, name: str, text: str) -> Any:
    try:
        return _READ[word.kind](text)
    except ValueError as error:
        raise _usage(name, f"{word.shown}: {text[:60]!r} {error}") from None


def _from_environment(verb: Verb, given: Given) -> None:
    for option in verb.options:
        if option.variable and option.field not in given and os.environ.get(option.variable):
            given[option.field] = os.environ[option.variable]


def _text(text: str) -> str:
    """Only the names of files may be bytes that are no text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is no UTF-8 text") from None
    return text


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("is no whole number") from None


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError("is no number") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("is no number that can be sent")
    return value


def _json(text: str) -> Any:
    """JSON; what is none, and does not begin like it, is a text. `-` reads the standard input."""
    if text == "-":
        text = whole()
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        if text.lstrip()[:1] in ("{", "[", '"'):
            raise ValueError("begins like JSON and is none") from None
        return _text(text)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _levels(text: str) -> dict[str, int]:
    name, equals, level = text.partition("=")
    if not name:
        raise ValueError("has no name; write NAME=LEVEL")
    return {name: _integer(level) if equals else 1}


def _amounts(text: str) -> dict[str, float]:
    name, equals, amount = text.partition("=")
    if not name or not equals:
        raise ValueError("is no NAME=NUMBER")
    return {name: _number(amount)}


def _yes_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("is neither yes nor no")
    return text == "yes"


def _span(text: str) -> float:
    """Seconds, from `90`, `90s` or `1h30m`."""
    from rota.model.times import seconds

    try:
        return seconds(text, "")
    except RotaError:
        raise ValueError("is no length of time such as 90s, 5m or 1h30m") from None


def _usage(name: str, message: str) -> Usage:
    return Usage(message, f"`rota {name} --help` says what it takes")


_READ: dict[Kind, Callable[[str], Any]] = {
    "text": _text, "integer": _integer, "number": _number, "json": _json, "levels": _levels, "amounts": _amounts,
    "yes_no": _yes_no, "span": _span, "path": str,
}  # fmt: skip
