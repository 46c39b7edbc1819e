"""The committed schema and pages say what the code does."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from rota.files.reference import EXAMPLE, reference_text
from rota.files.schema import fleet_schema, schema_text
from rota.files.strategy_page import EXAMPLE as STRATEGY_EXAMPLE
from rota.files.strategy_page import page_text
from rota.files.tables import AgentTable, QueueTable
from rota.files.tasks import _ENDINGS, open_tasks
from rota.files.toml import parse_fleet
from rota.model.task import TaskSpec
from rota.planning.refusal import CODES
from rota.planning.strategies import STRATEGIES
from rota.planning.terms import TERMS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("module", "page", "text"),
    [
        ("rota.files.schema", "fleet.schema.json", schema_text()),
        ("rota.files.reference", "fleet.md", reference_text()),
        ("rota.files.strategy_page", "strategies.md", page_text()),
    ],
)
def test_committed_files_are_up_to_date(module: str, page: str, text: str) -> None:
    assert (DOCS / page).read_text() == text, f"run: python -m {module} > docs/{page}"
    printed = subprocess.run([sys.executable, "-m", module], capture_output=True, check=True, text=True)
    assert printed.stdout == text


def test_the_schema_knows_every_field_and_refuses_others() -> None:
    schema = fleet_schema()
    assert json.loads(schema_text()) == schema
    for table in schema["$defs"].values():
        assert table["additionalProperties"] is False
        assert all("description" in field for field in table["properties"].values())
    assert schema["$defs"]["AgentTable"]["properties"].keys() == set(AgentTable.__struct_fields__)
    assert schema["$defs"]["QueueTable"]["properties"].keys() == set(QueueTable.__struct_fields__)
    assert schema["$defs"]["AgentTable"]["required"] == ["name"]


def test_the_reference_shows_every_field_once_in_its_table() -> None:
    page = reference_text()
    for field in (*AgentTable.__struct_fields__, *QueueTable.__struct_fields__):
        assert f"\n| `{field}` | " in page


def test_the_example_is_taken_and_shown() -> None:
    assert tomllib.loads(EXAMPLE)
    assert parse_fleet(EXAMPLE, "fleet.toml").agents
    assert EXAMPLE in reference_text()


def test_the_page_about_strategies_names_them_all() -> None:
    page = page_text()
    for name in (*STRATEGIES, *TERMS, *CODES):
        assert f"| `{name}`" in page
    fleet = parse_fleet(STRATEGY_EXAMPLE, "fleet.toml")
    assert fleet.pools["default"].terms == {"cost": 1.0, "utilisation": 0.3}


def blocks(page: str, language: str) -> list[str]:
    return [block.split("```")[0] for block in page.split(f"```{language}\n")[1:]]


@pytest.mark.parametrize(
    ("language", "ending", "titles"),
    [
        ("json", ".jsonl", ["Measure asyncio", "Write it up"]),
        ("csv", ".csv", ["Measure asyncio", "Measure json"]),
        ("markdown", ".md", ["Write the tests", "Ship the page", "Water the plants"]),
    ],
)
def test_the_page_about_files_of_tasks(language: str, ending: str, titles: list[Any], tmp_path: Path) -> None:
    page = (DOCS / "task-files.md").read_text()
    assert all(f"`{field}`" in page for field in TaskSpec.__struct_fields__)
    assert all(f"`{known}`" in page for known in _ENDINGS)
    (block,) = blocks(page, language)
    file = tmp_path / f"tasks{ending}"
    file.write_text(block)
    with open_tasks(str(file)) as tasks:
        assert [task.spec.title for task in tasks.tasks()] == titles
