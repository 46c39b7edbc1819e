"""Schemathesis asks whatever the OpenAPI document says can be asked, and more, in all its phases.

Short in every test run; `make fuzz-http` goes on for minutes.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rota.model.commands.keys import CreateKey
from rota.operations.distributor import Distributor
from tests.http.client import Client

LEFT_OUT = "/v1/(events|backup|archive|restore_archive|create_key|revoke_key)$|/mcp$"
"""A stream, files anywhere on this machine, keys that would shut us out, another protocol."""
TOO_STRICT = "positive_data_acceptance"
"""JSON Schema can not say all that an operation refuses."""
PHASES = ("Examples", "Coverage", "Fuzzing", "Stateful")
SHORT = Path(__file__).parent / "schemathesis.toml"


def test_whatever_can_be_asked_is_answered_as_documented(
    client: Client, rota: Distributor, chaos_seconds: float, tmp_path: Path
) -> None:
    made = rota.call(CreateKey(name="fuzz", scopes=["read", "submit", "work", "approve", "route", "admin", "urgent"]))
    one = client.with_key(made.secret)
    if chaos_seconds:
        said = asked(one, tmp_path, (), "--max-time", str(round(chaos_seconds)))
        print(said)
    else:
        said = asked(one, tmp_path, ("--config-file", str(SHORT)))
    assert "API Links:    0 covered" not in said, said
    print(said)
    assert client.get("/health").status == 200
    assert rota.node.health()["broken_shapes"] == {}


def asked(client: Client, folder: Path, before: tuple[str, ...], *after: str) -> str:
    """What schemathesis says when it is content."""
    command = [
        str(Path(sys.executable).parent / "schemathesis"), *before, "run", f"{client.url}/openapi.json", "--no-color",
        "--header", f"Authorization: Bearer {client.key}", "--phases", ",".join(PHASES).lower(),
        "--exclude-path-regex", LEFT_OUT, "--exclude-checks", TOO_STRICT, "--continue-on-failure",
        "--warnings", "off", "--request-timeout", "60", *after,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for phase in PHASES:
        assert f"✅  {phase}" in done.stdout, done.stdout
    return done.stdout
