"""Calls of the 14 tools and their answers, written down from the contract of taskqueue-mcp 1.4.1.

A story begins with nothing. Ids are those of a file: whoever numbers otherwise replays it through `tests.mcp.replay`.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class ToolFailure(NamedTuple):
    """A result with `isError`; the text without `Tool execution failed: `."""

    text: str


class WrongCall(NamedTuple):
    """An error of JSON-RPC; the text without `MCP error -32602: `."""

    text: str
    code: int = -32602


class Step(NamedTuple):
    tool: str
    arguments: Any
    answer: dict[str, Any] | ToolFailure | WrongCall


class Story(NamedTuple):
    name: str
    steps: list[Step]
    file_only: bool = False
    """A quirk that file mode keeps and the database does not."""


def missing(what: str, expected: str = "string") -> WrongCall:
    return WrongCall(f"Invalid or missing required parameter: {what} (Expected {expected})")


def task(number: int, title: str = "Build", **more: Any) -> dict[str, Any]:
    """A task as answered, with the keys in their order."""
    return {
        "id": f"task-{number}",
        "title": title,
        "description": f"{title} it",
        "status": "not started",
        "approved": False,
        "completedDetails": "",
    } | more


def asked(title: str, **more: Any) -> dict[str, Any]:
    """A task as asked for."""
    return {"title": title, "description": f"{title} it", **more}


def named(number: int, title: str) -> dict[str, Any]:
    return {"id": f"task-{number}", "title": title, "description": f"{title} it"}


P1 = {"projectId": "proj-1"}
T1 = {**P1, "taskId": "task-1"}
T2 = {**P1, "taskId": "task-2"}
NO_STATE = ToolFailure("Invalid state parameter. Must be one of: open, pending_approval, completed, all")
COMPLETED = ToolFailure("Project is already completed")


def create(*titles: str, plan: str | None = "First build", auto: bool | None = False) -> Step:
    arguments: dict[str, Any] = {"initialPrompt": "A house", "tasks": [asked(title) for title in titles]}
    if plan is not None:
        arguments["projectPlan"] = plan
    if auto is not None:
        arguments["autoApprove"] = auto
    return Step(
        "create_project",
        arguments,
        {
            "projectId": "proj-1",
            "totalTasks": len(titles),
            "tasks": [named(number, title) for number, title in enumerate(titles, 1)],
            "message": f"Project proj-1 created with {len(titles)} tasks.",
        },
    )


def done(number: int, title: str, *, message: bool = True, details: str = "Stands") -> Step:
    answer: dict[str, Any] = {"task": task(number, title, status="done", completedDetails=details)}
    if message:
        answer["message"] = (
            "Task marked as done but requires human approval.\n"
            f"To approve, user should run: npx taskqueue approve-task -- proj-1 task-{number}"
        )
    arguments = {**P1, "taskId": f"task-{number}", "status": "done", "completedDetails": details}
    return Step("update_task", arguments, answer)


def approve(number: int, title: str) -> Step:
    shown = {**named(number, title), "completedDetails": "Stands", "approved": True}
    return Step("approve_task", {**P1, "taskId": f"task-{number}"}, {**P1, "task": shown})


def tasks_found(found: list[dict[str, Any]], where: str = "") -> dict[str, Any]:
    return {"message": f"Tasks in the system{where}:\n{len(found)} tasks found.", "tasks": found}


def projects_found(*found: tuple[int, int, int]) -> dict[str, Any]:
    return {
        "message": "Current projects in the system:",
        "projects": [
            {"projectId": f"proj-{i}", "initialPrompt": "A house", "totalTasks": t, "completedTasks": d,
             "approvedTasks": a}
            for i, (t, d, a) in enumerate(found, 1)
        ],
    }  # fmt: skip


FINALIZED = Step("finalize_project", P1, {**P1, "message": "Project is fully completed and approved."})

STORIES = [
    Story(
        "from nothing to the end",
        [
            Step("list_projects", {}, projects_found()),
            Step("list_tasks", {}, tasks_found([])),
            create("Build", "Paint"),
            Step("list_projects", {}, projects_found((2, 0, 0))),
            Step(
                "read_project",
                P1,
                {**P1, "initialPrompt": "A house", "projectPlan": "First build", "completed": False,
                 "autoApprove": False, "tasks": [task(1), task(2, "Paint")]},
            ),
            Step("get_next_task", P1, {**P1, "task": task(1)}),
            Step("update_task", {**T1, "status": "in progress"}, {"task": task(1, status="in progress")}),
            Step("finalize_project", P1, ToolFailure("Not all tasks are done")),
            Step("approve_task", T1, ToolFailure("Task not done yet")),
            done(1, "Build"),
            approve(1, "Build"),
            Step("approve_task", T1, ToolFailure("Task is already approved")),
            Step("get_next_task", P1, {**P1, "task": task(2, "Paint")}),
            done(2, "Paint"),
            Step("finalize_project", P1, ToolFailure("Not all done tasks are approved")),
            approve(2, "Paint"),
            Step(
                "get_next_task",
                P1,
                {"message": "All tasks have been completed and approved. Awaiting project completion approval."},
            ),
            FINALIZED,
            Step("list_projects", {"state": "completed"}, projects_found((2, 2, 2))),
        ],
    ),
    Story(
        "a finalized project is closed but can be read and deleted",
        [
            create(),
            Step("get_next_task", P1, ToolFailure("Project has no tasks")),
            FINALIZED,
            Step("finalize_project", P1, COMPLETED),
            Step("get_next_task", P1, COMPLETED),
            Step("update_task", {**T1, "title": "New"}, COMPLETED),
            Step("add_tasks_to_project", {**P1, "tasks": []}, COMPLETED),
            Step("create_task", {**P1, **asked("Build")}, COMPLETED),
            Step("delete_task", T1, COMPLETED),
            Step("approve_task", T1, ToolFailure("Task task-1 not found")),
            Step("read_task", T1, ToolFailure("Task task-1 not found")),
            Step("list_tasks", P1, tasks_found([], " for project proj-1")),
            Step(
                "delete_project", P1, {"status": "project_deleted", "message": "Project proj-1 has been deleted."}
            ),
            Step("delete_project", P1, ToolFailure("Project not found: proj-1")),
        ],
    ),
    Story(
        "nothing is found",
        [
            *(
                Step(
                    tool,
                    {**T1, "projectId": "proj-9", **asked("Build"), "tasks": []},
                    ToolFailure("Project proj-9 not found"),
                )
                for tool in (
                    "read_project", "add_tasks_to_project", "finalize_project", "list_tasks", "read_task",
                    "create_task", "update_task", "delete_task", "approve_task", "get_next_task",
                )
            ),
            create("Build"),
            *(
                Step(tool, {**P1, "taskId": "task-9"}, ToolFailure("Task task-9 not found"))
                for tool in ("read_task", "update_task", "delete_task", "approve_task")
            ),
            Step("read_task", {**P1, "taskId": "9"}, ToolFailure("Task 9 not found")),
        ],
    ),
    Story(
        "tasks come, change and go",
        [
            create("Build"),
            Step(
                "add_tasks_to_project",
                {**P1, "tasks": [asked("Paint", toolRecommendations="brush", ruleRecommendations="dry first")]},
                {"newTasks": [named(2, "Paint")], "message": "Added 1 tasks to project proj-1"},
            ),
            Step(
                "create_task",
                {**P1, **asked("Sweep", ruleRecommendations="last")},
                {"newTasks": [named(3, "Sweep")], "message": "Added 1 tasks to project proj-1"},
            ),
            Step(
                "read_task",
                T2,
                {**P1, "task": task(2, "Paint", toolRecommendations="brush", ruleRecommendations="dry first")},
            ),
            Step(
                "update_task",
                {**T2, "title": "Färben", "description": "grün 😀", "toolRecommendations": ""},
                {"task": task(2, "Färben", description="grün 😀", toolRecommendations="",
                              ruleRecommendations="dry first")},
            ),
            Step("delete_task", T1, {"message": "Task task-1 deleted from project proj-1"}),
            Step("delete_task", T1, ToolFailure("Task task-1 not found")),
            Step("add_tasks_to_project", {**P1, "tasks": []},
                 {"newTasks": [], "message": "Added 0 tasks to project proj-1"}),
        ],
    ),
    Story(
        "an approved task stays as it is",
        [
            create("Build"),
            done(1, "Build"),
            approve(1, "Build"),
            Step("update_task", {**T1, "title": "New"}, ToolFailure("Cannot modify an approved task")),
            Step("delete_task", T1, ToolFailure("Cannot delete an approved task")),
            Step("read_task", T1, {**P1, "task": task(1, status="done", approved=True, completedDetails="Stands")}),
        ],
    ),
    Story(
        "filters of lists",
        [
            create("Build", "Paint", "Sweep"),
            done(1, "Build"),
            approve(1, "Build"),
            done(2, "Paint"),
            Step("list_tasks", {"state": "open"}, tasks_found(
                [task(2, "Paint", status="done", completedDetails="Stands"), task(3, "Sweep")])),
            Step("list_tasks", {**P1, "state": "pending_approval"}, tasks_found(
                [task(2, "Paint", status="done", completedDetails="Stands")], " for project proj-1")),
            Step("list_tasks", {"state": "completed"}, tasks_found(
                [task(1, status="done", approved=True, completedDetails="Stands")])),
            Step("list_projects", {"state": "open"}, projects_found((3, 2, 1))),
            Step("list_projects", {"state": "pending_approval"}, projects_found()),
            Step("delete_task", {**P1, "taskId": "task-3"}, {"message": "Task task-3 deleted from project proj-1"}),
            Step("list_projects", {"state": "pending_approval"}, projects_found((2, 2, 1))),
            Step("list_projects", {"state": "completed"}, projects_found()),
            Step("list_projects", {"state": "all"}, projects_found((2, 2, 1))),
            Step("list_projects", {"state": "closed"}, NO_STATE),
            Step("list_projects", {"state": 7}, NO_STATE),
            Step("list_tasks", {"state": "closed"}, NO_STATE),
        ],
    ),
    Story(
        "arguments that can not be taken",
        [
            Step("mark_task_done", T1, WrongCall("Unknown tool: mark_task_done", -32601)),
            Step("read_project", {}, missing("projectId")),
            Step("read_project", {"projectId": ""}, missing("projectId")),
            Step("read_project", {"projectId": 1}, missing("projectId")),
            Step("read_task", P1, missing("taskId")),
            Step("create_project", {"tasks": []}, missing("initialPrompt")),
            Step("create_project", {"initialPrompt": "x"}, missing("tasks", "array")),
            Step("create_project", {"initialPrompt": "x", "tasks": "x"}, missing("tasks", "array")),
            Step("create_project", {"initialPrompt": "x", "tasks": ["x"]},
                 WrongCall("Task at index 0 must be an object")),
            Step("create_project", {"initialPrompt": "x", "tasks": [asked("a"), {"title": "b"}]},
                 missing("description in task at index 1")),
            Step("create_project", {"initialPrompt": "x", "tasks": [{"description": "b"}]},
                 missing("title in task at index 0")),
            Step("create_project", {"initialPrompt": "x", "tasks": [], "projectPlan": 1},
                 WrongCall("Invalid type for optional parameter 'projectPlan' (Expected string)")),
            Step("create_project", {"initialPrompt": "x", "tasks": [], "autoApprove": "yes"},
                 WrongCall("Invalid type for optional parameter 'autoApprove' (Expected boolean)")),
            Step("add_tasks_to_project", P1, missing("tasks", "array")),
            Step("create_task", {**P1, "title": "x"}, missing("description")),
            Step("update_task", {**T1, "status": "finished"},
                 WrongCall("Invalid status: must be one of 'not started', 'in progress', 'done'")),
            Step("update_task", {**T1, "status": "done"}, missing("completedDetails (required when status = 'done')")),
            Step("update_task", {**T1, "status": "done", "completedDetails": ""},
                 missing("completedDetails (required when status = 'done')")),
            Step("update_task", {**T1, "toolRecommendations": 1},
                 WrongCall("Invalid toolRecommendations: must be a string")),
            Step("update_task", {**T1, "title": ""}, missing("title")),
            Step("generate_project_plan", {"prompt": "x", "provider": "openai"}, missing("model")),
            Step("generate_project_plan", {"prompt": "x", "provider": "openai", "model": "m", "attachments": "f"},
                 WrongCall("Invalid attachments: must be an array of strings")),
            Step("generate_project_plan", {"prompt": "x", "provider": "openai", "model": "m", "attachments": [1]},
                 WrongCall("Invalid attachment at index 0: must be a string")),
            Step("generate_project_plan", {"prompt": "x", "provider": "nobody", "model": "m"},
                 ToolFailure("Invalid provider: nobody")),
            Step("list_projects", {}, projects_found()),
        ],
    ),
    Story(
        "arguments are checked before anything is looked up",
        [
            Step("update_task", {"projectId": "proj-9", "taskId": "task-9", "status": "x"},
                 WrongCall("Invalid status: must be one of 'not started', 'in progress', 'done'")),
            create(),
            FINALIZED,
            Step("update_task", {**P1, "taskId": "task-9"}, COMPLETED),
        ],
    ),
    Story(
        "file: autoApprove left out is stored as true and approves nothing, the plan is the prompt",
        [
            create("Build", plan=None, auto=None),
            Step("update_task", {**T1, "status": "done", "completedDetails": "Stands"},
                 {"task": task(1, status="done", completedDetails="Stands")}),
            Step("finalize_project", P1, ToolFailure("Not all done tasks are approved")),
            Step("get_next_task", P1, {**P1, "task": task(1, status="done", completedDetails="Stands")}),
            Step("read_project", P1,
                 {**P1, "initialPrompt": "A house", "projectPlan": "A house", "completed": False,
                  "autoApprove": True, "tasks": [task(1, status="done", completedDetails="Stands")]}),
        ],
        file_only=True,
    ),
    Story(
        "file: any status follows any other, and details are taken with done alone",
        [
            create("Build"),
            Step("update_task", {**T1, "completedDetails": "Lost"}, {"task": task(1)}),
            Step("update_task", {**T1, "status": "in progress", "completedDetails": "FAILED: lost"},
                 {"task": task(1, status="in progress")}),
            done(1, "Build"),
            Step("update_task", {**T1, "status": "not started", "completedDetails": "FAILED: lost"},
                 {"task": task(1, completedDetails="Stands")}),
            done(1, "Build"),
            Step("update_task", {**T1, "status": "in progress"},
                 {"task": task(1, status="in progress", completedDetails="Stands")}),
            Step("get_next_task", P1, {**P1, "task": task(1, status="in progress", completedDetails="Stands")}),
        ],
        file_only=True,
    ),
    Story(
        "file: the greatest ids are used again, and tasks are counted over all projects",
        [
            create("Build", "Paint"),
            Step("delete_task", T2, {"message": "Task task-2 deleted from project proj-1"}),
            Step("create_project", {"initialPrompt": "A house", "tasks": [asked("Sweep")]},
                 {"projectId": "proj-2", "totalTasks": 1, "tasks": [named(2, "Sweep")],
                  "message": "Project proj-2 created with 1 tasks."}),
            Step("delete_project", {"projectId": "proj-2"},
                 {"status": "project_deleted", "message": "Project proj-2 has been deleted."}),
            Step("create_project", {"initialPrompt": "A house", "tasks": [asked("Dust")]},
                 {"projectId": "proj-2", "totalTasks": 1, "tasks": [named(2, "Dust")],
                  "message": "Project proj-2 created with 1 tasks."}),
            Step("list_tasks", {}, tasks_found([task(1), task(2, "Dust")])),
        ],
        file_only=True,
    ),
    Story(
        "file: what only Rota knows is ignored, right or not",
        [
            Step("create_project",
                 {"initialPrompt": "A house", "priority": 7, "ordering": "odd",
                  "tasks": [asked("Build", priority="nonsense", skills=3, dependsOn=["nobody"])]},
                 {"projectId": "proj-1", "totalTasks": 1, "tasks": [named(1, "Build")],
                  "message": "Project proj-1 created with 1 tasks."}),
            Step("get_next_task", {**P1, "agentId": 3}, {**P1, "task": task(1)}),
            Step("get_next_task", {**P1, "agentId": "other"}, {**P1, "task": task(1)}),
            Step("update_task", {**T1, "leaseToken": "nonsense", "status": "in progress"},
                 {"task": task(1, status="in progress")}),
            Step("list_tasks", {"state": "in_progress"}, NO_STATE),
        ],
        file_only=True,
    ),
]  # fmt: skip
