"""Tasks that nobody should submit: one clear refusal naming the field, nothing half done."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.commands.fleet import (
    CreateProject,
)
from rota.model.commands.submit import Submit
from rota.model.project import ProjectSpec
from rota.model.task import After, TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent
from tests.engine.untouched import DEEP, NUL, ROUND, SURROGATE, refused

BAD_TASKS: list[tuple[dict[str, Any], str, str]] = [
    # wrong types
    ({"title": 5}, "invalid", "title"),
    ({"title": None}, "invalid", "title"),
    ({"title": b"x"}, "invalid", "title"),
    ({"description": 5}, "invalid", "description"),
    ({"kind": ["x"]}, "invalid", "kind"),
    ({"ref": 5}, "invalid", "ref"),
    ({"queue": 5}, "invalid", "queue"),
    ({"queue": ["default"]}, "invalid", "queue"),
    ({"project": 5}, "invalid", "project"),
    ({"tenant": None}, "invalid", "tenant"),
    ({"priority": 1}, "invalid", "priority"),
    ({"priority": ["high"]}, "invalid", "priority"),
    ({"priority": "urgent"}, "invalid", "priority"),
    ({"deadline": []}, "invalid", "deadline"),
    ({"deadline": True}, "invalid", "deadline"),
    ({"start": {}}, "invalid", "start"),
    ({"ttl": object()}, "invalid", "ttl"),
    ({"estimate": "soon"}, "invalid", "estimate"),
    ({"skills": ["py"]}, "invalid", "skills"),
    ({"skills": {"py": "3"}}, "invalid", "skills.py"),
    ({"skills": {"py": True}}, "invalid", "skills.py"),
    ({"skills": {"py": 0}}, "invalid", "skills.py"),
    ({"skills": {5: 1}}, "invalid", "skills"),
    ({"skills": 0}, "invalid", "skills"),
    ({"role": 5}, "invalid", "role"),
    ({"regions": "eu"}, "invalid", "regions"),
    ({"regions": [5]}, "invalid", "regions"),
    ({"ban": {"a": 1}}, "invalid", "ban"),
    ({"limits": None}, "invalid", "limits"),
    ({"pin": ["a"]}, "invalid", "pin"),
    ({"after": "task-1"}, "invalid", "after"),
    ({"after": [5]}, "invalid", "after[0]"),
    ({"after": [After(task=5)]}, "invalid", "after[0]"),  # type: ignore[arg-type]
    ({"after": [After(task="task-1", rule="stop")]}, "invalid", "after[0].rule"),  # type: ignore[arg-type]
    ({"after": [After(task="task-1", until="now")]}, "invalid", "after[0].until"),  # type: ignore[arg-type]
    ({"after": None}, "invalid", "after"),
    ({"max_attempts": "3"}, "invalid", "max_attempts"),
    ({"max_attempts": 2.5}, "invalid", "max_attempts"),
    ({"approval": "no"}, "invalid", "approval"),
    ({"held": 1}, "invalid", "held"),
    ({"held": None}, "invalid", "held"),
    ({"payload": object()}, "invalid", "payload"),
    ({"payload": {"f": print}}, "invalid", "payload"),
    # sizes
    ({"title": ""}, "invalid", "title"),
    ({"title": "   "}, "invalid", "title"),
    ({"title": "x" * 1_000_000}, "too_large", "title"),
    ({"description": "x" * 100_001}, "too_large", "description"),
    ({"payload": "x" * 1_048_576}, "too_large", "payload"),
    ({"kind": "x" * 101}, "too_large", "kind"),
    ({"unique": "x" * 301}, "too_large", "unique"),
    ({"unique": ""}, "invalid", "unique"),
    ({"skills": {f"s{n}": 1 for n in range(65)}}, "too_large", "skills"),
    ({"limits": [f"l{n}" for n in range(65)]}, "too_large", "limits"),
    ({"after": ["task-1"] * 1_001}, "too_large", "after"),
    # characters
    ({"title": NUL}, "invalid", "title"),
    ({"title": SURROGATE}, "invalid", "title"),
    ({"description": NUL}, "invalid", "description"),
    ({"description": SURROGATE}, "invalid", "description"),
    ({"kind": "a\nb"}, "invalid", "kind"),
    ({"role": NUL}, "invalid", "role"),
    ({"tenant": SURROGATE}, "invalid", "tenant"),
    ({"queue": SURROGATE}, "invalid", "queue"),
    ({"project": SURROGATE}, "invalid", "project"),
    ({"project": NUL}, "invalid", "project"),
    ({"unique": NUL}, "invalid", "unique"),
    ({"sequence": SURROGATE}, "invalid", "sequence"),
    ({"after": [SURROGATE]}, "invalid", "after[0]"),
    ({"regions": [NUL]}, "invalid", "regions"),
    ({"skills": {SURROGATE: 1}}, "invalid", "skills"),
    ({"payload": NUL}, "invalid", "payload"),
    ({"payload": {"k": [SURROGATE]}}, "invalid", "payload"),
    ({"payload": {NUL: 1}}, "invalid", "payload"),
    # depth and numbers
    ({"payload": DEEP}, "invalid", "payload"),
    ({"payload": ROUND}, "invalid", "payload"),
    ({"payload": 2**63}, "invalid", "payload"),
    ({"payload": [-(2**63) - 1]}, "invalid", "payload"),
    ({"payload": {"n": 10**400}}, "invalid", "payload"),
    ({"payload": float("nan")}, "invalid", "payload"),
    ({"payload": [1, {"a": float("inf")}]}, "invalid", "payload"),
    ({"max_attempts": 0}, "invalid", "max_attempts"),
    ({"max_attempts": -1}, "invalid", "max_attempts"),
    ({"max_attempts": 2**70}, "invalid", "max_attempts"),
    # times
    ({"deadline": "2020-01-01T00:00:00Z"}, "past", "deadline"),
    ({"deadline": 0}, "past", "deadline"),
    ({"deadline": -1}, "invalid", "deadline"),
    ({"deadline": "-5m"}, "invalid", "deadline"),
    ({"deadline": "2026-02-30T00:00:00Z"}, "invalid", "deadline"),
    ({"deadline": "2026-03-01T00:00:00"}, "invalid", "deadline"),
    ({"deadline": "9999-12-31T23:59:59-23:00"}, "invalid", "deadline"),
    ({"deadline": "tomorrow"}, "invalid", "deadline"),
    ({"deadline": ""}, "invalid", "deadline"),
    ({"deadline": float("nan")}, "invalid", "deadline"),
    ({"deadline": float("inf")}, "invalid", "deadline"),
    ({"deadline": 10**400}, "invalid", "deadline"),
    ({"deadline": "9e99"}, "invalid", "deadline"),
    ({"start": "0001-01-01T00:00:00+23:59"}, "invalid", "start"),
    ({"start": -0.5}, "invalid", "start"),
    ({"ttl": -1}, "invalid", "ttl"),
    ({"ttl": "11y"}, "invalid", "ttl"),
    ({"ttl": 10**12}, "invalid", "ttl"),
    ({"estimate": "1h-5m"}, "invalid", "estimate"),
    # unknown names
    ({"queue": "nowhere"}, "no_queue", "queue"),
    ({"project": "apollo"}, "no_project", "project"),
    ({"project": "proj-99"}, "no_project", "project"),
    ({"after": ["nobody"]}, "unknown_reference", "after[0]"),
    ({"after": ["task-99999"]}, "unknown_reference", "after[0]"),
    ({"after": ["task-99999999999999999999"]}, "unknown_reference", "after[0]"),
]


@pytest.mark.parametrize(
    ("more", "code", "field"), BAD_TASKS, ids=[f"{at}-{next(iter(bad[0]))}" for at, bad in enumerate(BAD_TASKS)]
)
def test_a_bad_task_refuses_the_whole_submit(
    memory: TestDistributor, more: dict[str, Any], code: str, field: str
) -> None:
    agent(memory, "ann")
    specs = [TaskSpec(title="good"), TaskSpec(**{"title": "bad", **more})]
    project = CreateProject(project=ProjectSpec(title="p"), tasks=specs)
    for request in (Submit(tasks=specs), Submit(tasks=specs, key="k"), project):
        error = refused(memory, request)
        assert error.field == f"tasks[1].{field}"
        assert error.code == ("invalid" if request is project and field == "project" else code)
    assert memory.call(Submit(tasks=specs[:1], key="k")).ids
