from __future__ import annotations

from pathlib import Path

import pytest

from tests.mcp.exchanges import STORIES, Story
from tests.mcp.file_mode.calling import done, failure, project, raw, stored
from tests.mcp.replay import Names, replay


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_call_of_a_story_answers_as_taskqueue_mcp_does(path: Path, story: Story) -> None:
    replay(story, lambda tool, arguments: raw(path, tool, arguments))


@pytest.mark.parametrize("story", [story for story in STORIES if not story.file_only], ids=lambda story: story.name)
def test_the_stories_can_be_replayed_where_ids_are_others(path: Path, story: Story) -> None:
    project(path, 3)
    done(path, "list_tasks")
    if any(step.tool in ("list_projects", "list_tasks") and step.arguments != {"projectId": "proj-1"}
           for step in story.steps):  # fmt: skip
        pytest.skip("it lists everything there is")
    replay(story, lambda tool, arguments: raw(path, tool, arguments), Names())


def test_the_file_is_written_as_taskqueue_mcp_writes_it(path: Path) -> None:
    tasks = [{"title": "Tür", "description": 'a\t"b"\n\x01 \u2028 😀', "toolRecommendations": "saw"}]
    done(path, "create_project", initialPrompt="Haus\ud800", projectPlan="p", tasks=tasks, autoApprove=False)
    assert path.read_bytes().decode() == (
        '{\n  "projects": [\n    {\n      "projectId": "proj-1",\n      "initialPrompt": "Haus\\ud800",\n'
        '      "projectPlan": "p",\n      "tasks": [\n        {\n          "id": "task-1",\n'
        '          "title": "Tür",\n          "description": "a\\t\\"b\\"\\n\\u0001 \u2028 😀",\n'
        '          "status": "not started",\n          "approved": false,\n          "completedDetails": "",\n'
        '          "toolRecommendations": "saw"\n        }\n      ],\n      "completed": false,\n'
        '      "autoApprove": false\n    }\n  ]\n}'
    )


def test_a_strict_file_takes_auto_approve_at_its_word(path: Path) -> None:
    tasks = [{"title": "Build", "description": "it"}]
    finish = {"status": "done", "completedDetails": "Stands"}
    done(path, "create_project", initialPrompt="A", tasks=tasks, autoApprove=True, strict=True)
    updated = done(path, "update_task", projectId="proj-1", taskId="task-1", **finish, strict=True)
    assert updated["task"]["approved"] is True
    done(path, "finalize_project", projectId="proj-1", strict=True)
    done(path, "create_project", initialPrompt="B", tasks=tasks, strict=True)
    updated = done(path, "update_task", projectId="proj-2", taskId="task-2", **finish, strict=True)
    assert updated["task"]["approved"] is False
    assert "human approval" in updated["message"]
    assert [one["autoApprove"] for one in stored(path)["projects"]] == [True, False]


def test_missing_keys_and_the_plan_generator(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    text = failure(path, "generate_project_plan", prompt="x", provider="openai", model="m")
    assert text == "Missing API key environment variable required for openai"
    assert not path.exists()
