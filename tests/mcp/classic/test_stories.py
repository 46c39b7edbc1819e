"""The stories of taskqueue-mcp, over the database: the same but for what Rota adds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rota.faces.mcp.classic.call import call
from rota.faces.mcp.classic.errors import ProtocolError
from rota.faces.mcp.session import Session
from rota.testing import TestDistributor
from tests.mcp.exchanges import STORIES, Story
from tests.mcp.replay import Names, Refused, replay

ADDED = ("agent", "lease", "waiting", "state")
THEIRS = "To approve, user should run: npx taskqueue approve-task -- {} {}"


def plain(value: Any) -> Any:
    """The answer without what Rota adds, and with the advice of taskqueue-mcp."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: plain(part) for key, part in value.items() if key not in ADDED}
    advice = str(found.get("message", "")).partition("To approve, use approve_task with projectId ")
    if advice[1]:
        project, _, task = advice[2].removesuffix(".").partition(" and taskId ")
        found["message"] = advice[0] + THEIRS.format(project, task)
    return found


@pytest.mark.parametrize("story", [one for one in STORIES if not one.file_only], ids=lambda story: story.name)
def test_a_story(rota: TestDistributor, story: Story) -> None:
    session = Session("0123456789abcdef", "tester")

    def played(tool: str, arguments: Any) -> dict[str, Any]:
        try:
            result = call(rota, session, tool, arguments)
        except ProtocolError as error:
            raise Refused(error.code, error.message) from None
        if "isError" in result:
            return result
        text = json.dumps(plain(json.loads(result["content"][0]["text"])), indent=2, ensure_ascii=False)
        return {"content": [{"type": "text", "text": text}]}

    replay(story, played, Names())
