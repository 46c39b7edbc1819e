"""Signs of life on stderr while a long cell runs, and the count of tasks begun that both sides share."""

import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_EVERY = 2.0  # seconds


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Countdown:
    """Counts handler calls from any thread and calls `reached` at the n-th, once."""

    def __init__(self, n: int, reached: Callable[[], object]) -> None:
        self.n = n
        self.seen = 0
        self._calls = itertools.count(1)  # its next() is atomic; `seen` alone would lose calls between threads
        self._reached = reached

    def __str__(self) -> str:
        return f"{self.seen:,} of {self.n:,} done"

    def hit(self) -> None:
        call = next(self._calls)
        self.seen = call
        if call == self.n:
            self._reached()


@contextmanager
def shown(countdown: Countdown) -> Iterator[None]:
    """Prints how far the count is every two seconds until the block ends."""
    ended = threading.Event()

    def show() -> None:
        while not ended.wait(_EVERY):
            say(f"  {countdown}")

    threading.Thread(target=show, daemon=True).start()
    try:
        yield
    finally:
        ended.set()
