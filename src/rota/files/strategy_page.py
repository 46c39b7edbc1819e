"""The page about strategies, made from the tables of the code: `python -m rota.files.strategy_page` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rota.planning.refusal import CODES, Passes
from rota.planning.regret import MOST, PER_SLOT
from rota.planning.strategies import DEFAULT, SINGLE, STRATEGIES, asks_history
from rota.planning.terms import TERMS, Looks

EXAMPLE = """\
[pool.default]
strategy = "thrifty"
matching = "regret"

[strategy.thrifty]
cost = 1
utilisation = 0.3
"""

_INTRODUCTION = f"""\
# Strategies: which agent gets a task

Tasks are taken in the order of work. For each one:

1. **filter**: agents that may not do it are left out, each with a reason (the codes are below);
2. **score**: the strategy of the pool scores the others, and the least score wins; a hash that favours nobody over
   many plans decides between equals.

A strategy is a row of weights over score terms. `{DEFAULT}` is the default. `[pool.NAME] strategy = "..."` chooses
another one for a pool.

This page is made from the code: `python -m rota.files.strategy_page > docs/strategies.md`.

## Strategies

| strategy | score | what for |
|---|---|---|
"""

_AFTER_STRATEGIES = """
Those marked * look at each single task, and so at every agent for each: in a large pool they cost time. Those marked +
need what was learnt of each agent at each kind of work: time, and share of successes (see `time` below).

`round_robin` and `weighted` count the tasks an agent was given. One that comes new, or comes back after it was drained
or removed, is taken to have had no less, for its slots or its weight, than the one of its pool that had least: it gets
its turn from then on, not everything until it has caught up. `consistent_hash`, `affinity` and `locality` go by the
`affinity` and `near` of the task; tasks without an affinity key are spread by their own number under `consistent_hash`,
and go as under `balanced` in the other two.

## Score terms

The least score wins, so each term says what speaks against an agent. Terms are numbers of about 0 to 1: `time`, `cost`
and `energy` are x / (x + mean), one half for an average agent.

A price is `per_task` + `per_hour` x expected time + `per_1k_tokens`: what a task uses is not predicted, so a
thousand tokens stand for it. The expected time of an agent at a kind of work is learnt from its own tasks of the
kind, mixed with those of others while it has done few.

| term | what it counts | looks at |
|---|---|---|
"""

_OWN = f"""
## A strategy of your own

```toml
{EXAMPLE}```

Weights are above 0; a term that is left out does not count. A term that is not there, a weight of 0 or below, and the
name of a strategy above are refused when the file is loaded, with the line.

## Matching

`matching = "greedy"`, the default, takes task by task. `"regret"` looks at the next tasks of one band together,
{PER_SLOT} for each free slot and at most {MOST}, and begins with the one that would lose most without its best agent.
That is worth it where scores differ by agent and kind of work: `performance`, `cost`, `energy`. A better band still
always comes first, and so does, within the band, what is overdue.

## Why an agent may not

`rota explain` shows for each agent one of these codes, with the facts.

| code | meaning | passes |
|---|---|---|
"""

_LOOKS: dict[Looks, str] = {
    "shape": "what the task asks for",
    "affinity": "its affinity key",
    "task": "the single task",
}
_PASSES: dict[Passes, str] = {
    "never": "never, while agent and task stay as they are",
    "by_itself": "with time",
    "when_freed": "when the agent ends tasks",
    "when_changed": "when somebody or something learnt changes the agent",
}


def page_text() -> str:
    """The page as it is committed, in docs/strategies.md."""
    parts = (_INTRODUCTION, *_strategies(), _AFTER_STRATEGIES, *_terms(), _OWN, *_codes())
    return "".join(parts)


def _strategies() -> Iterator[str]:
    for name, row in STRATEGIES.items():
        marks = ("*" if name in SINGLE else "") + ("+" if asks_history(row.weights) else "")
        score = " + ".join(
            f"`{term}`" if weight == 1 else f"{weight:g} x `{term}`" for term, weight in row.weights.items()
        )
        yield f"| `{name}`{' ' + marks if marks else ''} | {score} | {row.text} |\n"


def _terms() -> Iterator[str]:
    for name, term in TERMS.items():
        yield f"| `{name}` | {term.text} | {_LOOKS[term.looks]} |\n"


def _codes() -> Iterator[str]:
    for code, (passes, text) in CODES.items():
        yield f"| `{code}` | {text} | {_PASSES[passes]} |\n"


if __name__ == "__main__":
    sys.stdout.write(page_text())
