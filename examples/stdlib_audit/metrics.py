"""Counts of a module: lines, functions, classes, complexity."""

from __future__ import annotations

import ast

from protocol import Task, text
from results import Function, Metrics, biggest, most_complex
from syntax import trees

BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler)


def measure(task: Task) -> Metrics:
    """Measure the module or package that `payload.module` names."""
    name = text(task, "module")
    files = lines = classes = 0
    functions: list[Function] = []
    for module, code, tree in trees(name):
        files += 1
        lines += len(code.split(b"\n")) - code.endswith(b"\n") if code else 0
        classes += sum(isinstance(node, ast.ClassDef) for node in ast.walk(tree))
        functions += functions_of(tree, module)
    return {
        "kind": "metrics",
        "module": name,
        "files": files,
        "lines": lines,
        "functions": len(functions),
        "classes": classes,
        "complexity": sum(one["complexity"] for one in functions),
        "biggest": biggest(functions),
        "most_complex": most_complex(functions),
    }


def functions_of(tree: ast.Module, module: str) -> list[Function]:
    """Every function and method, nested ones too; a decision counts for the innermost function around it."""
    functions: list[Function] = []
    # A stack instead of recursion: some expressions of the standard library nest deeper than calls may.
    waiting: list[tuple[ast.AST, str, Function | None]] = [(tree, "", None)]
    while waiting:
        node, prefix, around = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            around = _function(node, module, prefix)
            functions.append(around)
            prefix = f"{around['name']}."
        elif isinstance(node, ast.ClassDef):
            prefix = f"{prefix}{node.name}."
        elif around is not None:
            around["complexity"] += decisions(node)
        waiting.extend((child, prefix, around) for child in ast.iter_child_nodes(node))
    return functions


def decisions(node: ast.AST) -> int:
    """In how many ways more than one the code can go on at this node."""
    if isinstance(node, BRANCHES):
        return 1
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    if isinstance(node, ast.match_case):
        return 1 + (node.guard is not None)
    return 0


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, module: str, prefix: str) -> Function:
    end = node.end_lineno or node.lineno
    return {
        "module": module,
        "name": f"{prefix}{node.name}",
        "line": node.lineno,
        "lines": end - node.lineno + 1,
        "complexity": 1,
    }
