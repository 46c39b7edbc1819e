"""The classic tools as `tools/list` shows them: names, order, arguments of taskqueue-mcp 1.4.1. Standard library only.

What Rota added to the arguments stands after those of taskqueue-mcp, and nothing of it is required.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

SERVER = {"name": "task-manager-server", "version": "1.4.1"}
CAPABILITIES: dict[str, Any] = {"tools": {"list": True, "call": True}}
STATES = ["open", "pending_approval", "completed", "all"]
MORE_STATES = ["in_progress", "not_started", "done", "failed"]


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


def _texts(description: str) -> Schema:
    return {"type": "array", "items": {"type": "string"}, "description": description}


def _object(properties: dict[str, Schema], *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


_PROJECT = _text("The project, such as proj-1.")
_TASK = _text("The task, such as task-1.")
_TITLE = _text("A short title.")
_DESCRIPTION = _text("What is to be done, and when it counts as done.")
_TOOLS = _text("Tools that help with it.")
_RULES = _text("Rules that apply to it. 'Priority: CRITICAL' in here sets its priority.")
_PRIORITY = {
    "type": "string",
    "enum": ["emergency", "critical", "high", "normal", "low"],
    "description": "Better ones go first; normal when left out.",
}
_SKILLS = {
    "anyOf": [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 100}},
    ],
    "description": "Skills it asks of whoever does it: names, or levels by name.",
}
_ROLE = _text("The role of whoever is to do it, such as data-engineer.")
_DEADLINE = _text("When it should be finished: RFC 3339, or a span from now such as '2h'.")
_DEPENDS_ON = _texts("Tasks that must be done first: ids, or refs or titles of tasks in the same call.")
_BLOCKS = _texts("Tasks that have to wait for this one: ids, or refs or titles of tasks in the same call.")
_KIND = _text("What sort of work it is; how long it takes and who is good at it is learnt by kind.")
_ESTIMATE = {"type": ["string", "number"], "description": "How long it will take: seconds, or text such as '20m'."}
_GROUP = _text("Tasks of one group go to one agent together, where they wait together.")
_WISHES: dict[str, Schema] = {
    "priority": _PRIORITY,
    "kind": _KIND,
    "skills": _SKILLS,
    "role": _ROLE,
    "deadline": _DEADLINE,
    "estimate": _ESTIMATE,
    "tenant": _text("Whose task it is, fixed once it is created; tenants share agents fairly."),
    "group": _GROUP,
    "dependsOn": _DEPENDS_ON,
    "blocks": _BLOCKS,
}
_WORDS: dict[str, Schema] = {
    "title": _TITLE,
    "description": _DESCRIPTION,
    "toolRecommendations": _TOOLS,
    "ruleRecommendations": _RULES,
}
_TASKS: Schema = {
    "type": "array",
    "description": "The tasks to create, in their order.",
    "items": _object(
        {**_WORDS, **_WISHES, "ref": _text("A name for it inside this call, for dependsOn and blocks.")},
        "title",
        "description",
    ),
}


def _state(states: list[str], description: str) -> Schema:
    return {"type": "string", "enum": states, "description": description}


def _tool(name: str, description: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "description": description, "inputSchema": schema}


TOOLS: list[dict[str, Any]] = [
    _tool(
        "list_projects",
        "List projects with their numbers of tasks: all, or those in one state.",
        _object({"state": _state(STATES, "open = not finalized, pending_approval = open and every task done.")}),
    ),
    _tool(
        "read_project",
        "Read one project: its prompt, its plan and all its tasks.",
        _object({"projectId": _PROJECT}, "projectId"),
    ),
    _tool(
        "create_project",
        "Create a project with its first tasks. Tasks can depend on each other and name priority, skills and deadline.",
        _object(
            {
                "initialPrompt": _text("The goal, as the user said it."),
                "projectPlan": _text("The plan, in as much detail as helps."),
                "tasks": _TASKS,
                "autoApprove": {
                    "type": "boolean",
                    "description": "true: done tasks are approved automatically. false or left out: by hand.",
                },
                "ordering": {
                    "type": "string",
                    "enum": ["parallel", "sequential"],
                    "description": "sequential: one task after another, in the order they were added.",
                },
            },
            "initialPrompt",
            "tasks",
        ),
    ),
    _tool(
        "delete_project",
        "Delete a project. Its unfinished tasks are cancelled.",
        _object({"projectId": _PROJECT}, "projectId"),
    ),
    _tool(
        "add_tasks_to_project",
        "Add tasks to an open project.",
        _object({"projectId": _PROJECT, "tasks": _TASKS}, "projectId", "tasks"),
    ),
    _tool(
        "finalize_project",
        "Close a project whose tasks are all done and approved. It takes no more changes.",
        _object({"projectId": _PROJECT}, "projectId"),
    ),
    _tool(
        "generate_project_plan",
        "Let a language model break a goal into tasks, and create the project. Needs the provider's key as a variable.",
        _object(
            {
                "prompt": _text("The goal."),
                "provider": {
                    "type": "string",
                    "enum": ["openai", "google", "deepseek"],
                    "description": "Who is asked.",
                },
                "model": _text("The provider's name of the model."),
                "attachments": _texts("Paths of text files that are sent along."),
            },
            "prompt",
            "provider",
            "model",
        ),
    ),
    _tool(
        "list_tasks",
        "List tasks of one project or of all: every task, or those in one state.",
        _object(
            {
                "projectId": _PROJECT,
                "state": _state(
                    [*STATES, *MORE_STATES],
                    "open = not approved, pending_approval = done but not approved, completed = done and approved.",
                ),
            }
        ),
    ),
    _tool("read_task", "Read one task.", _object({"projectId": _PROJECT, "taskId": _TASK}, "projectId", "taskId")),
    _tool(
        "create_task",
        "Add one task to an open project.",
        _object({"projectId": _PROJECT, **_WORDS, **_WISHES}, "projectId", "title", "description"),
    ),
    _tool(
        "update_task",
        "Change a task, or say how it stands. 'in progress' takes it, 'done' ends it and needs completedDetails,"
        " 'not started' gives it back. Details that begin with FAILED report a failed attempt. Approved tasks stay as"
        " they are.",
        _object(
            {
                "projectId": _PROJECT,
                "taskId": _TASK,
                "title": _TITLE,
                "description": _DESCRIPTION,
                "status": {
                    "type": "string",
                    "enum": ["not started", "in progress", "done"],
                    "description": "How it stands now.",
                },
                "completedDetails": _text("What was done, or why it failed. Needed with status done."),
                "toolRecommendations": _TOOLS,
                "ruleRecommendations": _RULES,
                "priority": _PRIORITY,
                "kind": _KIND,
                "skills": _SKILLS,
                "role": _ROLE,
                "deadline": _DEADLINE,
                "estimate": _ESTIMATE,
                "group": _GROUP,
                "dependsOn": _DEPENDS_ON,
                "blocks": _BLOCKS,
                "agentId": _text("Whom you speak for; left out = this session."),
                "leaseToken": _text("The token get_next_task gave with the task, to report for it from elsewhere."),
            },
            "projectId",
            "taskId",
        ),
    ),
    _tool(
        "delete_task",
        "Delete a task that is not approved. Whatever waited for it waits no longer.",
        _object({"projectId": _PROJECT, "taskId": _TASK}, "projectId", "taskId"),
    ),
    _tool(
        "approve_task",
        "Approve a done task, so that it counts.",
        _object({"projectId": _PROJECT, "taskId": _TASK}, "projectId", "taskId"),
    ),
    _tool(
        "get_next_task",
        "Get the best task of a project that nobody has, leased to you: two agents never get the same one. With what"
        " earlier attempts said and the results of what it depends on. Your own task comes back until you end it.",
        _object(
            {
                "projectId": _PROJECT,
                "agentId": _text("Who asks, such as data-engineer-1; left out = this session."),
                "role": _text("The role of whoever asks; then only tasks that suit it are given."),
                "skills": {**_SKILLS, "description": "What whoever asks can do; then only tasks that suit are given."},
            },
            "projectId",
        ),
    ),
]
