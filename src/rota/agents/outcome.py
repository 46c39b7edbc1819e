"""What a run means for its task: a pure judgement over values."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from rota.agents.process.child import BAD_TASK, DONE, LATER
from rota.agents.process.ended import Ended
from rota.agents.process.texts import first_part, last_lines, plain, readable
from rota.model.bounds import DEPTH, INT64
from rota.model.check import number_beyond

Kind = Literal[
    "done",
    "rejected",
    "failed",
    "crashed",
    "timeout",
    "stalled",
    "later",
    "bad_task",
    "cancelled",
    "shutdown",
    "preempted",
    "conflict",
    "broken",
]
"""What became of the attempt, and what follows.

- `done`: complete with `result`.
- `rejected`: the check refused the answer: a failed attempt.
- `failed`, `crashed`, `timeout`, `stalled`: a failed attempt (an exit code; a signal or a process that died;
  too slow; silent).
- `later`: not now, and not the task's fault: again after `retry_after_s`, if given.
- `bad_task`: no attempt can succeed: dead at once.
- `cancelled`, `shutdown`, `preempted`: we ended it ourselves; after the last two the task is given back.
- `conflict`: done, but its branch can not be merged any more: the task is given back with that as the reason.
- `broken`: the agent (or its check) could not be started: the task is given back, the agent needs mending.
"""
ResultKind = Literal["json", "text", "none"]

ERROR_CHARACTERS = 2_000
REPLACED = "the answer was not plain UTF-8 text: what could not be read was replaced"
TOO_DEEP = f"the answer is JSON nested deeper than {DEPTH} levels: it is kept as text"
TOO_GREAT = f"the answer is JSON with a number beyond {INT64}: it is kept as text"
STDOUT_BYTES = 16_384
"""How much of stdout is looked at for an error, where stderr is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgement. `error` is for people, at most 2,000 characters, without colours; None when done."""

    kind: Kind
    error: str | None = None
    result: Any = None
    result_kind: ResultKind = "none"
    truncated: bool = False
    """The answer was longer than what is kept, so the result is its beginning, as text."""
    note: str | None = None
    """What was done to the answer, if anything."""
    retry_after_s: float | None = None
    said: str = ""
    """The end of its standard output, of a run that did not do the task."""


def judge(ended: Ended, check: Ended | None = None) -> Verdict:
    """The verdict over a run and, if it was done and its answer was checked, over the check's run.

    Without `check` the verdict `done` means: now the check, if the agent has one.
    """
    verdict = _judge_run(ended)
    if verdict.kind == "done" and check is not None:
        verdict = _judge_check(verdict, check)
    if verdict.kind == "done":
        return verdict
    return replace(verdict, said=ended.stdout[-STDOUT_BYTES:].decode("utf-8", "replace"))


def _judge_run(ended: Ended) -> Verdict:
    match ended.why:
        case "exit":
            return _judge_exit(ended)
        case "not_found" | "not_executable" | "broken":
            return Verdict(kind="broken", error=story(ended))
        case why:
            return Verdict(kind=why, error=story(ended))


def _judge_exit(ended: Ended) -> Verdict:
    if ended.signal is not None:
        return Verdict(kind="crashed", error=story(ended))
    if ended.exit_code == DONE:
        return _done(ended)
    if ended.exit_code == LATER:
        return Verdict(kind="later", error=story(ended), retry_after_s=ended.retry_after_s)
    return Verdict(kind="bad_task" if ended.exit_code == BAD_TASK else "failed", error=story(ended))


def _judge_check(verdict: Verdict, check: Ended) -> Verdict:
    if check.why == "exit" and check.exit_code == 0:
        return verdict
    if check.why in ("cancelled", "shutdown", "preempted"):
        return Verdict(kind=check.why, error=story(check, prefix="the check: "))
    if check.why in ("not_found", "not_executable", "broken"):
        return Verdict(kind="broken", error=story(check, prefix="the check: "))
    return replace(verdict, kind="rejected", error=story(check, prefix="the check refused the answer: "))


def story(ended: Ended, prefix: str = "") -> str:
    """How a run ended, in at most 2,000 characters: exit code, signal or reason, then stderr's last lines.

    Of stdout if there is nothing on stderr; a function's error is what it raised and where.
    """
    detail = plain(ended.detail).strip()
    how = first_part(prefix + (detail or _how(ended)), ERROR_CHARACTERS)
    if ended.why == "exit" and detail:
        return how
    room = ERROR_CHARACTERS - len(how) - 2
    said = last_lines(plain(_said(ended)), room) if room > 50 else ""
    return f"{how}: {said}" if said else how


def _said(ended: Ended) -> str:
    if ended.stderr_tail.strip():
        return ended.stderr_tail
    return ended.stdout[-STDOUT_BYTES:].decode("utf-8", "replace")


def _how(ended: Ended) -> str:
    if ended.why != "exit":
        return ended.why.replace("_", " ")
    return f"exit code {ended.exit_code}" if ended.signal is None else f"ended by {_signal_name(ended.signal)}"


def _signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def _done(ended: Ended) -> Verdict:
    if ended.stdout_truncated:
        cut = f"the answer was too long: only its first {len(ended.stdout):,} bytes were kept, as text"
        text = _as_text(ended.stdout)
        return Verdict(kind="done", result=text, result_kind="text", truncated=True, note=cut)
    answer = ended.stdout.removeprefix(b"\xef\xbb\xbf")
    if not answer.strip():
        return Verdict(kind="done")
    try:
        value = msgspec.json.decode(answer)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        text = _as_text(answer)
        replaced = "\ufffd" in text and b"\xef\xbf\xbd" not in answer
        return Verdict(kind="done", result=text, result_kind="text", note=REPLACED if replaced else None)
    if _is_deeper(value, DEPTH):
        return Verdict(kind="done", result=_as_text(answer), result_kind="text", note=TOO_DEEP)
    if number_beyond(answer, value) is not None:
        return Verdict(kind="done", result=_as_text(answer), result_kind="text", note=TOO_GREAT)
    return Verdict(kind="done", result=value, result_kind="json")


def _is_deeper(value: Any, limit: int) -> bool:
    """Whether objects and arrays are nested deeper than that; without recursion."""
    level = [value]
    for _ in range(limit):
        level = [child for one in level for child in _children(one)]
    return any(isinstance(one, dict | list) for one in level)


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _as_text(answer: bytes) -> str:
    return readable(answer.decode("utf-8", "replace")).rstrip("\n")
