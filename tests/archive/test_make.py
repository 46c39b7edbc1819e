"""Ended tasks go into a file, whole, and nothing else does."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rota.model.commands.archive import Archive, ListArchives
from rota.model.commands.read import GetTask
from rota.model.commands.submit import Cancel, Redrive, Submit
from rota.model.errors import RotaError
from rota.model.task import After, TaskSpec
from rota.testing import TestDistributor
from tests.archive.work import archive, bring, finish, kill, lines
from tests.audit.looking import audited, told


def test_what_ended_is_moved_into_a_file(rota: TestDistributor, tmp_path: Path) -> None:
    done, cancelled, waiting = bring(
        rota,
        TaskSpec(title="one", payload={"a": 1}),
        TaskSpec(title="two", held=True),
        TaskSpec(title="three", held=True),
    )
    rota.call(Cancel(tasks=[cancelled]))
    finish(rota)
    rota.clock.advance(1)
    made = archive(rota, tmp_path / "kept")
    assert (made.tasks, made.more) == (2, False)
    head, first, second, end = lines(made.file)
    assert head["rota_archive"] == 1
    assert end == {"end": 2}
    assert [first["named"]["id"], second["named"]["id"]] == [done, cancelled]
    assert first["named"]["state"] == "done"
    assert first["body"]["payload"] == '{"a":1}'
    assert first["body"]["result"] == '{"of":"one"}'
    assert [attempt["outcome"] for attempt in first["attempts"]] == ["done"]
    for gone in (done, cancelled):
        with pytest.raises(RotaError) as refused:
            rota.call(GetTask(task=gone))
        assert refused.value.code == "no_task"
    assert rota.call(GetTask(task=waiting)).state == "held"
    report = audited(rota)
    assert report.clean, told(report)
    assert (report.tasks, report.archived) == (3, 2)


def test_the_file_is_for_its_owner_alone_and_nothing_is_left_beside_it(rota: TestDistributor, tmp_path: Path) -> None:
    bring(rota, TaskSpec(title="one"))
    finish(rota)
    rota.clock.advance(1)
    made = archive(rota, tmp_path / "kept")
    assert made.file is not None
    assert stat.S_IMODE(Path(made.file).stat().st_mode) == 0o600
    assert [str(file) for file in (tmp_path / "kept").iterdir()] == [made.file]
    assert Path(made.file).stat().st_size == made.bytes


def test_dead_tasks_stay(rota: TestDistributor, tmp_path: Path) -> None:
    (task,) = bring(rota, TaskSpec(title="hopeless"))
    kill(rota)
    rota.clock.advance(1)
    assert archive(rota, tmp_path).file is None
    assert rota.call(Redrive(tasks=[task])).tasks == [task]


def test_a_parent_stays_as_long_as_its_child_may_still_need_its_result(rota: TestDistributor, tmp_path: Path) -> None:
    parent, child = bring(
        rota, TaskSpec(title="parent", ref="p"), TaskSpec(title="child", after=[After(task="p")], start="1h")
    )
    finish(rota)
    rota.clock.advance(1)
    assert archive(rota, tmp_path).tasks == 0
    rota.clock.advance("2h")
    kill(rota)
    rota.clock.advance(1)
    assert archive(rota, tmp_path).tasks == 0, "the dead child may be redriven"
    rota.call(Redrive(tasks=[child]))
    finish(rota)
    rota.clock.advance(1)
    assert archive(rota, tmp_path).tasks == 2
    with pytest.raises(RotaError):
        rota.call(GetTask(task=parent))


def test_only_what_ended_long_enough_ago(rota: TestDistributor, tmp_path: Path) -> None:
    bring(rota, TaskSpec(title="old"))
    finish(rota)
    rota.clock.advance("2h")
    bring(rota, TaskSpec(title="new"))
    finish(rota)
    rota.clock.advance(1)
    made = rota.call(Archive(folder=str(tmp_path), older_than="1h"))
    assert [line["task"]["title"] for line in lines(made.file)[1:-1]] == ["old"]


def test_no_more_than_the_limit(rota: TestDistributor, tmp_path: Path) -> None:
    bring(rota, *(TaskSpec(title=f"{number}") for number in range(5)))
    finish(rota)
    rota.clock.advance(1)
    first = archive(rota, tmp_path, limit=3)
    assert (first.tasks, first.more) == (3, True)
    rota.clock.advance(1)
    second = archive(rota, tmp_path, limit=3)
    assert (second.tasks, second.more) == (2, False)
    page = rota.call(ListArchives(limit=1))
    assert [one.file for one in page.archives] == [first.file]
    rest = rota.call(ListArchives(cursor=page.cursor))
    assert [(one.file, one.tasks, one.first, one.last) for one in rest.archives] == [
        (second.file, 2, "task-4", "task-5")
    ]
    assert rest.cursor is None


@pytest.mark.parametrize("cursor", ["x", "x:f", "-1:f", "9" * 19 + ":f", "1:\0", "1:\ud800"])
def test_a_bad_cursor(rota: TestDistributor, cursor: str) -> None:
    with pytest.raises(RotaError) as refused:
        rota.call(ListArchives(cursor=cursor))
    assert (refused.value.code, refused.value.field) == ("invalid", "cursor")


def test_nothing_to_do(rota: TestDistributor, tmp_path: Path) -> None:
    made = archive(rota, tmp_path / "kept")
    assert (made.file, made.tasks) == (None, 0)
    assert not (tmp_path / "kept").exists()
    assert rota.call(ListArchives()).archives == []


def test_what_waits_for_an_archived_task_is_refused(rota: TestDistributor, tmp_path: Path) -> None:
    (gone,) = bring(rota, TaskSpec(title="gone"))
    finish(rota)
    rota.clock.advance(1)
    archive(rota, tmp_path)
    with pytest.raises(RotaError) as refused:
        rota.call(Submit(tasks=[TaskSpec(title="late", after=[gone])]))
    assert refused.value.code == "unknown_reference"


@pytest.mark.parametrize(
    ("wrong", "field"), [({"older_than": "soon"}, "older_than"), ({"limit": 0}, "limit"), ({"folder": " "}, "folder")]
)
def test_bad_input_names_the_field(rota: TestDistributor, tmp_path: Path, wrong: dict[str, object], field: str) -> None:
    bring(rota, TaskSpec(title="one"))
    finish(rota)
    rota.clock.advance(1)
    with pytest.raises(RotaError) as refused:
        rota.run("archive", {"folder": str(tmp_path), "older_than": 0, **wrong})
    assert (refused.value.code, refused.value.field) == ("invalid", field)


def test_a_folder_that_can_not_be_is_refused_and_nothing_is_lost(rota: TestDistributor, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (task,) = bring(rota, TaskSpec(title="one"))
    finish(rota)
    rota.clock.advance(1)
    with pytest.raises(RotaError) as refused:
        archive(rota, tmp_path / "file" / "kept")
    assert refused.value.code == "read_only"
    assert rota.call(GetTask(task=task)).state == "done"
