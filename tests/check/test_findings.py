"""What cannot be done is told before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.check.examine import check
from rota.check.plan_of_work import History
from rota.files.toml import parse_fleet
from rota.model.errors import RotaError
from tests.check.checking import ANN, NOW, checked, only


def test_all_is_well(tmp_path: Path) -> None:
    report = checked(tmp_path, ANN, {"estimate": 1, "skills": {"py": 2}})
    assert report.ok
    assert report.findings == []
    assert (report.tasks, report.agents, report.slots) == (1, 1, 2)


def test_tasks_that_nobody_may_do_with_the_reason_for_each_agent(tmp_path: Path) -> None:
    fleet = ANN + '[[agent]]\nname = "bob"\nrole = "writer"\n[pool.far]\n[[agent]]\nname = "cat"\npool = "far"\n'
    hard = {"skills": {"py": 3}}
    report = checked(tmp_path, fleet, {"estimate": 1}, *[hard] * 7)
    found = only(report, "nobody")
    assert not report.ok
    assert (found.level, found.tasks, found.lines) == ("problem", 7, [2, 3, 4, 5, 6])
    assert found.agents == {
        "ann": "skill: needs py 3, has 2",
        "bob": "skill: needs py 3, has 0",
        "cat": "pool: is in pool far, the queue is in default",
    }


def test_each_sort_of_impossible_task_is_told_by_itself(tmp_path: Path) -> None:
    report = checked(tmp_path, ANN, {"role": "x"}, {"pin": "bob"}, {"ban": ["ann"]}, {"regions": ["moon"]})
    assert [sorted(one.agents.values()) for one in report.findings if one.code == "nobody"] == [
        ["role: needs role x, has none"],
        ["pinned: only bob may do it"],
        ["banned: ann is banned from it"],
        ["region: needs region moon, is in none"],
    ]


def test_what_a_rule_makes_of_a_task_is_looked_at(tmp_path: Path) -> None:
    rules = '[[rule]]\nmatch = { kind = "fix" }\nset = { role = "nobody" }\n'
    report = checked(tmp_path, ANN + rules, {"kind": "fix"}, {"kind": "task"})
    assert only(report, "nobody").lines == [1]


def test_a_task_that_a_stage_will_make_fit_is_no_problem(tmp_path: Path) -> None:
    stages = [{"after": 60, "change": {"skills": {"py": 2}}}, {"attempts": 1, "change": {"drop": ["role"]}}]
    report = checked(tmp_path, ANN, {"skills": {"py": 9}, "stages": stages}, {"role": "x", "stages": stages})
    assert only(report, "nobody").lines == [2], "what comes with a failure never comes"


def test_a_fleet_without_agents(tmp_path: Path) -> None:
    report = checked(tmp_path, "", {})
    assert only(report, "nobody").text == "the fleet has no agents"
    assert not report.ok


def test_a_module_that_there_is_not(tmp_path: Path) -> None:
    fleet = '[[agent]]\nname = "ann"\npython = "review:review"\n'
    report = checked(tmp_path, fleet, {})
    assert "agent[0].python: there is no module 'review'" in only(report, "invalid").text
    assert not report.ok
    (tmp_path / "review.py").write_text("1 / 0")
    assert checked(tmp_path, fleet, {}).ok


def test_a_file_without_tasks(tmp_path: Path) -> None:
    report = checked(tmp_path, ANN)
    assert only(report, "no_tasks").level == "warning"


def test_a_queue_that_there_is_not(tmp_path: Path) -> None:
    report = checked(tmp_path, ANN + "[queue.reviews]\n", {"queue": "revews"}, {"queue": "reviews"}, {})
    found = only(report, "no_queue")
    assert found.lines == [1]
    assert "reviews" in found.text
    assert not report.ok


@pytest.mark.parametrize(
    ("tasks", "code", "words"),
    [
        ([{"ref": "a", "after": ["b"]}, {"ref": "b", "after": ["a"]}], "cycle", "line 1 -> line 2 -> line 1"),
        ([{"after": ["nobody"]}], "unknown_reference", "nobody"),
        ([{"ref": "a"}, {"ref": "a"}], "duplicate", "already"),
        ([{"priority": "urgent"}], "invalid", "priority"),
        ([{"skills": {"py": 0}}], "invalid", "skills"),
    ],
)
def test_a_file_that_contradicts_itself(tmp_path: Path, tasks: list[dict[str, object]], code: str, words: str) -> None:
    report = checked(tmp_path, ANN, *tasks)
    found = only(report, code)
    assert not report.ok
    assert words in found.text
    assert "tasks.jsonl:" in found.text
    assert report.forecast is None


def test_a_file_that_can_not_be_read_at_all_is_refused(tmp_path: Path) -> None:
    fleet = parse_fleet(ANN, "fleet.toml")
    with pytest.raises(RotaError):
        check(fleet, str(tmp_path / "missing.jsonl"), History(), NOW)


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    fleet = '[[agent]]\nname = "ann"\ncommand = ["no-such-program-anywhere"]\n'
    report = checked(tmp_path, fleet, {"estimate": 1})
    assert "no-such-program-anywhere" in only(report, "invalid").text
    assert not report.ok
    assert report.forecast is not None


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    fleet = '[[agent]]\nname = "ann"\ncommand = ["sh", "-e", "write.sh", "{title}"]\n'
    report = checked(tmp_path, fleet, {"estimate": 1})
    found = only(report, "fleet")
    assert (found.level, report.ok) == ("warning", True)
    assert "agent[0].command: there is no 'write.sh' in " in found.text


def test_tasks_on_hold_are_a_warning(tmp_path: Path) -> None:
    report = checked(tmp_path, ANN, {"held": True}, {})
    assert (only(report, "held").level, only(report, "held").lines) == ("warning", [1])
    assert report.ok


def test_a_deadline_that_can_not_be_met_even_with_a_free_slot(tmp_path: Path) -> None:
    chain = [{"ref": "a", "estimate": 60}, {"after": ["a"], "estimate": 50, "deadline": "100s"}]
    report = checked(tmp_path, ANN, *chain)
    found = only(report, "deadline")
    assert (found.level, found.lines) == ("problem", [2])
    assert "10:01:50" in found.text
    assert not report.ok


def test_a_deadline_that_is_over_would_have_the_submit_refused(tmp_path: Path) -> None:
    report = checked(tmp_path, ANN, {"deadline": "2026-11-22T09:00:00Z"}, {"deadline": "2026-11-22T11:00:00Z"})
    found = only(report, "past")
    assert (found.level, found.lines) == ("problem", [1])


def test_a_deadline_that_only_an_assumption_misses_is_a_warning(tmp_path: Path) -> None:
    report = checked(tmp_path, ANN, {"deadline": "30s"}, assumed_s=60)
    assert only(report, "deadline").level == "warning"
    assert report.ok


def test_a_deadline_that_is_missed_because_others_come_first(tmp_path: Path) -> None:
    ahead = [{"estimate": 10, "priority": "high"}] * 4
    report = checked(tmp_path, ANN, *ahead, {"estimate": 10, "deadline": "15s", "priority": "low"})
    assert (only(report, "late").level, only(report, "late").tasks) == ("warning", 1)
    assert report.ok


def test_tasks_that_no_agent_will_ever_take(tmp_path: Path) -> None:
    fleet = '[[agent]]\nname = "ann"\nslots = 2\nreserve = [{ slots = 2, priority = "high" }]\n'
    report = checked(tmp_path, fleet, {"priority": "high"}, {}, {"priority": "low"})
    found = [one for one in report.findings if one.code == "dedicated"]
    assert [(one.level, one.lines) for one in found] == [("problem", [2]), ("problem", [3])]
    assert found[0].agents == {"ann": "dedicated: all its 2 slots are reserved for others"}
    assert not report.ok
    assert report.forecast is not None
    assert report.forecast.left_out == 2


def test_a_task_that_a_stage_raises_to_where_slots_are_kept(tmp_path: Path) -> None:
    fleet = '[[agent]]\nname = "ann"\nslots = 2\nreserve = [{ slots = 2, priority = "high" }]\n'
    report = checked(tmp_path, fleet, {"stages": [{"after": 60, "change": {"raise_by": 1}}]})
    assert [one for one in report.findings if one.code == "dedicated"] == []


def test_what_may_be_wrong_with_the_fleet_is_a_warning(tmp_path: Path) -> None:
    report = checked(tmp_path, ANN + '[queue.q]\npool = "p"\n', {})
    found = only(report, "fleet")
    assert (found.level, report.ok) == ("warning", True)
    assert "fleet.toml:6 queue.q.pool: " in found.text


def test_a_limit_that_nothing_names(tmp_path: Path) -> None:
    limits = "".join(f'[[limit]]\nkey = "{key}"\ncapacity = 1\n' for key in ("openai", "slow", "tenant"))
    rule = '[[rule]]\nmatch = { kind = "fix" }\nset = { limits = ["slow"] }\n'
    assert (
        "'openai'; did you mean 'opnai'"
        in only(checked(tmp_path, ANN + limits + rule, {"limits": ["opnai"]}), "limit").text
    )
    report = checked(tmp_path, ANN + limits + rule, {"limits": ["openai"]})
    assert [one for one in report.findings if one.code == "limit"] == []
