"""Write the tasks of the audit to stdout, one JSON object a line.

    python make_tasks.py [NAME ...] > tasks.jsonl      NAME restricts the audit to these modules and packages

The same Python always gives the same tasks.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import NamedTuple

from library import is_package, sources, top_level

PROJECT = "stdlib-audit"
LETTERS = ("_", "ab", "c", "defg", "hijkl", "mno", "pq", "r", "s", "t", "uvwxyz")
"""Single modules share a section with those of near first letters; every package is a section of its own."""

NO_SUCH_MODULE = "no_such_module"
"""Asked for by mistake: this task can never succeed, and the audit must end well all the same."""

SECRETS = frozenset({"hashlib", "hmac", "secrets", "ssl"})
NETWORK = frozenset({"asyncio", "email", "html", "http", "socket", "urllib", "xml", "xmlrpc"})
ASIDE = frozenset({"encodings", "idlelib", "lib2to3", "pydoc_data", "turtledemo"})
DEADLINES = {"emergency": "10s", "critical": "25s", "high": "40s", "normal": "60s", "low": None}

Json = dict[str, object]


class Section(NamedTuple):
    """What one summary is written about."""

    name: str
    modules: list[str]

    @property
    def size(self) -> int:
        """Bytes of source."""
        return sum(size_of(module) for module in self.modules)


def sections(names: list[str]) -> list[Section]:
    """The names, parted: each package alone, single modules by their first letter."""
    packages = [Section(name, [name]) for name in names if is_package(name)]
    single = [name for name in names if not is_package(name)]
    lettered = [
        Section(f"modules {' to '.join(sorted({letters[0], letters[-1]}))}", members)
        for letters in LETTERS
        if (members := [name for name in single if name[0].lower() in letters])
    ]
    return packages + lettered


def tasks_for(names: list[str]) -> list[Json]:
    """All tasks: parents stand before the tasks that depend on them."""
    lost = metrics_task(NO_SUCH_MODULE)
    parts = sections(names)
    tasks = [task for part in parts[:-1] for task in section_tasks(part)]
    tasks += section_tasks(parts[-1], lost)
    return [lost, *tasks, report_task([task for task in tasks if task["kind"] == "summary"])]


def section_tasks(section: Section, *others: Json) -> list[Json]:
    """The tasks of one section; the last one is its summary, which waits for the `others` too."""
    metrics = [metrics_task(module) for module in section.modules]
    compiling = whole_section_task(section, "compile", "Compile", {"compile": 1})
    compiling["priority"] = "high"
    compiling["deadline"] = DEADLINES["high"]
    skills = {"docs": level(section.size)}
    reading = whole_section_task(section, "documentation", "Read the docstrings of", skills)
    reading["after"] = [compiling["ref"]]
    summary = summary_task(section, [*others, *metrics, compiling, reading])
    return [*metrics, compiling, reading, summary]


def metrics_task(module: str) -> Json:
    """Measure one module or package; the bigger it is, the more skill it takes."""
    size = size_of(module)
    priority = priority_of(module)
    return {
        "ref": f"metrics:{module}",
        "title": f"Measure {module}",
        "description": f"Count lines, functions, classes and decisions in {module} ({size / 1000:.0f} kB).",
        "kind": "metrics",
        "queue": "audit",
        "project": PROJECT,
        "priority": priority,
        "deadline": DEADLINES[priority],
        "skills": {"metrics": level(size)},
        "payload": {"module": module},
        "estimate": estimate(size),
        "after": [],
    }


def whole_section_task(section: Section, kind: str, verb: str, skills: dict[str, int]) -> Json:
    """A task about all modules of a section at once."""
    priority = priority_of(section.name)
    return {
        "ref": f"{kind}:{section.name}",
        "title": f"{verb} {section.name}",
        "description": f"{verb} every module of {section.name} ({section.size / 1000:.0f} kB).",
        "kind": kind,
        "queue": "audit",
        "project": PROJECT,
        "priority": priority,
        "deadline": DEADLINES[priority],
        "skills": skills,
        "payload": {"section": section.name, "modules": section.modules},
        "estimate": estimate(section.size),
        "after": [],
    }


def summary_task(section: Section, parents: list[Json]) -> Json:
    """Bring together what the parents found out."""
    priority = priority_of(section.name)
    return {
        "ref": f"summary:{section.name}",
        "title": f"Summarise {section.name}",
        "description": "Bring together what the other agents found out, whatever became of their tasks.",
        "kind": "summary",
        "queue": "writing",
        "project": PROJECT,
        # A task lends its priority to those it waits for: a normal summary would hurry its low parents along.
        "priority": "critical" if priority == "critical" else "low",
        "deadline": DEADLINES[priority],
        "skills": {"summaries": 1},
        "payload": {"section": section.name},
        "estimate": 0.02,
        "after": [needed(parent) for parent in parents],
    }


def report_task(summaries: list[Json]) -> Json:
    """The last task: it waits for every summary and runs whatever became of them."""
    return {
        "ref": "report",
        "title": "Write the report",
        "description": "Write report.md from the summaries of all sections.",
        "kind": "report",
        "queue": "writing",
        "project": PROJECT,
        "priority": "low",
        "deadline": DEADLINES["normal"],
        "role": "editor",
        "skills": {"reports": 1},
        "payload": {"file": "report.md"},
        "estimate": 0.1,
        "after": [needed(summary) for summary in summaries],
    }


def needed(parent: Json) -> Json:
    """Wait until the parent has ended, and run even if it ended otherwise than done."""
    return {"task": parent["ref"], "rule": "run"}


def priority_of(name: str) -> str:
    """What guards secrets comes first, then what strangers can reach; what few people run comes last."""
    if name in SECRETS:
        return "emergency"
    if name in NETWORK:
        return "critical"
    return "low" if name in ASIDE or name.startswith("_") else "normal"


def level(size: int) -> int:
    """The skill that so many bytes of source take."""
    return 1 if size < 30_000 else 2 if size < 150_000 else 3


def estimate(size: int) -> float:
    """Seconds: the start of a process, then so much for each megabyte."""
    return round(0.15 + 0.7 * size / 1_000_000, 3)


def size_of(name: str) -> int:
    """Bytes of source."""
    return sum(os.path.getsize(source.path) for source in sources(name))


def main() -> None:
    """Print the tasks; say on stderr how many."""
    parser = argparse.ArgumentParser(description="Write the tasks of the standard library audit to stdout.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="audit these modules and packages alone")
    wanted = sorted(set(parser.parse_args().names))
    known = top_level()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        parser.error(f"the standard library has no module written in Python called {', '.join(unknown)}")
    tasks = tasks_for(wanted or known)
    for task in tasks:
        print(json.dumps(task))
    print(f"{len(tasks)} tasks about {len(wanted or known)} modules and packages", file=sys.stderr)


if __name__ == "__main__":
    main()
