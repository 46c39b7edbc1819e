"""Files and folders that can not be a database, or not any more: one clear refusal, no traceback, nothing touched."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import apsw
import pytest

from rota.model.commands.read import GetStatistics, ListTasks
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.store.schema import MIGRATIONS
from tests.durability.client import submit
from tests.durability.finish import damage
from tests.durability.life import ROOT
from tests.servers.account import NOBODY

PAGE = 4_096
BATCHES = 60


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with some hundred tasks, closed in good order."""
    path = tmp_path_factory.mktemp("healthy") / "work.db"
    with Distributor.open(str(path)) as distributor:
        for number in range(BATCHES):
            distributor.call(submit(f"batch-{number}"))
    return path.read_bytes()


def refusal(path: Path | str) -> RotaError:
    """Why the database can not be opened."""
    with pytest.raises(RotaError) as refused:
        Distributor.open(str(path)).close()
    assert refused.value.fix
    return refused.value


def prints(folder: Path) -> dict[str, str]:
    """What is in the folder, but for lock files: they are never deleted."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.is_file() and path.suffix != ".owner"
    }


@pytest.mark.parametrize(
    "content",
    [b"# To do\n\n- [ ] one\n" * 300, bytes(10_000), Random(0).randbytes(50_000), b"SQLite format 3\0"],
    ids=["text", "zeros", "noise", "stub"],
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "todo.md"
    path.write_bytes(content)
    before = prints(tmp_path)
    assert refusal(path).code == "corrupt_database"
    assert prints(tmp_path) == before


def test_a_newer_database_is_refused_and_left_alone(healthy: bytes, tmp_path: Path) -> None:
    path = tmp_path / "work.db"
    path.write_bytes(healthy)
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(len(MIGRATIONS) + 1),))
    connection.close()
    before = prints(tmp_path)
    error = refusal(path)
    assert error.code == "newer_database"
    assert f"{len(MIGRATIONS) + 1}" in error.message
    assert prints(tmp_path) == before


@pytest.mark.parametrize("table", ["task", "meta", "somebody_s"])
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_database_of_another_program_is_refused_and_left_alone(table: str, journal: str, tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "work.db"))
    connection.pragma("journal_mode", journal)
    connection.execute(f"CREATE TABLE {table} (x)")
    connection.close()
    before = prints(tmp_path)
    error = refusal(tmp_path / "work.db")
    assert error.code == "invalid"
    assert "another program" in error.message
    assert prints(tmp_path) == before


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / "work.db").touch()
    with Distributor.open(str(tmp_path / "work.db")) as distributor:
        assert distributor.call(submit("one")).ids


@pytest.mark.parametrize("seed", range(12))
def test_overwritten_pages_are_called_damage_and_nothing_worse(seed: int, healthy: bytes, tmp_path: Path) -> None:
    """Each operation works, where it does not meet the damage, or is refused as damage. Nothing else."""
    random = Random(seed)
    path = tmp_path / "work.db"
    damaged = bytearray(healthy)
    for _ in range(random.randint(3, 30)):
        start = random.randrange(1, len(healthy) // PAGE) * PAGE
        damaged[start : start + PAGE] = random.choice((bytes(PAGE), random.randbytes(PAGE)))
    path.write_bytes(damaged)
    codes = set()
    try:
        with Distributor.open(str(path)) as distributor:
            for ask in asking(distributor):
                try:
                    ask()
                except RotaError as error:
                    codes.add(error.code)
            assert damage(distributor.store) != []
    except RotaError as error:
        codes.add(error.code)
    assert codes <= {"corrupt_database"}


def asking(distributor: Distributor) -> list[Callable[[], object]]:
    return [
        lambda: distributor.call(GetStatistics()),
        lambda: distributor.call(ListTasks(limit=500)),
        lambda: distributor.call(submit("new")),
        lambda: distributor.call(submit("newer")),
    ]


def test_damage_in_every_page_is_found_by_the_check(healthy: bytes, tmp_path: Path) -> None:
    path = tmp_path / "work.db"
    path.write_bytes(healthy[: len(healthy) // 2])
    assert refusal(path).code == "corrupt_database"


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    error = refusal(tmp_path / "folder")
    assert error.code == "invalid"
    assert "is a folder" in error.message


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    error = refusal(tmp_path / "file" / "work.db")
    assert error.code == "unavailable"
    assert "is not a folder" in error.message
    assert (tmp_path / "file").read_text() == "text"


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    with Distributor.open(str(tmp_path / "a" / "b" / "work.db")):
        assert (tmp_path / "a" / "b" / "work.db").exists()


def test_our_own_folder_keeps_itself_from_git(tmp_path: Path) -> None:
    Distributor.open(str(tmp_path / ".rota" / "rota.db")).close()
    assert (tmp_path / ".rota" / ".gitignore").read_text() == "*\n"
    (tmp_path / ".rota" / ".gitignore").write_text("mine")
    Distributor.open(str(tmp_path / ".rota" / "other.db")).close()
    assert (tmp_path / ".rota" / ".gitignore").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "nul\0.db", chr(0xDC00), chr(0xDCFF), "x" * 300])
def test_a_name_that_no_database_can_have_is_refused(name: str, tmp_path: Path) -> None:
    assert refusal(f"{tmp_path}/{name}" if name else "").code in ("invalid", "unavailable")
    assert list(tmp_path.iterdir()) == []


# Of the folder and of the file in it; no file: the path lies in a folder that is still to be made.
FORBIDDEN = {
    "everything": (0o555, 0o444, "read_only"),
    "writing the folder": (0o555, 0o666, "read_only"),
    "writing the file": (0o777, 0o444, "read_only"),
    "reading the file": (0o777, 0o000, "read_only"),
    "entering the folder": (0o000, 0o666, "read_only"),
    "making a folder": (0o555, None, "read_only"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_is_forbidden_is_refused_and_left_alone(what: str, healthy: bytes, public: Path) -> None:
    folder_mode, file_mode, code = FORBIDDEN[what]
    path = public / "work.db" if file_mode is not None else public / "new" / "work.db"
    if file_mode is not None:
        path.write_bytes(healthy)
        path.chmod(0o600)
    before = prints(public)
    if file_mode is not None:
        path.chmod(file_mode)
    public.chmod(folder_mode)
    try:
        said = opened_by_nobody(path)
    finally:
        public.chmod(0o700)
    assert said["code"] == code, said
    if file_mode is not None:
        path.chmod(0o600)
    assert prints(public) == before


def test_a_backup_into_a_folder_that_may_not_be_written(public: Path) -> None:
    public.chmod(0o555)
    said = opened_by_nobody(":memory:", backup=public / "copy.db")
    public.chmod(0o700)
    assert (said["code"], said["field"]) == ("read_only", "path")
    assert "Permission denied" in said["message"]


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that another account can reach, which pytest's own can not be."""
    with TemporaryDirectory(dir="/tmp", prefix="rota-") as folder:
        yield Path(folder)


OPEN = """
import json, os, sys
from rota.model.commands.read import Backup
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
Distributor.open(":memory:").close()  # whatever is imported late: nobody may not read it
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[2]))
try:
    with Distributor.open(sys.argv[1]) as distributor:
        if sys.argv[3]:
            distributor.call(Backup(path=sys.argv[3]))
except RotaError as error:
    print(json.dumps(error.as_dict()))
else:
    print(json.dumps({"code": "opened"}))
"""


def opened_by_nobody(path: Path | str, backup: Path | None = None) -> dict[str, str]:
    """Opens the database, and backs it up, as an account that permissions bind, as they do not bind root; what it
    was refused with.
    """
    program = [sys.executable, "-c", OPEN, str(path), str(NOBODY), str(backup or "")]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    said: dict[str, str] = json.loads(done.stdout)
    return said
