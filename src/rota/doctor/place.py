"""The place of a SQLite file: file system, room, who may read it, who owns it, what lies beside it."""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path

from rota.doctor.finding import Finding, fail, ok, warn
from rota.store.owner import owner_of

NETWORK = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.davfs2", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs",
        "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs", "vboxsf",
        "virtiofs",
    }
)  # fmt: skip
"""File systems on which locks or shared memory are not to be trusted."""
MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs"})
MEGABYTE = 1_000_000
LEAST_FREE = 100 * MEGABYTE
LITTLE_FREE = 1_000 * MEGABYTE
LARGE_LOG = 64 * MEGABYTE
_ESCAPED = re.compile(r"\\([0-7]{3})")


def place(file: Path, mounts: str | None = None) -> list[Finding]:
    """Everything around the file, which need not be there yet. `mounts` is the text of /proc/mounts."""
    folder = _existing(file.parent)
    return [
        file_system(folder, _mounts() if mounts is None else mounts),
        free_space(folder, _size(file)),
        *modes(file),
        *owner(file),
    ]


def file_system(folder: Path, mounts: str) -> Finding:
    """Whether SQLite can trust the file system."""
    kind = _kind(folder.resolve(), mounts)
    if kind is None:
        return ok("file system", "unknown; it must be a local disk")
    if kind in NETWORK:
        return fail("file system", f"{folder} is on {kind}", "move the database to a local disk, or use PostgreSQL")
    if kind in MEMORY:
        return warn("file system", f"{folder} is on {kind}, gone after a restart", "move the database to a disk")
    return ok("file system", f"{kind} at {folder}")


def free_space(folder: Path, size: int) -> Finding:
    """Whether there is room to go on, and for a copy."""
    free = shutil.disk_usage(folder).free
    text = f"{free / MEGABYTE:,.0f} MB free, the database has {size / MEGABYTE:,.1f} MB"
    if free < LEAST_FREE:
        return fail("disk space", text, "free some space")
    if free < max(LITTLE_FREE, size):
        return warn("disk space", text, "free some space; a backup needs as much as the database has")
    return ok("disk space", text)


def modes(file: Path) -> list[Finding]:
    """Who may read and change the file and its folder."""
    folder = _existing(file.parent)
    found = []
    if not os.access(folder, os.W_OK | os.X_OK):
        found.append(fail("folder", f"{folder} can not be written", f"chmod u+rwx {folder}"))
    elif _mode(folder) & stat.S_IWOTH and not _mode(folder) & stat.S_ISVTX:
        found.append(warn("folder", f"anybody may replace files in {folder}", f"chmod o-w {folder}"))
    else:
        found.append(ok("folder", f"{folder}, mode {stat.S_IMODE(_mode(folder)):04o}"))
    if file.exists():
        found.append(_file(file))
    return found


def _file(file: Path) -> Finding:
    if not os.access(file, os.R_OK | os.W_OK):
        return fail("file", f"{file} can not be read and written", f"chmod u+rw {file}")
    if _mode(file) & stat.S_IWOTH:
        return fail("file", f"anybody may change {file}", f"chmod 600 {file}")
    if _mode(file) & stat.S_IROTH:
        return warn("file", f"anybody on this machine may read {file}", f"chmod 600 {file}")
    return ok("file", f"{file}, mode {stat.S_IMODE(_mode(file)):04o}")


def owner(file: Path) -> list[Finding]:
    """Which process has the file, and whether one that has gone left its log."""
    process = owner_of(str(file))
    found = [ok("owner", f"process {process}" if process else "not in use")]
    log = _size(Path(f"{file}-wal"))
    if log > LARGE_LOG:
        fix = (
            "let the owner idle for a moment" if process else "open the database once: that folds the log into the file"
        )
        found.append(warn("log", f"the write-ahead log has {log / MEGABYTE:,.0f} MB", fix))
    elif file.exists():
        found.append(ok("log", f"the write-ahead log has {log / MEGABYTE:,.1f} MB"))
    return found


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    folder = folder.absolute()
    return next(candidate for candidate in (folder, *folder.parents) if candidate.is_dir())


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _mode(path: Path) -> int:
    return path.stat().st_mode


def _mounts() -> str:
    try:
        return Path("/proc/mounts").read_text(errors="replace")
    except OSError:
        return ""


def _kind(folder: Path, mounts: str) -> str | None:
    """The type of the file system that the folder is on: of the deepest mount above it, the newest of one place."""
    best: tuple[int, str] | None = None
    for entry in mounts.splitlines():
        fields = entry.split()
        if len(fields) < 3:
            continue
        where = Path(_ESCAPED.sub(lambda found: chr(int(found[1], 8)), fields[1]))
        if folder.is_relative_to(where) and (best is None or len(where.parts) >= best[0]):
            best = (len(where.parts), fields[2])
    return best[1] if best else None
