"""Readers of the stream of events: `python -m bench.http.reader PORT EVENTS READERS [SINCE]`.

Prints a line when all of them listen, and one with how long it took until each had seen so many submits.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop


async def _reader(port: int, since: str | None, wanted: int, listening: asyncio.Event) -> tuple[int, bool]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    query = f"?since={since}" if since else ""
    writer.write(f"GET /v1/events{query} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
    data = await reader.readuntil(b"retry: 1000\n\n")
    listening.set()
    seen, tasks, tail = 0, 0, b""
    while seen < wanted:
        data = tail + await reader.read(1 << 18)
        # An event may be cut in two by the edge of what was read.
        whole, cut, tail = data.rpartition(b"\n\n")
        seen += (whole + cut).count(b"event: submit\n")
        tasks += (whole + cut).count(b'"tasks":["task-')
    writer.close()
    return seen, seen == tasks


async def _main() -> None:
    port, wanted, readers = (int(word) for word in sys.argv[1:4])
    since = sys.argv[4] if len(sys.argv) > 4 else None
    events = [asyncio.Event() for _ in range(readers)]
    running = [asyncio.ensure_future(_reader(port, since, wanted, event)) for event in events]
    began = time.perf_counter()
    for event in events:
        await event.wait()
    print("listening", flush=True)
    found = await asyncio.gather(*running)
    gaps = sum(seen != wanted or not good for seen, good in found)
    print(json.dumps({"seconds": time.perf_counter() - began, "gaps": gaps}), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main())
