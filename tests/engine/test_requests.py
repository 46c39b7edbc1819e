"""Projects and their tasks created under a request that comes again."""

from __future__ import annotations

import pytest

from rota.model.commands.fleet import AddToProject, CreateProject, FinalizeProject
from rota.model.errors import RotaError
from rota.model.project import ProjectSpec
from rota.model.task import TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import states

TWO = [TaskSpec(title="a", ref="a"), TaskSpec(title="b", after=["a"])]


def test_a_project_is_created_once(rota: TestDistributor) -> None:
    request = CreateProject(project=ProjectSpec(title="p"), tasks=TWO, request="r1")
    made = rota.call(request)
    assert rota.call(request) == made
    assert states(rota, made.ids) == ["ready", "blocked"]
    other = CreateProject(project=ProjectSpec(title="p"), tasks=TWO, request="r2")
    assert rota.call(other).project != made.project


def test_both_in_one_turn(rota: TestDistributor) -> None:
    request = CreateProject(project=ProjectSpec(title="p"), tasks=TWO, request="r1")
    first, second = rota.together(request, request)
    assert first == second


def test_tasks_are_added_once_even_to_what_is_finalized_by_now(rota: TestDistributor) -> None:
    project = rota.call(CreateProject(project=ProjectSpec(title="p"))).project
    request = AddToProject(project=project, tasks=[TaskSpec(title="a", deadline="2h")], request="r1")
    added = rota.call(request)
    rota.clock.advance("3h")
    assert rota.call(request) == added
    with pytest.raises(RotaError) as caught:
        rota.call(AddToProject(project=project, tasks=[TaskSpec(title="b")], request="r1"))
    assert (caught.value.code, caught.value.field) == ("other_request", "request")
    with pytest.raises(RotaError):
        rota.call(FinalizeProject(project=project))


def test_a_refused_request_is_not_remembered(rota: TestDistributor) -> None:
    project = rota.call(CreateProject(project=ProjectSpec(title="p"))).project
    wrong = AddToProject(project=project, tasks=[TaskSpec(title="a", queue="none")], request="r1")
    with pytest.raises(RotaError, match="no queue"):
        rota.call(wrong)
    assert rota.call(AddToProject(project=project, tasks=[TaskSpec(title="a")], request="r1")).ids


def test_the_key_of_a_project_goes_before_the_request_of_the_call(rota: TestDistributor) -> None:
    first = CreateProject(project=ProjectSpec(title="p", key="k"), tasks=TWO, request="r1")
    again = CreateProject(project=ProjectSpec(title="p", key="k"), tasks=TWO, request="r2")
    assert rota.call(first) == rota.call(again)
