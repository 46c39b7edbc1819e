"""What a short command takes, as data: from it come the reading of its words, its help, its page and its completion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

Kind = Literal["text", "integer", "number", "switch", "json", "levels", "amounts", "yes_no", "span", "path"]
"""`levels`: NAME=LEVEL, the level being 1 when it is left out. `amounts`: NAME=NUMBER. Both may be given many times."""
Given = dict[str, Any]
"""What a command line says, by field; what it does not say is not there."""


def picked(given: Given, names: Iterable[str]) -> Given:
    """What it says of these fields."""
    return {name: given[name] for name in names if name in given}


NONE = "none"
"""The word for no value at all, where an option may take one away."""


class Option(NamedTuple):
    """An option: `--field-with-hyphens` unless it has flags of its own."""

    field: str
    help: str
    kind: Kind = "text"
    flags: tuple[str, ...] = ()
    many: bool = False
    choices: tuple[str, ...] = ()
    default: Any = None
    """What the help says it is when it is left out."""
    variable: str = ""
    """The environment variable that stands in for it."""
    needed: bool = False
    clears: bool = False
    """`none` takes the value away."""

    @property
    def names(self) -> tuple[str, ...]:
        """As it is written, the long one first."""
        return self.flags or (f"--{self.field.replace('_', '-')}",)

    @property
    def takes(self) -> str:
        """What follows it, for people; nothing for a switch."""
        shown = {"switch": "", "json": "JSON", "levels": "NAME=LEVEL", "amounts": "NAME=NUMBER", "yes_no": "yes|no"}
        return shown.get(self.kind, self.field.rpartition("_")[2].upper())


class Word(NamedTuple):
    """Something without a dash before it, known by its place."""

    field: str
    help: str
    shown: str
    many: bool = False
    optional: bool = False
    kind: Kind = "text"


class Verb(NamedTuple):
    """A command that does one thing."""

    name: str
    summary: str
    """One line: what it does."""
    run: Callable[[Given], int]
    words: tuple[Word, ...] = ()
    options: tuple[Option, ...] = ()
    text: str = ""
    """More about it: paragraphs, with empty lines between them."""


class Noun(NamedTuple):
    """A command that lists when it stands alone, and has verbs."""

    name: str
    summary: str
    listing: Verb
    verbs: tuple[Verb, ...]
