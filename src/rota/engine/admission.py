"""Admitting tasks to limits on keys of their own, one by one in the order of band, due and number.

A task that must be admitted to several keys takes them in order of their names and keeps what it has, so that tasks
never wait for each other in a circle. Who is in and only waits gives way to one in line of a better band, and when a
provider parks the key; those in line lend their due date to those who are in. Keys are locked in order of their names;
what they are charged here a lease is charged for other limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rota.engine.context import Context, Wish
from rota.engine.limit_use import note_one
from rota.engine.limits import Limit, folded
from rota.engine.line import band_in_line, lines_up
from rota.engine.meter_rows import locked_meters, taken_uses, written_meters
from rota.engine.meters import say_used_up
from rota.engine.needs import asks, lend
from rota.engine.parked import names_of, parked
from rota.engine.place import Groups, leave, put, tell, temporary_shape
from rota.engine.stand import facts_of
from rota.engine.timer_kinds import ADMIT
from rota.engine.touches import ALONE_AMOUNT, amount_of, fitting, is_place
from rota.model import state
from rota.planning.inherit import NOTHING, Need, least
from rota.planning.limit import PARTS, Used, charge, gauge, opens
from rota.store.sql import limits as sql
from rota.store.sql.leases import LEASES_OF_TASKS
from rota.store.sql.limits import MeterRow
from rota.store.sql.tasks import TaskRow

AT_ONCE = 1_000
"""Keys looked at in one round, and tasks of one key; the rest follows."""
ROUNDS = 50
LENDERS = 100
"""So many of those next in line lend their band and due date."""
UNKNOWN = 16
"""Tasks admitted at once to a limit while nobody knows what one of them uses."""


def look_again(context: Context, names: Iterable[str]) -> None:
    """There may be room at these keys."""
    context.look_at.update(names)


def admit(context: Context) -> None:
    """Write down who wants in and who stepped out, and admit whom there is room for."""
    for _ in range(ROUNDS):
        if not context.wishes and not context.look_at:
            return
        context.flush()
        _Round(context).run()
    # What is left to do after so much follows by timer.
    found = context.transaction.each(sql.METERS_OF, [(name,) for name in sorted(context.look_at)])
    for row in found:
        context.changes.add_timer(context.now, ADMIT, row[0])
    context.look_at.clear()


def admit_again(context: Context, meters: Sequence[int]) -> None:
    """Timers: these keys may have room now."""
    rows = context.transaction.each(sql.METERS_BY_ID, [(number,) for number in sorted(meters)])
    look_again(context, [row[1] for row in rows])


class _Round:
    """The keys that are touched now."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._specs: dict[str, int] = {}
        """The limits that keys belong to, as wishes say."""
        self._free: list[int] = []
        """Tasks that wait for nothing more."""
        self._changed: set[str] = set()

    def run(self) -> None:
        """Stepping out first, so that its place is free for those who want in."""
        context = self._context
        wishes, context.wishes = context.wishes, {}
        self._step_out(sorted(task for task, wish in wishes.items() if wish is None))
        self._line_up({task: wish for task, wish in sorted(wishes.items()) if wish is not None})
        names = sorted(context.look_at)[:AT_ONCE]
        context.look_at.difference_update(names)
        self._look(names)
        self._make_ready()
        context.flush()

    def _step_out(self, tasks: list[int]) -> None:
        context = self._context
        keeping, context.keep_places = context.keep_places, set()
        ended = sorted(context.transaction.each(sql.END_ADMITTED, [(t,) for t in tasks]))
        kept = [row for row in ended if row[0] in keeping and is_place(row[1])]
        context.transaction.add(sql.ADD_ADMITTED, kept)
        for task, name, amount, since in sorted(set(ended).difference(kept)):
            context.look_at.add(name)
            limit = self._limit_of_task(name)
            if limit is None or limit.measure.concurrency:
                continue
            lease = context.ended_leases.get(task)
            if lease is None:  # it never came to run
                context.changes.uses.append((name, -amount, None, since))
            else:
                note_one(context, name, limit, amount, since, *lease)
        left = context.transaction.each(sql.LEAVE_LINE, [(task,) for task in tasks])
        context.look_at.update(name for (name,) in left)
        context.flush()

    def _limit_of_task(self, name: str) -> Limit | None:
        found = self._context.transaction.each(sql.METERS_OF, [(name,)])
        return self._context.book.limits.every.get(MeterRow(*found[0]).spec) if found else None

    def _line_up(self, wishes: Mapping[int, Wish]) -> None:
        """Each stands in line for the first key that it does not have yet."""
        context = self._context
        has: dict[int, set[str]] = {}
        for task, name, _amount, _since in context.transaction.each(sql.ADMITTED_TO, [(task,) for task in wishes]):
            has.setdefault(task, set()).add(name)
        rows = []
        for task, wish in wishes.items():
            name = self._next(wish.keys, has.get(task, set()))
            if name is not None and any(other > name for other in has.get(task, ())):
                # Its work was reviewed meanwhile. Whoever takes keys out of order could wait in a circle.
                self._step_out([task])
                name = self._next(wish.keys, set())
            if name is None:
                self._free.append(task)
                continue
            self._specs[name] = wish.keys[name]
            rows.append((task, name, wish.band, wish.due))
            context.look_at.add(name)
        context.transaction.each(sql.SET_IN_LINE, rows)

    def _next(self, keys: Mapping[str, int], has: set[str]) -> str | None:
        limits = self._context.book.limits.every
        return next((name for name in sorted(keys) if name not in has and keys[name] in limits), None)

    def _look(self, names: list[str]) -> None:
        context = self._context
        meters = locked_meters(context.transaction, names, self._specs)
        self._fold(meters)
        names = self._contended(names)
        inside: dict[str, list[int]] = {name: [] for name in names}
        alone: set[str] = set()
        for name, task, amount in context.transaction.each(sql.ADMITTED_OF, [(name,) for name in names]):
            inside[name].append(task)
            if is_place(name) and amount == ALONE_AMOUNT:
                alone.add(name)
        shut = names_of(context.book.limits, parked(context))
        closed = shut | alone
        room = {name: 0 if name in closed else self._room(name, meters.get(name), len(inside[name])) for name in names}
        first = self._first([(name, min(n, AT_ONCE)) for name, n in room.items() if n > 0])
        rows = context.lock([task for tasks in first.values() for task in tasks])
        for name, tasks in first.items():
            standing = [rows[task] for task in tasks if task in rows and _stands(rows[task])]
            let_in = fitting(standing, name, len(inside[name])) if is_place(name) else standing
            self._let_in(name, let_in, meters)
            inside[name] += [row.id for row in let_in]
            stay = {row.id for row in standing} - {row.id for row in let_in}
            context.transaction.each(sql.LEAVE_LINE, [(task,) for task in tasks if task not in stay])
            if len(tasks) == AT_ONCE and not stay:
                context.look_at.add(name)
        waiting = self._first([(name, LENDERS) for name in names])
        # Only where somebody waits, or nobody may be in, does it matter who in there does nothing.
        idle = self._idle({name: inside[name] for name in names if name in waiting or name in shut})
        self._give_way(idle, waiting, shut)
        self._lend(idle, waiting)
        self._close(meters, waiting, inside)

    def _contended(self, names: list[str]) -> list[str]:
        """Without the places that nobody stands in line for: who is in such a folder is not asked about."""
        first = self._first([(name, 1) for name in names if is_place(name)])
        return [name for name in names if not is_place(name) or name in first]

    def _limit(self, meter: MeterRow | None) -> Limit | None:
        return None if meter is None else self._context.book.limits.every.get(meter.spec)

    def _fold(self, meters: dict[str, MeterRow]) -> None:
        context = self._context
        for name, own in taken_uses(context.transaction, meters).items():
            limit = self._limit(meters[name])
            if limit is not None:
                meters[name] = folded(limit, meters[name], own, context.now)
                self._changed.add(name)

    def _room(self, name: str, meter: MeterRow | None, inside: int) -> int:
        """How many more may come in."""
        limit = self._limit(meter)
        if meter is None or limit is None or is_place(name):
            return AT_ONCE
        if limit.measure.concurrency:
            return max(limit.measure.capacity // PARTS - inside, 0)
        each = limit.charged(meter.average)
        found = gauge(limit.measure, _used(meter), each, self._context.now)
        if not found.room:
            return 0
        return max(found.left // each, 1) if each else max(UNKNOWN - inside, 0)

    def _first(self, wanted: list[tuple[str, int]]) -> dict[str, list[int]]:
        transaction = self._context.transaction
        statement = sql.FIRST_IN_LINE_SQLITE if transaction.dialect == "sqlite" else sql.FIRST_IN_LINE_POSTGRES
        found: dict[str, list[int]] = {}
        for name, task in transaction.each(statement, wanted):
            found.setdefault(name, []).append(task)
        return found

    def _let_in(self, name: str, rows: Sequence[TaskRow], meters: dict[str, MeterRow]) -> None:
        context, meter = self._context, meters.get(name)
        limit = self._limit(meter)
        amount = 0
        if meter is not None and limit is not None:
            amount = limit.charged(meter.average)
            if not limit.measure.concurrency:
                used = _used(meter)
                for _ in rows:
                    used = charge(limit.measure, used, amount, context.now)
                meters[name] = meter._replace(used=used.used, began=used.began)
                self._changed.add(name)
            amounts = [(row, amount_of(row, name) if is_place(name) else amount) for row in rows]
            context.transaction.add(sql.ADD_ADMITTED, [(row.id, name, one, context.now) for row, one in amounts])
        # It may have to stand in line for another key, or is ready now: the next round finds out.
        for row in rows:
            lines_up(context, row)

    def _make_ready(self) -> None:
        """Those that were admitted everywhere go into their lanes."""
        context = self._context
        rows = [row for row in context.lock(self._free).values() if _stands(row)]
        leave(context, rows)
        groups: Groups = {}
        for row in rows:
            shape = temporary_shape(context, row)
            put(context, row, groups, start=row.start, shape=shape, reason=row.reason, admitted=True)
        tell(context, "admit", groups)

    def _idle(self, inside: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
        """Those who are in and only wait.

        Who runs stands nowhere. Whoever ends it holds its row and wants the key next: waiting for it would deadlock.
        """
        every = sorted({task for tasks in inside.values() for task in tasks})
        running = {row[0] for row in self._context.transaction.each(LEASES_OF_TASKS, [(task,) for task in every])}
        return {name: [task for task in tasks if task not in running] for name, tasks in inside.items()}

    def _give_way(self, idle: dict[str, list[int]], waiting: Mapping[str, Sequence[int]], shut: set[str]) -> None:
        """Send back into line who holds a parked key, or one that somebody of a better band stands in line for."""
        context = self._context
        wanted = {name: tasks for name, tasks in idle.items() if tasks and (name in shut or name in waiting)}
        rows = context.lock(sorted({task for name in wanted for task in (*idle[name], *waiting.get(name, ()))}))
        back: set[int] = set()
        for name, tasks in wanted.items():
            if name in shut:
                back.update(tasks)
                continue
            inside = [rows[task] for task in tasks if _may_give_way(rows, task) and task not in back]
            first = [rows[task] for task in waiting[name] if task in rows and _stands(rows[task])]
            worst = max(inside, key=self._rank, default=None)
            best = min(first, key=self._rank, default=None)
            if worst is not None and best is not None and self._rank(best)[0] < self._rank(worst)[0]:
                # Of a place whoever wants it alone waits for all.
                better = self._rank(best)[0]
                back.update(
                    row.id for row in inside if row is worst or (is_place(name) and self._rank(row)[0] > better)
                )
                context.look_at.add(name)
        self._send_back([rows[task] for task in sorted(back) if task in rows])
        for name, tasks in idle.items():
            idle[name] = [
                task for task in tasks if task not in back and (task not in rows or _may_give_way(rows, task))
            ]

    def _rank(self, row: TaskRow) -> tuple[int, int]:
        return band_in_line(self._context, row), row.id

    def _send_back(self, rows: Sequence[TaskRow]) -> None:
        context = self._context
        held = leave(context, rows)
        rows = [row for row in rows if row.id not in held]
        self._step_out([row.id for row in rows])
        groups: Groups = {}
        for row in rows:
            shape = temporary_shape(context, row)
            put(context, row._replace(state=state.BLOCKED), groups, start=row.start, shape=shape, reason=row.reason)
        tell(context, "step_back", groups)

    def _lend(self, idle: Mapping[str, Sequence[int]], waiting: Mapping[str, Sequence[int]]) -> None:
        context = self._context
        pairs = [(name, tasks) for name, tasks in waiting.items() if idle[name]]
        rows = context.lock([task for _name, tasks in pairs for task in tasks])
        asked: dict[int, Need] = {}
        for name, tasks in pairs:
            need = NOTHING
            for task in tasks:
                if task in rows and rows[task].state not in state.ENDED:
                    own = asks(facts_of(context, rows[task]), context.queue_of(rows[task]).policy)
                    need = least(need, own)
            for task in idle[name]:
                asked[task] = least(asked.get(task, NOTHING), need)
        lend(context, asked)

    def _close(
        self, meters: dict[str, MeterRow], waiting: Mapping[str, Sequence[int]], inside: Mapping[str, Sequence[int]]
    ) -> None:
        """Write down what changed; see to it that who waits is looked at again, or more is asked for."""
        context = self._context
        idle = []
        for name, meter in meters.items():
            limit = self._limit(meter)
            if is_place(name):
                continue
            if limit is None or (limit.measure.concurrency and not waiting.get(name) and not inside[name]):
                idle.append((name,))
                continue
            if not limit.measure.concurrency:
                self._open_later(meters, name, limit, bool(waiting.get(name)))
        context.transaction.each(sql.DROP_METERS, idle)
        written_meters(context.transaction, (meters[name] for name in self._changed))

    def _open_later(self, meters: dict[str, MeterRow], name: str, limit: Limit, waiting: bool) -> None:
        context, meter = self._context, meters[name]
        at = opens(limit.measure, _used(meter), limit.charged(meter.average), context.now)
        if waiting and at is not None and at > context.now:
            context.changes.add_timer(at, ADMIT, meter.id)
        asks_more = limit.spec.on_empty == "pause_and_ask" and waiting and (at is None or at > context.now)
        if asks_more != bool(meter.asked):
            meters[name] = meter._replace(asked=context.now if asks_more else 0)
            self._changed.add(name)
            if asks_more:
                say_used_up(context, name, limit, meter)


def _may_give_way(rows: Mapping[int, TaskRow], task: int) -> bool:
    """Whose work is reviewed keeps what it touches."""
    return task in rows and rows[task].state != state.REVIEW


def _stands(row: TaskRow) -> bool:
    """Whether the task really waits to be admitted."""
    return row.state == state.BLOCKED and row.waiting == 0


def _used(meter: MeterRow) -> Used:
    return Used(meter.used, meter.began)
