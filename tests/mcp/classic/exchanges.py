"""What the contract says, as exchanges: every tool, every case, both kinds of errors."""

from __future__ import annotations

from typing import Any

from tests.mcp.classic.playing import ANY, Error, Failure, Step

PARAMS = -32602
NOBODY = "proj-999999999"
NOWHERE = "task-999999999"
HUMAN = (
    "Task marked as done but requires human approval.\nTo approve, use approve_task with projectId $p and taskId {}."
)
ALL_APPROVED = "All tasks have been completed and approved. Awaiting project completion approval."


def task(number: str, title: str = "A", status: str = "not started", **more: Any) -> dict[str, Any]:
    """A task as it is shown."""
    return {
        "id": number,
        "title": title,
        "description": title.lower(),
        "status": status,
        "approved": False,
        "completedDetails": "",
    } | more


def made(*titles: str, **more: Any) -> Step:
    """A project with these tasks."""
    items = [{"title": title, "description": title.lower()} for title in titles]
    answer = {
        "projectId": ANY,
        "totalTasks": len(titles),
        "tasks": [{"id": f"${n}", "title": t, "description": t.lower()} for n, t in enumerate(titles, 1)],
        "message": f"Project $p created with {len(titles)} tasks.",
    }
    return Step("create_project", {"initialPrompt": "Go", "tasks": items, **more}, answer)


def done(number: str, details: str = "ok", title: str = "A", *, auto: bool = False) -> Step:
    """A task is reported done, by whoever plays."""
    shown = task(number, title, "done", completedDetails=details, approved=auto) | {"agent": "$me"}
    answer: dict[str, Any] = {"task": shown} | ({} if auto else {"message": HUMAN.format(number)})
    arguments = {"projectId": "$p", "taskId": number, "status": "done", "completedDetails": details}
    return Step("update_task", arguments, answer)


def approved(number: str, title: str = "A", details: str = "ok") -> Step:
    """A task is approved."""
    shown = {"id": number, "title": title, "description": title.lower(), "completedDetails": details, "approved": True}
    return Step("approve_task", of(number), {"projectId": "$p", "task": shown})


def of(number: str, **more: Any) -> dict[str, Any]:
    """Arguments that name a task."""
    return {"projectId": "$p", "taskId": number, **more}


def given(number: str, title: str = "A", status: str = "not started", **more: Any) -> dict[str, Any]:
    """What `get_next_task` answers with a lease."""
    return {
        "projectId": "$p",
        "task": task(number, title, status) | more | {"agent": "$me"},
        "lease": {"agentId": "$me", "leaseToken": ANY, "until": ANY},
    }


PROJECT = {"projectId": "$p"}
FINALIZED = Step("finalize_project", PROJECT, {**PROJECT, "message": "Project is fully completed and approved."})
COMPLETED = Failure("Project is already completed")


def missing(name: str, expected: str = "string") -> Error:
    """An argument is missing."""
    return Error(PARAMS, f"Invalid or missing required parameter: {name} (Expected {expected})")


def wrong(name: str, expected: str = "string") -> Error:
    """An argument that may be left out is of the wrong type."""
    return Error(PARAMS, f"Invalid type for optional parameter '{name}' (Expected {expected})")


def one(**more: Any) -> dict[str, Any]:
    """A task to create."""
    return {"title": "A", "description": "a", **more}


def _all_need(name: str, *tools: str, **known: Any) -> list[Step]:
    """Each of these tools refuses calls in which this argument is missing, empty, or no text."""
    bad: list[dict[str, Any]] = [{}, {name: ""}, {name: 7}, {name: None}, {name: ["x"]}]
    return [Step(tool, {**known, **more}, missing(name)) for tool in tools for more in bad]


NEED_PROJECT = (
    "read_project",
    "delete_project",
    "add_tasks_to_project",
    "finalize_project",
    "read_task",
    "create_task",
    "update_task",
    "delete_task",
    "approve_task",
    "get_next_task",
)

