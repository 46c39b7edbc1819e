"""What the doctor sees in a database."""

from __future__ import annotations

import time
from pathlib import Path

import apsw
import pytest

from rota.doctor.examine import examine
from rota.doctor.finding import Finding
from rota.files.find import Database
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.store import postgres_connect


def examined(at: str | Path) -> dict[str, Finding]:
    kind = "postgresql" if str(at).startswith("postgresql://") else "sqlite"
    database = Database(kind=kind, at=str(at), source="argument")  # type: ignore[arg-type]
    return {finding.name: finding for finding in examine(database, time.time_ns() // 1_000)}


def used(database: str) -> None:
    """A database with a task that runs and one that waits."""
    with Distributor.open(database) as distributor:
        distributor.call(Register(agent=AgentSpec(name="ann")))
        distributor.call(Submit(tasks=[TaskSpec(title="one"), TaskSpec(title="two")]))
        assert distributor.call(Claim(agent="ann")).tasks


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rota.db"
    used(str(path))
    path.chmod(0o600)
    return path


def damage(file: Path, sql: str) -> None:
    connection = apsw.Connection(str(file))
    connection.execute(sql)
    connection.close()


def failed(found: dict[str, Finding]) -> set[str]:
    return {name for name, finding in found.items() if finding.status == "fail"}


def test_a_healthy_file(file: Path) -> None:
    found = examined(file)
    assert failed(found) == set()
    assert {"schema", "depth", "leases", "sweep", "history", "node", "database", "owner", "log"} <= set(found)


def test_a_healthy_postgresql(postgres_dsn: str) -> None:
    used(postgres_dsn)
    found = examined(postgres_dsn)
    # The server of the tests syncs nothing, and the doctor says so.
    assert failed(found) == {"database"}
    assert "fsync is off" in found["database"].text
    assert {"postgresql", "clocks", "depth", "leases", "node", "database"} <= set(found)


def test_a_file_in_use(file: Path) -> None:
    with Distributor.open(str(file)):
        found = examined(file)
    assert found["owner"].text.startswith("process ")
    assert failed(found) == set()


def test_a_wrong_depth(file: Path) -> None:
    damage(file, "INSERT INTO depth (lane, n) SELECT lane, 3 FROM ready")
    found = examined(file)
    assert failed(found) == {"depth"}
    assert "4 counted, 1 there" in found["depth"].text


def test_a_lease_without_its_agent(file: Path) -> None:
    damage(file, "UPDATE agent SET state = 2")
    assert failed(examined(file)) == {"leases"}


def test_a_lease_without_its_task(file: Path) -> None:
    damage(file, "DELETE FROM task WHERE id = (SELECT task FROM lease)")
    assert failed(examined(file)) == {"leases"}


def test_leases_that_nobody_takes_back(file: Path) -> None:
    damage(file, "UPDATE lease SET until = 1")
    assert examined(file)["sweep"].status == "ok", "nobody was there to do it"


def test_a_log_of_the_future(file: Path) -> None:
    damage(file, "UPDATE event SET at = at + 600000000 WHERE seq = (SELECT max(seq) FROM event)")
    assert failed(examined(file)) == {"history"}


def test_a_database_of_a_newer_rota(file: Path) -> None:
    damage(file, "UPDATE meta SET value = '999' WHERE key = 'schema'")
    found = examined(file)
    assert failed(found) == {"database"}
    assert "newer" in found["database"].fix


def test_a_damaged_file(file: Path) -> None:
    data = bytearray(file.read_bytes())
    for page in range(4, len(data) // 4_096):
        data[page * 4_096 : page * 4_096 + 64] = b"\xff" * 64
    file.write_bytes(data)
    found = examined(file)
    assert "database" in failed(found)
    assert "backup" in found["database"].fix


def test_something_else(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not a database at all\n" * 100)
    assert "database" in failed(examined(other))
    made = tmp_path / "other.db"
    damage(made, "CREATE TABLE t (a)")
    assert "none of Rota's" in examined(made)["database"].text


def test_a_database_that_there_is_not(tmp_path: Path) -> None:
    found = examined(tmp_path / "rota.db")
    assert found["database"].status == "warn"
    assert not (tmp_path / "rota.db").exists()


def test_a_postgresql_without_tables_and_one_that_does_not_answer(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_connect, "PATIENCE_S", 0.2)
    assert failed(examined(postgres_dsn)) == {"database"}
    found = examined("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1")
    assert failed(found) == {"database"}
    assert "nobody" in found["database"].text
