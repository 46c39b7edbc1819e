"""The reference of fleet.toml, made from its tables: `python -m rota.files.reference` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

from rota.files.guard import GuardTable
from rota.files.limits import LimitTable
from rota.files.routing import PreemptTable, RegionTable
from rota.files.schedules import ScheduleTable
from rota.files.tables import (
    MOST_COST,
    NOT_YET,
    AgentTable,
    BackoffTable,
    CostTable,
    FleetTable,
    PoolTable,
    QueueTable,
    ReserveTable,
)
from rota.files.targets import TargetsTable
from rota.model.bounds import CHECKPOINT_BYTES
from rota.model.rule import Rule, RuleSet
from rota.model.stage import Change, Person, Stage

EXAMPLE = """\
database = "work.db"

[pool.default]
strategy = "least_loaded"

[queue.reviews]
max_attempts = 3
backoff = { base = "2s", cap = "1m" }
ttl = "2d"
target_wait = { high = "2m", normal = "1h" }

[[agent]]
name = "reviewer"
count = 2
slots = 2
skills = { python = 3, docs = 1 }
command = ["python3", "review.py", "{title}"]
check = ["python3", "check.py"]
timeout = "10m"
stall = "90s"
cost = { per_hour = 12.5 }

[[agent]]
name = "reader"
skills = { docs = 2 }
python = "reading:read"

[[agent]]
name = "anna"
role = "editor"
"""

_INTRODUCTION = f"""\
# fleet.toml

The file that describes a fleet: its queues, pools and agents. Rota looks for it in the working
directory and in the folders above. It needs no content to start. The file is the wish, the database
the truth.

Every error names the file, the line, the field and what to do. Unknown fields are errors, with the
nearest known name. An editor that knows JSON Schema can use [fleet.schema.json](fleet.schema.json).
Files of tasks are described in [task-files.md](task-files.md).

This page is made from the code: `python -m rota.files.reference > docs/fleet.md`.

```toml
{EXAMPLE}```

A **span** is a length of time: seconds as a number, or text such as `"90s"`, `"5m"`, `"1h30m"`,
`"2d"`; at most ten years. A name has 1 to 100 characters.
"""

_CLOSING = f"""
## What is checked beyond the tables

- An agent has `command` or `python`, not both. With neither, the fields about its processes
  (`check`, `timeout`, `stall`, `grace`, `health`, `health_every`, `env`, `workspace`) are refused.
- A pool's `strategy` is one of [strategies.md](strategies.md), or has a table `[strategy.NAME]`; that
  table weighs known terms, each above 0, and its name is none of Rota's own.
- `hours` are days and times such as `mon-fri 09:00-17:00`, and `time_zone` is a known one, used by
  hours. `reserve` names a priority above `low` or a tenant, and no more slots than the agent has;
  what is kept for different tenants at one time is together no more than that either.
- Two agents never have one name, those that `count` makes included.
- An agent's pool is `default`, or has a table `[pool.NAME]`, or is the pool of a queue of this
  file.
- Where Rota starts every agent of the file, one of them may do what a rule or the task of a
  schedule asks for, now or after the stages of its queue; an agent of the pool has the role of a
  stage's `person`; the agent of a limit `agent:NAME` is there; and an agent of a pool with `preempt` has
  no price, or `priced` is true. Who
  comes from outside is said by an `[[agent]]` without `command` and `python`. With one of these in the
  file others may come too: then it is a warning of `rota check` and `rota run`. A file without agents
  is asked nothing.
- A warning in any file that has agents: a queue whose pool has none. In any file: a stage `after` the
  `ttl` of its queue, and one that asks for more than one before it in the list, by another clock.
- The key of a limit is not all but a field (`tennant`), unless a rule names it. `rota check` warns of
  limits that neither a rule nor a task of the file names.
- `overflow = "shed"` and `"move"` need `depth`; `"move"` needs `overflow_queue`, another queue of
  this file, or `default`. Two queues may take each other's overflow: a task moves once, and is refused
  when both are full.
- A schedule has `cron` or `every`, not both; its cron comes at some time, its time zone is known, its
  task's queue is one of this file, or `default`. No two have one name.
