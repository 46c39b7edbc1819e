"""A client that was made before a fork: the child has a way of its own, or is told why it has none."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from rota import Client, RotaError, connect


def said_by_child(do: Callable[[], str]) -> str:
    """What this says in a forked process."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, do().encode())
        except BaseException as error:
            os.write(write, repr(error).encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with open(read, "rb") as told:
        return told.read().decode()


@pytest.mark.parametrize("reach", ["socket", "http"], indirect=True)
def test_parent_and_child_each_get_their_own_answers(client: Client) -> None:
    first = client.add("before")

    def child() -> str:
        with client:
            return client.add("in the child", description=client.get_task(first).title)

    added = said_by_child(child)
    # The child has left its `with`; the parent's connection stands.
    assert client.get_task(added).description == "before"


@pytest.mark.parametrize("reach", ["in process"], indirect=True)
def test_what_is_open_in_the_parent_is_refused(client: Client) -> None:
    def child() -> str:
        try:
            with client:
                return client.add("lost")
        except RotaError as error:
            return f"{error.code} {error}"

    assert said_by_child(child).startswith("invalid target: is open in the process that this one was forked from")
    assert client.add("not lost")


@pytest.mark.parametrize("key", ["one\n", "two\r", "Schlüssel", "a\0b"])
def test_a_key_that_no_head_can_carry(key: str) -> None:
    with pytest.raises(RotaError, match="give it as it was printed"):
        connect("http://127.0.0.1:9", key=key)
