"""Everything that can be set with `--set key=value`, with bounds, defaults and what it means.

Beside these keys, `queue.FIELD` and `pool.FIELD` set a field of every queue's or pool's policy, and `agent.KEY` or
`agent.NAME.KEY` how agents behave (see `behaviour`).
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, inspect

from rota.model.errors import RotaError, invalid

Gaps = Literal["poisson", "bursty", "diurnal", "regular", "batch"]
Shape = Literal["fixed", "exponential", "lognormal", "hyperexponential", "pareto"]
Estimates = Literal["own", "run", "none"]
Order = Literal["engine", "shortest", "longest", "virtual", "inherited"]
Count = Annotated[int, Meta(ge=1, le=100_000_000)]
Positive = Annotated[float, Meta(gt=0, le=1e9)]
Span = Annotated[float, Meta(ge=0, le=1e8)]


class Settings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The settings of one simulation. Spans are seconds."""

    policy: Annotated[str, Meta(description="A named policy: other settings in one word.")] = "default"
    order: Annotated[
        Order,
        Meta(
            description="Order inside a band: the engine's own, or one rehearsed by giving every task a made-up "
            "deadline: shortest or longest estimate first, virtual = submission + k estimates, inherited = as "
            "virtual, but never later than what waits for it allows."
        ),
    ] = "engine"
    k: Annotated[Span, Meta(description="Estimates added to the submission by virtual and inherited order.")] = 10.0
    # what comes in
    tasks: Annotated[
        Count | None, Meta(description="How many tasks are generated (10,000); of a file, the most that are read.")
    ] = None
    pace: Annotated[Positive, Meta(description="Arrivals of a file come so many times as fast.")] = 1.0
    service_base: Annotated[Span, Meta(description="LLM requests: seconds that every request takes.")] = msgspec.field(
        default=0.2, name="service.base"
    )
    service_in: Annotated[Positive, Meta(description="LLM requests: tokens read in a second.")] = msgspec.field(
        default=5_000.0, name="service.in"
    )
    service_out: Annotated[Positive, Meta(description="LLM requests: tokens written in a second.")] = msgspec.field(
        default=50.0, name="service.out"
    )
    run: Annotated[
        Positive | None, Meta(description="Task files: seconds of work of a task with neither run_s nor estimate.")
    ] = None
    load: Annotated[Positive, Meta(description="Offered load: work that comes in over what the fleet can do.")] = 0.8
    repeat: Annotated[Count, Meta(description="DAGs: how often the whole file is repeated, each time shuffled.")] = 1
    arrivals: Annotated[
        Gaps, Meta(description="How generated tasks come: poisson, bursty (cv), diurnal (period), regular, batch.")
    ] = "poisson"
    cv: Annotated[
        Annotated[float, Meta(ge=1, le=100)],
        Meta(description="Bursty: coefficient of variation of the gaps between arrivals."),
    ] = 3.0
    period: Annotated[Positive, Meta(description="Diurnal: seconds from one peak to the next.")] = 86_400.0
    swing: Annotated[
        Annotated[float, Meta(ge=0, le=1)], Meta(description="Diurnal: the peak is 1 + swing times the mean rate.")
    ] = 0.8
    mean: Annotated[Positive, Meta(description="Mean seconds of work of a generated task.")] = 10.0
    service: Annotated[Shape, Meta(description="How the work of generated tasks is spread.")] = "lognormal"
    service_cv: Annotated[
        Annotated[float, Meta(ge=0, le=100)],
        Meta(description="Coefficient of variation of the work (lognormal; hyperexponential: at least 1)."),
    ] = msgspec.field(default=1.0, name="service.cv")
    alpha: Annotated[
        Annotated[float, Meta(gt=0, le=10)],
        Meta(description="Pareto: the exponent; the smaller, the heavier the tail."),
    ] = 1.5
    tenants: Annotated[
        str, Meta(description="Tenants with their weights, as `1:2:5`; generated tasks come in these shares.")
    ] = "1"
    bands: Annotated[
        str, Meta(description="Priorities of generated tasks with their shares, as `high:0.2,normal:0.8`.")
    ] = "normal:1"
    noise: Annotated[
        Annotated[float, Meta(ge=0, le=10)],
        Meta(description="Estimates are the true work times exp(noise x a standard normal number)."),
    ] = 0.0
    estimates: Annotated[
        Estimates, Meta(description="own = those of the workload where it has some, run = true work and noise, none.")
    ] = "own"
    deadline: Annotated[
        str,
        Meta(
            description="own = as the workload says; none; `run+5,15,60` = submission, work, and one of these seconds; "
            "`estimate*1.5..20` = submission and so many estimates; `path*3` = so many times the longest chain of "
            "its group. A share may follow: `estimate*1.5..20@0.33`."
        ),
    ] = "own"
    patience: Annotated[
        Span, Meta(description="Tasks expire after an exponential time of this mean if nobody took them; 0 = never.")
    ] = 0.0
    # what is measured
    window: Annotated[
        Span, Meta(description="Seconds over which load variation is taken; 0 = 100 times the mean work of a task.")
    ] = 0.0
    slowdown_floor: Annotated[
        Positive, Meta(description="Work shorter than this counts as this in the bounded slowdown.")
    ] = msgspec.field(default=10.0, name="slowdown.floor")


