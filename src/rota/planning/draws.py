"""Numbers drawn for a task and an agent: the same everywhere and for ever, and well mixed."""

from __future__ import annotations

from collections.abc import Sequence

from rota.planning.snapshot import Agent

_WORD = (1 << 64) - 1
_KEY, _OTHER = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_LANE = 16
"""Bytes."""


def mixed(key: int, other: int) -> int:
    """32 well mixed bits of two numbers.

    Multiplications and shifts as in splitmix64 (Steele, Lea, Flood 2014). A checksum would not do: it is linear, so
    that agents would keep their order among each other under many keys.
    """
    bits = (key * _KEY + other * _OTHER) & _WORD
    bits = (bits ^ bits >> 30) * _FIRST & _WORD
    bits = (bits ^ bits >> 27) * _SECOND & _WORD
    return bits >> 32


class Draws:
    """`mixed` of one key with the numbers of many agents, several times as fast as one by one.

    Each agent has a lane of 128 bits in one large integer, its number in the lower half. The product of two numbers
    of 64 bits fits a lane, so that one multiplication of the large integer is one in every lane.
    """

    def __init__(self, agents: Sequence[Agent]) -> None:
        n = len(agents)
        self._bytes = n * _LANE
        self._ones = int.from_bytes((1).to_bytes(_LANE, "little") * n, "little")
        self._words = self._ones * _WORD
        lanes = [(agent.id * _OTHER & _WORD).to_bytes(_LANE, "little") for agent in agents]
        self._others = int.from_bytes(b"".join(lanes), "little")
        self._place = {agent.id: place for place, agent in enumerate(agents)}
        self._asked: Sequence[Agent] = agents
        self._places = list(range(n))

    def of(self, key: int, agents: Sequence[Agent]) -> list[int]:
        """The draws for this key of some of the agents, in the order in which they are named."""
        if agents is not self._asked:
            self._asked, self._places = agents, [self._place[agent.id] for agent in agents]
        drawn = self._all(key)
        return [drawn[place] for place in self._places]

    def _all(self, key: int) -> list[int]:
        words = self._words
        bits = self._others + self._ones * (key * _KEY & _WORD) & words
        # What a shift moves into the lane below lands in its upper half, and is masked away there.
        bits = ((bits ^ bits >> 30) & words) * _FIRST & words
        bits = ((bits ^ bits >> 27) & words) * _SECOND & words
        return memoryview(bits.to_bytes(self._bytes, "little")).cast("I")[1::4].tolist()
