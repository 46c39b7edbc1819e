"""Agents and dispatchers at work on a thread, for as long as a test needs them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rota import Agent, Client, Dispatcher
from rota.model.queue import Backoff, QueuePolicy

PATIENCE_S = 30.0


@contextmanager
def at_work(*workers: Agent | Dispatcher) -> Iterator[None]:
    """They work until the end of the block; what ends one early is raised there."""
    errors: list[BaseException] = []

    def run(worker: Agent | Dispatcher) -> None:
        try:
            worker.run()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        for thread in threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
    if errors:
        raise errors[0]


def until(reached: Callable[[], object]) -> None:
    """Wait until something is so."""
    ends = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < ends, "it did not come to that"
        time.sleep(0.01)


def brisk_queue(client: Client, name: str) -> None:
    """A queue with short leases, so that heartbeats come often, and retries at once."""
    client.set_queue(name, QueuePolicy(term=1.0, backoff=Backoff(base=0.01, cap=0.01)))
