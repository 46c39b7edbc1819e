"""Does each module of a section compile?"""

from __future__ import annotations

import warnings

from protocol import Task, text, texts
from results import CompileCheck, Finding
from syntax import found


def check_compiling(task: Task) -> CompileCheck:
    """Compile every module of `payload.modules`, keeping no byte code."""
    failures: list[Finding] = []
    warned: list[Finding] = []
    files = [source for name in texts(task, "modules") for source in found(name)]
    for source in files:
        failure, said = compiled(source.read(), source.module)
        failures += failure
        warned += said
    return {
        "kind": "compile",
        "section": text(task, "section"),
        "files": len(files),
        "failures": failures,
        "warnings": warned,
    }


def compiled(code: bytes, module: str) -> tuple[list[Finding], list[Finding]]:
    """What the compiler has to say: (at most one failure, its warnings)."""
    failures: list[Finding] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            compile(code, module, "exec", dont_inherit=True)
        except SyntaxError as why:
            failures.append({"module": module, "line": why.lineno or 0, "reason": why.msg})
        except ValueError as why:
            failures.append({"module": module, "line": 0, "reason": str(why)})
    return failures, [_warning(module, one) for one in caught]


def _warning(module: str, said: warnings.WarningMessage) -> Finding:
    return {"module": module, "line": said.lineno, "reason": f"{said.category.__name__}: {said.message}"}
