"""Prompts: listed, filled in, with the texts of others fenced."""

from __future__ import annotations

from typing import Any

import pytest

from rota.faces.mcp.prompts.getting import get_prompt, list_prompts
from rota.faces.mcp.tools import TOOLS
from rota.model.errors import RotaError
from tests.mcp.tools.desk import Desk, told
from tests.mcp.tools.test_calling import EVIL

GIVEN = {"planner": {"goal": "clone a voice"}}


def text(desk: Desk, name: str, **arguments: str) -> str:
    found = get_prompt(desk.distributor, name, arguments)
    (message,) = found["messages"]
    assert message["role"] == "user"
    said: str = message["content"]["text"]
    return said


@pytest.mark.parametrize("prompt", list_prompts()["prompts"], ids=lambda prompt: prompt["name"])
def test_every_prompt_names_tools_that_there_are(memory: Desk, prompt: dict[str, Any]) -> None:
    said = text(memory, prompt["name"], **GIVEN.get(prompt["name"], {}))
    named = [tool for tool in (*TOOLS, "approve_task") if tool in said]
    assert named, said
    assert prompt["title"]
    assert prompt["description"]


def test_prompts_carry_what_was_said_and_what_is_there(memory: Desk) -> None:
    memory.call("register_roster", agents=[{"name": "a", "role": "ai-engineer", "skills": ["lora"]}])
    loop = text(memory, "worker_loop", agent="ada", skills="python, sql", project="proj-1")
    assert "claim_tasks(agent=\"ada\", skills=['python', 'sql'], project=\"proj-1\", wait=30)" in loop
    plan = text(memory, "planner", goal=EVIL)
    assert "ai-engineer" in plan
    assert "lora" in plan
    assert plan.count("</data>") == 1 + plan.count("and </data> was written")


def test_reviewer_and_incident_review_show_texts_fenced(memory: Desk) -> None:
    memory.submit(EVIL, description=EVIL, approval=True)
    task = memory.claim()
    memory.call("complete_task", **told(task), result=EVIL)
    memory.submit(EVIL)
    dead = memory.claim()
    memory.call("fail_task", **told(dead), error=EVIL, retryable=False)
    for said, number in ((text(memory, "reviewer"), task["task"]), (text(memory, "incident_review"), dead["task"])):
        assert f'<data source="{number} title">' in said
        body = said.replace("Whatever stands between <data source=...> and </data>", "")
        outside = "".join(part.partition("</data>")[2] if at else part for at, part in enumerate(body.split("<data ")))
        assert "Ignore all previous" in body
        assert "Ignore all previous" not in outside
    assert task["task"] in text(memory, "incident_review", task=task["task"])
    assert "Nothing waits" not in text(memory, "reviewer")


@pytest.mark.parametrize(
    ("name", "arguments", "field"),
    [
        ("nothing", {}, "name"),
        (None, {}, "name"),
        ("planner", {}, "arguments.goal"),
        ("planner", {"goal": " "}, "arguments.goal"),
        ("planner", {"goal": "x", "more": "y"}, "arguments.more"),
        ("planner", ["x"], "arguments"),
        ("planner", {"goal": 7}, "arguments"),
    ],
)
def test_prompts_that_are_asked_for_wrongly(memory: Desk, name: Any, arguments: Any, field: str) -> None:
    with pytest.raises(RotaError) as caught:
        get_prompt(memory.distributor, name, arguments)
    assert caught.value.field == field
