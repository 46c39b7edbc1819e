"""How long a task will take, as far as its kind's history or whoever submitted it can say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log
from typing import NamedTuple

from rota.model.times import SECOND
from rota.planning.estimate import PRIOR, PRIOR_VAR_LOG, Belief, mean_s, quantile_s, shrunk
from rota.store.protocol import Reader
from rota.store.sql import fleet

ANY_AGENT = 0
"""Stands for all agents in the history of a kind."""
ACCURACY = -1
"""Under this number stands, for each kind, how far submitters' estimates were off: ln(actual / estimate)."""
ANY_KIND = ""
_EXACT = Belief(0.0, 0.0, PRIOR_VAR_LOG, 1.0)

Beliefs = dict[tuple[int, str], Belief | None]
"""By agent and kind; None = nothing is known."""


class Expected(NamedTuple):
    """Work in microseconds: what is expected, and what it will hardly be done in less than."""

    mean: int
    low: int


class Estimates:
    """Beliefs as read in one turn."""

    def __init__(self, reader: Reader, remembered: Beliefs | None = None) -> None:
        """`remembered`: what the owner of the database knows of earlier turns."""
        self._reader = reader
        self._remembered = remembered
        self._known: Beliefs = {}
        self._expected: dict[tuple[str, int | None, float], Expected] = {}

    def of(self, kind: str, told: int | None, quantile: float) -> Expected:
        """What a task of this kind will take; `told` is the submitter's estimate, microseconds."""
        key = (kind, told, quantile)
        found = self._expected.get(key)
        if found is None:
            found = self._expected[key] = self._of(kind, told, quantile)
        return found

    def belief(self, agent: int, kind: str) -> Belief:
        """What is known of this kind of work by this agent, mixed with what is known more generally."""
        levels = [(ANY_AGENT, ANY_KIND), (ANY_AGENT, kind), (agent, kind)]
        self.read(levels)
        return shrunk(self._known[level] for level in levels)

    def read(self, keys: Iterable[tuple[int, str]]) -> None:
        """Look these up, where that was not done yet."""
        missing = [key for key in keys if key not in self._known]
        if missing:
            self._known.update(beliefs_of(self._reader, missing, self._remembered))

    def _of(self, kind: str, told: int | None, quantile: float) -> Expected:
        base = ACCURACY if told is not None else ANY_AGENT
        levels = [(base, ANY_KIND), (base, kind)]
        self.read(levels)
        belief = shrunk((self._known[level] for level in levels), PRIOR if told is None else _EXACT)
        if told is not None:
            # What was told is the best guess of the order among tasks; only the quantile is corrected by experience.
            return Expected(told, round(told * quantile_s(belief, quantile)))
        return Expected(round(mean_s(belief) * SECOND), round(quantile_s(belief, quantile) * SECOND))


def beliefs_of(reader: Reader, keys: Sequence[tuple[int, str]], remembered: Beliefs | None) -> Beliefs:
    """What is known of these; `remembered` need not be read, and takes what is read."""
    if remembered is None:
        return _read(reader, sorted(set(keys)))
    missing = {key for key in keys if key not in remembered}
    if missing:
        remembered.update(_read(reader, sorted(missing)))
    return {key: remembered[key] for key in keys}


def _read(reader: Reader, keys: list[tuple[int, str]]) -> Beliefs:
    found: Beliefs = dict.fromkeys(keys)
    for agent, kind, *belief in reader.each(fleet.ESTIMATES_OF, keys):
        found[agent, kind] = Belief(*belief)
    return found


def off_by(seconds: float, estimate: int) -> float:
    """ln(actual / estimate); `estimate` in microseconds, more than 0."""
    return log(max(seconds, 1e-6) * SECOND / estimate)
