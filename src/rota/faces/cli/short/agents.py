"""`rota agents`, with `show`, `register`, `drain`, `resume`, `health`, `remove`."""

from __future__ import annotations

from rota.faces.cli.amounts import count
from rota.faces.cli.columns import facts
from rota.faces.cli.say import json_line
from rota.faces.cli.short.calls import reading
from rota.faces.cli.short.confirm import DECLINED, confirmed
from rota.faces.cli.short.deed import changed, deed
from rota.faces.cli.short.listing import Item, Listing, listed
from rota.faces.cli.short.options import PLACE, REASON, WATCH, YES, page
from rota.faces.cli.short.shape import Given, Noun, Option, Verb, Word, picked
from rota.faces.cli.short.task import readable

NAME = Word("agent", "Its name.", "AGENT")
SPEC = (
    Option("role", "Its role."),
    Option("slots", "How many tasks it does at once.", "integer", default=1),
    Option("least_slots", "How many it can do at once is found out, between this and --slots.", "integer"),
    Option("skills", "What it can, and how well.", "levels", ("--skill",)),
    Option("region", "Where it is."),
    Option("pool", "The pool it belongs to.", default="default"),
    Option("cost", "Its price: per_hour, per_task, per_1k_tokens, energy_per_hour.", "amounts"),
    Option("weight", "Its share under weighted strategies.", "number"),
    Option("resources", "What it offers to all its tasks together.", "amounts", ("--resource",)),
    Option("limit", "What its work is charged to at its provider: while that is parked, it is given nothing."),
    Option("hours", "When it works each week: 'mon-fri 09:00-17:00'.", many=True),
    Option("time_zone", "Of its hours.", default="UTC"),
    Option("reserve", "Slots it keeps, as JSON: {\"slots\": 1, \"priority\": \"critical\"}.", "json", many=True),
)  # fmt: skip
ABOUT_CALL = ("database", "json", "instance", "replace")


def show(given: Given) -> int:
    """One agent with what it has."""
    with reading(given.get("database")) as call:
        found = call("get_agent", {"agent": given["agent"]})
    if given.get("json"):
        json_line(found)
    else:
        facts((name, readable(value)) for name, value in found.items())
    return 0


def register(given: Given) -> int:
    """Make the agent known, or change what it registered."""
    spec = {"name": given["agent"], **picked(given, (option.field for option in SPEC))}
    return deed(
        picked(given, ABOUT_CALL),
        "register_agent",
        lambda answer: f"{answer['name']} is registered",
        makes=True,
        agent=spec,
    )


def drain(given: Given) -> int:
    """Give it nothing new."""
    name = given["agent"]
    return deed(given, "drain_agent", changed(f"{name} finishes what it has", f"{name} was draining before"))


def resume(given: Given) -> int:
    """End a drain."""
    name = given["agent"]
    return deed(given, "resume_agent", changed(f"{name} is given tasks again", f"{name} was not draining"))


def health(given: Given) -> int:
    """Say whether it is fit to work."""
    name, fit = given["agent"], given["healthy"]
    return deed(given, "set_health", changed(f"{name} is {'fit' if fit else 'not fit'} to work", "it was so before"))


def remove(given: Given) -> int:
    """Forget it; its tasks go back."""
    name = given["agent"]
    with reading(given.get("database")) as ask:
        held = len(ask("get_agent", {"agent": name}).get("tasks", []))
    if not confirmed(given, f"forget {name}, who has {count(held, 'task')}"):
        return DECLINED
    return deed(given, "remove_agent", lambda _answer: f"{name} is forgotten; what it had went back")


def _state(agent: Item) -> str:
    """Of one that is given nothing, the code that says why: `ejected`, `off_hours`, ..."""
    barred: str | None = agent.get("barred")
    return agent["state"] if barred is None or agent["state"] != "active" else barred.partition(":")[0]


def _agent(agent: Item) -> tuple[object, ...]:
    skills = ", ".join(f"{name} {level}" for name, level in sorted(agent.get("skills", {}).items()))
    return (
        agent["name"], _state(agent), "yes" if agent["healthy"] else "no", agent.get("pool", "default"),
        agent.get("role"), agent["running"], agent["slots"], agent.get("done", 0), agent.get("failed", 0),
        "now" if agent.get("listening") else agent.get("last_seen"), skills,
    )  # fmt: skip


LISTING = Listing(
    "list_agents", "agents", "name",
    ("AGENT", "STATE", "HEALTHY", "POOL", "ROLE", "RUNNING", "SLOTS", "DONE", "FAILED", "SEEN", "SKILLS"), _agent,
)  # fmt: skip
AGENTS = Noun(
    "agents",
    "List agents; register, drain, resume or remove one",
    Verb(
        "agents",
        "List agents by name",
        lambda given: listed({"limit": 1_000, **given}, LISTING),
        options=(Option("pool", "Of this pool."), *page(1_000), WATCH, *PLACE),
    ),
    (
        Verb("show", "Show one agent with the tasks in its hands", show, (NAME,), PLACE),
        Verb(
            "register",
            "Make an agent known that claims for itself, or change what it registered",
            register,
            (NAME,),
            (
                *SPEC,
                Option("instance", "Which process it is: another one is refused while this one is heard from."),
                Option("replace", "Take over from another process: its tasks go back at once.", "switch"),
                *PLACE,
            ),
        ),
        Verb("drain", "Give an agent nothing new; what it has, it finishes", drain, (NAME,), (REASON, *PLACE)),
        Verb("resume", "End the drain of an agent", resume, (NAME,), PLACE),
        Verb(
            "health",
            "Say whether an agent is fit to work; while it is not, it is given nothing",
            health,
            (NAME,),
            (Option("healthy", "Whether it is.", "yes_no", ("--fit",), needed=True), REASON, *PLACE),
        ),
        Verb(
            "remove",
            "Forget an agent; tasks in its hands go back to their old place",
            remove,
            (NAME,),
            (YES, *PLACE),
            text="It says how many tasks it has and asks first.",
        ),
    ),
)
