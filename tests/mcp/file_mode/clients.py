"""Clients of `rota mcp` on a file, gone with all that belongs to them when the test is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.mcp.classic.client import Client


@contextmanager
def client_of(*arguments: str, environment: dict[str, str] | None = None) -> Iterator[Client]:
    """One process, spoken to."""
    client = Client(*arguments, environment=environment)
    try:
        yield client
    finally:
        client.kill()
        assert client.process.stdin is not None
        assert client.process.stdout is not None
        client.process.stdin.close()
        # The client's own thread reads to the end.
        with client._came:
            client._came.wait_for(lambda: client._ended)
        client.process.stdout.close()
