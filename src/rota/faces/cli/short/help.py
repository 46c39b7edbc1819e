"""The help of a short command."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator

from rota.faces.cli.short.shape import Noun, Option, Verb

LEAST, MOST = 60, 110
"""Columns of a line, however narrow or wide the terminal is."""
_GAP = 2
_NAMES_MOST = 30


def help_of(verb: Verb, name: str, noun: Noun | None = None) -> str:
    """What `rota NAME --help` says; with the verbs of the noun that lists when it stands alone."""
    width = min(max(shutil.get_terminal_size().columns, LEAST), MOST)
    summary = verb.summary if noun is None else noun.summary
    lines = [f"Usage: {usage(verb, name)}", "", *textwrap.wrap(f"{summary}.", width)]
    for paragraph in verb.text.split("\n\n") if verb.text else ():
        lines += ["", *_paragraph(paragraph, width)]
    if noun is not None and noun.verbs:
        lines += ["", "Commands:", *_columns(((one.name, one.summary) for one in noun.verbs), width)]
    if verb.words:
        lines += ["", "Arguments:", *_columns(((word.shown, word.help) for word in verb.words), width)]
    if verb.options:
        lines += ["", "Options:", *_columns(((names(option), said(option)) for option in verb.options), width)]
    return "\n".join(lines)


def usage(verb: Verb, name: str) -> str:
    """`rota cancel [TASK...] [OPTIONS]`."""
    shown = [f"{word.shown}..." if word.many else word.shown for word in verb.words]
    words = [f"[{text}]" if word.optional else text for word, text in zip(verb.words, shown, strict=True)]
    needed = [f"{option.names[0]} {option.takes}" for option in verb.options if option.needed]
    return " ".join(["rota", name, *words, *needed, *(["[OPTIONS]"] if verb.options else [])])


def names(option: Option) -> str:
    """`-n, --limit LIMIT`."""
    flags = ", ".join(sorted(option.names, key=len))
    return f"{flags} {option.takes}".rstrip()


def said(option: Option) -> str:
    """Its help with what it may be, whether it may be repeated, and where it comes from when it is left out."""
    more = []
    if option.choices:
        more.append(f"One of {', '.join(option.choices)}.")
    if option.many or option.kind in ("levels", "amounts"):
        more.append("May be given many times.")
    if option.clears:
        more.append("`none` takes it away.")
    if option.variable:
        more.append(f"Without it: {option.variable}.")
    elif option.default is not None:
        more.append(f"Without it: {option.default}.")
    return " ".join([option.help, *more])


def _paragraph(text: str, width: int) -> list[str]:
    """Lines that are indented stay as they are."""
    if text.startswith("    "):
        return text.splitlines()
    return textwrap.wrap(" ".join(text.split()), width)


def _columns(rows: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    known = list(rows)
    left = min(max(len(name) for name, _text in known), _NAMES_MOST)
    for name, text in known:
        first, *rest = textwrap.wrap(text, width - left - 2 * _GAP) or [""]
        head = f"{'':{_GAP}}{name:<{left}}"
        if len(name) > left:
            yield head
            head = f"{'':{_GAP}}{'':<{left}}"
        yield f"{head}{'':{_GAP}}{first}".rstrip()
        for line in rest:
            yield f"{'':{left + 2 * _GAP}}{line}"
