"""Rows of meters: locked before anything is charged, and what ended leases used beside what they were charged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rota.engine.limits import Use
from rota.store.protocol import Transaction
from rota.store.sql import limits as sql
from rota.store.sql.limits import MeterRow


def locked_meters(transaction: Transaction, names: Iterable[str], specs: Mapping[str, int]) -> dict[str, MeterRow]:
    """Lock the meters of these names, in their order. Those with a limit in `specs` are made where they are missing."""
    rows: dict[str, MeterRow] = {}
    missing = sorted(names)
    while missing:
        found = [MeterRow(*row) for row in transaction.each(sql.LOCK_METERS, [(name,) for name in missing])]
        rows.update((row.key, row) for row in found)
        missing = [name for name in missing if name not in rows and name in specs]
        transaction.add(sql.ADD_METER, [(name, specs[name]) for name in missing])
    return rows


def taken_uses(transaction: Transaction, names: Iterable[str]) -> dict[str, list[Use]]:
    """Take what was noted for these names and not folded yet, by name, in the order of noting."""
    uses: dict[str, list[Use]] = {}
    for row in sorted(transaction.each(sql.TAKE_USES, [(name,) for name in sorted(names)])):
        uses.setdefault(row[1], []).append(Use(*row))
    return uses


def written_meters(transaction: Transaction, rows: Iterable[MeterRow]) -> None:
    """Write these down."""
    written = [(row.key, row.used, row.began, row.average, row.asked) for row in rows]
    transaction.each(sql.SET_METERS, sorted(written))
