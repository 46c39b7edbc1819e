"""Dependencies as a graph: refusing cycles, naming them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def cycle(parents: Mapping[Node, Sequence[Node]]) -> list[Node] | None:
    """A cycle among the nodes, as the nodes along it with the first again at the end; None when there is none.

    Iterative depth-first search: linear, and deep chains cannot overflow the stack.
    """
    done: set[Node] = set()
    for root in parents:
        if root in done:
            continue
        path: list[Node] = [root]
        on_path = {root}
        stack = [iter(parents.get(root, ()))]
        while stack:
            following = next(stack[-1], None)
            if following is None:
                stack.pop()
                ended = path.pop()
                on_path.discard(ended)
                done.add(ended)
            elif following in on_path:
                return [*path[path.index(following) :], following]
            elif following not in done:
                path.append(following)
                on_path.add(following)
                stack.append(iter(parents.get(following, ())))
    return None
