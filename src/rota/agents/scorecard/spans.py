"""Sets of moments as sorted spans that do not touch; a span is (from, to) in microseconds."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]
Spans = list[Span]


def union(spans: Iterable[Span]) -> Spans:
    """All moments that are in at least one of them."""
    joined: Spans = []
    for begin, end in sorted(spans):
        if end <= begin:
            continue
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def common(one: Spans, other: Spans) -> Spans:
    """The moments that are in both."""
    found: Spans = []
    i = j = 0
    while i < len(one) and j < len(other):
        begin, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if begin < end:
            found.append((begin, end))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return found


def without(one: Spans, other: Spans) -> Spans:
    """The moments of one that are not in the other."""
    found: Spans = []
    for begin, end in one:
        for out_begin, out_end in other:
            if out_end <= begin or out_begin >= end:
                continue
            if out_begin > begin:
                found.append((begin, out_begin))
            begin = max(begin, out_end)
        if begin < end:
            found.append((begin, end))
    return found


def length(spans: Spans) -> int:
    """How long they are together."""
    return sum(end - begin for begin, end in spans)


class Switch:
    """Something that is on or off, followed through time."""

    def __init__(self) -> None:
        self._since: int | None = None
        self._spans: Spans = []

    def set(self, on: bool, at: int) -> None:
        """It is on, or off, from this moment."""
        if on and self._since is None:
            self._since = at
        elif not on and self._since is not None:
            self._spans.append((self._since, at))
            self._since = None

    def spans(self, until: int) -> Spans:
        """When it was on, up to `until`."""
        last = [] if self._since is None else [(self._since, until)]
        return union([*self._spans, *last])
