"""The long-lived process of a `python = "module:function"` agent: calls the function once for each task.

Started as `python -u -m rota.agents.process.child MODULE:FUNCTION READING WRITING`, the last two being inherited
pipes. Imports the standard library only. What the function prints goes to stderr: the pipes are its own and
not inherited further.

The function takes one argument, the task as a dict, and returns what JSON can hold; `async def` works as
well. What it raises decides what becomes of the task, by the name of the class or of one it derives from, so
that a function need not import anything of ours:

- `BadTask`: no attempt can ever succeed; the task is dead at once.
- `TryLater(seconds)`: not now; the attempt is no failure of the task. `seconds` may be left out.
- anything else, `sys.exit()` included: a failed attempt. The process lives on.

Frames, both ways: two 4-byte big-endian lengths, then a JSON object (the header), then JSON text (the body,
may be empty). To the child: header {}, body the task. From the child: first {"ready": true} or {"unusable":
why, "detail": text}, then for each task {"exit": 0, 1, 65 or 75, "error", "retry_after_s", "max_rss"}, body
the result. `cpu_s`, in all of them, is what the process has used since it started.
"""

from __future__ import annotations

import importlib
import json
import os
import struct
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from rota.agents.process.memory import UNIT, peak_of

DONE, FAILED, BAD_TASK, LATER = 0, 1, 65, 75
"""As the exit codes of commands."""
ERROR_CHARACTERS = 4_000
LENGTHS = struct.Struct(">II")


class BadTask(Exception):
    """Raise it when no attempt can succeed: the task is dead at once, with this message as its reason."""


class TryLater(Exception):
    """Raise it when it cannot be done now: `TryLater(30)`, `TryLater(30, "disk full")`, `TryLater()`."""

    def __init__(self, seconds: float | None = None, reason: str = "") -> None:
        super().__init__(reason or ("try again later" if seconds is None else f"try again in {seconds:g} s"))
        self.seconds = seconds


class Unusable(Exception):
    """There is no such function, or its module cannot be imported."""

    def __init__(self, why: str, detail: str) -> None:
        super().__init__(detail)
        self.why = why


def main(arguments: list[str]) -> int:
    """Answers tasks until the other end of the pipe is closed."""
    if len(arguments) != 3:
        print(
            "usage: python -m rota.agents.process.child MODULE:FUNCTION READING WRITING (started by rota)",
            file=sys.stderr,
        )
        return 2
    target, reading, writing = arguments[0], int(arguments[1]), int(arguments[2])
    for descriptor in (reading, writing):
        os.set_inheritable(descriptor, False)
    try:
        function, file = load(target)
    except Unusable as error:
        send(writing, {"unusable": error.why, "detail": str(error)[:ERROR_CHARACTERS], "cpu_s": cpu_seconds()})
        return 1
    loop = Loop()
    send(writing, {"ready": True, "cpu_s": cpu_seconds()})
    while (task := receive(reading)) is not None:
        reset_peak()
        header, body = answer(function, file, loop, task)
        sys.stdout.flush()
        sys.stderr.flush()
        send(writing, {**header, "cpu_s": cpu_seconds(), "max_rss": peak()}, body)
    return 0


def load(target: str) -> tuple[Callable[[Any], Any], str]:
    """The function named by `module:function`, and the file of its module."""
    module_name, colon, path = target.partition(":")
    if not (module_name and colon and path):
        raise Unusable("not_found", f"{target!r} does not name a function; write 'module:function'")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise Unusable("broken", f"importing {module_name!r} failed: {describe(error, '')}") from error
        raise Unusable(
            "not_found",
            f"there is no module {error.name!r}: looked in {os.getcwd()!r} and along PYTHONPATH",
        ) from error
    except BaseException as error:
        raise Unusable("broken", f"importing {module_name!r} failed: {describe(error, '')}") from error
    found: Any = module
    for name in path.split("."):
        if not hasattr(found, name):
            raise Unusable("not_found", f"the module {module_name!r} has no {path!r}")
        found = getattr(found, name)
    if not callable(found):
        raise Unusable("not_found", f"{target!r} is not a function but {type(found).__name__}")
    return found, getattr(module, "__file__", None) or ""


class Loop:
    """One event loop for all tasks, so that what an async function keeps open stays usable."""

    def __init__(self) -> None:
        self._loop: Any = None

    def finish(self, value: Any) -> Any:
        """The value, awaited if it is awaitable."""
        if not hasattr(type(value), "__await__"):
            return value
        if self._loop is None:
            import asyncio

            self._loop = asyncio.Runner()
        return self._loop.run(_await(value))