- `term` is from 1 second to 7 days; `ttl`, `timeout` and `stall` are more than 0; `backoff.cap` is
  not less than `backoff.base`.

## How the file comes into the database

`rota apply` shows what the file would change in the database (`+` new, `~` changed, `-` gone) and changes it when
that is confirmed; `--dry-run` only shows it, `--yes` asks nothing, `--json` is for programs. Pools, tenants, queues,
limits, rules, schedules and agents are compared; all of it is done, or nothing. `rota run` and `rota serve` do the
same when they start, without asking, and remove nothing.

What this file named the last time and names no more goes with `rota apply`: queues, limits, schedules and agents are
removed, rules are taken away, pools and tenants get what is usual. What others made stays, by hand or from another
file. A queue that holds unfinished tasks is only removed when it is said what becomes of those that wait: `--gone
QUEUE=move:OTHER`, `--gone QUEUE=purge` (they are cancelled), or `--gone QUEUE=keep` (it stays, and is this file's no
more). What runs, or waits for a person, ends first. Tasks of the past go on naming a queue that was removed. Agents
are changed where they are known; none is made, they come by themselves. `[targets]` are read from the file and kept
nowhere.

## What an exit code means

Of a `command`, and of what a Python function raises (by the name of the class; it need not be imported from Rota):

| exit code | function | what becomes of the task |
|---|---|---|
| 0 | returns | done, once the `check` has passed: the standard output, or what is returned, is the result |
| 75 | `TryLater(seconds)` | again later, first after 1 s, then 2 s, 4 s, up to 5 min: no attempt is counted |
| 65 | `BadTask` | dead at once: no attempt can ever succeed |
| any other | any other exception | a failed attempt: tried again as the queue's `backoff` and `max_attempts` say |

75 and 65 are EX_TEMPFAIL and EX_DATAERR of sysexits.h. A command that ends with 75 may write when to come back (`resets
2:30pm`, `try again in 20s`): that time holds, and with a `limit` of its agent for all agents that have the same. A
`check` passes with 0; with any other code the attempt has failed. When nothing but "later" was answered for ten
minutes, and ten times at least, `rota run` and `rota each` end as stuck and say so; with `--wait`, `rota run` goes on.

## How a command goes on where it was

The variable `ROTA_CHECKPOINT` names a file in a private folder of the attempt, which goes when the attempt is over. At
the start the task's last checkpoint is in it, if there is one (text as it was written, anything else as JSON). What the
command leaves in it is handed on with the task whenever that is not done: after a failure, a timeout, a signal, a
refused answer, and when it was asked to end, by a cancel, by preemption or because Rota stops. It is asked with
SIGTERM and has its `grace` to write. The next attempt, by whichever agent, finds it in the file, in `{{checkpoint}}`
and `{{brief}}`, and as `checkpoint` of the task on its standard input.

```sh
page=$(cat "$ROTA_CHECKPOINT" 2> /dev/null || echo 1)
while [ "$page" -le 100 ]; do
    translate "$page" && page=$((page + 1))
    echo "$page" > "$ROTA_CHECKPOINT.new" && mv "$ROTA_CHECKPOINT.new" "$ROTA_CHECKPOINT"
done
```

Written aside and moved, it is whole even if the command is killed in the middle. It is UTF-8 text without NUL, of at
most {CHECKPOINT_BYTES:,} bytes as JSON. What is not is left out, the attempt's error says so, and the checkpoint before
it stays. An empty file takes the checkpoint away; no file leaves it as it was. It is read when the command has ended:
of a machine that fails, or a Rota that is killed, the checkpoint before stays. Agents that connect by themselves send
`checkpoint` with a heartbeat.

## Which database is used

The first of these that is given:

1. the argument of the command;
2. `database` in fleet.toml, relative to the folder of fleet.toml;
3. the environment variable `ROTA_DATABASE`;
4. `.rota/rota.db` in the folder of fleet.toml;
5. without a fleet.toml: `rota/rota.db` in the git directory that all worktrees of the repository share, else your own
   (`$XDG_DATA_HOME/rota/rota.db`).

In a linked worktree of git, a fleet.toml counts as if it lay at the same place in the main one.

A database is a file name, `sqlite:///FILE` (an absolute path makes four slashes), or `postgresql://...`.

