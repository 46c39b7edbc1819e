"""One short command, from its words to its exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from rota.faces.cli.short.parse import HELP, parsed, verb_of
from rota.faces.cli.short.shape import Noun, Verb


def call(target: str, name: str, words: Sequence[str]) -> int:
    """Run what `target` declares with these words."""
    found = declared(target)
    noun = found if isinstance(found, Noun) else None
    verb, whole, left = (found, name, words) if isinstance(found, Verb) else verb_of(found, words)
    before_dashes = left[: list(left).index("--")] if "--" in left else left
    if set(before_dashes) & set(HELP):
        from rota.faces.cli.short.help import help_of

        sys.stdout.write(help_of(verb, whole, noun if noun is not None and verb is noun.listing else None) + "\n")
        return 0
    return verb.run(parsed(verb, whole, left))


def declared(target: str) -> Verb | Noun:
    """What `module:NAME` below `rota.faces.cli` declares."""
    module, _, name = target.partition(":")
    found = getattr(import_module(f"rota.faces.cli.{module}"), name)
    assert isinstance(found, Verb | Noun)
    return found