EXCHANGES: dict[str, list[Step]] = {
    "no project named": _all_need("projectId", *NEED_PROJECT),
    "no task named": _all_need("taskId", "read_task", "update_task", "delete_task", "approve_task", projectId=NOBODY),
    "no such tool": [
        Step("mark_task_done", {}, Error(-32601, "Unknown tool: mark_task_done")),
        Step("nonsense", {"a": 1}, Error(-32601, "Unknown tool: nonsense")),
    ],
    "arguments that are no object": [
        Step("list_projects", None, Error(PARAMS, "Invalid arguments: must be an object")),
        Step("list_projects", [1], Error(PARAMS, "Invalid arguments: must be an object")),
    ],
    "create_project: arguments": [
        Step("create_project", {}, missing("initialPrompt")),
        Step("create_project", {"initialPrompt": "", "tasks": []}, missing("initialPrompt")),
        Step("create_project", {"initialPrompt": "Go"}, missing("tasks", "array")),
        Step("create_project", {"initialPrompt": "Go", "tasks": "A"}, missing("tasks", "array")),
        Step("create_project", {"initialPrompt": "Go", "tasks": {}}, missing("tasks", "array")),
        Step(
            "create_project",
            {"initialPrompt": "Go", "tasks": ["A"]},
            Error(PARAMS, "Task at index 0 must be an object"),
        ),
        Step(
            "create_project",
            {"initialPrompt": "Go", "tasks": [one(), None]},
            Error(PARAMS, "Task at index 1 must be an object"),
        ),
        Step("create_project", {"initialPrompt": "Go", "tasks": [{}]}, missing("title in task at index 0")),
        Step(
            "create_project",
            {"initialPrompt": "Go", "tasks": [one(), {"title": "B", "description": ""}]},
            missing("description in task at index 1"),
        ),
        Step("create_project", {"initialPrompt": "Go", "tasks": [], "projectPlan": 7}, wrong("projectPlan")),
        Step(
            "create_project",
            {"initialPrompt": "Go", "tasks": [], "autoApprove": "yes"},
            wrong("autoApprove", "boolean"),
        ),
    ],
    "create_project: every field": [
        Step(
            "create_project",
            {
                "initialPrompt": "Zoë's 任务",
                "projectPlan": "think",
                "autoApprove": False,
                "unknown": 1,
                "tasks": [one(toolRecommendations="hammer", ruleRecommendations="mind your thumb"), one(title="B")],
            },
            {
                "projectId": ANY,
                "totalTasks": 2,
                "tasks": [
                    {"id": "$1", "title": "A", "description": "a"},
                    {"id": "$2", "title": "B", "description": "a"},
                ],
                "message": "Project $p created with 2 tasks.",
            },
        ),
        Step(
            "read_project",
            PROJECT,
            {
                "projectId": "$p",
                "initialPrompt": "Zoë's 任务",
                "projectPlan": "think",
                "completed": False,
                "autoApprove": False,
                "tasks": [
                    task("$1", toolRecommendations="hammer", ruleRecommendations="mind your thumb"),
                    task("$2", title="B", description="a"),
                ],
            },
        ),
    ],
    "create_project: no tasks": [
        made(),
        Step(
            "read_project",
            PROJECT,
            {"projectId": "$p", "initialPrompt": "Go", "projectPlan": "Go", "completed": False, "tasks": []},
        ),
        Step("get_next_task", PROJECT, Failure("Project has no tasks")),
        FINALIZED,
    ],
    "a project that there is not": [
        Step(
            tool,
            {"projectId": NOBODY, "taskId": NOWHERE, "tasks": [], "title": "A", "description": "a"},
            Failure(f"Project {NOBODY} not found"),
        )
        for tool in (
            "read_project",
            "add_tasks_to_project",
            "finalize_project",
            "read_task",
            "create_task",
            "update_task",
            "delete_task",
            "approve_task",
            "get_next_task",
            "list_tasks",
        )
    ]
    + [
        Step("delete_project", {"projectId": NOBODY}, Failure(f"Project not found: {NOBODY}")),
        Step("read_project", {"projectId": "Zoë"}, Failure("Project Zoë not found")),
        Step("delete_project", {"projectId": "x" * 400}, Failure(f"Project not found: {'x' * 400}")),
    ],
    "a task that there is not": [
        made("A"),
        *(
            Step(tool, {"projectId": "$p", "taskId": text}, Failure(f"Task {text} not found"))
            for tool in ("read_task", "update_task", "delete_task", "approve_task")
            for text in (NOWHERE, "seven")
        ),
    ],
    "states that there are not": [
        Step(
            tool,
            {"state": state},
            Failure("Invalid state parameter. Must be one of: open, pending_approval, completed, all"),
        )
        for tool in ("list_projects", "list_tasks")
        for state in ("bogus", "", 7)
    ],
    "list_projects: only those of its own states": [
        Step(
            "list_projects",
            {"state": "in_progress"},
            Failure("Invalid state parameter. Must be one of: open, pending_approval, completed, all"),
        ),
    ],
    "list_tasks: arguments": [Step("list_tasks", {"projectId": 7}, wrong("projectId"))],
    "add_tasks_to_project": [
        made("A"),
        Step("add_tasks_to_project", PROJECT, missing("tasks", "array")),
        Step("add_tasks_to_project", {**PROJECT, "tasks": [{"title": 7}]}, missing("title in task at index 0")),
        Step(
            "add_tasks_to_project",
            {**PROJECT, "tasks": [one(title="B"), one(title="C")]},
            {
                "newTasks": [
                    {"id": "$2", "title": "B", "description": "a"},
                    {"id": "$3", "title": "C", "description": "a"},
                ],
                "message": "Added 2 tasks to project $p",
            },
        ),
        Step(
            "add_tasks_to_project", {**PROJECT, "tasks": []}, {"newTasks": [], "message": "Added 0 tasks to project $p"}
        ),
        Step(
            "list_tasks",
            PROJECT,
            {
                "message": "Tasks in the system for project $p:\n3 tasks found.",
                "tasks": [task("$1"), task("$2", "B", description="a"), task("$3", "C", description="a")],
            },
        ),
    ],
    "create_task": [
        made(),
        Step("create_task", PROJECT, missing("title")),
        Step("create_task", {**PROJECT, "title": "B"}, missing("description")),
        Step("create_task", {**PROJECT, **one(), "toolRecommendations": 7}, wrong("toolRecommendations")),
        Step("create_task", {**PROJECT, **one(), "ruleRecommendations": []}, wrong("ruleRecommendations")),
        Step(
            "create_task",
            {**PROJECT, **one(toolRecommendations="saw")},
            {"newTasks": [{"id": "$1", "title": "A", "description": "a"}], "message": "Added 1 tasks to project $p"},
        ),
        Step("read_task", of("$1"), {**PROJECT, "task": task("$1", toolRecommendations="saw")}),
    ],
    "update_task: arguments": [
        made("A"),
        Step("update_task", of("$1", title=""), missing("title")),
        Step("update_task", of("$1", title=7), missing("title")),
        Step("update_task", of("$1", description=""), missing("description")),
        Step(
            "update_task",
            of("$1", toolRecommendations=7),
            Error(PARAMS, "Invalid toolRecommendations: must be a string"),
        ),
        Step(
            "update_task",
            of("$1", ruleRecommendations=7),
            Error(PARAMS, "Invalid ruleRecommendations: must be a string"),
        ),
        *(
            Step(
                "update_task",
                of("$1", status=status),
                Error(PARAMS, "Invalid status: must be one of 'not started', 'in progress', 'done'"),
            )
            for status in ("finished", "", 7, "Done")
        ),
        *(
            Step(
                "update_task",
                of("$1", status="done", **more),
                missing("completedDetails (required when status = 'done')"),
            )
            for more in ({}, {"completedDetails": ""}, {"completedDetails": 7})
        ),
        Step("read_task", of("$1"), {**PROJECT, "task": task("$1")}),
    ],
    "update_task: words": [
        made("A"),
        Step("update_task", of("$1"), {"task": task("$1")}),
        Step(
            "update_task",
            of("$1", title="Ä", description="b\nc", toolRecommendations="t", ruleRecommendations="r"),
            {"task": task("$1", "Ä", description="b\nc", toolRecommendations="t", ruleRecommendations="r")},
        ),
        Step(
            "update_task",
            of("$1", toolRecommendations=""),
            {"task": task("$1", "Ä", description="b\nc", toolRecommendations="", ruleRecommendations="r")},
        ),
        Step(
            "update_task",
            of("$1", completedDetails="nothing yet"),
            {"task": task("$1", "Ä", description="b\nc", toolRecommendations="", ruleRecommendations="r")},
        ),
    ],
    "update_task: words while it is in progress and when it is done": [
        made("A"),
        Step("update_task", of("$1", status="in progress"), {"task": task("$1", status="in progress", agent="$me")}),
        Step(
            "update_task", of("$1", title="B"), {"task": task("$1", "B", "in progress", description="a", agent="$me")}
        ),
        Step(
            "update_task",
            of("$1", status="done", completedDetails="ok", description="b"),
            {"task": task("$1", "B", "done", completedDetails="ok", agent="$me"), "message": HUMAN.format("$1")},
        ),
        Step(
            "update_task",
            of("$1", title="C"),
            {"task": task("$1", "C", "done", description="b", completedDetails="ok", agent="$me")},
        ),
    ],
    "update_task: any status after any other": [
        made("A"),
        done("$1", "first"),
        done("$1", "second"),
        Step(
            "update_task",
            of("$1", status="in progress"),
            {"task": task("$1", status="in progress", completedDetails="second", agent="$me")},
        ),
        Step(
            "update_task", of("$1", status="not started"), {"task": task("$1", completedDetails="second", agent="$me")}
        ),
        Step(
            "update_task", of("$1", status="not started"), {"task": task("$1", completedDetails="second", agent="$me")}
        ),
        done("$1", "third"),
        Step(
            "update_task", of("$1", status="not started"), {"task": task("$1", completedDetails="third", agent="$me")}
        ),
    ],
    "update_task: as often as anybody likes": [
        made("A"),
        *(
            step
            for _ in range(7)
            for step in (
                done("$1"),
                Step(
                    "update_task",
                    of("$1", status="not started"),
                    {"task": task("$1", completedDetails="ok", agent="$me")},
                ),
            )
        ),
        done("$1"),
    ],
    "approval by hand": [
        made("A", "B", autoApprove=False),
        Step("approve_task", of("$1"), Failure("Task not done yet")),
        Step("update_task", of("$1", status="in progress"), {"task": task("$1", status="in progress", agent="$me")}),
        Step("approve_task", of("$1"), Failure("Task not done yet")),
        done("$1"),
        Step("finalize_project", PROJECT, Failure("Not all tasks are done")),
        approved("$1"),
        Step("approve_task", of("$1"), Failure("Task is already approved")),
        Step("update_task", of("$1", title="B"), Failure("Cannot modify an approved task")),
        Step("update_task", of("$1", status="not started"), Failure("Cannot modify an approved task")),
        Step("delete_task", of("$1"), Failure("Cannot delete an approved task")),
        done("$2", title="B"),
        Step("finalize_project", PROJECT, Failure("Not all done tasks are approved")),
        approved("$2", "B"),
        Step("get_next_task", PROJECT, {"message": ALL_APPROVED}),
        FINALIZED,
    ],
    "autoApprove: true": [
        made("A", autoApprove=True),
        done("$1", auto=True),
        Step("update_task", of("$1", title="B"), Failure("Cannot modify an approved task")),
        Step("approve_task", of("$1"), Failure("Task is already approved")),
        Step("get_next_task", PROJECT, {"message": ALL_APPROVED}),
        FINALIZED,
    ],
    "delete_task": [
        made("A", "B"),
        Step("delete_task", of("$1"), {"message": "Task $1 deleted from project $p"}),
        Step("read_task", of("$1"), Failure("Task $1 not found")),
        Step("delete_task", of("$1"), Failure("Task $1 not found")),
        Step(
            "list_tasks",
            PROJECT,
            {"message": "Tasks in the system for project $p:\n1 tasks found.", "tasks": [task("$2", "B")]},
        ),
        done("$2", title="B"),
        Step("delete_task", of("$2"), {"message": "Task $2 deleted from project $p"}),
        Step("get_next_task", PROJECT, Failure("Project has no tasks")),
    ],
    "delete_task: what is in progress": [
        made("A"),
        Step("update_task", of("$1", status="in progress"), {"task": task("$1", status="in progress", agent="$me")}),
        Step("delete_task", of("$1"), {"message": "Task $1 deleted from project $p"}),
        Step("list_tasks", PROJECT, {"message": "Tasks in the system for project $p:\n0 tasks found.", "tasks": []}),
    ],
    "after a project is finalized": [
        made("A", autoApprove=True),
        done("$1", auto=True),
        FINALIZED,
        *(
            Step(tool, of(NOWHERE, tasks=[one()], title="A", description="a"), COMPLETED)
            for tool in (
                "get_next_task",
                "update_task",
                "add_tasks_to_project",
                "create_task",
                "delete_task",
                "finalize_project",
            )
        ),
        Step(
            "read_task",
            of("$1"),
            {**PROJECT, "task": task("$1", status="done", approved=True, completedDetails="ok", agent="$me")},
        ),
        Step("approve_task", of("$1"), Failure("Task is already approved")),
        Step(
            "read_project",
            PROJECT,
            {
                "projectId": "$p",
                "initialPrompt": "Go",
                "projectPlan": "Go",
                "completed": True,
                "autoApprove": True,
                "tasks": [task("$1", status="done", approved=True, completedDetails="ok", agent="$me")],
            },
        ),
        Step("delete_project", PROJECT, {"status": "project_deleted", "message": "Project $p has been deleted."}),
        Step("read_project", PROJECT, Failure("Project $p not found")),
    ],
    "delete_project": [
        made("A", "B"),
        Step("update_task", of("$1", status="in progress"), {"task": task("$1", status="in progress", agent="$me")}),
        Step("delete_project", PROJECT, {"status": "project_deleted", "message": "Project $p has been deleted."}),
        Step("delete_project", PROJECT, Failure("Project not found: $p")),
        Step("list_tasks", PROJECT, Failure("Project $p not found")),
    ],
    "get_next_task: from the first to the last": [
        made("A", "B"),
        Step("get_next_task", PROJECT, given("$1")),
        Step("get_next_task", PROJECT, given("$1")),
        Step("update_task", of("$1", status="in progress"), {"task": task("$1", status="in progress", agent="$me")}),
        Step("get_next_task", PROJECT, given("$1", status="in progress")),
        done("$1"),
        Step("get_next_task", PROJECT, given("$2", "B")),
        done("$2", title="B"),
        Step(
            "get_next_task",
            PROJECT,
            {
                "message": "No task can be given to you now.\nDone, waiting for approval (approve_task): $1, $2.",
                "waiting": {"review": 2},
            },
        ),
        approved("$1"),
        approved("$2", "B"),
        Step("get_next_task", PROJECT, {"message": ALL_APPROVED}),
    ],
    "list_tasks: by state": [
        made("A", "B", "C", "D"),
        done("$1"),
        approved("$1"),
        done("$2", title="B"),
        Step("update_task", of("$3", status="in progress"), {"task": task("$3", "C", "in progress", agent="$me")}),
        *(
            Step(
                "list_tasks",
                {**PROJECT, "state": state},
                {
                    "message": f"Tasks in the system for project $p:\n{len(tasks)} tasks found.",
                    "tasks": [
                        {
                            "$1": task("$1", "A", "done", approved=True, completedDetails="ok", agent="$me"),
                            "$2": task("$2", "B", "done", completedDetails="ok", agent="$me"),
                            "$3": task("$3", "C", "in progress", agent="$me"),
                            "$4": task("$4", "D"),
                        }[number]
                        for number in tasks
                    ],
                },
            )
            for state, tasks in {
                "open": ["$2", "$3", "$4"],
                "pending_approval": ["$2"],
                "completed": ["$1"],
                "all": ["$1", "$2", "$3", "$4"],
                "in_progress": ["$3"],
                "not_started": ["$4"],
                "done": ["$1", "$2"],
                "failed": [],
            }.items()
        ),
    ],
    "generate_project_plan: arguments": [
        Step("generate_project_plan", {}, missing("prompt")),
        Step("generate_project_plan", {"prompt": "x"}, missing("provider")),
        Step("generate_project_plan", {"prompt": "x", "provider": "openai"}, missing("model")),
        Step(
            "generate_project_plan",
            {"prompt": "x", "provider": "openai", "model": "m", "attachments": "a"},
            Error(PARAMS, "Invalid attachments: must be an array of strings"),
        ),
        Step(
            "generate_project_plan",
            {"prompt": "x", "provider": "openai", "model": "m", "attachments": ["a", 7]},
            Error(PARAMS, "Invalid attachment at index 1: must be a string"),
        ),
        Step(
            "generate_project_plan",
            {"prompt": "x", "provider": "mine", "model": "m"},
            Failure("Invalid provider: mine"),
        ),
        Step(
            "generate_project_plan",
            {"prompt": "x", "provider": "openai", "model": "m"},
            Failure("Missing API key environment variable required for openai"),
        ),
    ],
}
"""By what they show. Projects are each exchange's own, so that all can be played on one database."""
