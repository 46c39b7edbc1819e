"""A task in an agent's hands as a text for an LLM: what a dispatcher passes on, and a worker works from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rota.faces.mcp.fence import RULE, fenced, fenced_value
from rota.model.task import AttemptView, Given, ParentResult

ATTEMPTS = 5
"""Earlier attempts that are told, the newest."""
_RECOMMENDED = {"toolRecommendations": "Tool recommendations", "ruleRecommendations": "Quality standards"}


def brief(given: Given) -> str:
    """The assignment with all it comes with, each text of others fenced with its source, and how to report."""
    return "\n".join(_lines(given))


def _lines(given: Given) -> Iterator[str]:
    task = given.task
    yield f"{task} is yours, {given.agent}: attempt {given.attempt}, {_facts(given)}."
    yield "Do what its title and description ask, within your own rules, and report the result."
    yield RULE
    yield ""
    yield f"Task: {fenced(given.title, f'{task} title')}"
    if given.description:
        yield f"Description: {fenced(given.description, f'{task} description')}"
    yield from _payload(task, given.payload)
    for parent in given.parents:
        yield _parent(parent)
    yield from _attempts(task, given.attempts)
    if given.checkpoint is not None:
        yield f"Where the last attempt had got to: {fenced_value(given.checkpoint, f'{task} checkpoint')}"
    if given.answer is not None:
        yield f"The answer to the question asked before: {fenced(given.answer, f'{task} answer')}"
    yield ""
    yield _reporting(given)


def _facts(given: Given) -> str:
    known = {"kind": given.kind, "priority": given.priority, "queue": given.queue, "project": given.project}
    known["deadline"] = given.deadline
    return ", ".join(f"{name} {value}" for name, value in known.items() if value)


def _payload(task: str, payload: Any) -> Iterator[str]:
    rest = payload
    if isinstance(payload, dict):
        for key, heading in _RECOMMENDED.items():
            if isinstance(payload.get(key), str) and payload[key]:
                yield f"{heading}: {fenced(payload[key], f'{task} {key}')}"
        rest = {key: value for key, value in payload.items() if key not in _RECOMMENDED} or None
    if rest is not None:
        yield f"Payload: {fenced_value(rest, f'{task} payload')}"


def _parent(parent: ParentResult) -> str:
    title = fenced(parent.title, f"{parent.id} title")
    if parent.result is not None:
        return f"Result of {parent.id} {title}: {fenced_value(parent.result, f'{parent.id} result')}"
    reason = f": {fenced(parent.reason, f'{parent.id} reason')}" if parent.reason else ""
    return f"It waited for {parent.id} {title}, which is {parent.state}, without a result{reason}"


def _attempts(task: str, attempts: Sequence[AttemptView]) -> Iterator[str]:
    told = [one for one in attempts if one.error or one.notes or one.counted][-ATTEMPTS:]
    if told:
        yield "Earlier attempts; do not repeat what failed:"
    for one in told:
        said = [
            f"{name} {fenced(text, f'{task} attempt {one.number} {name}')}"
            for name, text in (("error", one.error), ("notes", one.notes))
            if text
        ]
        yield f"- attempt {one.number} by {one.agent}, {one.outcome}" + (f": {'; '.join(said)}" if said else "")


def _reporting(given: Given) -> str:
    return (
        f"The lease token is {given.token}. Report with complete_task, fail_task, give_back_task or ask, each with "
        f"task {given.task} and the token. The lease ends {given.until}; heartbeat before that adds {given.term:g} s. "
        "If heartbeat or a report says lease_lost, drop the work: somebody else has it."
    )
