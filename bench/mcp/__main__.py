"""Measures the tools as agents call them: through `rota mcp` processes that all speak to one owner.

    python -m bench.mcp [--quick] [--only WORD ...] [--peer]

Writes JSON, and a table for people to its standard error. With `--peer`, and where node is there, taskqueue-mcp is
fetched from npm and measured beside it. A figure is no verdict: the exit code only says whether it ran.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec

from bench.mcp.alone import alone, filled
from bench.mcp.figure import Figure, table
from bench.mcp.peer import VERSION, peer_command
from bench.mcp.places import end_owner, owner_of, place
from bench.mcp.program import Program, seconds_of_processor
from bench.mcp.together import creates, mixed, reads, takes, together
from bench.measure import fsync_seconds, machine, quantile

PROCESSES = 16
OURS, IN_A_FILE, PEER = "rota mcp", "rota mcp --file", "taskqueue-mcp"
PARTS = ("starts", "alone", "together", "file", "peer")


class Numbers(msgspec.Struct, frozen=True):
    """How much is measured."""

    starts: int = 10
    calls: int = 2_000
    calls_in_a_file: int = 300
    seconds: float = 6.0
    backlog: int = 8_000
    """Tasks that wait when many take them, so that they do not run out."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.mcp", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=None, help="only these parts")
    parser.add_argument("--peer", action="store_true", help="taskqueue-mcp too, fetched from npm")
    options = parser.parse_args()
    numbers = Numbers(2, 50, 30, 1.0, 1_500) if options.quick else Numbers()
    synced, load = fsync_seconds(), os.getloadavg()[0]
    figures: list[Figure] = []
    for part in options.only or PARTS[: 5 if options.peer else 4]:
        for figure in _MEASURED[part](numbers):
            figures.append(figure)
            sys.stderr.write(f"{figure.subject}: {figure.name} {figure.value:g} {figure.unit}\n")
    report = {
        "machine": machine(["rota", "apsw", "msgspec"], "", load),
        "fsync_us": round(max(synced, fsync_seconds()) * 1e6, 1),
        "peer": VERSION if any(figure.subject == PEER for figure in figures) else None,
        "figures": figures,
    }
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    sys.stderr.write(f"\nload {load:.2f} before, {os.getloadavg()[0]:.2f} after\n{table(figures)}")
    return 0


def ours(database: str, *more: str) -> list[str]:
    """The command of one process."""
    return [sys.executable, "-m", "rota", "mcp", "--database", database, *more]


def _starts(numbers: Numbers) -> Iterator[Figure]:
    """A process on its own: from its start to its first answer, to the answer of its first call, and its memory."""
    n = numbers.starts
    with place() as database:
        hands: list[float] = []
        without: list[float] = []
        beside: list[float] = []
        memory: list[float] = []
        for _ in range(n):
            for samples in (without, beside):
                with Program(ours(database)) as server:
                    hands.append(server.greet() * 1e3)
                    server.told("list_projects")
                    samples.append(_since(server))
                    memory.append(server.megabytes())
            end_owner(database)
    yield Figure(OURS, "start to the handshake, p50", round(quantile(hands, 0.5), 1), "ms", len(hands), "< 100")
    yield Figure(OURS, "start to the handshake, worst", round(max(hands), 1), "ms", len(hands), "< 100")
    for samples, what, goal in ((without, "no owner", "< 1.5"), (beside, "beside an owner", "< 0.15")):
        yield Figure(OURS, f"first answer, {what}, p50", round(quantile(samples, 0.5), 3), "s", n, goal)
        yield Figure(OURS, f"first answer, {what}, worst", round(max(samples), 3), "s", n, goal)
    yield Figure(OURS, "memory of a process", round(max(memory), 1), "MB", len(memory), "< 20")


def _since(server: Program) -> float:
    import time

    return time.perf_counter() - server.began


def _alone(numbers: Numbers) -> Iterator[Figure]:
    with place() as database, Program(ours(database)) as server:
        server.greet()
        yield from alone(OURS, server, numbers.calls)
        yield Figure(OURS, "memory of a process after that", round(server.megabytes(), 1), "MB", 1, "< 20")


def _together(numbers: Numbers) -> Iterator[Figure]:
    with place() as database, ExitStack() as stack:
        servers = [stack.enter_context(Program(ours(database))) for _ in range(PROCESSES)]
        for server in servers:
            server.greet()
        project, task = filled(servers[0], numbers.backlog)
        owner = owner_of(database)
        for what, clients in (
            ("create_task", [creates(server, project) for server in servers]),
            ("get_next_task and update_task", [takes(server, project) for server in servers]),
            ("read_task", [reads(server, project, task) for server in servers]),
            ("a mix of four tools", [mixed(server, project, task) for server in servers]),
        ):
            used = [seconds_of_processor(owner), sum(server.seconds_of_processor() for server in servers)]
            goal = ">= 1500"
            found = list(together(OURS, what, servers, clients, numbers.seconds, goal))
            yield from found
            n = found[0].n
            for whose, before, after in (
                ("the owner", used[0], seconds_of_processor(owner)),
                ("the processes", used[1], sum(server.seconds_of_processor() for server in servers)),
            ):
                yield Figure(OURS, f"{what}, processor of {whose}", round((after - before) / n * 1e3, 3), "ms/call", n)
            if what == "get_next_task and update_task":
                # Whoever took one has it still.
                for server in servers:
                    server.told("list_projects")


def _file(numbers: Numbers) -> Iterator[Figure]:
    with place() as database:
        file = str(Path(database).with_name("tasks.json"))
        with Program([sys.executable, "-m", "rota", "mcp", "--file", file]) as server:
            yield Figure(IN_A_FILE, "start to the handshake", round(server.greet() * 1e3, 1), "ms", 1, "< 100")
            yield from alone(IN_A_FILE, server, numbers.calls_in_a_file, goals=False)
            yield Figure(IN_A_FILE, "memory of a process", round(server.megabytes(), 1), "MB", 1, "< 20")


def _peer(numbers: Numbers) -> Iterator[Figure]:
    with place() as database, peer_command(Path(database).parent) as command:
        if command is None:
            sys.stderr.write("no node, or no such package: taskqueue-mcp is not measured\n")
            return
        environment = {"TASK_MANAGER_FILE_PATH": str(Path(database).with_name("tasks.json"))}
        with ExitStack() as stack:
            server = stack.enter_context(Program(command, environment))
            yield Figure(PEER, "start to the handshake", round(server.greet() * 1e3, 1), "ms", 1)
            yield from alone(PEER, server, numbers.calls_in_a_file, goals=False)
            yield Figure(PEER, "memory of a process", round(server.megabytes(), 1), "MB", 1)
            servers = [server, *(stack.enter_context(Program(command, environment)) for _ in range(PROCESSES - 1))]
            for other in servers[1:]:
                other.greet()
            project, task = filled(server, 1)
            clients = [reads(one, project, task) for one in servers]
            yield from together(PEER, "read_task", servers, clients, numbers.seconds)


_MEASURED = {"starts": _starts, "alone": _alone, "together": _together, "file": _file, "peer": _peer}


if __name__ == "__main__":
    sys.exit(main())
