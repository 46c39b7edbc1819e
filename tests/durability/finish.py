"""After a crash: everybody goes on, and all that was ever submitted gets done."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from rota.audit.audit import audit
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.work import Claim, Claimed, Complete, Done
from rota.store.protocol import Store
from rota.store.sqlite import SqliteStore
from rota.store.statement import One
from tests.durability.consistency import contradictions
from tests.durability.ledger import Ledger

UNFINISHED = One("unfinished", "SELECT id, state FROM task WHERE state NOT IN (7, 8, 9, 10)")
NOT_DONE = One("not_done", "SELECT id, state, reason FROM task WHERE state <> 7")
FINISHER = "finisher"


def look(store: Store, ledger: Ledger) -> list[str]:
    """What is wrong with the database as it is: by the ledger, by its own rows, by `rota audit`."""
    with store.read() as reader:
        audited = [violation.text for violation in audit(reader).violations]
        return [*ledger.missing(reader), *contradictions(reader), *audited]


def damage(store: Store) -> list[str]:
    """What the database itself finds wrong."""
    assert isinstance(store, SqliteStore)
    return store.check()


def finish(
    store: Store,
    ledger: Ledger,
    call: Callable[[Any], Any],
    *,
    wait: float = 5.0,
    pause: Callable[[], object] = lambda: None,
) -> list[str]:
    """Completes what is held, with the tokens from before the crash, then all the rest; what is wrong then.

    When nothing is ready, because retries wait for their time, a claim waits `wait` seconds; then `pause` is called.
    """
    numbers = count(-1, -1)

    def told(command: Any) -> Any:
        number = next(numbers)
        ledger.asked(number, command)
        answer = call(command)
        ledger.answered(number, answer)
        return answer

    for token, holding in list(ledger.held.items()):
        told(Complete(outcomes=[Done(task=holding.task, token=token, result=f"{token}!")]))
    for agent in sorted(ledger.agents):
        # Claims that were never answered may have left leases: a new process of the agent gives them back.
        call(Register(agent=AgentSpec(name=agent), instance="after the crash", replace=True))
    call(Register(agent=AgentSpec(name=FINISHER, slots=200), replace=True))
    while _unfinished(store):
        claimed: Claimed = told(Claim(agent=FINISHER, n=200, wait=wait))
        if claimed.tasks:
            done = [Done(task=given.task, token=given.token, result="after the crash") for given in claimed.tasks]
            told(Complete(outcomes=done))
        else:
            pause()
    with store.read() as reader:
        not_done = [f"task-{number} ended in state {state}: {why}" for number, state, why in reader.one(NOT_DONE)]
    return [*not_done, *look(store, ledger)]


def _unfinished(store: Store) -> bool:
    with store.read() as reader:
        return bool(reader.one(UNFINISHED))
