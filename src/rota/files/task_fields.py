"""What the fields of a task mean, for the schema that editors read. The page about them is docs/task-files.md."""

from __future__ import annotations

TASK_FIELDS: dict[str, str] = {
    "title": "What is to be done, in a line.",
    "description": "All that the agent needs to know.",
    "kind": "What sort of work it is; agents' history is kept per kind.",
    "payload": "Anything for the agent.",
    "ref": "A name for this task among those that come with it.",
    "queue": "The queue it goes to.",
    "project": "The project it belongs to, by id or key.",
    "tenant": "For whom it is; work is shared fairly between tenants.",
    "priority": "How urgent it is.",
    "deadline": "When it should be finished: a span from now, or RFC 3339.",
    "start": "Not before this moment: a span from now, or RFC 3339.",
    "ttl": "It expires if no agent got it within this time.",
    "estimate": "How long the work will probably take.",
    "skills": "Each needed skill with its least level.",
    "role": "Only agents of this role may do it.",
    "regions": "Only agents of one of these regions may do it.",
    "pin": "Only this agent may do it.",
    "ban": "These agents may not do it.",
    "limits": "Keys of the limits it is charged to.",
    "resources": "What it uses of its agent's resources while it runs.",
    "near": "The region it is best done in or near.",
    "max_cost": "The most it may probably cost.",
    "affinity": "Tasks with the same key go to the same agent where that is possible.",
    "group": "Tasks of one group go to an agent together.",
    "after": "The tasks it waits for.",
    "sequence": "Tasks of one sequence run one after another.",
    "touches": "What it changes, as patterns of paths; tasks whose places clash do not run at once.",
    "unique": "While a task with this key is unfinished, that one is used instead of a second.",
    "max_attempts": "Attempts before it is dead; else as its queue says.",
    "approval": "Whether a person approves the outcome; else as its queue says.",
    "held": "Submitted on hold.",
    "stages": "Changes that come with time or trouble, after those of its queue.",
}
EDGE_FIELDS: dict[str, str] = {
    "task": "The task it waits for.",
    "rule": "What becomes of this one when that one ends badly.",
    "until": "Whether it waits for the outcome, or for its approval.",
}
