"""Scores of agents: the weighted sum of terms, the least wins; ties by a hash that favours nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zlib import crc32

from rota.planning.snapshot import Agent
from rota.planning.terms import TERMS, Scene, Score


def scorer(weights: Mapping[str, float], scene: Scene) -> Score:
    """The score of each agent of the scene. Of a single term with weight 1 it is that term itself."""
    parts = [(weight, TERMS[term].make(scene)) for term, weight in weights.items()]
    if len(parts) == 1:
        weight, only = parts[0]
        return only if weight == 1.0 else lambda agent: weight * only(agent)
    if len(parts) == 2:
        (first_weight, first), (second_weight, second) = parts
        return lambda agent: first_weight * first(agent) + second_weight * second(agent)
    return lambda agent: sum(weight * term(agent) for weight, term in parts)


def scores(weights: Mapping[str, float], scene: Scene) -> Sequence[float]:
    """The score of each of the scene's `free`, in their order: what `scorer` says of them, all at once."""
    parts = [(weight, TERMS[term].column(scene)) for term, weight in weights.items()]
    if len(parts) == 1:
        weight, only = parts[0]
        return only if weight == 1.0 else [weight * one for one in only]
    if len(parts) == 2:
        (first_weight, first), (second_weight, second) = parts
        return [first_weight * one + second_weight * other for one, other in zip(first, second, strict=True)]
    weighed = [[weight * one for one in column] for weight, column in parts]
    return [sum(each) for each in zip(*weighed, strict=True)]


def shares_of(weights: Mapping[str, float], scene: Scene, agent: Agent) -> dict[str, float]:
    """What each term adds to the score of this agent."""
    return {term: weight * TERMS[term].make(scene)(agent) for term, weight in weights.items()}


def tie(seed: int, agent: int) -> int:
    """A repeatable order among equal scores that favours nobody over many plans."""
    return crc32(b"%d:%d" % (seed, agent))