async def _await(value: Any) -> Any:
    return await value


def answer(function: Callable[[Any], Any], file: str, loop: Loop, task: bytes) -> tuple[dict[str, Any], bytes]:
    """Calls the function; the header and body to send."""
    try:
        result = loop.finish(function(json.loads(task)))
    except SystemExit as error:
        return {"exit": FAILED, "error": f"the function called sys.exit({error.code!r})"}, b""
    except BaseException as error:
        return failure(error, file), b""
    if result is None:
        return {"exit": DONE}, b""
    try:
        return {"exit": DONE}, encode(result)
    except (TypeError, ValueError, RecursionError) as error:
        return {
            "exit": FAILED,
            "error": f"the function returned what JSON cannot hold: {error}"[:ERROR_CHARACTERS],
        }, b""


def failure(error: BaseException, file: str) -> dict[str, Any]:
    """The header for what a function raised; the whole traceback goes to stderr."""
    import traceback

    traceback.print_exception(error)
    names = {kind.__name__ for kind in type(error).__mro__}
    header: dict[str, Any] = {"exit": FAILED, "error": describe(error, file)}
    if "BadTask" in names:
        header["exit"] = BAD_TASK
    elif "TryLater" in names:
        header |= {"exit": LATER, "retry_after_s": seconds_of(error)}
    return header


def describe(error: BaseException, file: str) -> str:
    """What a traceback says last, and where: the innermost place, and the last in `file` if that differs."""
    kind = type(error)
    name = (
        kind.__qualname__
        if kind.__module__ in ("builtins", "__main__", "rota.agents.process.child")
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    try:
        message = str(error)
    except Exception:
        message = "(its message cannot be shown)"
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename != __file__ and not code.co_filename.startswith("<frozen"):
            places.append(
                (
                    code.co_filename,
                    f"{os.path.basename(code.co_filename)}:{trace.tb_lineno} in {code.co_name}",
                )
            )
        trace = trace.tb_next
    text = f"{name}: {message}" if message else name
    text = text[: ERROR_CHARACTERS - 400]
    if not places:
        return text
    own = [place for where, place in places if where == file]
    if not own or own[-1] == places[-1][1]:
        return f"{text} (at {places[-1][1]})"
    return f"{text} (at {places[-1][1]}, from {own[-1]})"


def seconds_of(error: BaseException) -> float | None:
    """What `TryLater` was given, by attribute or first argument; None if that is no sensible number."""
    value = getattr(error, "seconds", None)
    if value is None and error.args:
        value = error.args[0]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 10 * 365 * 86_400 else None


def encode(result: Any) -> bytes:
    """A result as JSON; halves of surrogate pairs, which no Unicode text may hold, become U+FFFD."""
    text = json.dumps(result, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def cpu_seconds() -> float:
    """User and system time of this process and of the children it waited for."""
    import resource

    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def reset_peak() -> None:
    """Makes Linux measure the peak anew, so that it is the task's and not that of an earlier one."""
    try:
        with open("/proc/self/clear_refs", "wb") as file:
            file.write(b"5")
    except OSError:
        return


def peak() -> int:
    """The peak in bytes: since the task began where that can be had, else since the process began."""
    import resource

    return peak_of("self") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT


def send(descriptor: int, header: dict[str, Any], body: bytes = b"") -> None:
    """Writes one frame; ends the process if nobody reads any more."""
    encoded = json.dumps(header).encode()
    rest = memoryview(LENGTHS.pack(len(encoded), len(body)) + encoded + body)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BrokenPipeError:
        leave()


def receive(descriptor: int) -> bytes | None:
    """The body of the next frame; None at the end of input."""
    lengths = read_exactly(descriptor, LENGTHS.size)
    if lengths is None:
        return None
    header, body = LENGTHS.unpack(lengths)
    frame = read_exactly(descriptor, header + body)
    return None if frame is None else frame[header:]


def read_exactly(descriptor: int, size: int) -> bytes | None:
    """So many bytes; None if the input ends before."""
    data = bytearray()
    while len(data) < size:
        chunk = os.read(descriptor, min(size - len(data), 1 << 20))
        if not chunk:
            return None
        data += chunk
    return bytes(data)


def leave() -> NoReturn:
    """Nobody listens: ends without a word."""
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
