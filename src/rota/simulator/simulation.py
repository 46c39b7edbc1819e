"""The loop: what happens next, one turn for everything that happens at the same moment, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from time import process_time
from typing import Any

from rota.engine.node import LEASES_EVERY_S
from rota.engine.turn import Answer, Command
from rota.model import bounds, state
from rota.model.commands.submit import Submit, Submitted
from rota.model.commands.work import Claim, Claimed, Fail, Judged, Renewed
from rota.model.errors import RotaError
from rota.model.ids import task_number
from rota.model.priority import BANDS
from rota.model.requirements import needs_of
from rota.model.times import SECOND, moment
from rota.simulator.arrival import Arrival, Work
from rota.simulator.attempts import Attempts
from rota.simulator.bars import EVERYBODY
from rota.simulator.deadlines import longest_path
from rota.simulator.drive import Drive, SimulationFault
from rota.simulator.fleet import SimulatedFleet
from rota.simulator.ledger import Ledger
from rota.simulator.live import Group, Live
from rota.simulator.measures.bound import Bound
from rota.simulator.patience import Patience
from rota.simulator.references import References
from rota.simulator.rehearse import made_up
from rota.simulator.settings import Settings

FORGET_AT = 250
"""Ended tasks leave the database in slices of about so many."""
HEARS_EVERY = 2 * SECOND
"""How often agents beat where they may be asked to give way, as processes that Rota runs do."""
REFUSED = frozenset({"queue_full", "limit_used_up"})
"""Why a task is not let in."""
Asked = tuple[Command, Callable[[Answer], None]]


class Simulation:
    """One run. Times in microseconds."""

    def __init__(
        self,
        drive: Drive,
        fleet: SimulatedFleet,
        pools: dict[str, str],
        ledger: Ledger,
        attempts: Attempts,
        bound: Bound,
        references: References,
        settings: Settings,
        *,
        term: int,
        origin: int,
        batches: bool,
        span: int,
    ) -> None:
        self._drive = drive
        self._fleet = fleet
        self._pools = pools
        """By queue: its pool."""
        self._ledger = ledger
        self._attempts = attempts
        self._bound = bound
        self._references = references
        self._settings = settings
        preempts = any(pool.preempt is not None for pool in fleet.pools.values())
        self._beat_every = min(term // 3, HEARS_EVERY) if preempts else term // 3
        self._asked_to_give_way: list[int] = []
        self._origin = origin
        self._patience = Patience(span, origin)
        self._batches = batches
        """Arrivals of one moment may be submitted together: no queue refuses any."""
        self._next_beat: int | None = None
        self._next_look: int | None = None
        self._places = 0
        self._pool_bits = self._bits_of_pools()
        self._names = [agent.spec.name for agent in fleet.agents]
        self._slots = [agent.spec.slots for agent in fleet.agents]
        self._masks: dict[tuple[str, Any], int] = {}
        self.last = origin
        """When something happened last to a task."""
        self.progress: Callable[[int], None] | None = None
        self.seconds = 0.0
        """Processor time."""

    @property
    def bound_s(self) -> float:
        """The least time for all that came, seconds from the beginning."""
        return self._bound.seconds

    def run(self, arrivals: Iterator[Arrival]) -> None:
        """Until nothing more can happen."""
        began = process_time()
        coming = next(arrivals, None)
        while True:
            at = self._next(coming)
            if at is None:
                break
            self._drive.now = max(at, self._drive.now)
            here: list[Arrival] = []
            while coming is not None and self._at(coming) <= self._drive.now:
                here.append(coming)
                coming = next(arrivals, None)
            self._moment(here)
        self.seconds = process_time() - began

    def _at(self, arrival: Arrival) -> int:
        return self._origin + round(arrival.at_s * SECOND)

    def _next(self, coming: Arrival | None) -> int | None:
        """The next moment at which anything happens."""
        arrives = None if coming is None else self._at(coming)
        moments: tuple[int | None, ...] = (self._drive.next_due(), self._attempts.next_end(), arrives)
        runs = self._ledger.busy.value > 0
        if runs:
            moments += (self._next_beat, self._next_look)
        at = min([at for at in moments if at is not None], default=None)
        if at is None or runs or not self._patience.is_over(at):
            return at
        events = (self._drive.next_event(), arrives)
        return self._patience.next(at, min((at for at in events if at is not None), default=None), self._drive.now)

    def _moment(self, arrivals: list[Arrival]) -> None:
        drive, ledger = self._drive, self._ledger
        ledger.load.pass_to(drive.now)
        reports, freed = self._attempts.ended(drive.now)
        asked: list[Asked] = [(report, self._judged) for report in reports]
        # Who is out lets others back in: a failure may change what bars anybody.
        again = any(isinstance(report, Fail) for report in reports) or (ledger.bars_some and drive.wakes())
        ledger.forget_bars(EVERYBODY if again else freed)
        wanted = ledger.wanted
        for part in self._parts(arrivals):
            asked.append(self._submit(part))
            for work in part.works:
                wanted |= self._mask(work)
        asked += self._claims(wanted & (ledger.free | freed))
        asked += self._heartbeats()
        drive.step(asked)
        moved = ledger.follow(drive.events())
        if self._asked_to_give_way:
            drive.step([(self._attempts.give_way(self._asked_to_give_way, drive.now), self._judged)])
            self._asked_to_give_way.clear()
            ledger.follow(drive.events())
        while open_now := ledger.wanted & ledger.free:
            before = ledger.busy.value
            drive.step(self._claims(open_now))
            ledger.follow(drive.events())
            if ledger.busy.value > before:
                continue
            ledger.ask_why(open_now)
            if ledger.wanted & ledger.free == open_now:
                break  # `look` says what is wrong
        ledger.look()
        self._after(moved)

    def _after(self, moved: bool) -> None:
        ledger, now = self._ledger, self._drive.now
        if moved:
            self.last = now
        if moved or ledger.busy.value:
            self._patience.happened(now)
        if self._attempts.silent:
            gone = [number for number in self._attempts.silent if self._is_over(number)]
            self._attempts.silent.difference_update(gone)
        # Whoever lives renews three times a term, and whoever looks for ended leases does so every second.
        self._next_beat = self._next_beat if self._next_beat and self._next_beat > now else now + self._beat_every
        self._next_look = now + round(LEASES_EVERY_S * SECOND) if self._attempts.silent else None
        if len(ledger.ended) >= FORGET_AT:
            self._forget()
            if self.progress is not None:
                self.progress(ledger.tally.tasks)

    def _is_over(self, number: int) -> bool:
        live = self._ledger.live.get(number)
        return live is None or live.state != state.RUNNING

    def _forget(self) -> None:
        ledger = self._ledger
        self._drive.forget(ledger.ended, ledger.dead)
        ledger.ended.clear()
        ledger.dead.clear()

    def _parts(self, arrivals: list[Arrival]) -> list[Arrival]:
        """What is submitted together: each arrival by itself, or single tasks of one moment."""
        if len(arrivals) < 2 or not self._batches:
            return arrivals
        parts: list[Arrival] = []
        for arrival in arrivals:
            last = parts[-1] if parts else None
            together = last is not None and not arrival.group and not last.group
            if last is not None and together and len(last.works) + len(arrival.works) <= bounds.SUBMIT:
                last.works.extend(arrival.works)
            else:
                parts.append(arrival)
        return parts

    def _submit(self, arrival: Arrival) -> Asked:
        now = self._drive.now
        group = None
        chain = max(work.run_s for work in arrival.works)
        total = sum(work.run_s for work in arrival.works)
        if arrival.group:
            chain = longest_path(arrival.works)
            group = self._group(chain, total)
        self._bound.arrive((now - self._origin) / SECOND, total, chain)
        places = range(self._places, self._places + len(arrival.works))
        self._places = places.stop
        lives = [self._live(work, place, now) for work, place in zip(arrival.works, places, strict=True)]
        if group is not None:
            group.deadline = max((live.deadline for live in lives if live.deadline is not None), default=None)
        if self._settings.order != "engine":
            due = [None if live.deadline is None else (live.deadline - now) / SECOND for live in lives]
            spans = made_up(self._settings.order, self._settings.k, arrival, due, now - self._origin)
            for work, span in zip(arrival.works, spans, strict=True):
                work.spec.deadline = span
        specs = [self._references.named(work.spec, local=arrival.group) for work in arrival.works]
        return Submit(tasks=specs), partial(self._submitted, lives, group)

    def _group(self, chain: float, total: float) -> Group:
        now = self._drive.now
        speed = max(agent.behaviour.speed for agent in self._fleet.agents)
        processed = self._ledger.busy.up_to(now)
        return Group(now, round(chain / speed * SECOND), round(total / speed * SECOND), processed)

    def _live(self, work: Work, place: int, now: int) -> Live:
        deadline = work.spec.deadline
        due = None if deadline is None else moment(deadline, now, "deadline")
        return Live(0, place, work, BANDS[work.spec.priority], now, due)

    def _submitted(self, lives: list[Live], group: Group | None, answer: Answer) -> None:
        if isinstance(answer, RotaError):
            if answer.code not in REFUSED:
                raise self._references.located(answer, [live.work for live in lives])
            for live in lives:
                self._ledger.refuse(live)
            return
        assert isinstance(answer, Submitted)
        there = set(answer.existing)
        for live, text in zip(lives, answer.ids, strict=True):
            live.number = task_number(text)
            self._references.came(live.work.spec, text)
            if text not in there:
                self._ledger.arrive(live, group)

    def _claims(self, open_now: int) -> list[Asked]:
        """One claim a pool, for all agents with a free slot that a waiting task could use, as a dispatcher does."""
        asked: list[Asked] = []
        if not open_now:
            return asked
        names_of, slots_of, running = self._names, self._slots, self._ledger.load.running
        for bits in self._pool_bits:
            names: list[str] = []
            slots = 0
            left = bits & open_now
            while left:
                last = left & -left
                left -= last
                index = last.bit_length() - 1
                names.append(names_of[index])
                # A slot that is freed in this very turn is counted as one: the rest is claimed in the next.
                left_over = slots_of[index] - running[index]
                slots += left_over if left_over > 0 else 1
            if names:
                asked.append((Claim(agents=names, n=min(slots, bounds.CLAIM)), self._given))
        return asked

    def _given(self, answer: Answer) -> None:
        if not isinstance(answer, Claimed):
            raise SimulationFault(f"a claim was refused: {answer}")
        for given in answer.tasks:
            live = self._ledger.live[task_number(given.task)]
            self._attempts.begin(given, live, self._drive.now)

    def _judged(self, answer: Answer) -> None:
        if not isinstance(answer, Judged) or answer.refused:
            raise SimulationFault(f"an outcome was refused: {answer}")

    def _heartbeats(self) -> list[Asked]:
        if self._next_beat is None or self._drive.now < self._next_beat:
            return []
        return [(beat, self._renewed) for beat in self._attempts.heartbeats()]

    def _renewed(self, answer: Answer) -> None:
        if not isinstance(answer, Renewed) or answer.lost:
            raise SimulationFault(f"a lease was lost while its agent lived: {answer}")
        self._asked_to_give_way += map(task_number, answer.preempt)

    def _mask(self, work: Work) -> int:
        """Agents that may do the task, a bit each."""
        needs = needs_of(work.spec)
        mask = self._masks.get((work.spec.queue, needs))
        if mask is None:
            mask = self._fleet.eligible(needs, self._pools.get(work.spec.queue, ""))
            self._masks[work.spec.queue, needs] = mask
        return mask

    def _bits_of_pools(self) -> list[int]:
        bits: dict[str, int] = {}
        for index, agent in enumerate(self._fleet.agents):
            bits[agent.spec.pool] = bits.get(agent.spec.pool, 0) | 1 << index
        return list(bits.values())
