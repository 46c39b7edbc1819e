"""What tests of bad input ask for: one refusal, and what it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rota.model.errors import RotaError


def refusal(call: Callable[[], object]) -> RotaError:
    """The RotaError that the call gives; anything else, also no error at all, fails the test."""
    with pytest.raises(RotaError) as caught:
        call()
    error = caught.value
    assert error.message
    assert error.fix
    assert str(error).isprintable(), "an error is one line that a terminal can show"
    return error


def assert_refused(call: Callable[[], object], field: str, *words: str, code: str = "invalid") -> None:
    """The call is refused, naming this field, with these words in its message."""
    error = refusal(call)
    assert (error.code, error.field) == (code, field), str(error)
    for word in words:
        assert word in error.message
