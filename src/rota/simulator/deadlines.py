"""Deadlines that a workload does not bring itself: `run+5,15,60`, `estimate*1.5..20@0.33`, `path*3`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from rota.files.task_check import parent_of
from rota.model.errors import invalid
from rota.simulator.arrival import Arrival, Work

Deadline = Callable[[Arrival, Work, float], float | None]
"""Seconds from the submission to the deadline; None = the task has none. The last argument is `path_s`."""

_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_RULE = re.compile(
    rf"(?:(?P<base>run)\+(?P<list>{_NUMBER}(?:,{_NUMBER})*)"
    rf"|(?P<of>estimate|path)\*(?P<low>{_NUMBER})(?:\.\.(?P<high>{_NUMBER}))?)(?:@(?P<share>{_NUMBER}))?"
)


def deadline_rule(text: str, random: Random) -> Deadline | None:
    """What the setting `deadline` means; None = leave what the workload says."""
    if text == "own":
        return None
    if text == "none":
        return lambda _arrival, _work, _path: None
    found = _RULE.fullmatch(text)
    if found is None:
        raise invalid(
            "--set deadline", f"{text[:60]!r} is none of own, none, run+A,B, estimate*A..B, path*A (each with @SHARE)"
        )
    share = float(found["share"] or 1)
    if not 0 < share <= 1:
        raise invalid("--set deadline", f"@{found['share']} is not a share between 0 and 1")
    if found["base"]:
        spans = [float(part) for part in found["list"].split(",")]
        rule = _after_the_work(spans, random)
    else:
        rule = _times(found["of"], float(found["low"]), float(found["high"] or found["low"]), random)
    return lambda arrival, work, path: rule(arrival, work, path) if random.random() < share else None


def _after_the_work(spans: list[float], random: Random) -> Deadline:
    return lambda _arrival, work, _path: work.run_s + random.choice(spans)


def _times(what: str, low: float, high: float, random: Random) -> Deadline:
    if not 0 < low <= high:
        raise invalid("--set deadline", f"{low:g}..{high:g} is not a range of factors above 0, the smaller first")

    def estimate(_arrival: Arrival, work: Work, _path: float) -> float | None:
        if work.spec.estimate is None:
            raise invalid("--set deadline", "the tasks have no estimates; take --set estimates=run, or another rule")
        return float(work.spec.estimate) * random.uniform(low, high)

    def path(_arrival: Arrival, _work: Work, path_s: float) -> float:
        return path_s * low

    if what == "path" and high != low:
        raise invalid("--set deadline", "path takes one factor, so that all tasks of a group have the same deadline")
    return path if what == "path" else estimate


def longest_path(works: Sequence[Work]) -> float:
    """Seconds of work along the longest chain of tasks that wait for each other by `ref`; parents come first."""
    ends: dict[str, float] = {}
    longest = 0.0
    for work in works:
        begin = max((ends.get(parent_of(parent), 0.0) for parent in work.spec.after), default=0.0)
        end = begin + work.run_s
        longest = max(longest, end)
        if work.spec.ref is not None:
            ends[work.spec.ref] = end
    return longest
