"""One of many processes that call at once. Standard library and the link alone, as a proxy is.

    python -m bench.owner.caller DATABASE SECONDS AGENT

Says `ready`, waits for the end of its standard input, calls for so long, then writes what it measured as JSON.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from rota.owner.link import Link


def main(database: str, seconds: str, agent: str) -> None:
    link = Link(database)
    link.call("register_agent", {"agent": {"name": agent}})
    print("ready", flush=True)
    sys.stdin.read()
    samples: list[float] = []

    def call(operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        began = time.perf_counter()
        answer = link.call(operation, arguments)
        samples.append((time.perf_counter() - began) * 1e3)
        return answer

    end = time.perf_counter() + float(seconds)
    while time.perf_counter() < end:
        call("submit", {"tasks": [{"title": "a task"}]})
        for given in call("claim", {"agent": agent, "wait": 1.0})["tasks"]:
            call("complete", {"outcomes": [{"task": given["task"], "token": given["token"]}]})
            call("get_task", {"task": given["task"]})
    print(json.dumps({"milliseconds": samples, "megabytes": _resident_megabytes()}))


def _resident_megabytes() -> float:
    """Resident memory now. The peak that `getrusage` knows counts what the parent held before the start."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_048_576
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1_024


if __name__ == "__main__":
    main(*sys.argv[1:])
