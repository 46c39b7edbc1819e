"""The tasks of a batch as they end, in the order in which they do."""

from __future__ import annotations

from collections.abc import Iterator

from rota.model.commands.read import BatchView, EventPage, GetBatch, GetTask, ListEvents
from rota.model.ids import task_id, task_number
from rota.model.state import ENDED, STATES
from rota.model.task import TaskView
from rota.operations.distributor import Distributor

PAGE = 1_000
_ENDED = frozenset(STATES[number] for number in ENDED)


class Endings:
    """Follows the history from the batch's submission on, so that what ended before this process began is told too."""

    def __init__(self, distributor: Distributor, batch: str) -> None:
        self._distributor = distributor
        self._batch = batch
        view: BatchView = distributor.call(GetBatch(batch=batch))
        self._since = view.submitted
        self._cursor: str | None = None

    def fresh(self) -> Iterator[TaskView]:
        """Those that have ended since the last call, with their results. A redriven task may end twice."""
        if self._since is None:
            return
        while True:
            request = ListEvents(since=self._since, cursor=self._cursor, limit=PAGE)
            page: EventPage = self._distributor.call(request)
            for event in page.events:
                for move in event.moves:
                    if move.to in _ENDED:
                        yield from self._of_batch(move.first, move.last)
            self._cursor = page.cursor
            if not page.events:
                return

    def _of_batch(self, first: str, last: str) -> Iterator[TaskView]:
        for number in range(task_number(first), task_number(last) + 1):
            task: TaskView = self._distributor.call(GetTask(task=task_id(number)))
            if task.batch == self._batch and task.state in _ENDED:
                yield task
