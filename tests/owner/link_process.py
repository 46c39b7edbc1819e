"""A process with a link: makes the calls that come as lines of JSON on its standard input, one after the other, and
writes each answer as a line. Standard library and the link alone.

    python -m tests.owner.link_process DATABASE IDLE [VERSION]
"""

from __future__ import annotations

import json
import sys


def main(database: str, idle: str, version: str = "") -> None:
    if version:
        import rota

        rota.__version__ = version
    from rota.owner.link import Link, LinkError

    link = Link(database, idle=float(idle))
    for line in sys.stdin:
        operation, arguments = json.loads(line)
        try:
            said = {"answer": link.call(operation, arguments)}
        except LinkError as error:
            said = {"error": error.as_dict()}
        print(json.dumps(said), flush=True)
    link.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
