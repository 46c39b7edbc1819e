"""Measures the HTTP face: `rota serve` in a process of its own, durable, spoken to over loopback.

    python -m bench.http [--quick] [--cell starting|cycles|polls|events|beside]

Prints JSON: for each figure its value, unit, how many samples it rests on and what was aimed at. A figure is no
verdict: the exit code only says whether it ran. The client takes a core of its own; on two cores the service has the
other for its event loop and its turns together.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
import uvloop

from bench.http.line import Line, line
from bench.measure import fsync_seconds, machine, quantile

AGENTS = 16
BATCH = 50
READERS = 20
SPEAKERS = 128
"""Connections that make events, so that many are made."""


class Figure(msgspec.Struct, frozen=True):
    name: str
    value: float
    unit: str
    n: int
    goal: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.http", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    parser.add_argument("--cell", choices=CELLS, action="append", help="only this one; may be said again")
    options = parser.parse_args()
    quick: bool = options.quick
    synced = fsync_seconds()
    figures: list[Figure] = []
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for name in options.cell or CELLS:
            cell = CELLS[name]
            with _service() as (process, port, ready):
                figures += runner.run(cell(process, port, ready, quick))
    report = {
        "machine": machine(["rota", "apsw", "msgspec", "uvicorn", "uvloop", "httptools"], "", os.getloadavg()[0]),
        "fsync_us": round(max(synced, fsync_seconds()) * 1e6, 1),
        "figures": figures,
    }
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    return 0


@contextmanager
def _service() -> Iterator[tuple[psutil.Process, int, float]]:
    with tempfile.TemporaryDirectory(prefix="rota-bench-") as folder:
        os.chmod(folder, 0o700)
        environment = {**os.environ, "XDG_RUNTIME_DIR": folder}
        command = [sys.executable, "-m", "rota", "serve", "-d", str(Path(folder, "work.db")), "--port", "0", "--quiet"]
        began = time.perf_counter()
        with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, cwd=folder) as process:
            assert process.stderr is not None
            said = process.stderr.readline().decode()
            ready = time.perf_counter() - began
            try:
                yield psutil.Process(process.pid), int(said.rsplit(":", 1)[1]), ready
            finally:
                process.send_signal(signal.SIGTERM)


async def _starting(_process: psutil.Process, port: int, ready: float, quick: bool) -> list[Figure]:
    """How long from a submit to the answer of a claim that waits."""
    giver, taker = await line(port), await line(port)
    await giver.ask("register_agent", {"agent": {"name": "ann", "slots": 10}})
    seconds = []
    for _ in range(50 if quick else 1_000):
        waiting = asyncio.ensure_future(taker.ask("claim", {"agent": "ann", "wait": 30}))
        await asyncio.sleep(0.002)
        began = time.perf_counter()
        submitted = asyncio.ensure_future(giver.ask("submit", {"tasks": [{"title": "x"}]}))
        (given,) = (await waiting)["tasks"]
        seconds.append(time.perf_counter() - began)
        await submitted
        await giver.ask("complete", {"outcomes": [{"task": given["task"], "token": given["token"]}]})
    n = len(seconds)
    return [
        Figure("ready", ready * 1e3, "ms", 1, "< 1,000"),
        Figure("submit to start, idle, p50", quantile(seconds, 0.5) * 1e3, "ms", n, "<= 4"),
        Figure("submit to start, idle, p99", quantile(seconds, 0.99) * 1e3, "ms", n, ""),
    ]


async def _cycles(_process: psutil.Process, port: int, _ready: float, quick: bool) -> list[Figure]:
    """Full cycles of 16 agents: submit, claim, complete; one by one, in batches, and at half the load."""
    span = 1.0 if quick else 8.0
    lines = [await line(port) for _ in range(AGENTS)]
    for number, one in enumerate(lines):
        await one.ask("register_agent", {"agent": {"name": f"a{number}", "slots": BATCH}})
    single = await _rate(lines, 1, span)
    batched = await _rate(lines, BATCH, span)
    given = await _given(lines, port, span)
    late = await _at_half(lines, port, single / 2, span)
    return [
        Figure("cycles, one by one", single, "/s", round(single * span), ">= 2,500"),
        Figure(f"cycles, batches of {BATCH}", batched, "/s", round(batched * span), ">= 8,000"),
        Figure("claim and complete, one by one", given, "/s", round(given * span), ""),
        Figure("submit to start, half load, p50", quantile(late, 0.5) * 1e3, "ms", len(late), ""),
        Figure("submit to start, half load, p99", quantile(late, 0.99) * 1e3, "ms", len(late), "<= 15"),
    ]


async def _rate(lines: list[Line], size: int, span: float) -> float:
    """Cycles a second, each agent with a connection of its own."""
    end = time.perf_counter() + span

    async def agent(number: int, one: Line) -> int:
        done = 0
        while time.perf_counter() < end:
            await one.ask("submit", {"tasks": [{"title": "x"}] * size})
            given = (await one.ask("claim", {"agent": f"a{number}", "n": size}))["tasks"]
            if given:
                await one.ask("complete", _outcomes(given))
            done += len(given)
        return done

    began = time.perf_counter()
    done = sum(await asyncio.gather(*(agent(number, one) for number, one in enumerate(lines))))
    rate = done / (time.perf_counter() - began)
    await _emptied(lines[0])
    return rate


async def _given(lines: list[Line], port: int, span: float) -> float:
    """Claims and reports alone, of tasks that wait already."""
    giver = await line(port)
    for _ in range(round(4 * span)):
        await giver.ask("submit", {"tasks": [{"title": "x"}] * 1_000})
    end = time.perf_counter() + span

    async def agent(number: int, one: Line) -> int:
        done = 0
        while time.perf_counter() < end:
            given = (await one.ask("claim", {"agent": f"a{number}"}))["tasks"]
            if not given:
                break
            await one.ask("complete", _outcomes(given))
            done += 1
        return done

    began = time.perf_counter()
    done = sum(await asyncio.gather(*(agent(number, one) for number, one in enumerate(lines))))
    rate = done / (time.perf_counter() - began)
    await _emptied(giver)
    giver.close()
    return rate


async def _at_half(lines: list[Line], port: int, rate: float, span: float) -> list[float]:
    """Submits come at a steady rate whether or not they are answered; agents wait for them."""
    givers = [await line(port) for _ in range(AGENTS)]
    began: dict[str, float] = {}
    seconds: list[float] = []
    stop = asyncio.Event()

    async def agent(number: int, one: Line) -> None:
        while not stop.is_set():
            given = (await one.ask("claim", {"agent": f"a{number}", "wait": 1}))["tasks"]
            now = time.perf_counter()
            if given:
                seconds.extend(now - began[task["title"]] for task in given)
                await one.ask("complete", _outcomes(given))

    async def giving(number: int, one: Line) -> None:
        start = time.perf_counter() + number / rate
        for step in range(round(rate * span / AGENTS)):
            due = start + step * AGENTS / rate
            await asyncio.sleep(due - time.perf_counter())
            title = f"{number}-{step}"
            # When it was due, not when it could be sent: a service that is late does not make itself look better.
            began[title] = due
            await one.ask("submit", {"tasks": [{"title": title}]})

    agents = [asyncio.ensure_future(agent(number, one)) for number, one in enumerate(lines)]
    await asyncio.gather(*(giving(number, one) for number, one in enumerate(givers)))
    stop.set()
    await asyncio.gather(*agents)
    return seconds


async def _polls(process: psutil.Process, port: int, _ready: float, quick: bool) -> list[Figure]:
    """What claims that wait cost."""
    n = 100 if quick else 1_000
    giver = await line(port)
    before = process.memory_info().rss
    lines = [await line(port) for _ in range(n)]
    for number in range(n):
        await giver.ask("register_agent", {"agent": {"name": f"a{number}"}})
    waiting = [
        asyncio.ensure_future(one.ask("claim", {"agent": f"a{number}", "wait": 44})) for number, one in enumerate(lines)
    ]
    while await asyncio.to_thread(_waiting, port) < n:
        await asyncio.sleep(0.5)
    await asyncio.sleep(1.0)
    more = process.memory_info().rss - before
    used = sum(process.cpu_times()[:2])
    span = 3.0 if quick else 15.0
    await asyncio.sleep(span)
    cpu = (sum(process.cpu_times()[:2]) - used) / span
    for one in lines:
        one.close()
    await asyncio.gather(*waiting, return_exceptions=True)
    return [
        Figure(f"{n:,} claims that wait: memory", more / 1e6, "MB", n, "< 60"),
        Figure(f"{n:,} claims that wait: CPU", cpu * 100, "%", n, "< 2"),
    ]


def _waiting(port: int) -> int:
    """How many claims wait, as the service says itself."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return int(next(line for line in lines if line.startswith("rota_http_claims_waiting ")).split()[1])


