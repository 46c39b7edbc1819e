"""House rules that no linter knows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pathspec import GitIgnoreSpec

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "rota"
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))

LONGEST_FILE = 350
VAGUE_NAMES = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
HEAVY = {"asyncio", "cyclopts", "mcp", "psycopg", "rich", "textual"}

# Written so that they do not match themselves.
REGISTRY_HOST = re.compile(
    r"py[p]i\.(?:org|python)|pythonh[o]sted\.org|registry\.np[m]js|(?:deb|security)\.debi[a]n\.org"
)
MACHINE_PATH = re.compile(r"(?<![\w./~-])/(?:wor[k]|far[m]|roo[t]|hom[e]/\w+|Use[r]s/\w+)/")
CLOCK_READ = re.compile(r"\b(?:date|datetime)\.(?:now|today|utcnow)\(")
# A seeded Random may be handed in; the import rules cannot tell it from the module's own generator.
CHANCE = re.compile(r"\bimport random\b|\bfrom random import (?!Random$)|\bRandom\(\)")


def source_files() -> list[Path]:
    files = sorted(SOURCE.rglob("*.py"))
    assert files, f"no source below {SOURCE}"
    return files


def own_files() -> Iterator[Path]:
    """Every file that is the project's own: all but what a .gitignore names, tracked or not yet."""
    ignoring = {ROOT: GitIgnoreSpec.from_lines([".git"])}

    def ignored(path: Path, mark: str = "") -> bool:
        return any(
            spec.match_file(f"{path.relative_to(top)}{mark}")
            for top, spec in ignoring.items()
            if path.is_relative_to(top)
        )

    for name, folders, files in os.walk(ROOT):
        folder = Path(name)
        if ".gitignore" in files:
            lines = (folder / ".gitignore").read_text().splitlines()
            ignoring[folder] = ignoring.get(folder, GitIgnoreSpec([])) + GitIgnoreSpec.from_lines(lines)
        folders[:] = [child for child in folders if not ignored(folder / child, "/")]
        yield from (folder / file for file in files if not ignored(folder / file))


def offences(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in files
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def locked(path: Path) -> list[tuple[Requirement, list[str]]]:
    """Each requirement of a lock with its hashes."""
    joined = path.read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [(Requirement(line.split("--hash")[0]), re.findall(r"--hash=sha256:[0-9a-f]{64}", line)) for line in lines]


def test_there_are_locks() -> None:
    assert {path.name for path in LOCKS} == {"bench.lock", "dev.lock", "tools.lock"}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_versions_and_hashes_and_no_host(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"\w+://\S*|--(?:\w+-)*(?:index|links|host)\S*| @ .*", text) == []
    assert not REGISTRY_HOST.search(text)
    requirements = locked(path)
    assert requirements
    for requirement, hashes in requirements:
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], requirement
        assert hashes, requirement


def test_the_locks_satisfy_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    shipped = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["postgres"]]
    wanted = {
        "bench.lock": [*shipped, *groups["bench"]],
        "dev.lock": [*shipped, *groups["dev"]],
        "tools.lock": groups["tools"],
    }
    for name, lines in wanted.items():
        pinned = {
            canonicalize_name(requirement.name): next(iter(requirement.specifier)).version
            for requirement, _ in locked(ROOT / "requirements" / name)
        }
        for requirement in map(Requirement, lines):
            version = pinned.get(canonicalize_name(requirement.name))
            fits = version is not None and version in requirement.specifier
            assert fits, f"{name} has not {requirement}: run make lock"


def test_source_files_are_short_and_named_after_their_concept() -> None:
    long = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in source_files()}
    assert {path: lines for path, lines in long.items() if lines > LONGEST_FILE} == {}
    names = {
        path: {part.lower() for part in re.split(r"[_.]|/", str(path.relative_to(SOURCE)))} for path in source_files()
    }
    assert [str(path) for path, parts in names.items() if parts & VAGUE_NAMES] == []


def test_no_file_names_a_registry_host_or_a_place_on_one_machine() -> None:
    files = sorted(own_files())
    assert Path(__file__) in files
    assert offences(REGISTRY_HOST, files) == []
    assert offences(MACHINE_PATH, files) == []


def test_planning_and_the_model_read_no_clock_and_leave_nothing_to_chance() -> None:
    pure = [path for path in source_files() if path.is_relative_to(SOURCE / "planning")]
    pure += [path for path in source_files() if path.is_relative_to(SOURCE / "model")]
    assert offences(CLOCK_READ, pure) == []
    assert offences(CHANCE, pure) == []


def test_importing_rota_is_cheap() -> None:
    code = "import sys; before = set(sys.modules); import rota; print(*set(sys.modules) - before)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in run.stdout.split()}
    assert "rota" in loaded
    assert loaded & HEAVY == set()


def test_patterns_find_what_they_are_for() -> None:
    """The rules above pass when nothing matches, so what they match is checked here."""
    hosts = ["https://py" + "pi.org/simple", "files.python" + "hosted.org", "registry.np" + "mjs.org"]
    assert [host for host in hosts if not REGISTRY_HOST.search(host)] == []
    paths = ["cd /wor" + "k/main", '"/roo' + 't/x"', "/hom" + "e/ann/rota", "(/Use" + "rs/ann/rota)"]
    assert [path for path in paths if not MACHINE_PATH.search(path)] == []
    harmless = ["example.org/wor" + "k/x", "./wor" + "k/x", "~/roo" + "t/x", "the /hom" + "e folder"]
    assert [text for text in harmless if MACHINE_PATH.search(text)] == []
    assert CLOCK_READ.search("datetime.now(UTC)")
    dice = [
        "import random",
        "from random import Random, choice",
        "from random import random",
        "dice = Random()",
    ]
    assert [line for line in dice if not CHANCE.search(line)] == []
    assert not CHANCE.search("from random import Random")
    assert not CHANCE.search("dice = Random(seed)")
