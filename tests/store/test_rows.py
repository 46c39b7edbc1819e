"""Whatever goes into a table comes out of it, however many rows go at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rota.store.migrate import Migratable
from rota.store.sql.archive import PUT_TASK, WHOLE_BODIES, WHOLE_TASKS
from rota.store.sql.fleet import ADD_SERVED, ALL_SERVED
from rota.store.sql.relations import ADD_UNIQUE, UNIQUE_TASKS
from rota.store.sql.tasks import ADD_BODY, SET_RESULTS
from rota.store.sql.waiting import ADD_READY, TAKE_READY
from tests.store.places import MEMORY, Place
from tests.store.recording import in_order
from tests.store.scenes.rows import BIG, ODD
from tests.store.undone import trial

INTEGERS = st.integers(-(2**63), BIG)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20) | st.sampled_from(
    ["", "NULL", "{}", '"', "\\", '\\"', "','", '","', ODD, "\\N", "\\.", "\n", "'; DROP TABLE task; --"]
)
MAYBE = st.none() | TEXTS
TYPES = {"bigint": INTEGERS, "smallint": st.integers(-(2**15), 2**15 - 1), "text": TEXTS}
OPTIONAL = {"project", "lane", "ready_at", "finished", "deadline", "expires", "start", "estimate", "batch", "sequence",
            "unique_key", "reason", "agent"}  # fmt: skip


def tasks() -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Tasks with any values; some columns often the same in all of them."""
    columns = [
        st.none() | TYPES[type_] if name in OPTIONAL else TYPES[type_]
        for name, type_ in zip(PUT_TASK.columns, PUT_TASK.types, strict=True)
    ]
    rows = st.lists(st.tuples(*columns), min_size=1, max_size=40, unique_by=lambda row: row[0])
    alike = st.builds(
        lambda row, numbers: [(number, *row[1:]) for number in numbers],
        st.tuples(*columns),
        st.lists(INTEGERS, min_size=1, max_size=40, unique=True),
    )
    return rows | alike


def test_any_task_comes_back(store: Migratable) -> None:
    @settings(max_examples=40)
    @given(tasks())
    def check(rows: list[tuple[Any, ...]]) -> None:
        with trial(store) as t:
            t.add(PUT_TASK, rows)
            assert in_order(t.each(WHOLE_TASKS, [(row[0],) for row in rows])) == in_order(rows)

    check()


def test_any_text_finds_itself(store: Migratable) -> None:
    @settings(max_examples=40)
    @given(st.sets(TEXTS, min_size=1, max_size=40))
    def check(keys: set[str]) -> None:
        rows = [(key, number) for number, key in enumerate(sorted(keys))]
        with trial(store) as t:
            t.add(ADD_UNIQUE, rows)
            assert in_order(t.each(UNIQUE_TASKS, [(key,) for key, _ in rows])) == in_order(rows)

    check()


def test_any_update_arrives(store: Migratable) -> None:
    @settings(max_examples=40)
    @given(st.lists(MAYBE, min_size=1, max_size=40))
    def check(results: list[str | None]) -> None:
        with trial(store) as t:
            t.add(ADD_BODY, [(number, "", None) for number in range(len(results))])
            t.each(SET_RESULTS, list(enumerate(results)))
            kept = in_order(t.each(WHOLE_BODIES, [(number,) for number in range(len(results))]))
            assert [row[3] for row in kept] == results

    check()


@pytest.mark.parametrize("number", [0.0, -0.0, 1e-300, 1.7976931348623157e308, 0.1 + 0.2, 1 / 3])
def test_a_number_keeps_every_digit(store: Migratable, number: float) -> None:
    with trial(store) as t:
        t.add(ADD_SERVED, [(1, 0, number, 0, number, 0, 0)])
        assert [(row[2], row[4]) for row in t.one(ALL_SERVED)] == [(number, number)]


@pytest.mark.parametrize("n", [1, 20])
def test_a_text_is_never_cut(store: Migratable, n: int) -> None:
    """PostgreSQL can not keep NUL: the engine refuses such texts, and the store says so rather than cut them."""
    rows = [(number, "a\0b" if number == n - 1 else "", None) for number in range(n)]
    with trial(store) as t:
        if store.dialect == "postgres":
            with pytest.raises(ValueError, match="NUL"):
                t.add(ADD_BODY, rows)
            return
        t.add(ADD_BODY, rows)
        assert t.each(WHOLE_BODIES, [(n - 1,)])[0][1] == "a\0b"


@pytest.mark.parametrize("n", [0, 1, 2, 15, 16, 2_000, 2_001, 5_000])
def test_sets_of_any_size(store: Migratable, n: int) -> None:
    rows = [(1, number % 7, number, number, 0, 0) for number in range(n)]
    with trial(store) as t:
        t.add(ADD_READY, rows)
        t.add(ADD_READY, [*rows, (2, 0, 0, 0, 0, 0)])
        assert sorted(t.each(TAKE_READY, [row[:3] for row in rows])) == [(number,) for number in range(n)]
        assert t.each(TAKE_READY, [(2, 0, 0)]) == [(0,)]


def test_large_texts_go_in_parts(store: Migratable, monkeypatch: pytest.MonkeyPatch) -> None:
    if store.dialect == "postgres":
        monkeypatch.setattr("rota.store.postgres_statements.CHUNK_BYTES", 100_000)
    rows = [(number, ODD * 500, None) for number in range(40)]
    with trial(store) as t:
        t.add(ADD_BODY, rows)
        kept = t.each(WHOLE_BODIES, [(number,) for number in range(40)])
        assert sorted(row[:2] for row in kept) == [row[:2] for row in rows]


def test_the_same_key_twice_in_one_set(store: Migratable) -> None:
    with trial(store) as t:
        t.add(ADD_READY, [(1, 1, 1, 0, 0, 0), (1, 1, 1, 0, 0, 0), (1, 1, 2, 0, 0, 0)])
        assert sorted(t.each(TAKE_READY, [(1, 1, 1), (1, 1, 2)])) == [(1,), (2,)]


def test_a_key_in_use_is_an_error_without_ignore(place: Place) -> None:
    if place.kind != MEMORY:
        store = place.start()
        with pytest.raises(Exception, match=r"(?i)unique|key") as refused, store.write() as t:
            t.add(ADD_UNIQUE, [("a", 1), ("a", 2)])
        assert "a" in str(refused.value) or store.dialect == "postgres"
        with store.read() as reader:
            assert reader.each(UNIQUE_TASKS, [("a",)]) == []
        store.close()
