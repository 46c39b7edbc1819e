"""Running a handler: on the event loop when it is async, else on a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

from rota.faces.python.outcomes import Outcome, outcome_of
from rota.faces.python.task import Task

Handler = Callable[[Task], Any]
log = logging.getLogger("rota.agent")


async def run(handler: Handler, task: Task) -> Outcome | None:
    """Have the handler do it; never raises for anything that it does."""
    error: BaseException | None = None
    result: Any = None
    doing = asyncio.ensure_future(_awaited(handler, task) if is_async(handler) else _on_thread(handler, task))
    loop = asyncio.get_running_loop()
    if is_async(handler):
        task.when_to_end(lambda: _on(loop, doing.cancel))
    try:
        result = await doing
    except BaseException as raised:
        error = raised
        current = asyncio.current_task()
        if task.cancelled is None and current is not None and current.cancelling():
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


async def _awaited(handler: Handler, task: Task) -> Any:
    try:
        return await handler(task)
    except (SystemExit, KeyboardInterrupt) as left:
        raise _no_end_of_all(left) from None


async def _on_thread(handler: Handler, task: Task) -> Any:
    """On a thread of its own, which nobody waits for when the process ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def tell(result: Any, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)

    def run() -> None:
        result: Any = None
        error: BaseException | None = None
        try:
            result = handler(task)
        except (SystemExit, KeyboardInterrupt) as left:
            error = _no_end_of_all(left)
        except BaseException as raised:
            error = raised
        _on(loop, lambda: tell(result, error))

    threading.Thread(target=run, name=f"rota {task.id}", daemon=True).start()
    return await done


def _no_end_of_all(left: SystemExit | KeyboardInterrupt) -> RuntimeError:
    """What would end the loop, and with it all that others do."""
    called = f"called sys.exit({left.code!r})" if isinstance(left, SystemExit) else "raised KeyboardInterrupt"
    return RuntimeError(f"the handler {called}")


def _on(loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
    try:
        loop.call_soon_threadsafe(what)
    except RuntimeError:
        # It has ended: nobody waits for it.
        return