WORKLOAD_KEYS = frozenset(
    {
        "tasks", "pace", "service.base", "service.in", "service.out", "run", "load", "repeat", "arrivals", "cv",
        "period", "swing", "mean", "service", "service.cv", "alpha", "tenants", "bands",
    }
)  # fmt: skip
"""Settings that mean something to some workloads only."""
SECTIONED = frozenset(
    {"agent.speed", "agent.fail", "agent.crash", "agent.slow_start", "queue.ordering", "queue.depth", "queue.ttl",
     "queue.term", "queue.max_attempts", "pool.strategy", "pool.avoid_s"}
)  # fmt: skip
"""Keys of other sections that are easily looked for here."""


def settings_of(values: Mapping[str, str | float | int]) -> Settings:
    """The settings with these values, texts converted; refused naming the key and the fix."""
    known = {field.encode_name for field in msgspec.structs.fields(Settings)}
    for key in values:
        if key not in known:
            raise unknown(key, known)
    try:
        return msgspec.convert(dict(values), Settings, strict=False)
    except msgspec.ValidationError:
        for key, value in values.items():
            _check(key, value)
        raise


def _check(key: str, value: object) -> None:
    try:
        msgspec.convert({key: value}, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise refused(f"--set {key}", value, error, Settings, key) from None


def refused(
    where: str, value: object, error: msgspec.ValidationError, struct: type[msgspec.Struct], key: str
) -> RotaError:
    """A value that a field of a struct does not take."""
    text = plain(error)
    if text.startswith("invalid enum value"):
        text = f"this is none of {', '.join(choices(struct, key))}"
    return invalid(where, f"{str(value)[:60]!r}: {text}")


def choices(struct: type[msgspec.Struct], key: str) -> tuple[str, ...]:
    """The words that a field takes; none when it takes other things."""
    for field in _fields(struct):
        kind: Any = field.type
        kind = kind.type if isinstance(kind, inspect.Metadata) else kind
        if field.encode_name == key and isinstance(kind, inspect.LiteralType):
            return tuple(str(value) for value in kind.values)
    return ()


def unknown(key: str, known: set[str]) -> RotaError:
    """There is no such key."""
    # `fail` may be meant for `agent.fail`.
    near = [name for name in sorted(known | SECTIONED) if name.endswith(f".{key}")]
    near = near or get_close_matches(key, sorted(known), 1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    return invalid(f"--set {key[:60]}", f"there is no such setting{meant}; `rota simulate --settings` lists them")


def plain(error: msgspec.ValidationError) -> str:
    """What msgspec found, in a user's words."""
    text = str(error).split(" - at `")[0].replace("`", "").removesuffix(" | null")
    for word, meaning in (("float", "a number"), ("int", "a whole number"), ("str", "text"), ("bool", "true or false")):
        text = text.replace(f" {word}", f" {meaning}")
    return text[:1].lower() + text[1:]


def described(struct: type[msgspec.Struct], prefix: str = "") -> list[tuple[str, str, str]]:
    """Each setting of a struct whose fields carry descriptions: key, default, what it means."""
    rows = []
    for field in _fields(struct):
        kind: Any = field.type
        schema = kind.extra_json_schema or {}
        default = "none" if field.default is None else f"{field.default}"
        rows.append((f"{prefix}{field.encode_name}", default, str(schema["description"])))
    return rows


def _fields(struct: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return info.fields
