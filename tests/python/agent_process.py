"""An agent that is killed or told to end: python -m tests.python.agent_process TARGET NAME.

The first attempt of a task leaves a checkpoint and goes on for a minute; a later one answers with that checkpoint.
"""

from __future__ import annotations

import asyncio
import sys

from rota import Agent, Task


def main(target: str, name: str) -> None:
    agent = Agent(name, target=target, role="crash", grace=0.2)

    @agent.handles()
    async def do(task: Task) -> object:
        if task.last_checkpoint is None:
            task.checkpoint({"page": 7})
            task.progress(0.5)
            await asyncio.sleep(60)
        return task.last_checkpoint

    agent.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
