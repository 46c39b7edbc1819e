"""Columns as the text of PostgreSQL arrays: one short parameter a column in place of one a value.

An array of 500 numbers is made in some 30 microseconds this way; the driver's own adaptation of a list takes 20 times
as long, because it looks at every element.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_MARK = "\0"
"""Stands between texts while they are quoted together. PostgreSQL's own texts can not hold it."""
_QUOTE = '"'
_BETWEEN = '","'


def scalar(value: Any) -> bytes | None:
    """A value as the text of one parameter."""
    if value is None:
        return None
    text: str = value if type(value) is str else str(value)
    if _MARK in text:
        raise ValueError("PostgreSQL can not keep a text with the character NUL")
    return text.encode()


def array(column: Sequence[Any], type_: str) -> bytes:
    """A column as the text of an array. `type_` is the PostgreSQL type of its elements."""
    if type_ == "text":
        return _texts(column)
    if None in column:
        return f"{{{','.join(['NULL' if value is None else str(value) for value in column])}}}".encode()
    return f"{{{','.join(map(str, column))}}}".encode()


def _texts(column: Sequence[str | None]) -> bytes:
    if None not in column:
        return f'{{"{_escaped(column).replace(_MARK, _BETWEEN)}"}}'.encode()
    texts = [text for text in column if text is not None]
    escaped = iter(_escaped(texts).split(_MARK))
    elements = ["NULL" if text is None else f"{_QUOTE}{next(escaped)}{_QUOTE}" for text in column]
    return f"{{{','.join(elements)}}}".encode()


def _escaped(texts: Sequence[str | None]) -> str:
    """The texts, escaped, with marks between them. Joined first: a pass over all of them together is cheap."""
    joined = _MARK.join(texts)  # type: ignore[arg-type]  # the callers have seen that there is no None
    if texts and joined.count(_MARK) != len(texts) - 1:
        raise ValueError("PostgreSQL can not keep a text with the character NUL")
    if "\\" in joined:
        joined = joined.replace("\\", "\\\\")
    if _QUOTE in joined:
        joined = joined.replace(_QUOTE, '\\"')
    return joined
