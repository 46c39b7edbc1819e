"""Start registers, tool use renews, end gives back: real processes against a real owner."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

from rota.faces.mcp.hook.main import HOOKS
from tests.mcp.classic.client import Clients
from tests.mcp.plugin.session import AGENT, ID, Session, told

MODULES = [*HOOKS.values(), "next_task", "orders", "say"]


def test_a_session_is_registered_when_it_starts(session: Session) -> None:
    session.submit("wait")
    assert session.quietly("session-start") is None
    [agent] = session.agents().values()
    assert agent["name"] == AGENT
    assert agent["slots"] == 1


def test_role_and_skills_come_from_the_environment(session: Session) -> None:
    session.submit("wait")
    session.environment = {"ROTA_ROLE": "ai-engineer", "ROTA_SKILLS": "python, pytorch=3"}
    session.quietly("session-start")
    agent = session.agents()[AGENT]
    assert agent["role"] == "ai-engineer"
    assert agent["skills"] == {"python": 1, "pytorch": 3}


def test_skills_come_from_the_fleet_when_only_the_role_is_named(session: Session) -> None:
    (session.folder / "fleet.toml").write_text(
        'database = "work.db"\n[[agent]]\nname = "ada"\nrole = "data-engineer"\nskills = {sql = 2}\n', encoding="utf-8"
    )
    session.submit("wait")
    session.environment = {"ROTA_ROLE": "data-engineer"}
    session.quietly("session-start")
    agent = session.agents()[AGENT]
    assert (agent["role"], agent["skills"]) == ("data-engineer", {"sql": 2})


def test_skills_that_are_none_are_told_and_hurt_nobody(session: Session) -> None:
    session.submit("wait")
    session.environment = {"ROTA_SKILLS": "python=much"}
    ran = session.hook("session-start")
    assert ran.answer is None
    assert "ROTA_SKILLS" in ran.errors
    assert session.agents() == {}


def test_the_mcp_server_and_the_hooks_are_one_agent(session: Session, clients: Clients) -> None:
    [task] = session.submit("write")
    session.quietly("session-start")
    server = clients.new("--tools", "all", name="claude-code", environment={"CLAUDE_CODE_SESSION_ID": ID})
    [given] = told(server, "claim_tasks")["tasks"]
    assert given["agent"] == AGENT
    assert list(session.agents()) == [AGENT]
    session.quietly("session-end")
    assert session.task(task)["state"] == "ready"


def test_another_client_inside_of_a_session_is_somebody_else(session: Session, clients: Clients) -> None:
    session.submit("write")
    server = clients.new("--tools", "all", name="codex", environment={"CLAUDE_CODE_SESSION_ID": ID})
    [given] = told(server, "claim_tasks")["tasks"]
    assert given["agent"].startswith("codex-")
    assert not given["agent"].endswith(AGENT[-8:])


def test_using_a_tool_renews_what_the_mcp_server_took(session: Session, clients: Clients) -> None:
    [task] = session.submit("write")
    session.quietly("session-start")
    server = clients.new("--tools", "all", name="claude-code", environment={"CLAUDE_CODE_SESSION_ID": ID})
    told(server, "claim_tasks")
    before = session.task(task)["until"]
    assert session.quietly("post-tool-use") is None
    assert session.task(task)["until"] == before, "a moment after the last word nothing is said"
    session.forget_pause()
    assert session.quietly("post-tool-use") is None
    assert session.task(task)["until"] > before


def test_a_cancelled_task_is_told_once(session: Session, clients: Clients) -> None:
    [task] = session.submit("write")
    session.quietly("session-start")
    server = clients.new("--tools", "all", name="claude-code", environment={"CLAUDE_CODE_SESSION_ID": ID})
    told(server, "claim_tasks")
    session.call("cancel", tasks=[task])
    session.forget_pause()
    said = session.quietly("post-tool-use")["hookSpecificOutput"]
    assert said["hookEventName"] == "PostToolUse"
    assert f"{task} was cancelled" in said["additionalContext"]
    session.forget_pause()
    assert session.quietly("post-tool-use") is None


def test_what_the_hooks_remember_is_private_and_goes_with_the_session(session: Session) -> None:
    session.submit("write")
    session.quietly("session-start")
    file = session.memory()
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    session.quietly("session-end")
    assert not file.exists()
    assert session.agents() == {}, "nobody else spoke for it"


def test_after_clear_the_hooks_go_on_as_the_same_agent(session: Session) -> None:
    session.submit("write")
    session.quietly("session-start")
    session.quietly("session-end", reason="clear")
    after = Session(session.folder, "99999999-0000-4000-8000-000000000000")
    # Both hooks are started by the same process, as the hooks of one Claude Code are.
    after.quietly("session-start", source="clear")
    assert json.loads(after.memory().read_text())["number"] == ID.replace("-", "")
    assert list(session.agents()) == [AGENT]


def test_after_compaction_the_agent_hears_what_it_has(session: Session, clients: Clients) -> None:
    [task] = session.submit("write")
    session.quietly("session-start")
    server = clients.new("--tools", "all", name="claude-code", environment={"CLAUDE_CODE_SESSION_ID": ID})
    [given] = told(server, "claim_tasks")["tasks"]
    said = session.quietly("session-start", source="compact")["hookSpecificOutput"]["additionalContext"]
    assert task in said
    assert given["token"] in said


def test_without_a_database_nothing_is_made(session: Session, runtime: Path) -> None:
    for hook in ("session-start", "post-tool-use", "stop", "session-end"):
        assert session.quietly(hook) is None
    assert [file.name for file in session.folder.iterdir()] == ["fleet.toml"]
    assert list((runtime / "rota").glob("*.sock")) == []


def test_broken_input_is_told_and_hurts_nobody(session: Session) -> None:
    for data in (b"", b"{", b"[]", b"\xff\xfe", b'{"session_id": 7}', b"[" * 100_000):
        for hook in ("session-start", "post-tool-use", "stop", "session-end"):
            ran = session.hook(hook, data)
            assert ran.answer is None
            assert ran.errors.startswith(f"rota hook {hook}: ")


def test_a_session_id_of_another_form_is_as_good(session: Session) -> None:
    session.submit("write")
    for name in ("x", "../../etc/passwd", "Ü" * 300):
        session.quietly("session-start", session_id=name)
    assert len(session.agents()) == 3


def test_an_unknown_hook_only_tells_which_there_are(session: Session) -> None:
    ran = session.hook("stop-it", b"{}")
    assert ran.answer is None
    assert "session-start" in ran.errors


def test_an_address_with_a_password_is_not_repeated(session: Session) -> None:
    (session.folder / "fleet.toml").write_text("", encoding="utf-8")
    session.environment = {"ROTA_DATABASE": "postgres-typo://ada:geheim@db/x", "ROTA_WORKER": "1"}
    for hook in ("session-start", "post-tool-use", "stop", "session-end"):
        ran = session.hook(hook)
        assert ran.answer is None
        assert "geheim" not in ran.errors


def test_hooks_load_nothing_but_the_standard_library() -> None:
    every = ", ".join(f"rota.faces.mcp.hook.{module}" for module in MODULES)
    loaded = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys, {every}; print(*sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
    )
    found = {name.partition(".")[0] for name in loaded.stdout.split()} - set(sys.stdlib_module_names)
    assert found.isdisjoint({"msgspec", "apsw", "psycopg", "rich", "cyclopts"})
    assert "rota.operations" not in loaded.stdout.split()
