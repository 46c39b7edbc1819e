"""An agent that works through a link until its standard input ends. Says the id of each task it was told is done.

python -m tests.owner.worker_process DATABASE AGENT
"""

from __future__ import annotations

import os
import sys
import threading

from rota.owner.link import Link, LinkError


def main(database: str, agent: str) -> None:
    link = Link(database)
    link.call("register_agent", {"agent": {"name": agent, "slots": 2}})
    off = threading.Event()
    threading.Thread(target=_until_called_off, args=(off,), daemon=True).start()
    while not off.is_set():
        for given in link.call("claim", {"agent": agent, "n": 2, "wait": 0.2})["tasks"]:
            outcome = {"task": given["task"], "token": given["token"], "result": agent}
            try:
                judged = link.call("complete", {"outcomes": [outcome]})
            except LinkError as error:
                if error.code != "unavailable":
                    raise
                continue
            if judged["states"]:
                os.write(1, f"{given['task']}\n".encode())
    link.close()


def _until_called_off(off: threading.Event) -> None:
    os.read(0, 1)
    off.set()


if __name__ == "__main__":
    main(*sys.argv[1:])
