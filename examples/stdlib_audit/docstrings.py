"""Which modules, classes and functions of a section are documented?"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from protocol import Task, text, texts
from results import Documentation
from syntax import trees

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def check_docstrings(task: Task) -> Documentation:
    """Look through every module of `payload.modules`; files without a statement need no docstring."""
    files = public = documented = 0
    missing: list[str] = []
    for name in texts(task, "modules"):
        for module, _, tree in trees(name):
            files += 1
            if tree.body and not has_docstring(tree):
                missing.append(module)
            for one in public_definitions(tree.body):
                public += 1
                documented += ast.get_docstring(one, clean=False) is not None
    return {
        "kind": "documentation",
        "section": text(task, "section"),
        "files": files,
        "public": public,
        "documented": documented,
        "missing": missing,
    }


def has_docstring(tree: ast.Module) -> bool:
    """Whether the module will have a `__doc__`; some assign it or import it from their twin in C."""
    return ast.get_docstring(tree, clean=False) is not None or any(map(_binds_doc, executed(tree.body)))


def public_definitions(body: list[ast.stmt]) -> Iterator[Definition]:
    """Functions and classes whose name has no leading underscore, and the public methods of such classes."""
    for node in executed(body):
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body)


def executed(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module or class, those behind `if` and `try` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from executed([*node.body, *node.orelse])
        if isinstance(node, ast.Try):
            yield from executed([*(one for handler in node.handlers for one in handler.body), *node.finalbody])


def _binds_doc(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return any((name.asname or name.name) == "__doc__" for name in node.names)
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == "__doc__" for target in targets)
