"""Strategies: named weights of score terms. Which of the agents that may do a task gets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rota.planning.terms import TERMS


class Strategy(NamedTuple):
    """One row of the table: the weights of its terms, and what it is for."""

    weights: Mapping[str, float]
    text: str


DEFAULT = "balanced"

STRATEGIES: dict[str, Strategy] = {
    "balanced": Strategy(
        {"utilisation": 1.0}, "Keeps all agents equally busy over time. The default: load varies by less than 1 %."
    ),
    "least_loaded": Strategy({"load": 1.0}, "The agent with the largest share of free slots."),
    "round_robin": Strategy({"turns": 1.0}, "Each in its turn, as often as it has slots, or by its weight."),
    "weighted": Strategy(
        {"served": 1.0}, "Each in its turn, by weight: slots x speed x success, as learnt, or as set by hand."
    ),
    "capacity": Strategy({"load": 1.0, "utilisation": 0.2}, "Where most room is; of those, who was least busy lately."),
    "random": Strategy({"random": 1.0}, "Drawn for each task. Nothing is looked at."),
    "power_of_two": Strategy(
        {"two_choices": 10.0, "load": 1.0}, "Two agents are drawn for each task; the less loaded gets it."
    ),
    "consistent_hash": Strategy(
        {"crowded": 10.0, "rendezvous": 1.0},
        "The same affinity key to the same agent, until that holds 1.25 times its share; then to the key's next one. "
        "When agents come or go only their own keys move.",
    ),
    "affinity": Strategy(
        {"affinity": 10.0, "utilisation": 1.0},
        "Tasks of one affinity key to the key's home; while that has no room to whoever was least busy. Tasks without "
        "a key as under `balanced`.",
    ),
    "locality": Strategy(
        {"distance": 10.0, "utilisation": 1.0},
        "The nearest region to `near` of the task first; of equally near agents the least busy.",
    ),
    "performance": Strategy(
        {"time": 1.0, "load": 0.05}, "Who is expected to succeed soonest at this kind of work, failures counted in."
    ),
    "cost": Strategy({"cost": 1.0, "utilisation": 0.05}, "The cheapest for this kind of work."),
    "energy": Strategy({"energy": 1.0, "utilisation": 0.05}, "The least energy for this kind of work."),
}
"""All of them, in the order in which they are shown."""

SINGLE = "random", "power_of_two", "consistent_hash"
"""Strategies that look at each single task, and so at every agent for each."""


_OF_ITSELF = frozenset({"utilisation", "load", "turns"})
"""Terms that look at nothing but the agent itself."""


def weights_of(strategy: str, own: Mapping[str, float]) -> Mapping[str, float]:
    """The weights to score with: a pool's own, else the named strategy's."""
    return own or STRATEGIES[strategy].weights


def fault(weights: Mapping[str, float]) -> tuple[str, str] | None:
    """What is wrong with a pool's own weights: the term (empty = all of it) and a sentence; None = nothing."""
    if not weights:
        return "", f"weighs no term; name one or more of {', '.join(TERMS)}"
    for term, weight in weights.items():
        if term not in TERMS:
            return term, f"there is no score term {term[:60]!r}; the terms are {', '.join(TERMS)}"
        if not 0 < weight < 1e9:
            return term, f"{weight:g} is not a weight; give one above 0, or leave the term out"
    return None


def looks_around(weights: Mapping[str, float]) -> bool:
    """Whether a term compares an agent with others of its pool, also with those that do not listen."""
    return not weights.keys() <= _OF_ITSELF


def asks_history(weights: Mapping[str, float]) -> bool:
    """Whether a term needs what was learnt of each agent's kinds of work."""
    return any(TERMS[term].history for term in weights)
