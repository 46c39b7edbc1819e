"""Strategies of fleet.toml: `[strategy.NAME]` tables, and the names pools choose by."""

from __future__ import annotations

from collections.abc import Mapping

from rota.files.place import Misfit, Path, nearest, quoted
from rota.planning.strategies import STRATEGIES, fault
from rota.planning.terms import TERMS


def check_strategies(tables: Mapping[str, dict[str, float]]) -> None:
    """Refuse weights of terms that are not there, weights that weigh nothing, and names that Rota uses itself."""
    for name, weights in tables.items():
        path: Path = ("strategy", name)
        if name in STRATEGIES:
            raise Misfit(path, f"{quoted(name)} is a strategy of Rota's own; give yours another name")
        found = fault(weights)
        if found is not None:
            term, message = found
            raise Misfit((*path, term) if term else path, f"this {message}" if not term else _nearer(term, message))


def terms_of(strategy: str, tables: Mapping[str, dict[str, float]], path: Path) -> dict[str, float]:
    """The pool's own weights; none when its strategy is one of Rota's."""
    if strategy in tables:
        return {term: float(weight) for term, weight in tables[strategy].items()}
    if strategy in STRATEGIES:
        return {}
    known = [*STRATEGIES, *tables]
    told = nearest(strategy, known) or f"; known are {', '.join(known)}"
    raise Misfit(path, f"there is no strategy {quoted(strategy)}{told}; or add [strategy.{strategy}]")


def _nearer(term: str, message: str) -> str:
    return message if term in TERMS else message + nearest(term, TERMS)
