"""What one turn works with."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from rota.engine.book import Book, Queue
from rota.engine.changes import Changes
from rota.engine.estimates import Estimates
from rota.engine.owned import Served
from rota.engine.set_aside import Fault
from rota.model.commands.work import Claim, Claimed
from rota.store.protocol import Transaction
from rota.store.sql.leases import LeaseRow
from rota.store.sql.tasks import LOCK_TASKS, TaskRow
from rota.store.sql.waiting import ADD_DEPTH


class Wish(NamedTuple):
    """To be admitted to all of these keys, standing among others like this."""

    keys: dict[str, int]
    """The number of the limit by what it is called for this task."""
    band: int
    due: int


class Chosen(NamedTuple):
    """What alone a claim is for: the tasks of a project, some tasks by number, or the tasks of a tenant."""

    project: int | None
    tasks: frozenset[int]
    tenant: int | None = None


class Waiting:
    """A claim that listens: kept by the node that must answer it."""

    __slots__ = ("agents", "chosen", "claim", "id", "until")

    def __init__(
        self, number: int, claim: Claim, agents: tuple[int, ...], until: int, chosen: Chosen | None = None
    ) -> None:
        self.id = number
        self.claim = claim
        self.agents = agents
        self.until = until
        self.chosen = chosen


class Context:
    """One turn: its transaction, its moment, the rows it gathers, the answers it finds."""

    def __init__(
        self,
        transaction: Transaction,
        now: int,
        node: int,
        book: Book,
        random: Random,
        listening: dict[int, Waiting],
        broken: dict[int, Fault],
    ) -> None:
        self.transaction = transaction
        self.now = now
        self.node = node
        self.book = book
        self.random = random
        self.listening = listening
        """Claims of this node that wait since earlier turns, by listener id. Not to be changed by a turn."""
        self.broken = dict(broken)
        """Shapes that are set aside, with what was learnt of them in this turn."""
        self.changes = Changes(now, node)
        self.owned = book.owned
        self.estimates = Estimates(transaction, None if book.owned is None else book.owned.beliefs)
        self.claims: list[Waiting] = []
        """Claims that came in this turn and may be answered by its plan."""
        self.answered: dict[int, Claimed] = {}
        """Listeners, old and new, that this turn answers."""
        self.kept: list[Waiting] = []
        """Claims of this turn that go on listening."""
        self.seen: dict[int, int] = {}
        """Agents heard from in this turn."""
        self.charged: dict[int, list[tuple[str, int]]] = {}
        """What tasks were charged, in millionths by limit, whose lease was ended in this turn."""
        self.ended_leases: dict[int, tuple[LeaseRow, str, str | None]] = {}
        """Leases that were ended in this turn, by task, with outcome and note; only where tasks have keys."""
        self.wishes: dict[int, Wish | None] = {}
        """Tasks that want to be admitted to the limits on their keys; None = they are not to be ready any more."""
        self.keep_places: set[int] = set()
        """Of those that are not to be ready any more: tasks that keep what they touch, as long as they are reviewed."""
        self.look_at: set[str] = set()
        """Limits on such keys that may have room now."""
        self.ended: dict[int, int] = {}
        """Tasks that came into review or ended in this turn and have children, with the state they came into."""
        self.gone: set[int] = set()
        """Tasks that ended in this turn while they waited for others: these are needed less."""
        self.look: set[int] = set()
        """Pools to plan although nothing changed in them here: after a signal, or because it is time to."""
        self.contended: set[int] = set()
        """Pools that another node was planning."""
        self.topics: set[str] = set()
        """What to signal once this turn is committed."""
        self.trouble: list[str] = []
        """What went wrong without failing a command: planning errors."""
        self.waited_from: dict[int, list[int]] = {}
        """For each answered listener the moments since when its tasks were ready."""
        self.served: dict[int, Served] = {} if book.owned is None else book.owned.served
        """What was read, and learnt in this turn, of agents (see `learn`)."""
        self.changed_served: set[int] = set()
        self.more = False
        """There was more due than one turn takes."""

    def flush(self) -> None:
        """Write what was gathered, so that the next command finds it."""
        self.changes.flush(self.transaction)

    def write_depths(self) -> None:
        """Write how many tasks more or less wait: at the end, and before they are read. What came and went is none."""
        deltas = [(lane, n) for lane, n in self.changes.depth.items() if n]
        self.changes.depth.clear()
        if deltas:
            self.transaction.add(ADD_DEPTH, deltas)
            if self.owned is not None:
                self.owned.count(deltas)

    def lock(self, numbers: Sequence[int]) -> dict[int, TaskRow]:
        """Lock these tasks, in order of number, and read them; missing ones are missing in the answer."""
        rows = self.transaction.each(LOCK_TASKS, [(number,) for number in sorted(set(numbers))])
        return {row[0]: TaskRow._make(row) for row in rows}

    def queue_of(self, row: TaskRow) -> Queue:
        """The queue a task is in."""
        return self.book.queues[row.queue]
