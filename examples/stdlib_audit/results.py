"""What the agents of this fleet answer, as plain JSON objects. `kind` says which one it is."""

from __future__ import annotations

from typing import Literal, TypedDict

TOP = 10
"""How many functions each list of the biggest or most complex ones holds, at every level up to the report."""


class Function(TypedDict):
    """One function; `lines` from `def` to its end, `complexity` after McCabe (1976): decisions + 1."""

    module: str
    name: str
    line: int
    lines: int
    complexity: int


class Metrics(TypedDict):
    """Counts of one top-level module or package; `complexity` is the sum over its functions."""

    kind: Literal["metrics"]
    module: str
    files: int
    lines: int
    functions: int
    classes: int
    complexity: int
    biggest: list[Function]
    most_complex: list[Function]


class Finding(TypedDict):
    """Something the compiler said about a module."""

    module: str
    line: int
    reason: str


class CompileCheck(TypedDict):
    """Which modules of a section do not compile, and what the compiler warned of."""

    kind: Literal["compile"]
    section: str
    files: int
    failures: list[Finding]
    warnings: list[Finding]


class Documentation(TypedDict):
    """How many public functions and classes of a section have a docstring, and which modules have none."""

    kind: Literal["documentation"]
    section: str
    files: int
    public: int
    documented: int
    missing: list[str]


class NotAudited(TypedDict):
    """A task that ended without a result, and why."""

    title: str
    state: str
    reason: str


class Summary(TypedDict):
    """All that is known of one section."""

    kind: Literal["summary"]
    section: str
    files: int
    lines: int
    functions: int
    classes: int
    complexity: int
    public: int
    documented: int
    missing: list[str]
    failures: list[Finding]
    warnings: list[Finding]
    biggest: list[Function]
    most_complex: list[Function]
    not_audited: list[NotAudited]


class Report(TypedDict):
    """Where the report lies, and its totals."""

    kind: Literal["report"]
    file: str
    sections: int
    files: int
    lines: int
    functions: int
    classes: int
    not_audited: int


def biggest(functions: list[Function]) -> list[Function]:
    """The longest ones, longest first."""
    return sorted(functions, key=lambda one: (-one["lines"], one["module"], one["line"]))[:TOP]


def most_complex(functions: list[Function]) -> list[Function]:
    """Those with the most decisions, worst first."""
    return sorted(functions, key=lambda one: (-one["complexity"], one["module"], one["line"]))[:TOP]
