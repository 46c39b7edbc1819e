"""Wake-ups between the nodes of a PostgreSQL database: NOTIFY after commit, from a connection of its own.

A NOTIFY inside a turn would make all commits of the server wait for each other; sent by itself it costs the turn
nothing. A signal is only a hint: one that is lost is made good by polling.
"""

from __future__ import annotations

import os
import select
import threading
import time
from contextlib import suppress
from typing import Any

import psycopg

from rota.model.errors import RotaError
from rota.store.postgres_connect import FIRST_WAIT_S, LONGEST_WAIT_S, connect

CHANNEL = "rota"
QUIET_S = 0.005
"""The same topic is not sent again sooner, seconds."""


class Notifier:
    """Sends topics to the other nodes."""

    def __init__(self, dsn: str, sender: str) -> None:
        self._dsn = dsn
        self._sender = sender
        self._waiting: set[str] = set()
        self._sent: dict[str, float] = {}
        self._wake = threading.Condition()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def send(self, topic: str) -> None:
        """Send the topic, from a thread of its own, at once or when it has been quiet for long enough."""
        with self._wake:
            self._waiting.add(topic)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rota-notify", daemon=True)
                self._thread.start()
            self._wake.notify()

    def close(self) -> None:
        """Send what waits, then end."""
        self._stop.set()
        with self._wake:
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(1.0)

    def _run(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while topics := self._take():
            try:
                if connection is None:
                    connection = connect(self._dsn, stop=self._stop)
                for topic in topics:
                    connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f"{self._sender} {topic}"))
            except (RotaError, psycopg.Error):
                # The topics are lost with the connection; other nodes poll.
                if connection is not None:
                    connection.close()
                connection = None
                self._stop.wait(FIRST_WAIT_S)
        if connection is not None:
            connection.close()

    def _take(self) -> list[str]:
        """Topics to be sent now; empty when it is time to end."""
        with self._wake:
            while True:
                if self._stop.is_set():
                    topics, self._waiting = sorted(self._waiting), set()
                    return topics
                now = time.monotonic()
                ready = [topic for topic in self._waiting if now - self._sent.get(topic, -QUIET_S) >= QUIET_S]
                if ready:
                    self._waiting.difference_update(ready)
                    self._sent.update(dict.fromkeys(ready, now))
                    return sorted(ready)
                self._wake.wait(QUIET_S if self._waiting else None)


class Ear:
    """Hears the topics that other nodes send. One thread listens."""

    def __init__(self, dsn: str, sender: str) -> None:
        self._dsn = dsn
        self._sender = sender
        self._connection: psycopg.Connection[Any] | None = None
        self._again_at, self._wait_s = 0.0, FIRST_WAIT_S
        self._stop = threading.Event()
        self._listening = threading.Lock()
        # A byte in this pipe ends the waiting.
        self._ends, self._end = os.pipe()

    def hear(self, timeout: float) -> list[str]:
        """Topics of other nodes; waits up to `timeout` seconds for the first. A lost connection is made anew."""
        with self._listening:
            until = time.monotonic() + timeout
            while not self._stop.is_set():
                connection = self._connected(until)
                if connection is None:
                    return []
                try:
                    topics = self._topics(connection)
                    left = until - time.monotonic()
                    if topics or left <= 0:
                        return topics
                    poll = select.poll()
                    poll.register(connection.fileno(), select.POLLIN)
                    poll.register(self._ends, select.POLLIN)
                    poll.poll(left * 1000)
                    connection.pgconn.consume_input()
                except psycopg.Error:
                    self._drop()
            return []

    def _connected(self, until: float) -> psycopg.Connection[Any] | None:
        if self._connection is None:
            self._stop.wait(max(min(self._again_at, until) - time.monotonic(), 0))
            if self._stop.is_set() or time.monotonic() < self._again_at:
                return None
            try:
                self._connection = connect(self._dsn, f"LISTEN {CHANNEL};", patience=0, stop=self._stop)
                self._wait_s = FIRST_WAIT_S
            except (RotaError, psycopg.Error):
                self._drop()
        return self._connection

    def _topics(self, connection: psycopg.Connection[Any]) -> list[str]:
        topics: dict[str, None] = {}
        connection.pgconn.consume_input()
        while (notice := connection.pgconn.notifies()) is not None:
            sender, _, topic = notice.extra.decode(errors="replace").partition(" ")
            if sender != self._sender and topic:
                topics[topic] = None
        return list(topics)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._again_at = time.monotonic() + self._wait_s
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)

    def close(self) -> None:
        """End the waiting, then the connection."""
        self._stop.set()
        with suppress(OSError):
            os.write(self._end, b"\0")
        with self._listening:
            self._drop()
            for descriptor in (self._ends, self._end):
                with suppress(OSError):
                    os.close(descriptor)
