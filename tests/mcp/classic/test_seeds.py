"""The seed's own example, call by call, over real processes: a voice project and everything that happens to it."""

from __future__ import annotations

import json
from typing import Any

from tests.mcp.classic.client import Clients

TASKS = [
    {
        "title": "Prepare training dataset",
        "description": "Use voice-dataset-kit to segment audio, validate quality, and create train/val/test splits",
        "toolRecommendations": "voice-dataset-kit CLI, data validation scripts",
        "ruleRecommendations": "24kHz sample rate, 5-15s segments, >90% quality threshold",
    },
    {
        "title": "Configure LoRA training",
        "description": "Setup Sesame CSM-1B with LoRA adapters, mixed precision (bf16), gradient checkpointing",
        "toolRecommendations": "PyTorch, peft library, transformers",
        "ruleRecommendations": "LoRA rank 16, target_modules=['q_proj','v_proj'], gradient_checkpointing_enable()",
    },
    {
        "title": "Train model with monitoring",
        "description": "Execute training loop with checkpoint saving, metrics logging, and early stopping",
        "toolRecommendations": "wandb, tensorboard, tqdm",
        "ruleRecommendations": "Save every 500 steps, monitor WER and loss, stop if WER plateaus",
    },
    {
        "title": "Evaluate model quality",
        "description": "Test synthesized audio quality, measure WER/CER, compute speaker similarity",
        "toolRecommendations": "whisper for WER, ECAPA for similarity, MOS via listening tests",
        "ruleRecommendations": "WER ≤7%, CER ≤3%, ECAPA cosine ≥0.75",
    },
]
DETAILS = "Dataset prepared: 1847 clips (47min total), 98.2% quality score, train/val/test splits: 80/10/10"
OUT_OF_MEMORY = "FAILED: CUDA out of memory. Will retry with different agent."


def test_the_voice_project(clients: Clients) -> None:
    lead = clients.new(name="task-distributor")

    # Project creation pattern
    made = lead.told(
        "create_project",
        initialPrompt="Fine-tune Sesame CSM-1B for voice cloning with LoRA adaptation on RTX 4090",
        projectPlan="Data preparation, training configuration, checkpoint management, and evaluation",
        tasks=TASKS,
        autoApprove=False,
    )
    number = made["projectId"]
    first, second, third, fourth = (task["id"] for task in made["tasks"])
    assert made["message"] == f"Project {number} created with 4 tasks."

    # Step 1: query next task
    found = lead.told("get_next_task", projectId=number)
    assert {name: found["task"][name] for name in ("id", "status", *TASKS[0])} == {
        "id": first, "status": "not started", **TASKS[0],
    }  # fmt: skip

    # Step 2: mark task as in progress
    told = lead.told("update_task", projectId=number, taskId=first, status="in progress")
    assert told["task"]["status"] == "in progress"

    # Step 3: another session must not get the same task meanwhile
    other = clients.new(name="ai-engineer")
    assert other.told("get_next_task", projectId=number)["task"]["id"] == second

    # Step 4: mark task as completed
    told = lead.told("update_task", projectId=number, taskId=first, status="done", completedDetails=DETAILS)
    assert told["task"]["completedDetails"] == DETAILS
    assert told["message"].startswith("Task marked as done but requires human approval.")

    # Dynamic task addition
    added = lead.told(
        "add_tasks_to_project",
        projectId=number,
        tasks=[
            {
                "title": "Tune learning rate schedule",
                "description": "Current training shows oscillation. Implement warmup and cosine decay schedule.",
                "toolRecommendations": "transformers.get_cosine_schedule_with_warmup",
                "ruleRecommendations": "Warmup: 5% of total steps, min_lr: 1e-6",
            }
        ],
    )
    tune = added["newTasks"][0]["id"]

    # Task priority management: the critical fix goes first
    added = lead.told(
        "add_tasks_to_project",
        projectId=number,
        tasks=[
            {
                "title": "Fix GPU OOM during training",
                "description": "CRITICAL: Training crashes after 2 epochs due to memory overflow",
                "toolRecommendations": "gradient_checkpointing, reduce batch_size, clear cache",
                "ruleRecommendations": "Priority: CRITICAL - blocks all downstream work",
            }
        ],
    )
    fix = added["newTasks"][0]["id"]
    assert added["newTasks"][0]["priority"] == "critical"
    assert lead.told("get_next_task", projectId=number)["task"]["id"] == fix

    # Agent capacity tracking: count what is in progress by agent
    busy: dict[str, int] = {}
    for project in lead.told("list_projects", state="open")["projects"]:
        for task in lead.told("list_tasks", projectId=project["projectId"], state="in_progress")["tasks"]:
            busy[task["agent"]] = busy.get(task["agent"], 0) + 1
    assert sorted(busy.values()) == [1, 1]
    assert {agent.rpartition("-")[0] for agent in busy} == {"task-distributor", "ai-engineer"}

    # Error handling: the failure is kept, and another agent gets the task with its story
    lead.told("update_task", projectId=number, taskId=fix, status="in progress")
    told = lead.told("update_task", projectId=number, taskId=fix, status="not started", completedDetails=OUT_OF_MEMORY)
    assert (told["task"]["status"], told["task"]["completedDetails"]) == ("not started", OUT_OF_MEMORY)
    other.told("update_task", projectId=number, taskId=second, status="done", completedDetails="configured")
    told = other.told("update_task", projectId=number, taskId=fix, status="in progress")
    assert told["task"]["agent"].startswith("ai-engineer-")
    story = other.told("get_next_task", projectId=number)
    assert story["task"]["id"] == fix
    assert [one["error"] for one in story["attempts"]] == [OUT_OF_MEMORY]
    other.told("update_task", projectId=number, taskId=fix, status="done", completedDetails="smaller batches")

    # The rest, in the order it was asked for
    for expected in (third, fourth, tune):
        assert lead.told("get_next_task", projectId=number)["task"]["id"] == expected
        lead.told("update_task", projectId=number, taskId=expected, status="done", completedDetails="done")

    # Manual review, then the end
    assert _failed(lead.tool("finalize_project", {"projectId": number})) == "Not all done tasks are approved"
    for task in lead.told("list_tasks", projectId=number, state="pending_approval")["tasks"]:
        lead.told("approve_task", projectId=number, taskId=task["id"])
    lead.told("finalize_project", projectId=number)
    line = lead.told("list_projects", state="completed")["projects"][0]
    assert (line["totalTasks"], line["completedTasks"], line["approvedTasks"]) == (6, 6, 6)


def _failed(answer: dict[str, Any]) -> str:
    assert answer["result"]["isError"] is True, json.dumps(answer)
    text: str = answer["result"]["content"][0]["text"]
    return text.removeprefix("Tool execution failed: ")
