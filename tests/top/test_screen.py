"""The screen with real keys, on real databases: through the owner's socket, on PostgreSQL, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, Static

from rota.faces.cli.short.calls import changing
from rota.faces.top.opening import looking
from rota.faces.top.screen import Confirm, Top
from rota.model.commands.read import GetAgent, GetQueue, GetTask
from tests.top.conftest import Place

WAIT_S = 20.0


def screen(place: Place) -> Top:
    return Top(partial(looking, place.address), partial(changing, place.address))


async def until(pilot: Pilot[None], seen: Callable[[], Any]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not seen():
            await pilot.pause(0.02)


def rows(app: Top, name: str) -> list[list[str]]:
    table: DataTable[Any] = app.query_one(f"#{name}", DataTable)
    return [[str(cell) for cell in table.get_row_at(at)] for at in range(table.row_count)]


async def choose(pilot: Pilot[None], app: Top, name: str, key: str) -> None:
    table: DataTable[Any] = app.query_one(f"#{name}", DataTable)
    table.focus()
    table.move_cursor(row=table.get_row_index(key))
    await pilot.pause()


async def decide(pilot: Pilot[None], app: Top, key: str, answer: str) -> str:
    """Press the key, and answer what is asked; the question."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    asked = app.screen
    assert isinstance(asked, Confirm)
    await pilot.press(answer)
    await until(pilot, lambda: app.screen is not asked)
    return asked.question


@pytest.mark.parametrize("place", ["postgres", "http"], indirect=True)
def test_it_is_the_same_everywhere(place: Place) -> None:
    async def play() -> None:
        app = screen(place)
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: rows(app, "apart"))
            await choose(pilot, app, "apart", "task-2")
            await decide(pilot, app, "r", "y")
            await until(pilot, lambda: place.rota.call(GetTask(task="task-2")).state == "ready")
            await until(pilot, lambda: not rows(app, "apart"))

    asyncio.run(play())


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_what_is_shown_and_what_keys_do(place: Place) -> None:
    rota = place.rota

    async def play() -> None:
        app = screen(place)
        async with app.run_test(size=(140, 50)) as pilot:
            await until(pilot, lambda: rows(app, "work"))
            (ann, bob) = rows(app, "work")
            assert ann[:3] + ann[5:6] == ["ann", "active", "1/3", "task-3"]
            assert ann[8] == "[b]three[/b]\\x1b[31m", "a title does nothing to the terminal"
            assert float(ann[7]) >= 1.0, "what it has cost so far"
            assert bob[0] == "bob"
            assert ["later", "1", "0", "", "inventory"] in rows(app, "queues")
            assert [row[:2] for row in rows(app, "apart")] == [["task-2", "dead"]]
            assert ["1", "later", "", "the queue is paused: inventory"] in rows(app, "waits")
            assert any(row[1] == "fail" for row in rows(app, "events"))
            assert "3 ready, 1 running, 1 dead" in str(app.query_one("#head", Static).content)

            await choose(pilot, app, "queues", "later")
            assert "Resume queue later?" in await decide(pilot, app, "p", "y")
            await until(pilot, lambda: not rota.call(GetQueue(queue="later")).paused)
            await choose(pilot, app, "apart", "task-2")
            assert "Redrive task-2" in await decide(pilot, app, "r", "enter")
            await until(pilot, lambda: rota.call(GetTask(task="task-2")).state == "ready")
            await choose(pilot, app, "work", "ann/task-3")
            await decide(pilot, app, "c", "n")
            await decide(pilot, app, "d", "escape")
            assert rota.call(GetAgent(agent="ann")).state == "active", "it was not confirmed"
            await decide(pilot, app, "d", "y")
            await until(pilot, lambda: rota.call(GetAgent(agent="ann")).state == "draining")
            await until(pilot, lambda: rows(app, "work")[0][1] == "draining")
            assert "Its agent is asked to stop" in await decide(pilot, app, "c", "y")
            await until(pilot, lambda: "asked to stop" in _why(place))

            await choose(pilot, app, "work", "bob/")
            await pilot.press("c")
            await pilot.pause()
            assert not isinstance(app.screen, Confirm), "there is no task on that row"
            await pilot.press("slash", "b", "o", "b")
            await until(pilot, lambda: [row[0] for row in rows(app, "work")] == ["bob"])
            await pilot.press("escape")
            await until(pilot, lambda: len(rows(app, "work")) == 2)
            assert not app.query_one("#filter", Input).display
            # Like every other command, whatever has the focus.
            await pilot.press("slash", "a", "ctrl+c")
            await until(pilot, lambda: not app.is_running)

    asyncio.run(play())


def _why(place: Place) -> str:
    from rota.model.commands.read import Explain

    return str(place.rota.call(Explain(task="task-3")).text)


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_a_database_that_goes_away_is_said_and_seen_again(place: Place) -> None:
    async def play() -> None:
        away = False

        def opening() -> Any:
            return looking("/no/such/place.db" if away else place.address)

        app = Top(opening, partial(changing, place.address))
        app.again_s = 0.05
        looked = app._look_with

        def and_fail_once(looker: Any) -> None:
            nonlocal away
            away = True
            looker.look()
            app._tell(app._show, looker.look())

        app._look_with = and_fail_once  # type: ignore[method-assign]
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: "there is no database" in str(app.query_one("#trouble", Static).content))
            assert rows(app, "work"), "what was seen last stands"
            away, app._look_with = False, looked  # type: ignore[method-assign]
            await until(pilot, lambda: not app.query_one("#trouble", Static).display)

    asyncio.run(play())
