"""A task as its handler sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Literal, NoReturn

from rota.faces.python.said import Said, Words
from rota.model import bounds, check
from rota.model.commands.work import Ask, Fail, Failed, GiveBack, Held
from rota.model.task import AttemptView, Given, ParentResult
from rota.model.times import When

Why = Literal["cancel", "preempt", "lost", "stop"]
"""Why a handler is to end: the task was cancelled; a better one is to have the slot; the lease is gone, so that nothing
it says counts any more; the agent stops."""


class Task:
    """What a handler is given. Safe to use from any thread; no method blocks but `wait`."""

    def __init__(self, given: Given, wake: Callable[[], None]) -> None:
        self.given = given
        """Everything about it, as the claim answered it."""
        self.id = given.task
        self.agent = given.agent
        """Who does it: of a dispatcher's roster the one that is to be started."""
        self.title = given.title
        self.description = given.description
        self.kind = given.kind
        self.payload: Any = given.payload
        self.attempt = given.attempt
        """The number of this attempt, from 1."""
        self.attempts: list[AttemptView] = given.attempts
        """The earlier attempts, oldest first: who, what came of it, errors and notes."""
        self.parents: list[ParentResult] = given.parents
        """What it depended on, with results."""
        self.last_checkpoint: Any = given.checkpoint
        """How far the last attempt had come; None = it did not say."""
        self.answer: str | None = given.answer
        """The answer to the question that an earlier attempt asked."""
        self.words = Words()
        """What was said of it since the last heartbeat, and what it took so far."""
        self._wake = wake
        self._began = monotonic()
        self._why: Why | None = None
        self._ending = threading.Event()
        self._on_end: Callable[[], None] = lambda: None

    @property
    def brief(self) -> str:
        """The task as a Markdown text for an LLM: what to do, with what, and what came before."""
        from rota.agents.brief import brief  # lazily: not every agent needs it
        from rota.agents.given import as_seen

        return brief(as_seen(self.given))

    @property
    def cancelled(self) -> Why | None:
        """Why the handler is to end, once it is to. Of async functions the task is cancelled besides."""
        return self._why

    @property
    def seconds(self) -> float:
        """How long it has been worked on."""
        return monotonic() - self._began

    def wait(self, seconds: float) -> bool:
        """Sleep in a plain function; ends early, and answers True, when the handler is to end."""
        return self._ending.wait(seconds)

    def progress(self, share: float, note: str | None = None) -> None:
        """How far it is, 0 to 1, and a note besides. Told with the next heartbeat, at once when it was quiet."""
        check.share(share, "progress")
        self.words.progress = share
        if note is not None:
            self.note(note)
        self._wake()

    def note(self, text: str) -> None:
        """A note for whoever looks, and for later attempts. It replaces the one before."""
        self.words.notes = check.text(text, "notes", bounds.NOTES)
        self._wake()

    def checkpoint(self, value: Any) -> None:
        """How far the work has come, as JSON: what the next attempt begins with. Sent at once."""
        check.json_text(value, "checkpoint", bounds.CHECKPOINT_BYTES)
        self.words.checkpoint = value
        self._wake()

    def spent(self, cost: float | None = None, **usage: float) -> None:
        """Add what it took: `task.spent(0.03, tokens=1200)`."""
        check.amounts(usage, "usage")
        self.words.spent(0.0 if cost is None else check.amount(cost, "cost"), usage)

    def ask(self, question: str, *, checkpoint: Any = None) -> NoReturn:
        """Ask somebody and end: the slot is freed. The answer comes with the task, as `answer`, in a new attempt."""
        check.json_text(checkpoint, "checkpoint", bounds.CHECKPOINT_BYTES)
        raise Said(Ask(task=self.id, token=self.given.token, question=question, checkpoint=checkpoint))

    def fail(
        self, error: str, *, retryable: bool = True, retry_at: When | None = None, limit: str | None = None
    ) -> NoReturn:
        """End as a failed attempt. With `limit` and `retry_at` (a time, or seconds from now) all tasks charged to that
        key wait until then, such as `anthropic:account`, and no attempt is counted."""
        failed = Failed(
            task=self.id, token=self.given.token, error=error, retryable=retryable, retry_at=retry_at, limit=limit
        )
        raise Said(Fail(outcomes=[failed]))

    def give_back(self, reason: str) -> NoReturn:
        """End unfinished: the task goes to whoever is best, at its old place, no attempt counted."""
        raise Said(GiveBack(tasks=[Held(task=self.id, token=self.given.token)], reason=reason))

    def end(self, why: Why) -> None:
        """Ask the handler to end; what was said first holds, but for a lease that is lost."""
        if self._why is None or why == "lost":
            self._why = why
        self._ending.set()
        self._on_end()

    def when_to_end(self, call: Callable[[], None]) -> None:
        """Call this from whatever thread when the handler is to end; at once when it is already."""
        self._on_end = call
        if self._why is not None:
            call()
