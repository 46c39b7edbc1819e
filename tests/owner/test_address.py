"""Where the socket is: private, short, the same for everybody who means the same database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rota.owner.address import LONGEST, address_of, runtime_folder
from rota.owner.link_error import LinkError


def test_all_names_of_a_file_lead_to_one_address(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    names = ("real/a.db", "link/a.db", "link/../real/a.db")
    found = {address_of(f"{way}{tmp_path / name}") for name in names for way in ("", "sqlite:///")}
    assert len(found) == 1
    assert address_of(str(tmp_path / "real" / "b.db")).socket != found.pop().socket


def test_the_socket_of_a_postgresql_database_does_not_show_its_password(runtime: Path) -> None:
    address = address_of("postgresql://ann:secret@db/work")
    assert "secret" not in address.socket
    assert Path(address.owner).parent == runtime / "rota"


def test_the_folder_is_made_for_this_user_alone(runtime: Path) -> None:
    folder = Path(runtime_folder(os.environ))
    assert folder == runtime / "rota"
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("session", ["", "relative", "/nowhere/at/all", "/" + "long/" * 30])
def test_without_a_runtime_directory_it_lies_in_the_temporary_one(session: str, runtime: Path) -> None:
    folder = runtime_folder({"XDG_RUNTIME_DIR": session, "TMPDIR": str(runtime)})
    assert folder == str(runtime / f"rota-{os.geteuid()}")


def test_a_path_too_long_for_a_socket_is_not_taken(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    address = address_of("a.db", {"XDG_RUNTIME_DIR": str(deep), "TMPDIR": str(deep)})
    assert len(os.fsencode(address.socket)) <= LONGEST


def test_a_link_in_its_place_is_refused(runtime: Path, tmp_path: Path) -> None:
    (runtime / "rota").symlink_to(tmp_path)
    with pytest.raises(LinkError, match="no folder but a link") as refused:
        address_of("a.db")
    assert refused.value.code == "not_allowed"
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_its_place_is_refused(runtime: Path) -> None:
    (runtime / "rota").touch()
    with pytest.raises(LinkError, match="no folder but a link or a file"):
        address_of("a.db")


def test_a_folder_of_somebody_else_is_refused(runtime: Path) -> None:
    folder = runtime / "rota-12345"
    folder.mkdir(mode=0o700)
    with pytest.raises(LinkError, match="belongs to somebody else") as refused:
        runtime_folder({"TMPDIR": str(runtime)}, user=12345)
    assert refused.value.code == "not_allowed"


def test_a_folder_that_others_may_look_into_is_refused(runtime: Path) -> None:
    (runtime / "rota").mkdir()
    (runtime / "rota").chmod(0o755)
    with pytest.raises(LinkError, match="others may look into"):
        address_of("a.db")


def test_the_runtime_directory_of_another_user_is_passed_over(runtime: Path) -> None:
    # As after `su`, which keeps the variable: root's directory is not that of user 12345.
    places = {"XDG_RUNTIME_DIR": "/", "TMPDIR": str(runtime)}
    with pytest.raises(LinkError, match="rota-12345 belongs to somebody else"):
        runtime_folder(places, user=12345)
