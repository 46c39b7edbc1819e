"""Keeping a fleet at its work until all of it is done, or nothing more can be."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from rota.agents.board import Board, Standing
from rota.agents.obstacles import Obstacle, obstacles
from rota.agents.supervise import Supervisor
from rota.agents.work import Counts, Work, seconds_left
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor

LOOK_LEAST_S = 0.1
LOOK_MOST_S = 1.0
"""Between two looks at the database: soon after something changed, now and then when not (others may work on it)."""
LOOK_SHARE = 0.1
"""The most of the time that goes into looking."""
SURE_S = 1.0
"""An obstacle stands in the way for so long before it counts, seconds: agents come and leases move on meanwhile."""

MANY_LATER = 3
"""After more attempts in a row than that which end with "later", nobody can say how long the rest takes."""

How = Literal["done", "stuck", "interrupted"]
"""All of it has ended; only tasks are left that cannot go on; somebody wanted it to end."""


class Progress(NamedTuple):
    """A run at one moment. `seconds_left` is None while nothing is known."""

    counts: Counts
    standings: list[Standing]
    elapsed_s: float
    rate: float
    seconds_left: float | None
    notice: str | None = None
    """Why nothing is begun at the moment."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How a run ended."""

    how: How
    counts: Counts
    obstacles: list[Obstacle] = field(default_factory=list)


class Interruption:
    """Somebody wants the run to end. `ask` may be called in a signal handler."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.asked = False

    def ask(self) -> None:
        """End it soon."""
        self.asked = True
        self._board.wake()


def work_off(
    distributor: Distributor,
    supervisor: Supervisor,
    work: Work,
    *,
    interruption: Interruption,
    show: Callable[[Progress], None],
    wait: bool = False,
    every_s: float = LOOK_MOST_S,
) -> Finish:
    """Look at the work until it has ended; `show` is called at least every `every_s` seconds.

    With `wait` it goes on when nothing can be done at the moment: agents from outside, people or another process may
    change that. Without a batch there is no end then but the interruption.
    """
    return _Watch(distributor, supervisor, work, show, wait).until_ended(interruption, every_s)


class _Watch:
    def __init__(
        self,
        distributor: Distributor,
        supervisor: Supervisor,
        work: Work,
        show: Callable[[Progress], None],
        wait: bool,
    ) -> None:
        self._distributor = distributor
        self._board = supervisor.board
        self._slots = supervisor.slots
        self._work = work
        self._show = show
        self._wait = wait
        self._serving = wait and work.batch is None
        self._started = time.monotonic()
        self._counts = Counts()
        self._stopped_since: float | None = None

    def until_ended(self, interruption: Interruption, every_s: float) -> Finish:
        may_look = must_look = 0.0
        changed = False
        while not interruption.asked:
            finish = None
            if time.monotonic() >= (may_look if changed else must_look):
                took_s = self._look()
                finish = self._ended()
                changed = False
                may_look = time.monotonic() + max(LOOK_LEAST_S, took_s / LOOK_SHARE)
                must_look = may_look + LOOK_MOST_S
            self._show(self._progress())
            if finish is not None:
                return finish
            until = min(may_look if changed else must_look, time.monotonic() + every_s)
            if changed:
                self._pause(until, interruption)
            else:
                changed = self._board.wait(until - time.monotonic())
        return Finish("interrupted", self._counts)

    def _pause(self, until: float, interruption: Interruption) -> None:
        """Let more changes come together, so that a fast fleet is not slowed down by being looked at."""
        while not interruption.asked and (left := until - time.monotonic()) > 0:
            self._board.wait(left)

    def _look(self) -> float:
        began = time.monotonic()
        try:
            self._counts = self._work.count()
        except RotaError as error:
            # The database is away for a moment: what was seen last stands.
            if not error.kind.again:
                raise
        return time.monotonic() - began

    def _ended(self) -> Finish | None:
        if not self._counts.unfinished and not self._board.busy() and not self._serving:
            return Finish("done", self._counts)
        found = None if self._wait else self._obstacles()
        if found is None:
            self._stopped_since = None
            return None
        now = time.monotonic()
        self._stopped_since = self._stopped_since or now
        return Finish("stuck", self._counts, found) if now - self._stopped_since >= SURE_S else None

    def _obstacles(self) -> list[Obstacle] | None:
        try:
            return obstacles(self._distributor, self._work, self._counts, self._board)
        except RotaError as error:
            # The database is away for a moment: that alone is no end.
            if not error.kind.again:
                raise
            return None

    def _progress(self) -> Progress:
        board = self._board
        rate = board.work_rate() or float(self._slots)
        later = board.later()
        return Progress(
            counts=self._counts,
            standings=board.standings(),
            elapsed_s=time.monotonic() - self._started,
            rate=board.rate(),
            seconds_left=None if later.times > MANY_LATER else seconds_left(self._counts.left, board.mean_s(), rate),
            notice=board.noticed(),
        )
