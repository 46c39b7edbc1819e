"""The most that a run may spend: a limit on money that all its tasks name, and that asks when it is used up."""

from __future__ import annotations

import re

import msgspec

from rota.agents.batch import Change
from rota.agents.work import Work
from rota.model.commands.limits import GetLimit, LimitPage, SetLimit
from rota.model.commands.submit import Edit
from rota.model.errors import RotaError, invalid
from rota.model.limit import MONEY, LimitSpec
from rota.model.state import State
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor

KEY = "run budget"
_AMOUNT = re.compile(r"[$€£¥]?\s*(\d+(?:\.\d{1,9}|,\d{1,2})?)\s*(?:[$€£¥]|[A-Za-z]{3})?")
_OPEN: tuple[State, ...] = ("ready", "scheduled", "blocked", "held")


def amount_of(text: str, field: str = "budget") -> float:
    """`40usd`, `40`, `$12.50` -> the amount; which currency it is, the prices say."""
    found = _AMOUNT.fullmatch(text.strip())
    amount = 0.0 if found is None else float(found[1].replace(",", "."))
    if not 0 < amount <= 1e9:
        raise invalid(field, f"{text[:60]!r} is no amount of money; write it as 40usd, or 12.50")
    return amount


def within_budget(change: Change) -> Change:
    """The same change, and the task is charged to the budget."""

    def changed(spec: TaskSpec) -> TaskSpec:
        made = change(spec)
        return made if KEY in made.limits else msgspec.structs.replace(made, limits=[*made.limits, KEY])

    return changed


def set_budget(distributor: Distributor, amount: float) -> None:
    """Make the budget what is wanted now. What was spent stays spent."""
    limit = LimitSpec(key=KEY, unit=MONEY, capacity=amount, on_empty="pause_and_ask")
    distributor.call(SetLimit(limit=limit))


def charge_all(distributor: Distributor, work: Work) -> None:
    """Charge what was submitted before without a budget, as far as nobody has it yet."""
    for state in _OPEN:
        for task in list(work.tasks(state)):
            if KEY in task.limits:
                continue
            try:
                distributor.call(Edit(task=task.id, limits=[*task.limits, KEY]))
            except RotaError as error:
                if error.code not in ("wrong_state", "no_task"):
                    raise


def spent(distributor: Distributor) -> float | None:
    """What was spent of the budget; None when there is none."""
    try:
        page: LimitPage = distributor.call(GetLimit(key=KEY))
    except RotaError as error:
        if error.code != "no_limit":
            raise
        return None
    return sum(use.used for view in page.limits for use in view.uses)