## Not supported yet in this version

Refused with a clear error, never ignored: {", ".join(f"`{name}`" for name in NOT_YET)}.
"""

_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "The top of the file": FleetTable,
    "`[queue.NAME]`": QueueTable,
    "`backoff` of a queue": BackoffTable,
    "`[pool.NAME]`": PoolTable,
    "`[[agent]]`": AgentTable,
    "`cost` of an agent": CostTable,
    "`reserve` of an agent": ReserveTable,
    "`[[limit]]`": LimitTable,
    "`stages` of a queue": Stage,
    "`change` of a stage": Change,
    "`person` of a change": Person,
    "`[[rule]]`": Rule,
    "`set` of a rule": RuleSet,
    "`[region.NAME]`": RegionTable,
    "`preempt` of a pool": PreemptTable,
    "`[[schedule]]`": ScheduleTable,
    "`[targets]`": TargetsTable,
    "`[guard]`": GuardTable,
}
_PLAIN = {
    inspect.StrType: "text",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.BoolType: "true or false",
    inspect.StructType: "table",
    inspect.AnyType: "condition",
}


def reference_text() -> str:
    """The page as it is committed, in docs/fleet.md."""
    return _INTRODUCTION + "".join(_section(title, table) for title, table in _SECTIONS.items()) + _CLOSING


def _section(title: str, table: type[msgspec.Struct]) -> str:
    rows = "".join(_rows(table))
    return f"\n## {title}\n\n{_story(table)}\n\n| field | value | default | meaning |\n|---|---|---|---|\n{rows}"


def _story(table: type[msgspec.Struct]) -> str:
    return "\n".join(line.strip() for line in (table.__doc__ or "").strip().splitlines())


def _rows(table: type[msgspec.Struct]) -> Iterator[str]:
    kind = inspect.type_info(table)
    assert isinstance(kind, inspect.StructType)
    for field in kind.fields:
        value = _value(field.type).replace("|", "\\|")
        yield f"| `{field.name}` | {value} | {_default(field)} | {_description(field.type)} |\n"


def _description(kind: inspect.Type) -> str:
    assert isinstance(kind, inspect.Metadata), "every field has a description"
    return str((kind.extra_json_schema or {})["description"])


def _value(kind: inspect.Type) -> str:
    """A type in a user's words."""
    if isinstance(kind, inspect.Metadata):
        return _value(kind.type)
    if isinstance(kind, inspect.UnionType):
        kinds = [inner for inner in kind.types if not isinstance(inner, inspect.NoneType)]
        plain = {type(inner) for inner in kinds}
        return "span" if plain == _SPAN else " or ".join(map(_value, kinds))
    if isinstance(kind, inspect.LiteralType):
        return ", ".join(f"`{choice}`" for choice in kind.values)
    if isinstance(kind, inspect.DictType):
        return f"table of {_many(kind.value_type)}"
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return f"list of {_many(kind.item_type)}"
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return f"{_PLAIN[type(kind)]}{_range(kind)}"
    return _PLAIN[type(kind)]


def _many(kind: inspect.Type) -> str:
    name, comma, condition = _value(kind).partition(",")
    return (name if name == "text" or name.startswith("`") else f"{name}s") + comma + condition


_SPAN = {inspect.StrType, inspect.FloatType, inspect.IntType}


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    least = _number("from", kind.ge) or _number("more than", kind.gt)
    most = "" if kind.le is None or kind.le >= MOST_COST else _number("to", kind.le)
    bounds = " ".join(part for part in (least, most) if part)
    return f", {bounds}" if bounds else ""


def _number(word: str, bound: float | None) -> str:
    return "" if bound is None else f"{word} {bound:,.0f}"


def _default(field: inspect.Field) -> str:
    if field.required:
        return "needed"
    if field.default is msgspec.NODEFAULT:
        made = field.default_factory() if callable(field.default_factory) else None
        return "see there" if isinstance(made, msgspec.Struct) else ""
    return _shown(field.default)


def _shown(default: Any) -> str:
    if default is None:
        return ""
    return f"`{msgspec.json.encode(default).decode()}`"


if __name__ == "__main__":
    sys.stdout.write(reference_text())
