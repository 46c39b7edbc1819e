"""`rota schedules`, with `show`, `next`, `set`, `pause`, `resume`, `remove`."""

from __future__ import annotations

from rota.faces.cli.amounts import span
from rota.faces.cli.columns import facts
from rota.faces.cli.say import json_line, line
from rota.faces.cli.short.calls import reading
from rota.faces.cli.short.confirm import DECLINED, confirmed
from rota.faces.cli.short.deed import PLACED, changed, deed
from rota.faces.cli.short.listing import Item, Listing, listed
from rota.faces.cli.short.lists import second
from rota.faces.cli.short.options import PLACE, REASON, WATCH, YES
from rota.faces.cli.short.shape import Given, Noun, Option, Verb, Word, picked
from rota.faces.cli.short.spec import ASKS, ONCE, SAYS
from rota.faces.cli.short.task import readable
from rota.model.errors import RotaError

NAME = Word("schedule", "Its name.", "SCHEDULE")
WHEN = (
    Option("cron", 'Minute, hour, day, month, weekday, as in "0 7 * * mon-fri"; or @hourly, @daily, @weekly.'),
    Option("every", "Instead of cron: at whole multiples of this since 1970 in UTC, such as 15m."),
    Option("time_zone", "Whose clock on the wall cron reads.", default="UTC"),
)
HOW = (
    Option("overlap", "While the last task is unfinished.", choices=("allow", "skip"), default="allow"),
    Option("catch_up", "Of the ticks that nobody was there for.", choices=("one", "all", "none"), default="one"),
)
TASK = (Option("title", "What its tasks are called.", needed=True), *SAYS,
        *(option for option in ASKS if option.field != "after"), *ONCE)  # fmt: skip


def show(given: Given) -> int:
    """One schedule with its task."""
    found = _found(given)
    if given.get("json"):
        json_line(found)
        return 0
    spec = found.pop("schedule")
    task = {f"task {name}": value for name, value in spec.pop("task").items() if value not in (None, [], {}, "")}
    facts((name, readable(value)) for name, value in {**spec, **found, **task}.items())
    return 0


def following(given: Given) -> int:
    """When it comes next."""
    with reading(given.get("database")) as call:
        answer = call("next_ticks", picked(given, ("schedule", "n", *(option.field for option in WHEN))))
    if given.get("json"):
        json_line(answer)
        return 0
    for tick in answer["ticks"]:
        line(second(tick) or "")
    return 0


def set_(given: Given) -> int:
    """Create it, or replace the one of the same name."""
    name = given["schedule"]
    spec = {"name": name, **picked(given, (option.field for option in (*WHEN, *HOW)))}
    spec["task"] = picked(given, (option.field for option in TASK))
    said = changed(f"{name} is set", "it was so before")
    return deed(picked(given, PLACED), "set_schedule", said, makes=True, schedule=spec)


def pause(given: Given) -> int:
    """Let no tick come."""
    name = given["schedule"]
    return deed(given, "pause_schedule", changed(f"{name} is paused", f"{name} was paused before"))


def resume(given: Given) -> int:
    """End its pause."""
    name = given["schedule"]
    return deed(given, "resume_schedule", changed(f"{name} goes on", f"{name} was not paused"))


def remove(given: Given) -> int:
    """Remove it."""
    name = given["schedule"]
    _found(given)
    if not confirmed(given, f"remove 1 schedule, {name}"):
        return DECLINED
    return deed(given, "remove_schedule", lambda _answer: f"{name} is removed")


def _found(given: Given) -> Item:
    with reading(given.get("database")) as call:
        schedules: list[Item] = call("list_schedules", {})["schedules"]
    for one in schedules:
        if one["name"] == given["schedule"]:
            return one
    raise RotaError("no_schedule", f"there is no schedule named {given['schedule'][:100]!r}", field="schedule")


def _schedule(view: Item) -> tuple[object, ...]:
    spec = view["schedule"]
    when = spec.get("cron") or f"every {span(spec['every'])}"
    zone = f" {spec['time_zone']}" if "time_zone" in spec else ""
    comes = second(view.get("next")) or ("paused" if view.get("paused") else None)
    return (view["name"], f"{when}{zone}", comes, second(view.get("last")), view.get("task"),
            view.get("trouble") or view.get("reason"))  # fmt: skip


HEADS = ("SCHEDULE", "WHEN", "NEXT", "LAST", "LAST TASK", "NOTE")
LISTING = Listing("list_schedules", "schedules", "name", HEADS, _schedule)
SCHEDULES = Noun(
    "schedules",
    "List schedules and when they come; set, pause or remove one",
    Verb(
        "schedules",
        "List schedules by name, with their next and last tick",
        lambda given: listed(given, LISTING),
        options=(WATCH, *PLACE),
    ),
    (
        Verb("show", "Show one schedule with its task", show, (NAME,), PLACE),
        Verb("next", "Show when a schedule comes next, or when one would: by --cron or --every", following,
             (NAME._replace(optional=True),), (*WHEN, Option("n", "How many.", "integer", ("-n",), default=5), *PLACE)),
        Verb("set", "Create a schedule, or replace the one of the same name", set_, (NAME,),
             (*WHEN, *HOW, *TASK, *PLACE)),
        Verb("pause", "Let no tick of a schedule come until it is resumed", pause, (NAME,), (REASON, *PLACE)),
        Verb("resume", "End the pause of a schedule; what was due in between does not come", resume, (NAME,), PLACE),
        Verb("remove", "Remove a schedule; the tasks that it submitted stay", remove, (NAME,), (YES, *PLACE)),
    ),
)  # fmt: skip
