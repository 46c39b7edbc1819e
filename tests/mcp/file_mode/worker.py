"""A process that creates tasks in a file and tells each id that it was told.

python -m tests.mcp.file_mode.worker PATH PROJECT COUNT NAME
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.mcp.file_mode.calling import done


def main() -> None:
    path, project, count, name = sys.argv[1:]
    sys.stdin.readline()
    for number in range(int(count)):
        title = f"{name}.{number}"
        made = done(Path(path), "create_task", projectId=project, title=title, description="x" * 200)
        sys.stdout.write(f"{made['newTasks'][0]['id']} {title}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
