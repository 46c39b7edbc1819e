"""Short ways to play several agents in process."""

from __future__ import annotations

import json
from typing import Any

from rota.faces.mcp.classic.call import call
from rota.faces.mcp.session import Session
from rota.testing import TestDistributor


class Player:
    """One client's session."""

    def __init__(self, rota: TestDistributor, name: str) -> None:
        self.rota = rota
        self.session: Session | None = Session(name * 16, name)

    @property
    def agent(self) -> str:
        assert self.session is not None
        return self.session.agent

    def told(self, tool: str, **arguments: Any) -> Any:
        """What the tool says; it must be able to."""
        result = call(self.rota, self.session, tool, arguments)
        assert "isError" not in result, result
        return json.loads(result["content"][0]["text"])

    def failed(self, tool: str, **arguments: Any) -> str:
        """Why the tool could not."""
        result = call(self.rota, self.session, tool, arguments)
        assert result.get("isError"), result
        text: str = result["content"][0]["text"]
        return text.removeprefix("Tool execution failed: ")

    def project(self, *items: dict[str, Any] | str, **more: Any) -> tuple[str, list[str]]:
        """A new project with these tasks; its id and theirs."""
        tasks = [{"title": item, "description": item} if isinstance(item, str) else
                 {"title": "t", "description": "d", **item} for item in items]  # fmt: skip
        made = self.told("create_project", initialPrompt="p", tasks=tasks, **more)
        return made["projectId"], [task["id"] for task in made["tasks"]]

    def next(self, project: str, **more: Any) -> str | None:
        """The id of the next task, if there is one."""
        found = self.told("get_next_task", projectId=project, **more)
        return found["task"]["id"] if "task" in found else None

    def done(self, project: str, task: str, details: str = "ok", **more: Any) -> Any:
        """Report a task done."""
        return self.told("update_task", projectId=project, taskId=task, status="done", completedDetails=details, **more)

    def fail(self, project: str, task: str, why: str = "FAILED: it broke", **more: Any) -> Any:
        """Report a failed attempt."""
        return self.told(
            "update_task", projectId=project, taskId=task, status="not started", completedDetails=why, **more
        )

    def task(self, project: str, task: str) -> Any:
        """One task."""
        return self.told("read_task", projectId=project, taskId=task)["task"]
