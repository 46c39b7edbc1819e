"""Spans in fleet.toml, as seconds."""

from __future__ import annotations

from rota.files.place import Misfit, Path
from rota.model.bounds import SPAN_S
from rota.model.errors import RotaError
from rota.model.times import Span, seconds


def maybe_span(span: Span | None, path: Path) -> float | None:
    """A span in seconds, if there is one."""
    return None if span is None else span_of(span, path)


def span_of(span: Span, path: Path, *, least: float | None = None, most: float = SPAN_S) -> float:
    """A span in seconds: more than nothing, or from `least` to `most`."""
    if isinstance(span, int) and span > SPAN_S:
        raise Misfit(path, "this is longer than ten years")  # also what is too large to become a float
    try:
        value = seconds(span, "")
    except RotaError as error:
        raise Misfit(path, error.message) from None
    if least is None and value == 0:
        raise Misfit(path, "this must be more than 0 seconds")
    if least is not None and not least <= value <= most:
        raise Misfit(path, f"this must be from {least:g} to {most:g} seconds")
    return value
