"""CPU time and memory of commands."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import textwrap

import pytest

from tests.agents.conftest import SOURCE, Run, python

MIB = 1 << 20
LINUX = sys.platform == "linux"


def test_cpu_time_is_that_of_the_command_and_of_its_children(run: Run) -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    assert run(*python(burn)).usage.cpu_s >= 0.2
    ended = run("sh", "-c", '"$@"; "$@"', "sh", *python(burn))
    assert ended.usage.cpu_s >= 0.4
    assert run("sleep", "0.2").usage.cpu_s < 0.15


def test_memory_above_our_own_is_told(run: Run) -> None:
    # Clearly above the peak of this very process, whatever other tests made of it.
    wanted = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1024 if LINUX else 1) // MIB + 200
    told = run(*python(f"x = bytearray({wanted} << 20)")).usage.max_rss_bytes
    assert told is not None
    assert wanted * MIB <= told < (wanted + 100) * MIB


@pytest.mark.skipif(not LINUX, reason="read from /proc while the command lives")
def test_memory_below_our_own_is_not_overstated() -> None:
    owner = """
        import os
        from rota.agents.process.command import Launch, run_command

        held = b"x" * (200 << 20)
        del held
        small = "import sys; x = b'x' * (50 << 20); print(flush=True); sys.stdin.read()"
        lasting = f"{small}; import time; time.sleep(0.2)"
        for argv in (("true",), ("python3", "-c", lasting)):
            argv = argv if argv[0] == "true" else (os.sys.executable, *argv[1:])
            print(run_command(Launch(argv=argv, env=dict(os.environ))).usage.max_rss_bytes)
    """
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", textwrap.dedent(owner)]
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.split()
    assert told[0] == "None" or int(told[0]) < 20 * MIB
    assert 50 * MIB <= int(told[1]) < 100 * MIB
