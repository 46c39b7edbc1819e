"""The log, replayed: every change of every task, in the order it happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from rota.audit.fleet import KINDS, Fleet
from rota.audit.lanes import Lane, Lanes
from rota.audit.ledger import ARCHIVED, NO_BAND, Hold, Ledger
from rota.audit.limits import KINDS as LIMIT_KINDS
from rota.audit.limits import LimitsTold
from rota.audit.order import Order, Plan, PlanFacts
from rota.audit.report import Evidence
from rota.audit.rules import ALLOWED, KIND_OF, PROMOTING, UNSEEN, Rule
from rota.model.event import Move
from rota.model.state import ENDED, READY, RUNNING, STATES
from rota.store.protocol import Reader
from rota.store.sql import audit as sql
from rota.store.sql.history import LAST_EVENT

PAGE = 5_000
Progress = Callable[[int, int], None]
"""Told now and then how many events of how many were read."""

_moves = msgspec.json.Decoder(list[Move]).decode
_facts = msgspec.json.Decoder(PlanFacts).decode
_data = msgspec.json.Decoder(dict[str, Any]).decode


class Replay:
    """Reads the events once and checks each as it comes."""

    def __init__(self, reader: Reader, last_task: int, evidence: Evidence) -> None:
        self._reader = reader
        self._evidence = evidence
        self.ledger = Ledger(last_task)
        self.lanes = Lanes(reader)
        self.fleet = Fleet(reader)
        self.limits = LimitsTold(reader, self.fleet, self.lanes, evidence)
        self.order = Order(self.ledger, self.lanes, self.fleet, self.limits, evidence)
        self.events = 0
        self.gives = 0
        self._seq = 0
        self._kind = ""
        self._xid = 0

    def run(self, progress: Progress | None = None) -> None:
        """From the first event to the last."""
        last = int(self._reader.one(LAST_EVENT)[0][0])
        while rows := self._reader.one(sql.EVENTS, self._seq, PAGE):
            for row in rows:
                # Where transactions overlap and have numbers, one that is rolled back leaves a gap.
                if not row[5] and row[0] != self._seq + 1:
                    self._evidence.add("event_missing", f"event {self._seq + 1}", f"event {row[0]}", event=row[0])
                self._event(*row)
            if progress is not None:
                progress(self._seq, last)

    def _event(self, seq: int, at: int, kind: str, moves_text: str, data_text: str, xid: int) -> None:
        self._seq, self._kind, self._xid = seq, kind, xid
        self.events += 1
        try:
            if kind in KINDS:
                self.fleet.note(kind, at, _data(data_text))
            if kind in LIMIT_KINDS:
                self.limits.note(kind, at, _data(data_text), self.ledger.running.values())
            if kind == "keep_slot":
                self.order.keep(_data(data_text))
            if kind in PROMOTING:
                data = _data(data_text)
                self._promote([*data.get("lent", ()), *data.get("promoted", ())])
            if moves_text == "[]":
                return
            moves = _moves(moves_text)
            facts = _facts(data_text) if kind == "plan" else None
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            self._evidence.add("event_unreadable", "an event of this version", str(error), event=seq)
            return
        if facts is not None:
            self._plan(Plan(seq, at, xid, facts), moves)
            return
        for move in moves:
            if self._fits(move):
                self._move(move)

    def _plan(self, plan: Plan, moves: list[Move]) -> None:
        self.order.begin(plan)
        self.limits.begin(plan.horizon)
        for move in moves:
            lane = self.lanes.known.get(move.lane or 0)
            if not self._fits(move):
                continue
            if lane is None or move.to != RUNNING or move.first != move.last or move.agent is None:
                self._breach("wrong_change", move.first, "a give", f"a move into {_name(move.to)}")
                continue
            self.gives += 1
            if self.ledger.state[move.first] == READY + 1 and self.ledger.lane[move.first] != lane.id:
                self._breach("wrong_lane", move.first, f"lane {self.ledger.lane[move.first]}", f"lane {lane.id}")
            self.order.judge(plan, move, lane)
            self._change(move.first, move, None)
            if move.first in self.ledger.running:
                self.limits.gave(plan.moment, move.first, self.ledger.running[move.first])

    def _promote(self, numbers: Sequence[int]) -> None:
        """It is on record that these may come into a better band."""
        for number in numbers:
            if 0 < number <= self.ledger.most:
                self.ledger.make_room(number)
                self.ledger.band[number] = NO_BAND

    def _fits(self, move: Move) -> bool:
        """Whether the move names tasks and states that can be; a number out of range would cost memory."""
        if 0 < move.first <= move.last <= self.ledger.most and 0 <= move.to < len(STATES):
            self.ledger.make_room(move.last)
            return True
        self._breach("event_unreadable", None, "tasks and a state", f"{move.first} to {move.last} into {move.to}")
        return False

    def _move(self, move: Move) -> None:
        ledger, first, last = self.ledger, move.first, move.last
        lane = self._lane_of(move)
        if self._kind == "archive" or self._kind == "restore":
            for number in range(first, last + 1):
                self._file_away(number, move.to)
        elif self._kind == "submit" and ledger.is_new(first, last):
            if move.to not in ALLOWED[UNSEEN]:
                self._breach("wrong_change", first, "a state to begin in", STATES[move.to])
            ledger.enter(first, last, move.to, lane.band if lane else NO_BAND, lane.id if lane else 0, self._seq)
            if lane is not None:
                self._come(lane, first, last)
        else:
            for number in range(first, last + 1):
                self._change(number, move, lane)

    def _change(self, number: int, move: Move, lane: Lane | None) -> None:
        ledger, to = self.ledger, move.to
        before = ledger.state[number]
        if before & ARCHIVED:
            self._breach("changed_after_end", number, "nothing, as it is archived", f"{self._kind} into {STATES[to]}")
            return
        ledger.submitted += before == UNSEEN
        first_seen = before == UNSEEN
        allowed = to in ALLOWED[before] and KIND_OF.get((before - 1, to), self._kind) == self._kind
        if not allowed or first_seen != (self._kind == "submit"):
            self._refuse(number, before, to)
        if before == READY + 1:
            self._leave_lane(number)
        elif before == RUNNING + 1:
            self._end_lease(number, move)
        ledger.state[number] = to + 1
        self.limits.moved(self._seq, number, to in (READY, RUNNING))
        if self._kind in PROMOTING:
            ledger.band[number] = NO_BAND
        if to == READY:
            self._make_ready(number, lane)
        elif to == RUNNING:
            self._lease(number, move)

    def _refuse(self, number: int, before: int, to: int) -> None:
        rule: Rule = "wrong_change"
        expected = "a change that its life allows"
        if before == UNSEEN:
            rule, expected = "task_unknown", "a task that was submitted"
        elif self._kind == "submit":
            rule, expected = "task_unknown", "one submit a task"
        elif before == RUNNING + 1 and to == RUNNING:
            rule, expected = "two_leases", "no second lease"
        elif before - 1 in ENDED:
            rule, expected = "changed_after_end", f"nothing, as it is {STATES[before - 1]}"
        found = f"{self._kind} from {_name(before - 1)} into {STATES[to]}"
        self._breach(rule, number, expected, found)

    def _make_ready(self, number: int, lane: Lane | None) -> None:
        if lane is None:
            self.ledger.lane[number] = 0
            return
        if lane.band < self.ledger.band[number] != NO_BAND:
            found = f"{self._kind} from band {self.ledger.band[number]} into band {lane.band}"
            self._breach("unrecorded_promotion", number, "an edit", found)
        self.ledger.band[number] = lane.band
        self.ledger.lane[number] = lane.id
        self.ledger.since[number] = self._seq
        self._come(lane, number, number)

    def _come(self, lane: Lane, first: int, last: int) -> None:
        self.lanes.come(lane, last + 1 - first)
        if self._xid:
            self.order.made_ready(lane, self._seq, self._xid, first, last)

    def _leave_lane(self, number: int) -> None:
        lane = self.lanes.known.get(self.ledger.lane[number])
        if lane is not None:
            self.lanes.go(lane)

    def _lease(self, number: int, move: Move) -> None:
        ledger = self.ledger
        hold = Hold(move.agent or 0, -1 if move.slot is None else move.slot, move.attempt or 0, move.lane or 0)
        other = ledger.slots.get((hold.agent, hold.slot))
        if other is not None and other != number:
            found = f"agent {hold.agent} slot {hold.slot} also holds task-{other}"
            self._breach("slot_twice", number, "a free slot", found)
        if hold.attempt != ledger.tries[number] + 1:
            self._breach("attempt_number", number, f"attempt {ledger.tries[number] + 1}", f"attempt {hold.attempt}")
        ledger.running[number] = hold
        ledger.slots[hold.agent, hold.slot] = number

    def _end_lease(self, number: int, move: Move) -> None:
        ledger = self.ledger
        hold = ledger.running.pop(number, None)
        if hold is None:
            return
        self.limits.ended(hold, self._xid or None)
        if ledger.slots.get((hold.agent, hold.slot)) == number:
            del ledger.slots[hold.agent, hold.slot]
        if move.to == RUNNING or self._kind == "lapse":
            return
        if move.attempt is not None and move.attempt != hold.attempt:
            self._breach("attempt_number", number, f"the end of attempt {hold.attempt}", f"of {move.attempt}")
        ledger.tries[number] = hold.attempt

    def _file_away(self, number: int, to: int) -> None:
        """An ended task's rows went into an archive file, or came back."""
        ledger = self.ledger
        kept = to + 1 | ARCHIVED
        wanted, becomes, step = (to + 1, kept, 1) if self._kind == "archive" else (kept, to + 1, -1)
        if to not in ENDED or ledger.state[number] != wanted:
            found = f"{self._kind} from {_name((ledger.state[number] & ~ARCHIVED) - 1)} as {STATES[to]}"
            self._breach("wrong_change", number, "an ended task as it ended", found)
            return
        ledger.state[number] = becomes
        ledger.archived += step

    def _lane_of(self, move: Move) -> Lane | None:
        if move.to != READY:
            return None
        lane = self.lanes.known.get(move.lane or 0)
        if lane is None:
            self._breach("wrong_lane", move.first, "a lane that exists", f"lane {move.lane}")
        return lane

    def _breach(self, rule: Rule, number: int | None, expected: str, found: str) -> None:
        self._evidence.add(rule, expected, found, event=self._seq, task=number)


def _name(state: int) -> str:
    return STATES[state] if 0 <= state < len(STATES) else "nothing"
