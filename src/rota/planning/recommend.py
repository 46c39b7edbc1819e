"""Who would be best for a task that may not exist yet: by the filters, scores and ties that a plan goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rota.planning.filter import refusal
from rota.planning.for_now import Asked, standings
from rota.planning.refusal import Refusal
from rota.planning.score import scorer, shares_of, tie
from rota.planning.snapshot import Agent, Head
from rota.planning.terms import Scene


class Candidate(NamedTuple):
    """An agent that may do such tasks; `waits` says why not at this moment."""

    agent: Agent
    score: float
    parts: Mapping[str, float]
    waits: Refusal | None


def recommend(
    agents: Sequence[Agent], asked: Asked, weights: Mapping[str, float], seed: int, head: Head
) -> tuple[list[Candidate], dict[int, Refusal]]:
    """Those that may, best first, and why each other agent may not.

    First come those that may take it now, then those that only have to end something first, each by score.
    """
    found = standings(agents, asked)
    fit = [agent for agent in agents if refusal(agent.profile, asked.needs) is None]
    free = [agent for agent in fit if found[agent.id] is None]
    would = [agent for agent in fit if _would(found[agent.id])]
    scene = Scene(asked.needs, fit, seed, head, free)
    score = scorer(weights, scene)
    ordered = sorted(would, key=lambda one: (found[one.id] is not None, score(one), tie(seed, one.id), one.id))
    candidates = [Candidate(one, score(one), shares_of(weights, scene, one), found[one.id]) for one in ordered]
    taken = {one.id for one in would}
    return candidates, {number: no for number, no in found.items() if no is not None and number not in taken}


def _would(no: Refusal | None) -> bool:
    return no is None or no.passes == "when_freed"
