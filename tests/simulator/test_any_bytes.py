"""Whatever stands in a file, it is simulated or refused; nothing else happens."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rota.model.errors import RotaError
from tests.simulator.runs import run

_HEADS = [
    "submit_s,tokens_in,tokens_out\n",
    "submit_s,run_s,est_s,user\n",
    "dispatch_s,saved_s,task,repo\n",
    "title,estimate,skills\n",
]
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)
_KEYS = st.sampled_from(
    ["title", "run_s", "submit_s", "estimate", "after", "ref", "skills", "tasks", "fields", "deadline"]
)


def simulated_or_refused(name: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        refusal = None
        try:
            run(file, "2", run="1")
        except RotaError as error:
            refusal = error
    assert refusal is None or (refusal.field and refusal.message)


@settings(max_examples=60)
@given(st.sampled_from(["a.csv", "a.jsonl", "a.csv.gz", "a.txt", "a.md"]), st.binary(max_size=60))
@example("a.csv.gz", b"\x1f\x8b\x08\x00garbage")
@example("a.csv", b"submit_s,run_s\n1,2\n\xff\xfe")
def test_any_bytes(name: str, content: bytes) -> None:
    simulated_or_refused(name, content)


@settings(max_examples=80)
@given(
    st.sampled_from(_HEADS),
    st.lists(st.lists(st.sampled_from(["", "0", "1", "2.5", "-1", "x", "1e400", '"']), max_size=5), max_size=3),
)
def test_any_cells(head: str, rows: list[list[str]]) -> None:
    simulated_or_refused("a.csv", (head + "".join(",".join(row) + "\n" for row in rows)).encode())


@settings(max_examples=120)
@given(st.lists(st.dictionaries(_KEYS, _VALUE, max_size=4), min_size=1, max_size=3))
@example([{"tasks": [["a", 10**400, []]]}])
def test_any_objects(objects: list[dict[str, object]]) -> None:

    simulated_or_refused("a.jsonl", "".join(json.dumps(one) + "\n" for one in objects).encode(errors="surrogatepass"))
