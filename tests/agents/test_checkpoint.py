"""Checkpoints of commands: what a process left in its file, whatever it left there and however it ended."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rota.agents.checkpoint import VARIABLE, CheckpointFile, Left
from rota.agents.process.stop import Stop, StopReason
from rota.agents.task_process import Run, process_of
from rota.files.fleet import ProcessSettings
from rota.model.bounds import CHECKPOINT_BYTES

Do = Callable[..., Run]
LEAVES = 'printf "page 7\\n" > "$ROTA_CHECKPOINT"; '


@pytest.fixture
def do(tmp_path: Path) -> Do:
    """Has a shell script do a task: do("exit 1", checkpoint="page 3")."""

    def do_it(script: str, stop: Stop | None = None, check: tuple[str, ...] = (), **task: Any) -> Run:
        settings = ProcessSettings(
            command=("sh", "-c", script),
            folder=str(tmp_path),
            timeout=task.pop("timeout", None),
            grace=20.0,
            check=check,
        )
        seen = {"id": "task-1", "title": "read", **task}
        if stop is not None:
            return process_of(settings).do(seen, stop)
        with Stop() as never:
            return process_of(settings).do(seen, never)

    return do_it


@pytest.mark.parametrize(
    ("end", "kind"), [("exit 1", "failed"), ("exit 65", "bad_task"), ("exit 75", "later"), ("kill -KILL $$", "crashed")]
)
def test_what_is_left_is_handed_on_however_it_ends(do: Do, end: str, kind: str) -> None:
    run = do(LEAVES + end)
    assert (run.verdict.kind, run.checkpoint) == (kind, "page 7\n")


def test_of_a_task_that_is_done_nothing_is_handed_on(do: Do) -> None:
    run = do(LEAVES + "echo read")
    assert (run.verdict.kind, run.verdict.result, run.checkpoint) == ("done", "read", None)


def test_an_answer_that_the_check_refuses_leaves_its_checkpoint(do: Do) -> None:
    run = do(LEAVES + "echo read", check=("sh", "-c", 'echo "${ROTA_CHECKPOINT-none}" >&2; exit 1'))
    assert (run.verdict.kind, run.checkpoint) == ("rejected", "page 7\n")
    assert run.verdict.error == "the check refused the answer: exit code 1: none"


def test_one_that_takes_too_long_leaves_what_it_wrote(do: Do) -> None:
    run = do(LEAVES + "exec sleep 1000", timeout=0.5)
    assert (run.verdict.kind, run.checkpoint) == ("timeout", "page 7\n")


@pytest.mark.parametrize(
    ("reason", "kind"), [("cancel", "cancelled"), ("shutdown", "shutdown"), ("preempt", "preempted")]
)
def test_one_that_is_asked_to_end_has_time_to_write(
    do: Do, named_pipe: Callable[[str], Path], reason: StopReason, kind: str
) -> None:
    at_work = named_pipe("at_work")
    script = """
        trap 'printf "page 9" > "$ROTA_CHECKPOINT"; exit 1' TERM
        sleep 1000 &
        echo > at_work
        wait
    """
    with Stop() as stop, ThreadPoolExecutor(1) as pool:
        doing = pool.submit(do, script, stop)
        at_work.read_text()
        stop.set(reason)
        run = doing.result(60)
    assert (run.verdict.kind, run.checkpoint) == (kind, "page 9")


@pytest.mark.parametrize(
    ("last", "found"), [("page 3\n\u00e4", "page 3\n\u00e4"), ({"page": 3}, '{"page":3}'), ("", ""), (0, "0")]
)
def test_the_last_checkpoint_is_there_at_the_start(do: Do, last: Any, found: str) -> None:
    run = do('cat "$ROTA_CHECKPOINT"; printf . ', checkpoint=last)
    assert (run.verdict.kind, run.verdict.result_kind) == ("done", "text")
    assert run.verdict.result == found + "."


def test_without_one_there_is_no_file_but_a_place_for_it(do: Do) -> None:
    run = do('[ ! -e "$ROTA_CHECKPOINT" ] && stat -c %a "$(dirname "$ROTA_CHECKPOINT")"')
    assert run.verdict.result == 700


@pytest.mark.parametrize("last", ["page 3", {"page": 3}])
def test_an_old_one_that_stays_as_it_is_is_not_told_again(do: Do, last: Any) -> None:
    assert do("exit 1", checkpoint=last).checkpoint is None
    assert do('rm "$ROTA_CHECKPOINT"; exit 1', checkpoint=last).checkpoint is None


def test_one_that_is_emptied_is_forgotten(do: Do) -> None:
    assert do(': > "$ROTA_CHECKPOINT"; exit 1', checkpoint="page 3").checkpoint == ""
    assert do(': > "$ROTA_CHECKPOINT"; exit 1').checkpoint is None


@pytest.mark.parametrize(
    ("garbage", "why"),
    [
        (f'head -c {CHECKPOINT_BYTES + 1} /dev/zero | tr "\\0" x > "$ROTA_CHECKPOINT"', "longer than 1,048,576 bytes"),
        (f'head -c {CHECKPOINT_BYTES // 2 + 1} /dev/zero | tr "\\0" "\\n" > "$ROTA_CHECKPOINT"', "bytes as JSON"),
        ('truncate -s 1T "$ROTA_CHECKPOINT"', "longer than"),
        ("printf '\\377\\376' > \"$ROTA_CHECKPOINT\"", "not UTF-8 text"),
        ("printf 'a\\000b' > \"$ROTA_CHECKPOINT\"", "NUL"),
        ('mkdir "$ROTA_CHECKPOINT"', "no plain file"),
        ('mkfifo "$ROTA_CHECKPOINT"', "no plain file"),
        ('ln -s /etc/hosts "$ROTA_CHECKPOINT"', "can not be read"),
    ],
)
def test_what_can_not_be_kept_is_said_and_harms_nothing(do: Do, garbage: str, why: str) -> None:
    run = do(f"{garbage}; echo broke >&2; exit 1", checkpoint=None)
    assert (run.verdict.kind, run.checkpoint) == ("failed", None)
    assert run.verdict.error is not None
    assert run.verdict.error.startswith("exit code 1: broke; its checkpoint was not kept: ")
    assert why in run.verdict.error
    assert len(run.verdict.error) < 500


def test_the_longest_that_fits_is_kept(do: Do) -> None:
    room = CHECKPOINT_BYTES - 2  # the quotes of JSON
    run = do(f'head -c {room} /dev/zero | tr "\\0" x > "$ROTA_CHECKPOINT"; exit 1')
    assert run.checkpoint == "x" * room


def test_nothing_stays_behind(do: Do, tmp_path: Path) -> None:
    told = tmp_path / "told"
    do(f'dirname "$ROTA_CHECKPOINT" > {told}; mkdir -p "$(dirname "$ROTA_CHECKPOINT")/more/and"; exit 1')
    assert not Path(told.read_text().strip()).exists()


def test_a_file_that_went_with_its_folder_is_nothing_new(do: Do) -> None:
    run = do('rm -r "$(dirname "$ROTA_CHECKPOINT")"; exit 1', checkpoint="page 3")
    assert (run.verdict.kind, run.verdict.error, run.checkpoint) == ("failed", "exit code 1", None)


def test_the_file_of_another_rota_is_none_of_a_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/of/another")
    (tmp_path / "work.py").write_text("import os\ndef f(task):\n    return os.environ.get('ROTA_CHECKPOINT')\n")
    settings = ProcessSettings(python="work:f", folder=str(tmp_path))
    process = process_of(settings)
    try:
        with Stop() as stop:
            run = process.do({"id": "task-1", "title": "read"}, stop)
    finally:
        process.close()
    assert (run.verdict.kind, run.verdict.result) == ("done", None)


def test_only_its_owner_may_look_into_the_file() -> None:
    with CheckpointFile("page 3") as file:
        folder = os.path.dirname(file.path)
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        assert file.left() == Left()
    assert not os.path.exists(folder)
