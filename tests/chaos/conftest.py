"""Chaos: everything is killed at random moments, round after round, each with a seed that can be played again.

A number of things done, or a time, drawn by lot, is the moment of each kill: that is the experiment, and no test waits
for it to be quiet. The seed fixes the draws; who is at what in the moment of a kill it can not fix.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator

import pytest

from tests.servers.postgres import PostgresServer, running_postgres

Round = Callable[[int], object]
Rounds = Callable[[Round], None]

FIRST_SEED = 1
"""Of the one short round that is part of every test run."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--seed", type=int, default=None, metavar="SEED", help="play this one round again, in each chaos test"
    )


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that syncs what it commits, for all rounds: killed and started again and again."""
    with running_postgres(durable=True) as server:
        yield server


@pytest.fixture
def rounds(request: pytest.FixtureRequest, chaos_seconds: float) -> Rounds:
    """Plays rounds until the time given by --chaos-minutes is over, at least one."""
    wanted: int | None = request.config.getoption("--seed", None)

    def play(one_round: Round) -> None:
        seed = wanted if wanted is not None else FIRST_SEED if chaos_seconds == 0 else secrets.randbits(32)
        ends = time.monotonic() + chaos_seconds
        played = 0
        while True:
            try:
                one_round(seed)
            except BaseException as error:
                error.add_note(f"round {played + 1}: again with make chaos ARGS='--seed {seed} -k {request.node.name}'")
                raise
            played += 1
            seed += 1
            if wanted is not None or time.monotonic() >= ends:
                print(f"{request.node.name}: {played} rounds, the last with seed {seed - 1}")
                return

    return play
