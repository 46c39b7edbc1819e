"""What a link may send twice is what the table of operations says."""

from __future__ import annotations

from rota.operations.table import OPERATIONS
from rota.owner.safe import IDEMPOTENT, KEYED, READS, is_safe, keyed

_SAID_TWICE_IS_REFUSED = {"backup"}


def test_the_sets_are_those_of_the_table() -> None:
    assert {name for name, operation in OPERATIONS.items() if operation.look is not None} == READS
    idempotent = {name for name, op in OPERATIONS.items() if op.idempotent and op.look is None}
    assert idempotent - _SAID_TWICE_IS_REFUSED == IDEMPOTENT


def test_keys_are_fields_of_the_requests_and_are_filled_in() -> None:
    for name, key in KEYED.items():
        assert key in OPERATIONS[name].request.__struct_fields__
        assert not is_safe(name, {})
        first, second = keyed(name, {}), keyed(name, {})
        assert first[key] != second[key]
        assert is_safe(name, first)
        assert keyed(name, {key: "mine"}) == {key: "mine"}


def test_what_has_no_name_and_does_more_each_time_is_not_safe() -> None:
    assert not is_safe("approve", keyed("approve", {"tasks": []}))
    assert not is_safe("answer", {"task": "task-1", "answer": "yes"})
