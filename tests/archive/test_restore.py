"""Archived tasks come back as they were."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from rota.model.commands.archive import ListArchives, RestoreArchive
from rota.model.commands.submit import Submit
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.testing import TestDistributor
from tests.archive.work import archive, bring, finish, story
from tests.audit.looking import audited, told


def made(rota: TestDistributor, folder: Path) -> tuple[str, list[str]]:
    """An archive of three tasks of which one waited for another; its file, and the tasks."""
    tasks = bring(
        rota,
        TaskSpec(title="one", ref="one", payload={"deep": [1, 2, None]}, skills={}, kind="k"),
        TaskSpec(title="two", after=["one"], deadline="1h", description="ünï\ncode"),
        TaskSpec(title="three", sequence="s", unique="u"),
    )
    finish(rota)
    finish(rota)
    rota.clock.advance(1)
    file = archive(rota, folder).file
    assert file is not None
    return file, tasks


def test_everything_about_them_comes_back(rota: TestDistributor, tmp_path: Path) -> None:
    tasks = bring(rota, TaskSpec(title="one", ref="r", payload=[1], group="g"), TaskSpec(title="two", after=["r"]))
    finish(rota)
    finish(rota)
    rota.clock.advance(1)
    before = [story(rota, task) for task in tasks]
    assert before[0][0].group == "g"
    file = archive(rota, tmp_path).file
    assert file is not None
    restored = rota.call(RestoreArchive(file=file))
    assert (restored.tasks, restored.existing) == (2, 0)
    assert [story(rota, task) for task in tasks] == before
    report = audited(rota)
    assert report.clean, told(report)
    assert report.archived == 0
    assert rota.call(ListArchives()).archives[0].restored is not None


def test_a_second_time_changes_nothing(rota: TestDistributor, tmp_path: Path) -> None:
    file, tasks = made(rota, tmp_path)
    rota.call(RestoreArchive(file=file))
    again = rota.call(RestoreArchive(file=Path(file).name))
    assert (again.tasks, again.existing) == (0, 3)
    assert len(tasks) == 3
    report = audited(rota)
    assert report.clean, told(report)


def test_they_can_be_archived_again(rota: TestDistributor, tmp_path: Path) -> None:
    file, _tasks = made(rota, tmp_path / "a")
    rota.call(RestoreArchive(file=file))
    rota.clock.advance(1)
    assert archive(rota, tmp_path / "b").tasks == 3
    report = audited(rota)
    assert report.clean, told(report)
    assert report.archived == 3


def test_a_file_that_was_moved_is_known_by_its_name(rota: TestDistributor, tmp_path: Path) -> None:
    file, _tasks = made(rota, tmp_path / "a")
    moved = tmp_path / "b" / Path(file).name
    moved.parent.mkdir()
    Path(file).rename(moved)
    assert rota.call(RestoreArchive(file=str(moved))).tasks == 3


def test_a_key_that_was_free_stays_with_the_task_that_took_it(rota: TestDistributor, tmp_path: Path) -> None:
    file, tasks = made(rota, tmp_path)
    (fresh,) = bring(rota, TaskSpec(title="another", unique="u"))
    rota.call(RestoreArchive(file=file))
    answer = rota.call(Submit(tasks=[TaskSpec(title="again", unique="u")]))
    assert answer.ids == [fresh]
    assert fresh not in tasks


def test_a_file_of_another_database_is_refused(rota: TestDistributor, tmp_path: Path) -> None:
    with TestDistributor() as other:
        bring(other, TaskSpec(title="theirs"))
        from rota.model.agent import AgentSpec
        from rota.model.commands.fleet import Register

        other.call(Register(agent=AgentSpec(name="ann")))
        finish(other, 1)
        other.clock.advance(1)
        file = archive(other, tmp_path).file
    assert file is not None
    with pytest.raises(RotaError) as refused:
        rota.call(RestoreArchive(file=file))
    assert (refused.value.code, refused.value.field) == ("no_archive", "file")


@pytest.mark.parametrize("damage", ["cut", "flipped", "no end", "not gzip", "empty", "later format"])
def test_nothing_is_put_back_from_a_damaged_file(rota: TestDistributor, tmp_path: Path, damage: str) -> None:
    file, _tasks = made(rota, tmp_path)
    path = Path(file)
    data = path.read_bytes()
    text = gzip.decompress(data)
    wrong = {
        "cut": data[:-40],
        "flipped": data[:120] + bytes([data[120] ^ 0xFF]) + data[121:],
        "no end": gzip.compress(text[: text.rindex(b'{"end"')]),
        "not gzip": b"hello",
        "empty": b"",
        "later format": gzip.compress(text.replace(b'"rota_archive":1', b'"rota_archive":2')),
    }
    path.write_bytes(wrong[damage])
    with pytest.raises(RotaError) as refused:
        rota.call(RestoreArchive(file=file))
    assert (refused.value.code, refused.value.field) == ("invalid", "file")
    report = audited(rota)
    assert report.clean, told(report)
    assert report.archived == 3


def test_a_file_that_is_gone(rota: TestDistributor, tmp_path: Path) -> None:
    file, _tasks = made(rota, tmp_path)
    Path(file).unlink()
    with pytest.raises(RotaError) as refused:
        rota.call(RestoreArchive(file=file))
    assert refused.value.code == "no_archive"
