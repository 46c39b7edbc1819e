"""Schedules: each tick submits its task once, over restarts, sleeps, and clocks that are put forward or back."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.commands.fleet import SetQueue
from rota.model.commands.read import EventPage, GetBatch, ListEvents, ListTasks
from rota.model.commands.schedules import (
    ListSchedules,
    NextTicks,
    PauseSchedule,
    RemoveSchedule,
    ResumeSchedule,
    SchedulePage,
    SetSchedule,
)
from rota.model.errors import RotaError
from rota.model.queue import QueuePolicy
from rota.model.schedule import ScheduleSpec, ScheduleView
from rota.model.task import TaskSpec, TaskView
from rota.model.times import SECOND
from rota.testing import TestDistributor
from tests.engine.fleet import agent, done, take, view


def schedule(name: str = "news", every: str | None = "15m", task: TaskSpec | None = None, **more: Any) -> ScheduleSpec:
    every = None if "cron" in more else every
    return ScheduleSpec(name=name, every=every, task=task or TaskSpec(title=f"read the {name}"), **more)


def set_up(rota: TestDistributor, **more: Any) -> bool:
    return bool(rota.call(SetSchedule(schedule=schedule(**more))).changed)


def tasks(rota: TestDistributor, name: str = "news") -> list[TaskView]:
    page = rota.call(ListTasks(batch=f"schedule:{name}", limit=1_000))
    return [view(rota, task.id) for task in reversed(page.tasks)]


def ticks(rota: TestDistributor, name: str = "news") -> list[str]:
    """The hours and minutes of the ticks that tasks came from."""
    return [task.payload["tick"][11:16] for task in tasks(rota, name)]


def shown(rota: TestDistributor, name: str = "news") -> ScheduleView:
    page: SchedulePage = rota.call(ListSchedules())
    return next(found for found in page.schedules if found.schedule.name == name)


def events(rota: TestDistributor, kind: str) -> list[dict[str, Any]]:
    page: EventPage = rota.call(ListEvents(limit=1_000))
    return [event.data for event in page.events if event.kind == kind]


def refused(rota: TestDistributor, code: str, field: str, spec: ScheduleSpec) -> str:
    with pytest.raises(RotaError) as caught:
        rota.call(SetSchedule(schedule=spec))
    assert (caught.value.code, caught.value.field) == (code, field), caught.value
    assert rota.call(ListSchedules()).schedules == []
    return caught.value.message


def test_each_tick_submits_its_task(rota: TestDistributor) -> None:
    assert set_up(rota, task=TaskSpec(title="read", priority="high", payload={"of": "day"}, deadline="10m"))
    assert not set_up(rota, task=TaskSpec(title="read", priority="high", payload={"of": "day"}, deadline="10m"))
    assert (shown(rota).next, shown(rota).last) == ("2026-01-05T09:15:00.000000Z", None)
    rota.clock.advance("14m59s")
    assert tasks(rota) == []
    rota.clock.advance("1s")
    (first,) = tasks(rota)
    assert (first.title, first.priority, first.batch) == ("read", "high", "schedule:news")
    assert first.payload == {"of": "day", "tick": "2026-01-05T09:15:00.000000Z"}
    assert first.deadline == "2026-01-05T09:25:00.000000Z"
    rota.clock.advance("1h")
    assert ticks(rota) == ["09:15", "09:30", "09:45", "10:00", "10:15"]
    told = shown(rota)
    assert (told.next, told.last) == ("2026-01-05T10:30:00.000000Z", "2026-01-05T10:15:00.000000Z")
    assert (told.task, told.trouble) == (tasks(rota)[-1].id, None)
    assert [found["tick"][11:16] for found in events(rota, "tick")] == ticks(rota)


def test_by_cron_on_the_clock_on_the_wall(memory: TestDistributor) -> None:
    set_up(memory, cron="30 7 * * mon-fri", time_zone="Europe/Berlin")
    memory.clock.advance("7d")
    assert ticks(memory) == ["06:30"] * 5, "Tuesday to Friday, and Monday"
    memory.clock.set(round(1_774_000_000 * SECOND))  # 2026-03-20, a Friday
    memory.call(SetSchedule(schedule=schedule("spring", cron="30 7 * * *", time_zone="Europe/Berlin")))
    memory.clock.advance("12d")
    found = ticks(memory, "spring")
    assert set(found) == {"06:30", "05:30"}
    assert found == sorted(found, reverse=True), "an hour earlier by UTC from the 29th of March on"


def test_a_restart_in_between(rota: TestDistributor) -> None:
    set_up(rota)
    rota.clock.advance("20m")
    rota.restart()
    rota.restart()
    rota.clock.advance("20m")
    assert ticks(rota) == ["09:15", "09:30"]


@pytest.mark.parametrize(
    ("catch_up", "came"),
    [("one", ["10:15"]), ("all", ["09:15", "09:30", "09:45", "10:00", "10:15"]), ("none", [])],
)
def test_an_hour_of_sleep(rota: TestDistributor, catch_up: Any, came: list[str]) -> None:
    set_up(rota, catch_up=catch_up)
    rota.clock.jump("80m")
    rota.restart()
    assert ticks(rota) == came
    missed = events(rota, "ticks_missed")
    assert [found["since"][11:16] for found in missed] == ([] if catch_up == "all" else ["09:15"])
    rota.clock.advance("10m")
    assert ticks(rota) == [*came, "10:30"]


def test_a_tick_that_is_some_seconds_late_is_not_missed(memory: TestDistributor) -> None:
    set_up(memory, catch_up="none")
    memory.clock.jump("15m59s")
    memory.clock.advance(0.1)
    assert ticks(memory) == ["09:15"]


def test_a_year_of_sleep_is_bounded(memory: TestDistributor) -> None:
    set_up(memory, every="1m", catch_up="all")
    set_up(memory, name="second", cron="* * * * *", catch_up="all")
    memory.clock.jump("365d")
    memory.clock.advance("1s")
    for name in ("news", "second"):
        assert len(tasks(memory, name)) == 100
        assert ticks(memory, name)[-1] == "09:00"
    assert len(events(memory, "ticks_missed")) == 2


def test_a_clock_that_is_put_back(rota: TestDistributor) -> None:
    set_up(rota)
    rota.clock.advance("1h")
    assert len(tasks(rota)) == 4
    rota.clock.jump("1s")
    rota.clock.set(rota.clock() - 3_000 * SECOND)  # 9:10: three ticks lie ahead that came already
    rota.clock.advance("1h")
    assert ticks(rota) == ["09:15", "09:30", "09:45", "10:00"], "each tick comes once"
    rota.clock.advance("10m")
    assert ticks(rota)[4:] == ["10:15"]


def test_a_clock_that_was_a_year_ahead(rota: TestDistributor) -> None:
    set_up(rota)
    rota.clock.jump("365d")
    rota.clock.advance("1s")
    assert len(tasks(rota)) == 1
    rota.clock.set(rota.clock() - 365 * 86_400 * SECOND)
    rota.clock.advance("1s")
    rota.clock.advance("1h")
    assert ticks(rota)[1:] == ["09:15", "09:30", "09:45", "10:00"], "no year of silence"


def test_overlap(rota: TestDistributor) -> None:
    set_up(rota, overlap="skip")
    agent(rota, "ann")
    rota.clock.advance("30m")
    assert ticks(rota) == ["09:15"]
    assert "unfinished" in (shown(rota).trouble or "")
    assert [found["tick"][11:16] for found in events(rota, "tick_skipped")] == ["09:30"]
    done(rota, take(rota, "ann"))
    rota.clock.advance("15m")
    assert ticks(rota) == ["09:15", "09:45"]
    assert shown(rota).trouble is None


def test_what_is_refused_at_a_tick_is_told_and_the_next_one_comes(rota: TestDistributor) -> None:
    rota.call(SetQueue(queue="small", policy=QueuePolicy(depth=1)))
    set_up(rota, task=TaskSpec(title="x", queue="small"))
    set_up(rota, name="other")
    agent(rota, "ann")
    rota.clock.advance("30m")
    assert ticks(rota) == ["09:15"]
    assert ticks(rota, "other") == ["09:15", "09:30"], "no schedule disturbs another"
    told = shown(rota)
    assert "depth is 1" in (told.trouble or "")
    assert (told.last, told.next) == ("2026-01-05T09:30:00.000000Z", "2026-01-05T09:45:00.000000Z")


def test_a_tick_that_sheds_a_task_whose_time_is_over_too(rota: TestDistributor) -> None:
    rota.call(SetQueue(queue="small", policy=QueuePolicy(depth=1, overflow="shed", ttl=900.0)))
    set_up(rota, task=TaskSpec(title="x", queue="small", priority="high"))
    set_up(rota, name="low", task=TaskSpec(title="y", queue="small", priority="low"))
    rota.clock.advance("2h")
    assert rota.states()["ready"] == 1


def test_paused_and_resumed(rota: TestDistributor) -> None:
    set_up(rota)
    assert rota.call(PauseSchedule(schedule="news", reason="holidays")).changed
    assert not rota.call(PauseSchedule(schedule="news")).changed
    assert (shown(rota).paused, shown(rota).reason, shown(rota).next) == (True, "holidays", None)
    set_up(rota, every="10m")
    rota.clock.advance("1h")
    assert rota.call(ResumeSchedule(schedule="news")).changed
    assert not rota.call(ResumeSchedule(schedule="news")).changed
    rota.clock.advance("10m")
    assert ticks(rota) == ["10:10"], "what was due in between is not caught up"


def test_not_enabled(memory: TestDistributor) -> None:
    set_up(memory, enabled=False)
    memory.clock.advance("1h")
    assert (tasks(memory), shown(memory).next, shown(memory).paused) == ([], None, False)
    set_up(memory)
    memory.clock.advance("15m")
    assert ticks(memory) == ["10:15"]
    set_up(memory, enabled=False)
    memory.clock.advance("1h")
    assert ticks(memory) == ["10:15"]


def test_replaced(rota: TestDistributor) -> None:
    set_up(rota)
    rota.clock.jump("40m")
    first, second = rota.together(
        SetSchedule(schedule=schedule(task=TaskSpec(title="new"))),
        SetSchedule(schedule=schedule("later", every="1h")),
    )
    assert first.changed
    assert second.changed
    assert [task.title for task in tasks(rota)] == ["read the news"], "what was missed before comes as it was"
    rota.clock.advance("10m")
    assert [task.title for task in tasks(rota)] == ["read the news", "new"]
    set_up(rota, every="1h")
    rota.clock.advance("1h")
    assert ticks(rota) == ["09:30", "09:45", "10:00"], "the old times are forgotten"


def test_removed_and_set_again(rota: TestDistributor) -> None:
    set_up(rota)
    rota.clock.advance("15m")
    rota.call(RemoveSchedule(schedule="news"))
    assert rota.call(ListSchedules()).schedules == []
    rota.clock.set(rota.clock() - 60 * SECOND)
    set_up(rota)
    rota.clock.advance("20m")
    assert ticks(rota) == ["09:15", "09:30"], "a tick of that name has come"
    rota.call(RemoveSchedule(schedule="news"))
    rota.clock.advance("1h")
    assert len(tasks(rota)) == 2


def test_a_unique_key_gathers_ticks(memory: TestDistributor) -> None:
    set_up(memory, task=TaskSpec(title="x", unique="one"))
    memory.clock.advance("1h")
    assert memory.states() == {"ready": 1}
    assert shown(memory).task == tasks(memory)[0].id


def test_drained(memory: TestDistributor) -> None:
    set_up(memory)
    memory.clock.advance("30m")
    assert memory.drain({"*": lambda given: given.payload["tick"]}) == {"done": 2}
    assert memory.call(GetBatch(batch="schedule:news")).states == {"done": 2}


def test_next_ticks(memory: TestDistributor) -> None:
    set_up(memory)
    told = memory.call(NextTicks(schedule="news", n=2)).ticks
    assert told == ["2026-01-05T09:15:00.000000Z", "2026-01-05T09:30:00.000000Z"]
    told = memory.call(NextTicks(cron="@daily", time_zone="America/New_York", n=1)).ticks
    assert told == ["2026-01-06T05:00:00.000000Z"]
    with pytest.raises(RotaError) as caught:
        memory.call(NextTicks(cron="0 25 * * *"))
    assert caught.value.field == "cron"
    for wrong in (NextTicks(schedule="news", every=3), NextTicks(), NextTicks(every=60, n=101)):
        with pytest.raises(RotaError):
            memory.call(wrong)


def test_what_can_not_be(memory: TestDistributor) -> None:
    def said(field: str, **more: Any) -> str:
        return refused(memory, "invalid", f"schedule.{field}", schedule(**more))

    assert "five fields" in said("cron", cron="* * * *")
    assert "bad hour" in said("cron", cron="0 25 * * *")
    assert "bad day" in said("cron", cron="0 0 31 feb *")
    assert "never comes" in said("cron", cron="0 0 */31 2 3#5")
    assert "@daily" in said("cron", cron="@often")
    assert "no time zone" in said("time_zone", cron="@daily", time_zone="Mars/Crater")
    assert "only used with cron" in said("time_zone", time_zone="Europe/Berlin")
    assert "not when it comes" in said("cron", every=None)
    assert "between 1 second" in said("every", every=0.5)
    assert "not a length of time" in said("every", every="often")
    assert "is none of" in said("overlap", overlap="wait")
    assert "is none of" in said("catch_up", catch_up="some")
    assert "is empty" in said("name", name=" ")
    assert "a date is the same" in said("task.deadline", task=TaskSpec(title="x", deadline="2027-01-01T00:00:00Z"))
    assert "leave it out" in said("task.after", task=TaskSpec(title="x", after=["task-1"]))
    assert "must be an object" in said("task.payload", task=TaskSpec(title="x", payload=[1]))
    assert "another name" in said("task.payload.tick", task=TaskSpec(title="x", payload={"tick": 1}))
    assert "is empty" in said("task.title", task=TaskSpec(title=""))
    refused(memory, "no_queue", "schedule.task.queue", schedule(task=TaskSpec(title="x", queue="q")))
    both = ScheduleSpec(name="x", cron="@daily", every=60, task=TaskSpec(title="x"))
    assert "not both" in refused(memory, "invalid", "schedule.every", both)


def test_not_too_many(memory: TestDistributor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rota.engine.schedules.MOST", 2)
    set_up(memory)
    set_up(memory, name="b")
    with pytest.raises(RotaError, match="2 schedules already"):
        set_up(memory, name="c")
    assert set_up(memory, name="b", every="1h")
