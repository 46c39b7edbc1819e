"""All rows of the self-check."""

from collections.abc import Iterator

from bench.reference import exact, many_servers, model, one_server
from bench.reference.row import Row

SEED = 1


def rows(*, quick: bool, only: str = "", seed: int = SEED) -> Iterator[Row]:
    """Each row as soon as it is known; of models whose name contains `only`, whatever the case."""
    for one in (*one_server.models(), *many_servers.models()):
        if only.lower() in one.name.lower() and (one.quick or not quick):
            yield from model.rows(one, seed, quick=quick)
    for name, check in exact.CHECKS.items():
        if only.lower() in name.lower():
            yield from check(name, seed, quick)
