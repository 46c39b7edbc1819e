"""Each kind of breach, planted in a copy of a clean database, is found with its evidence."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.audit.report import Report, Violation
from rota.audit.rules import RULES
from rota.model.event import Move
from rota.model.state import DONE, READY, RUNNING
from tests.audit.looking import audited_at, told
from tests.audit.scene import Scene, make_scene


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    path = tmp_path_factory.mktemp("scene") / "rota.db"
    return path, make_scene(path)


@pytest.fixture
def scene(original: tuple[Path, dict[str, int]], tmp_path: Path) -> Iterator[Scene]:
    path = tmp_path / "copy.db"
    shutil.copy(original[0], path)
    copied = Scene(path, original[1])
    yield copied
    copied.close()


def audited(scene: Scene) -> Report:
    scene.close()
    return audited_at(str(scene.path))


def found(scene: Scene, rule: str, *, event: int | None = None, task: str | None = None) -> Violation:
    """The one violation of this rule about this event and task."""
    report = audited(scene)
    assert not report.clean
    named = None if task is None else f"task-{scene[task]}"
    fitting = [
        one
        for one in report.violations
        if one.rule == rule and (event is None or one.event == event) and (task is None or one.task == named)
    ]
    assert len(fitting) == 1, told(report)
    assert report.counts[rule] >= 1
    assert str(fitting[0].event or "") in fitting[0].text
    return fitting[0]


def test_the_scene_is_clean(scene: Scene) -> None:
    report = audited(scene)
    assert report.clean, told(report)
    assert report.tasks == len(scene.names)
    assert set(report.states) == {
        "done", "dead", "review", "asked", "running", "cancelled", "scheduled", "held", "ready", "blocked"
    }  # fmt: skip


def test_an_event_that_was_deleted(scene: Scene) -> None:
    gone = scene.one("SELECT seq FROM event WHERE kind = 'register' LIMIT 1")
    scene.run("DELETE FROM event WHERE seq = ?", gone)
    assert found(scene, "event_missing", event=gone + 1).expected == f"event {gone}"


@pytest.mark.parametrize(
    "moves", ["[[1,", '[["x",1,3]]', "[[9223372036854775807,9223372036854775807,3]]", "[[1,1,77]]"]
)
def test_an_event_that_can_not_be_read(scene: Scene, moves: str) -> None:
    number = scene.say("start")
    scene.run("UPDATE event SET moves = ? WHERE seq = ?", moves, number)
    found(scene, "event_unreadable", event=number)


def test_a_plan_without_what_it_must_record(scene: Scene) -> None:
    number = scene.say_given("ready", "ann")
    scene.run("UPDATE event SET data = '{}' WHERE seq = ?", number)
    found(scene, "event_unreadable", event=number)


def test_an_outcome_of_a_task_that_nobody_had(scene: Scene) -> None:
    number = scene.say("complete", Move(scene["ready"], scene["ready"], DONE))
    assert "ready into done" in found(scene, "wrong_change", event=number, task="ready").found


def test_a_task_that_runs_without_a_plan(scene: Scene) -> None:
    number = scene.say("start", Move(scene["ready"], scene["ready"], RUNNING, scene.lane("ready"), 1, 5, 1))
    found(scene, "wrong_change", event=number, task="ready")


def test_an_ended_task_that_changes(scene: Scene) -> None:
    number = scene.say("start", Move(scene["done"], scene["done"], READY, scene.lane("ready")))
    assert "done" in found(scene, "changed_after_end", event=number, task="done").expected


def test_a_dead_task_that_comes_to_life_without_a_redrive(scene: Scene) -> None:
    number = scene.say("start", Move(scene["dead"], scene["dead"], READY, scene.lane("ready")))
    found(scene, "changed_after_end", event=number, task="dead")


def test_a_result_that_is_recorded_twice(scene: Scene) -> None:
    number = scene.say("complete", Move(scene["done"], scene["done"], DONE, None, None, None, 3))
    found(scene, "changed_after_end", event=number, task="done")


def test_a_second_lease(scene: Scene) -> None:
    number = scene.say_given("running", "bob", attempt=2)
    found(scene, "two_leases", event=number, task="running")


def test_a_slot_with_two_tasks(scene: Scene) -> None:
    slot = scene.one("SELECT slot FROM lease WHERE task = ?", scene["running"])
    number = scene.say_given("ready", "ann", slot=slot)
    assert f"task-{scene['running']}" in found(scene, "slot_twice", event=number, task="ready").found


def test_an_attempt_out_of_turn(scene: Scene) -> None:
    number = scene.say_given("ready", "ann", attempt=3)
    assert found(scene, "attempt_number", event=number, task="ready").expected == "attempt 1"


def test_the_end_of_another_attempt(scene: Scene) -> None:
    number = scene.say("complete", Move(scene["running"], scene["running"], DONE, None, None, None, 2))
    found(scene, "attempt_number", event=number, task="running")


def test_a_give_out_of_another_lane(scene: Scene) -> None:
    number = scene.say_given("low", "ann", lane=scene.lane("ready"))
    found(scene, "wrong_lane", event=number, task="low")


def test_a_lane_that_there_is_not(scene: Scene) -> None:
    number = scene.say("start", Move(scene["scheduled"], scene["scheduled"], READY, 99))
    found(scene, "wrong_lane", event=number, task="scheduled")


def test_a_worse_task_given_first(scene: Scene) -> None:
    number = scene.say_given("low", "ann")
    violation = found(scene, "inversion", event=number, task="low")
    assert "'ann'" in violation.expected
    assert "high" in violation.expected
    assert "low" in violation.found
    assert audited_at(str(scene.path)).inversions == 1


def test_a_worse_task_given_after_the_better_one_is_no_breach_of_order(scene: Scene) -> None:
    scene.say_given("ready", "ann")
    scene.say_given("low", "ann", slot=7)
    assert audited(scene).inversions == 0


def test_a_worse_task_is_rightly_given_where_the_better_one_may_not_be_done(scene: Scene) -> None:
    scene.run("UPDATE lane SET band = 0 WHERE id = ?", scene.lane("skilled"))
    scene.say_given("ready", "bob")
    number = scene.say_given("low", "bob", slot=7)
    report = audited(scene)
    assert report.inversions == 0
    assert not [one for one in report.violations if one.event == number]


def test_a_better_lane_that_was_parked_for_a_true_reason_is_no_breach_of_order(scene: Scene) -> None:
    scene.say("pause", queue="default", fleet=50)
    scene.say("resume", queue="default", fleet=51)
    lane = scene.lane("ready")
    number = scene.say_given("low", "ann", fleet=50, parked={str(lane): "paused"})
    report = audited(scene)
    assert report.inversions == 0
    # The given task came out of the same paused queue.
    assert [one.rule for one in report.violations if one.event == number] == ["not_eligible"]


@pytest.mark.parametrize("reason", ["paused", "limit:api", "nobody:skill=2", "broken", "weather"])
def test_a_lane_parked_for_a_reason_that_is_not_true(scene: Scene, reason: str) -> None:
    number = scene.say_given("low", "ann", parked={str(scene.lane("ready")): reason})
    assert found(scene, "false_reason", event=number).found == reason
    assert audited_at(str(scene.path)).inversions == 1


@pytest.mark.parametrize("field", ["parked", "passed"])
def test_a_limit_that_has_room_is_no_reason(scene: Scene, field: str) -> None:
    set_limit(scene, key="tenant", capacity=3)
    number = scene.say_given("low", "ann", **{field: {str(scene.lane("ready")): "limit:tenant:default"}})
    assert found(scene, "false_reason", event=number).found == "limit:tenant:default"


@pytest.mark.parametrize("field", ["parked", "passed"])
def test_a_limit_that_is_used_up_is_a_reason(scene: Scene, field: str) -> None:
    """One task runs, and no more may. What was given instead exceeds the limit all the same."""
    set_limit(scene, key="tenant", capacity=1)
    number = scene.say_given("low", "ann", **{field: {str(scene.lane("ready")): "limit:tenant:default"}})
    report = audited(scene)
    assert [one.rule for one in report.violations if one.event == number] == ["limit_exceeded"]


def test_a_limit_on_others_is_no_reason(scene: Scene) -> None:
    set_limit(scene, key="tenant:acme", capacity=1)
    number = scene.say_given("low", "ann", parked={str(scene.lane("ready")): "limit:tenant:acme"})
    found(scene, "false_reason", event=number)


def test_more_at_once_than_a_limit_allows(scene: Scene) -> None:
    set_limit(scene, key="queue:default", capacity=2)
    scene.say_given("ready", "ann")
    number = scene.say_given("low", "bob")
    assert found(scene, "limit_exceeded", event=number, task="low").found == "2 of 2 concurrency used"


def test_more_in_a_time_than_a_limit_allows(scene: Scene) -> None:
    set_limit(scene, key="agent", unit="tasks", period=60, capacity=1)
    scene.say_given("ready", "bob")
    number = scene.say_given("low", "bob", slot=7)
    assert found(scene, "limit_exceeded", event=number, task="low").expected == "room in limit agent:bob tasks/60s"


def test_what_was_given_back_of_a_limit_is_counted(scene: Scene) -> None:
    set_limit(scene, key="agent", unit="tokens", period=60, capacity=10, estimate=10)
    scene.say_given("ready", "bob")
    since = scene.one("SELECT max(at) FROM event")
    scene.say("limit_used", more={"agent:bob tokens/60s": [[-10_000_000, since]]})
    scene.say_given("low", "bob", slot=7)
    assert "limit_exceeded" not in audited(scene).counts


def test_more_admitted_than_a_limit_allows(scene: Scene) -> None:
    """Tasks with a key of their own: both of one document are ready."""
    set_limit(scene, key="doc:{payload.document}", capacity=1)
    scene.run("UPDATE task SET keys = ? WHERE id IN (?, ?)", '{"doc:a":77}', scene["low"], scene["scheduled"])
    scene.say("edit", Move(scene["low"], scene["low"], READY, scene.lane("low")))
    number = scene.say("start", Move(scene["scheduled"], scene["scheduled"], READY, scene.lane("ready")))
    assert found(scene, "limit_exceeded", event=number, task="scheduled").found == "2 tasks admitted, of 1"


def test_a_task_in_line_that_nothing_lets_in(scene: Scene) -> None:
    scene.run("INSERT INTO in_line (task, key, band, due) VALUES (?, 'doc:a', 3, 0)", scene["blocked"])
    assert "doc:a" in found(scene, "stuck", task="blocked").expected


def set_limit(scene: Scene, **limit: object) -> None:
    scene.say("set_limit", id=77, limit=limit, fleet=60)


def test_a_task_for_an_agent_without_the_skill(scene: Scene) -> None:
    scene.say_given("ready", "bob")
    number = scene.say_given("skilled", "bob", slot=7)
    assert "needs py 2" in found(scene, "not_eligible", event=number, task="skilled").found


def test_a_task_for_an_agent_that_is_draining(scene: Scene) -> None:
    scene.say("drain", agent=scene.agent("bob"), fleet=60)
    number = scene.say_given("ready", "bob", fleet=60)
    assert "draining" in found(scene, "not_eligible", event=number, task="ready").found


def test_a_task_out_of_a_paused_queue(scene: Scene) -> None:
    scene.say("pause", queue="default", fleet=60)
    number = scene.say_given("ready", "bob", fleet=60)
    assert "paused" in found(scene, "not_eligible", event=number, task="ready").expected


def test_a_task_for_an_agent_nobody_knows(scene: Scene) -> None:
    number = scene.say_given("ready", "bob", agent=77)
    found(scene, "not_eligible", event=number, task="ready")


def test_a_promotion_that_nothing_explains(scene: Scene) -> None:
    number = scene.say("widen", Move(scene["low"], scene["low"], READY, scene.lane("ready")))
    assert "widen" in found(scene, "unrecorded_promotion", event=number, task="low").found


@pytest.mark.parametrize("name", ["done", "ready", "running", "scheduled", "blocked"])
def test_a_task_that_is_gone(scene: Scene, name: str) -> None:
    scene.run("DELETE FROM task WHERE id = ?", scene[name])
    assert found(scene, "task_lost", task=name).found == "no row"


def test_the_last_task_is_gone(scene: Scene) -> None:
    last = max(scene.names, key=lambda name: scene[name])
    scene.run("DELETE FROM task WHERE id = ?", scene[last])
    found(scene, "task_lost", task=last)


def test_a_body_that_is_gone(scene: Scene) -> None:
    scene.run("DELETE FROM body WHERE task = ?", scene["ready"])
    assert found(scene, "task_lost", task="ready").expected == "its description and payload"


def test_a_task_that_nobody_submitted(scene: Scene) -> None:
    columns = ", ".join(str(row[1]) for row in scene.run("PRAGMA table_info(task)") if row[1] != "id")
    scene.run(f"INSERT INTO task (id, {columns}) SELECT 500, {columns} FROM task WHERE id = ?", scene["done"])
    report = audited(scene)
    assert [one.task for one in report.violations if one.rule == "task_unknown"] == ["task-500"]


def test_a_task_submitted_twice(scene: Scene) -> None:
    number = scene.say("submit", Move(scene["held"], scene["held"], READY, scene.lane("ready")))
    found(scene, "task_unknown", event=number, task="held")


def test_a_state_that_no_event_led_to(scene: Scene) -> None:
    scene.run("UPDATE task SET state = ? WHERE id = ?", DONE, scene["held"])
    violation = found(scene, "state_differs", task="held")
    assert (violation.expected, violation.found) == ("held", "done")


def test_a_ready_task_that_is_not_listed(scene: Scene) -> None:
    scene.run("DELETE FROM ready WHERE task = ?", scene["ready"])
    assert found(scene, "ready_row", task="ready").found == "none"


def test_a_task_listed_as_ready_that_is_not(scene: Scene) -> None:
    scene.run("INSERT INTO ready (lane, due, task) VALUES (1, 1, ?)", scene["held"])
    assert "held" in found(scene, "ready_row", task="held").expected


def test_a_ready_task_in_another_lane(scene: Scene) -> None:
    scene.run("UPDATE ready SET lane = ? WHERE task = ?", scene.lane("low"), scene["ready"])
    found(scene, "ready_row", task="ready")


def test_a_ready_task_listed_twice(scene: Scene) -> None:
    scene.run("INSERT INTO ready (lane, due, task) VALUES (?, 1, ?)", scene.lane("ready"), scene["ready"])
    found(scene, "ready_row", task="ready")


def test_a_lease_that_is_gone(scene: Scene) -> None:
    scene.run("DELETE FROM lease")
    assert found(scene, "lease_row", task="running").found == "none"


def test_a_lease_of_somebody_else(scene: Scene) -> None:
    scene.run("UPDATE lease SET agent = ?", scene.agent("bob"))
    assert f"agent {scene.agent('bob')}" in found(scene, "lease_row", task="running").found


def test_a_lease_that_no_plan_gave(scene: Scene) -> None:
    columns = ", ".join(str(row[1]) for row in scene.run("PRAGMA table_info(lease)") if row[1] not in ("task", "slot"))
    scene.run(f"INSERT INTO lease (task, slot, {columns}) SELECT ?, 6, {columns} FROM lease", scene["low"])
    assert found(scene, "lease_row", task="low").expected == "no lease"


@pytest.mark.parametrize("name", ["dead", "review", "asked", "scheduled", "held", "blocked"])
def test_a_task_set_aside_that_is_not_listed(scene: Scene, name: str) -> None:
    scene.run("DELETE FROM aside WHERE task = ?", scene[name])
    found(scene, "aside_row", task=name)


def test_a_task_listed_as_set_aside_that_is_not(scene: Scene) -> None:
    scene.run("INSERT INTO aside (state, task) VALUES (2, ?)", scene["ready"])
    found(scene, "aside_row", task="ready")


def test_an_attempt_that_is_gone(scene: Scene) -> None:
    scene.run("DELETE FROM attempt WHERE task = ? AND number = 1", scene["done"])
    assert found(scene, "attempt_rows", task="done").found == "1 numbered 2 to 2"


def test_an_attempt_too_many(scene: Scene) -> None:
    scene.run("INSERT INTO attempt SELECT task, 3, agent, since, ended, outcome, counted, error, note, token"
              " FROM attempt WHERE task = ? AND number = 2", scene["done"])  # fmt: skip
    found(scene, "attempt_rows", task="done")


def test_all_attempts_of_the_last_task_that_had_some(scene: Scene) -> None:
    scene.run("DELETE FROM attempt WHERE task = ?", scene["asked"])
    assert found(scene, "attempt_rows", task="asked").found == "none"


def test_a_depth_that_is_wrong(scene: Scene) -> None:
    scene.run("INSERT INTO depth (lane, n) VALUES (?, 1)", scene.lane("ready"))
    assert f"lane {scene.lane('ready')}" in found(scene, "depth").expected


def test_a_scheduled_task_that_nothing_will_start(scene: Scene) -> None:
    scene.run("DELETE FROM timer WHERE ref = ?", scene["scheduled"])
    found(scene, "stuck", task="scheduled")


def test_a_blocked_task_that_waits_for_nothing(scene: Scene) -> None:
    scene.run("UPDATE dependency SET met = 1 WHERE child = ?", scene["blocked"])
    found(scene, "stuck", task="blocked")


def test_tasks_that_wait_for_each_other(scene: Scene) -> None:
    parent = scene.one("SELECT parent FROM dependency WHERE child = ? AND met = 0", scene["blocked"])
    scene.run("INSERT INTO dependency (child, parent, rule, until) VALUES (?, ?, 0, 0)", parent, scene["blocked"])
    assert " -> " in found(scene, "stuck").found


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE queue SET paused = 1 WHERE name = 'reviewed'",
        "UPDATE agent SET state = 1 WHERE name = 'ann'",
        """UPDATE agent SET spec = '{"name":"ann","skills":{"py":9}}' WHERE name = 'ann'""",
    ],
)
def test_a_fleet_that_no_event_changed(scene: Scene, sql: str) -> None:
    scene.run(sql)
    found(scene, "fleet_differs")


def test_every_rule_is_broken_by_a_test_here() -> None:
    text = Path(__file__).read_text()
    assert [rule for rule in RULES if f'"{rule}"' not in text] == []
