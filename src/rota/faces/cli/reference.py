"""The page of the shell, made from the commands: `python -m rota.faces.cli.reference` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby

from rota.faces.cli.described import Described, described
from rota.faces.cli.exit_codes import EXIT_CODES
from rota.faces.cli.short.help import names, said, usage
from rota.faces.cli.short.shape import Option
from rota.model.errors import KINDS

_INTRODUCTION = """\
# The shell

This page is made from the commands: `python -m rota.faces.cli.reference > docs/cli.md`.

## The habit
* A noun alone lists: `rota tasks`, `rota queues`, `rota agents`, `rota projects`, `rota limits`, `rota tenants`. With a
  verb it does something to one: `rota queues pause NAME`, `rota agents drain NAME`. Verbs on tasks stand alone: `rota
  cancel task-7`.
* **Several tasks** are named one after the other, read from the standard input with `-`, or picked by filters:
  `rota dead --all --json | rota redrive -`, `rota cancel --queue nightly`. Each is judged by itself: what could not be
  done is named on the standard error, the rest is done, and the exit code is that of the first refusal.
* **`--json`** writes one object on one line; with `--all` or `--watch` one object a line (NDJSON). Errors are JSON then
  too, on the standard error: `{"error": {"code", "message", "fix", "field"?, "data"?}}`.
* **Pages**: `--limit`, then `--cursor` with what the page before said, or `--all`.
* **`--watch`** goes on and shows what changes, until Ctrl-C. Of tasks and queues it looks twice a second and shows each
  that is not as it was; of events none is left out.
* **Data** goes to the standard output, everything else to the standard error. Lists have no colour in a pipe, under
  `NO_COLOR`, or on a dumb terminal.
* **What destroys** says how much that would be and asks first; `--yes` answers. Where nobody can be asked, it is
  refused.
* `none` takes a value away (`rota edit task-7 --deadline none`). Where JSON is asked for, what is none is a text:
  `--result done`.
* After `--` nothing is an option.

## Which database
That of `-d`: a SQLite file, a `postgresql://` address, or the `http://` address of a service, whose key is in
`ROTA_KEY`. Without it: what the nearest fleet.toml says, else `ROTA_DATABASE`, else `.rota/rota.db` beside that
fleet.toml, else `rota/rota.db` in the git directory that all worktrees of the repository share, else the user's own. So
`rota add`, `rota mcp` and `rota run` meet.

Changes go to the owner of the database, over its socket: to `rota run`, `rota serve`, or an owner in the background,
which is started when there is none and leaves by itself. A command whose owner is killed under it asks the next one;
nothing is lost and nothing is done twice, and where that can not be known the exit code is 7 and the error says so.
What only reads asks the owner that is there, else it reads the file, starts nothing and leaves no trace.
"""


def reference_text() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield from _codes()
    for duty, commands in groupby(described(), key=lambda one: one.duty):
        yield f"## {duty}"
        for one in commands:
            yield from _command(one)


def _codes() -> Iterator[str]:
    yield "## Exit codes"
    yield "| code | what it means | errors |"
    yield "|---|---|---|"
    for code, text in EXIT_CODES.items():
        errors = ", ".join(f"`{name}`" for name, kind in KINDS.items() if kind.exit_code == code)
        yield f"| {code} | {text} | {errors} |"
    yield ""


def _command(one: Described) -> Iterator[str]:
    yield f"### `{usage(one.verb, one.name)}`"
    yield f"{_cell(one.verb.summary)}."
    for paragraph in one.verb.text.split("\n\n") if one.verb.text else ():
        yield ""
        yield from (["```", *(line[4:] for line in paragraph.splitlines()), "```"]
                    if paragraph.startswith("    ") else [_cell(paragraph)])  # fmt: skip
    rows = [(word.shown, word.help) for word in one.verb.words]
    rows += [(names(option), said(option)) for option in one.verb.options if not _is_everywhere(option)]
    if rows:
        yield ""
        yield "| | |"
        yield "|---|---|"
        for name, text in rows:
            yield f"| `{_cell(name)}` | {_cell(text)} |"
    also = [f"`{option.names[0]}`" for option in one.verb.options if _is_everywhere(option)]
    if also:
        yield ""
        yield f"And {' and '.join(also)}."
    yield ""


def _is_everywhere(option: Option) -> bool:
    """Said once, above."""
    return option.field in ("database", "json")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(reference_text())
