"""The JSON Schema of fleet.toml, for editors: `python -m rota.files.schema` prints it."""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from rota.files.tables import FleetTable
from rota.files.task_fields import EDGE_FIELDS, TASK_FIELDS
from rota.model.priority import PRIORITIES

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def fleet_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of what `load_fleet` takes, as far as a schema can say it."""
    schema = msgspec.json.schema(FleetTable)
    tables = schema["$defs"]
    tables["AgentTable"]["not"] = {"required": ["command", "python"]}
    # msgspec leaves out which names a table may have.
    tables["QueueTable"]["properties"]["target_wait"]["propertyNames"] = {"enum": list(PRIORITIES)}
    for table, texts in (("TaskSpec", TASK_FIELDS), ("After", EDGE_FIELDS)):
        for name, field in tables[table]["properties"].items():
            field["description"] = texts[name]
    return {"$schema": _DRAFT, "title": "fleet.toml of Rota", **schema}


def schema_text() -> str:
    """The schema as it is committed, in docs/fleet.schema.json."""
    return json.dumps(fleet_schema(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
