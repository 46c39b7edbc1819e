"""What the exit codes of `rota` mean. Errors have theirs in `rota.model.errors`."""

from __future__ import annotations

EXIT_CODES: dict[int, str] = {
    0: "It was done. For `run` and `each`: every task is done",
    1: "It failed: an unexpected error; `check` found what can not be done, `audit` or `doctor` found something wrong; "
    "a person said no",
    2: "The command line or the input can not be taken",
    3: "There is no such thing",
    4: "It clashes with what is: the lease is lost, the state does not fit, it exists already, there is no room",
    5: "There is nothing to claim",
    6: "The key is missing, or does not allow it",
    7: "The database or the service can not be reached or used at the moment",
    8: "`run` and `each`: all tasks have ended, some of them not done",
    9: "`run` and `each`: some tasks can not go on",
    130: "Interrupted by Ctrl-C; 143 by SIGTERM",
    141: "Whoever read the output has left",
}
"""By code, one sentence."""
