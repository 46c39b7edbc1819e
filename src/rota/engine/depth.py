"""Room in queues: what happens when more comes in than a queue may hold."""

from __future__ import annotations

from rota.engine.book import Queue
from rota.engine.context import Context
from rota.engine.ending import end
from rota.engine.place import leave
from rota.model import state
from rota.model.errors import RotaError
from rota.store.sql.fleet import LANES
from rota.store.sql.waiting import DEPTHS, LAST_OF_LANE, QUEUE_DEPTH


class Room:
    """The room left in the queues of one submit.

    Counts may overshoot by what other nodes submit in the same moment.
    """

    def __init__(self, context: Context, keep: frozenset[int] = frozenset()) -> None:
        """`keep` are tasks that must not be shed: the newcomers wait for them."""
        self._context = context
        self._keep = keep
        self._waiting: dict[int, int] = {}
        self._to_shed: dict[int, list[int]] = {}

    def queue_for(self, queue: Queue, band: int, index: int) -> Queue:
        """Where a task of this band that is ready at once goes: the queue, its overflow queue, or a refusal."""
        policy = queue.policy
        if policy.depth is None:
            return queue
        waiting = self._count(queue)
        if waiting < policy.depth:
            self._waiting[queue.id] = waiting + 1
            return queue
        if policy.overflow == "move" and policy.overflow_queue is not None:
            other = self._context.book.queue(policy.overflow_queue)
            if other.policy.depth is None or self._count(other) < other.policy.depth:
                self._waiting[other.id] = self._count(other) + 1
                return other
        if policy.overflow == "shed" and self._shed_one(queue, band):
            return queue
        raise RotaError(
            "queue_full",
            f"queue {queue.name!r} holds {waiting:,} waiting tasks; its depth is {policy.depth:,}",
            field=f"tasks[{index}].queue",
        )

    def make(self) -> None:
        """Shed what has to give way. Called once everything else is checked."""
        for queue, tasks in self._to_shed.items():
            rows = self._context.lock(tasks)
            kept = leave(self._context, rows.values())
            gone = [row for number, row in rows.items() if number not in kept]
            end(self._context, gone, state.CANCELLED, "shed", "shed: the queue was full")
            # Also children that come with this very submit, which the rows do not know of yet.
            self._context.ended.update((row.id, state.CANCELLED) for row in gone)
            self._context.changes.count(queue, "shed", n=len(gone))

    def _count(self, queue: Queue) -> int:
        if queue.id not in self._waiting:
            self._context.flush()
            self._context.write_depths()
            found = int(self._context.transaction.one(QUEUE_DEPTH, queue.id)[0][0])
            self._waiting[queue.id] = found
        return self._waiting[queue.id]

    def _shed_one(self, queue: Queue, band: int) -> bool:
        """Choose the last task of the worst waiting band, if that band is worse than the newcomer's."""
        chosen = self._to_shed.setdefault(queue.id, [])
        waiting = {lane for lane, n, _rows in self._context.transaction.one(DEPTHS) if n > 0}
        lanes = [row for row in self._context.transaction.one(LANES) if row[2] == queue.id and row[0] in waiting]
        for worst in sorted({row[4] for row in lanes if row[4] > band}, reverse=True):
            last: list[tuple[int, int]] = []
            for row in lanes:
                if row[4] == worst:
                    found = self._context.transaction.one(LAST_OF_LANE, row[0], len(chosen) + len(self._keep) + 1)
                    last.extend((due, task) for due, task in found if task not in chosen and task not in self._keep)
            if last:
                chosen.append(max(last)[1])
                return True
        return False
