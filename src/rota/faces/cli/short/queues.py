"""`rota queues`, with `show`, `pause`, `resume`, `purge`."""

from __future__ import annotations

from rota.faces.cli.amounts import count
from rota.faces.cli.columns import facts
from rota.faces.cli.say import json_line, line
from rota.faces.cli.short.calls import changing, reading
from rota.faces.cli.short.confirm import DECLINED, confirmed
from rota.faces.cli.short.deed import changed, deed
from rota.faces.cli.short.listing import Item, Listing, listed
from rota.faces.cli.short.options import PLACE, REASON, WATCH, YES
from rota.faces.cli.short.shape import Given, Noun, Verb, Word, picked
from rota.faces.cli.short.task import readable

NAME = Word("queue", "Its name.", "QUEUE")


def show(given: Given) -> int:
    """One queue with its policy."""
    with reading(given.get("database")) as call:
        found = call("get_queue", {"queue": given["queue"]})
    if given.get("json"):
        json_line(found)
        return 0
    policy = found.pop("policy")
    facts((name, readable(value)) for name, value in {**found, **policy}.items())
    return 0


def pause(given: Given) -> int:
    """Give out nothing of it."""
    name = given["queue"]
    return deed(given, "pause_queue", changed(f"{name} is paused", f"{name} was paused before"))


def resume(given: Given) -> int:
    """End its pause."""
    name = given["queue"]
    return deed(given, "resume_queue", changed(f"{name} goes on", f"{name} was not paused"))


def purge(given: Given) -> int:
    """Cancel what is ready in it, in as many calls as that takes."""
    name = given["queue"]
    with reading(given.get("database")) as ask:
        waiting = ask("get_queue", {"queue": name})["waiting"]
    if not confirmed(given, f"cancel {count(waiting, 'ready task')} of {name}"):
        return DECLINED
    asked = picked(given, ("queue", "reason"))
    total = 0
    with changing(given.get("database")) as call:
        while cancelled := call("purge_queue", asked)["cancelled"]:
            total += cancelled
    if given.get("json"):
        json_line({"cancelled": total})
    else:
        line(f"{count(total, 'task')} cancelled")
    return 0


def _queue(queue: Item) -> tuple[object, ...]:
    aside = ", ".join(f"{n} {name}" for name, n in sorted(queue["aside"].items()))
    paused = (queue.get("reason") or "yes") if queue["paused"] else None
    return (queue["name"], queue["policy"]["pool"], queue["waiting"], queue["running"], aside, paused)


LISTING = Listing("list_queues", "queues", "name", ("QUEUE", "POOL", "WAITING", "RUNNING", "ASIDE", "PAUSED"), _queue)
QUEUES = Noun(
    "queues",
    "List queues; pause, resume or purge one",
    Verb(
        "queues",
        "List queues by name, with what waits and runs in them",
        lambda given: listed(given, LISTING),
        options=(WATCH, *PLACE),
    ),
    (
        Verb("show", "Show one queue with its policy", show, (NAME,), PLACE),
        Verb("pause", "Give out nothing of a queue until it is resumed; tasks still come in", pause, (NAME,),
             (REASON, *PLACE)),
        Verb("resume", "End the pause of a queue", resume, (NAME,), PLACE),
        Verb("purge", "Cancel all ready tasks of a queue", purge, (NAME,), (REASON, YES, *PLACE),
             text="It says how many they are and asks first."),
    ),
)  # fmt: skip
