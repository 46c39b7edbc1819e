"""What a benchmark says: measurements, quantiles, and the machine they were taken on."""

import importlib.metadata
import math
import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Sequence

import msgspec


class Measurement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str  # what was measured, e.g. "drain"; the same words for every subject, so that they can be compared
    subject: str  # who was measured, e.g. "rota"
    database: str  # "sqlite" or "postgresql"
    backlog: int  # tasks waiting before it began
    value: float | None  # None: no figure came out, `notes` say why
    unit: str
    n: int  # how many tasks or samples the value rests on
    notes: str = ""
    fsync_us: float = 0.0  # microseconds for one small synced write before and after, the slower: was the disk free?


class Machine(msgspec.Struct, frozen=True):
    cores: int
    architecture: str
    python: str
    sqlite: str  # of the standard library
    postgresql: str  # version and settings, as the server itself states them; empty: not used
    load: float  # processes wanting a core, mean of the minute before: others', which disturb the figures
    packages: dict[str, str]


def quantile(samples: Sequence[float], q: float) -> float:
    """The q-quantile, 0 <= q <= 1, linear between the two nearest ranks (Hyndman and Fan 1996, type 7)."""
    if not samples:
        raise ValueError("no samples: a quantile needs at least one")
    ranked = sorted(samples)
    position = q * (len(ranked) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (position - low)


def machine(packages: Sequence[str], postgresql: str, load: float) -> Machine:
    """The machine as it is now; of `packages` those that are installed."""
    return Machine(
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        architecture=platform.machine(),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        postgresql=postgresql,
        load=round(load, 2),
        packages={name: version for name in packages if (version := installed_version(name))},
    )


def installed_version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def fsync_seconds(writes: int = 50) -> float:
    """Median time to append 4 KiB durably where temporary files go: what a synced commit costs at least."""
    samples = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(writes):
            start = time.perf_counter()
            file.write(b"\0" * 4096)
            os.fsync(file.fileno())
            samples.append(time.perf_counter() - start)
    return quantile(samples, 0.5)
