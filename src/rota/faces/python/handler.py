"""Running a handler: on the event loop when it is async, else on a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from rota.faces.python.outcomes import Outcome, outcome_of
from rota.faces.python.task import Task

Handler = Callable[[Task], Any]
log = logging.getLogger("rota.agent")


class Ended(NamedTuple):
    """How a handler ended. A value, since what it raises may be nothing that a loop or a future can carry."""

    result: Any
    error: BaseException | None


async def run(handler: Handler, task: Task) -> Outcome | None:
    """Have the handler do it; never raises for anything that it does."""
    doing = asyncio.ensure_future(_awaited(handler, task) if is_async(handler) else _on_thread(handler, task))
    loop = asyncio.get_running_loop()
    if is_async(handler):
        task.when_to_end(lambda: _on(loop, doing.cancel))
    try:
        result, error = await doing
    except asyncio.CancelledError as ended:
        result, error = None, ended
    current = asyncio.current_task()
    if error is not None and task.cancelled is None and current is not None and current.cancelling():
        # The program ends its loop; the handler is not to blame.
        task.end("stop")
    outcome = outcome_of(task, result, error, handler)
    if isinstance(error, Exception) and task.cancelled is None:
        meant = type(error).__name__ in ("BadTask", "TryLater")
        log.warning("%s: %s: %s", task.id, type(error).__name__, error, exc_info=None if meant else error)
    return outcome


def is_async(handler: Handler) -> bool:
    """Whether it is to be awaited; else it runs on a thread."""
    call = getattr(handler, "__call__", None)  # noqa: B004
    return asyncio.iscoroutinefunction(handler) or asyncio.iscoroutinefunction(call)


async def _awaited(handler: Handler, task: Task) -> Ended:
    try:
        return Ended(await handler(task), None)
    except BaseException as raised:
        return Ended(None, _told(raised))


async def _on_thread(handler: Handler, task: Task) -> Ended:
    """On a thread of its own, which nobody waits for when the process ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Ended] = loop.create_future()

    def tell(ended: Ended) -> None:
        if not done.done():
            done.set_result(ended)

    def run() -> None:
        try:
            ended = Ended(handler(task), None)
        except BaseException as raised:
            ended = Ended(None, _told(raised))
        _on(loop, lambda: tell(ended))

    threading.Thread(target=run, name=f"rota {task.id}", daemon=True).start()
    return await done


def _told(raised: BaseException) -> BaseException:
    return RuntimeError(f"the handler called sys.exit({raised.code!r})") if isinstance(raised, SystemExit) else raised


def _on(loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
    try:
        loop.call_soon_threadsafe(what)
    except RuntimeError:
        # It has ended: nobody waits for it.
        return
