"""The completion of fish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rota.faces.cli.short.shape import Option, Verb


def fish(summaries: Mapping[str, str], verbs: Mapping[str, Verb]) -> str:
    """A line for each command and option."""
    return "\n".join(_lines(summaries, verbs)) + "\n"


def _lines(summaries: Mapping[str, str], verbs: Mapping[str, Verb]) -> Iterator[str]:
    yield "# Completion of rota for fish; made by `rota completion fish`."
    for name, summary in summaries.items():
        yield f"complete -c rota -n __fish_use_subcommand -fa {name} -d {_quoted(summary)}"
    for name, verb in verbs.items():
        noun, _, own = name.partition(" ")
        if own:
            yield f"complete -c rota -n '__fish_seen_subcommand_from {noun}' -fa {own} -d {_quoted(verb.summary)}"
        seen = f"__fish_seen_subcommand_from {noun}" + (f"; and __fish_seen_subcommand_from {own}" if own else "")
        for option in verb.options:
            yield f"complete -c rota -n '{seen}' {_option(option)}"


def _option(option: Option) -> str:
    flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.names)
    value = "" if option.kind == "switch" else f" -xa {_quoted(' '.join(option.choices))}" if option.choices else " -r"
    return f"{flags}{value} -d {_quoted(option.help)}"


def _quoted(text: str) -> str:
    return "'" + " ".join(text.replace("\\", "").replace("'", "").split()) + "'"
