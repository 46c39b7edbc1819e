from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mcp.classic.playing import play
from tests.mcp.exchanges import STORIES, Story
from tests.mcp.file_mode.calling import answer, done, stored
from tests.mcp.file_mode.exchanges import OTHERWISE, SHARED
from tests.mcp.replay import Refused, replay


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_call_of_a_story_is_answered_as_taskqueue_mcp_does(path: Path, story: Story) -> None:
    def played(tool: str, arguments: Any) -> dict[str, Any]:
        found = answer(path, tool, arguments)
        if "error" in found:
            raise Refused(**found["error"])
        result: dict[str, Any] = found["result"]
        return result

    replay(story, played)


@pytest.mark.parametrize("name", SHARED)
def test_what_holds_of_the_database_holds_of_a_file(path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    play(lambda tool, arguments: answer(path, tool, arguments), SHARED[name], "nobody")


def test_nearly_all_of_the_table_is_shared() -> None:
    assert len(SHARED) > 4 * len(OTHERWISE)


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