async def _events(_process: psutil.Process, port: int, _ready: float, quick: bool) -> list[Figure]:
    """How fast readers are sent a history, each on its own, and that nobody misses one."""
    total = 2_560 if quick else 40_960
    lines = [await line(port) for _ in range(SPEAKERS)]

    async def say(one: Line, n: int) -> None:
        for _ in range(n):
            await one.ask("submit", {"tasks": [{"title": "x"}]})

    command = [sys.executable, "-m", "bench.http.reader", str(port), str(total), str(READERS)]
    live = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert live.stdout is not None
    live.stdout.readline()
    began = time.perf_counter()
    await asyncio.gather(*(say(one, total // SPEAKERS) for one in lines))
    said = time.perf_counter() - began
    done = await asyncio.to_thread(live.stdout.readline)
    seen = time.perf_counter() - began
    live.wait()
    command[-1:] = [str(READERS), "1h"]
    again = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    lived, read = msgspec.json.decode(done), msgspec.json.decode(again[-1])
    n = READERS * total
    return [
        Figure("events while they happen, all readers", n / seen, "/s", n, "as fast as they were made, to each"),
        Figure("events as fast as they were made", total / said, "/s", total, ""),
        Figure("events of the past, all readers", n / read["seconds"], "/s", n, ">= 200,000: 10,000 to each of 20"),
        Figure("readers that missed one", float(lived["gaps"] + read["gaps"]), "", READERS * 2, "0"),
    ]


async def _beside(process: psutil.Process, port: int, _ready: float, quick: bool) -> list[Figure]:
    """What short commands take while the service is busy: each a process, over the owner's socket."""
    lines = [await line(port) for _ in range(4)]
    for number, one in enumerate(lines):
        await one.ask("register_agent", {"agent": {"name": f"a{number}"}})
    stop = asyncio.Event()

    async def agent(number: int, one: Line) -> None:
        while not stop.is_set():
            await one.ask("submit", {"tasks": [{"title": "x"}]})
            given = (await one.ask("claim", {"agent": f"a{number}"}))["tasks"]
            if given:
                await one.ask("complete", _outcomes(given))
            await asyncio.sleep(0.005)

    agents = [asyncio.ensure_future(agent(number, one)) for number, one in enumerate(lines)]
    commands = {"add": ["beside"], "tasks": ["-n", "10"], "task": ["task-1"], "queues": []}
    environment, folder = process.environ(), process.cwd()
    figures = []
    for name, arguments in commands.items():
        command = [sys.executable, "-m", "rota", name, *arguments, "-d", str(Path(folder, "work.db"))]
        seconds = []
        for _ in range(5 if quick else 40):
            began = time.perf_counter()
            await asyncio.to_thread(
                subprocess.run, command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, check=True
            )
            seconds.append(time.perf_counter() - began)
        goal = "< 150" if name == "add" else "< 100"
        figures.append(Figure(f"rota {name} beside it, p50", quantile(seconds, 0.5) * 1e3, "ms", len(seconds), goal))
        figures.append(Figure(f"rota {name} beside it, p99", quantile(seconds, 0.99) * 1e3, "ms", len(seconds), ""))
    stop.set()
    await asyncio.gather(*agents)
    return figures


CELLS = {"starting": _starting, "cycles": _cycles, "polls": _polls, "events": _events, "beside": _beside}


async def _emptied(one: Line) -> None:
    while (await one.ask("purge_queue", {"queue": "default"}))["cancelled"]:
        pass


def _outcomes(given: list[dict[str, Any]]) -> dict[str, Any]:
    return {"outcomes": [{"task": task["task"], "token": task["token"]} for task in given]}


if __name__ == "__main__":
    sys.exit(main())
