"""Types that threads share are made ready before they decode them; without that the process ends."""

from __future__ import annotations

import subprocess
import sys

_AT_ONCE = """
import sys, threading
import msgspec
from rota.operations.decodable import decodable

sys.setswitchinterval(1e-6)
FIELDS = range(20)
DATA = {f"field_{n}": {"a": 1, "b": ["x"]} for n in FIELDS}


def decode(kind, begin):
    begin.wait()
    assert msgspec.convert(DATA, decodable(kind)) is not None


for life in range(50):
    inner = [msgspec.defstruct(f"Inner{n}", [("a", int), ("b", list[str])]) for n in FIELDS]
    kind = msgspec.defstruct("Outer", [(f"field_{n}", inner[n]) for n in FIELDS])
    begin = threading.Barrier(6)
    threads = [threading.Thread(target=decode, args=(kind, begin)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("done")
"""


def test_threads_decode_a_new_type_at_once() -> None:
    ended = subprocess.run([sys.executable, "-c", _AT_ONCE], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")
