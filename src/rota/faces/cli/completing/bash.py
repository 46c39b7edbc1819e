"""The completion of bash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rota.faces.cli.short.shape import Verb


def bash(summaries: Mapping[str, str], verbs: Mapping[str, Verb]) -> str:
    """A function that knows every option; what else is asked for are files."""
    return "\n".join(_lines(summaries, verbs)) + "\n"


def _lines(summaries: Mapping[str, str], verbs: Mapping[str, Verb]) -> Iterator[str]:
    yield "# Completion of rota for bash; made by `rota completion bash`."
    yield "_rota() {"
    yield "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} name=${COMP_WORDS[1]} known="
    yield '    if [ "$COMP_CWORD" -eq 1 ]; then'
    yield f'        COMPREPLY=($(compgen -W "{" ".join(summaries)} --help --version" -- "$word"))'
    yield "        return"
    yield "    fi"
    yield '    case "$name ${COMP_WORDS[2]}" in'
    pairs = [name for name in verbs if " " in name]
    either = "|".join(f'"{name}"' for name in pairs)
    yield f'        {either}) [ "$COMP_CWORD" -gt 2 ] && name="$name ${{COMP_WORDS[2]}}" ;;'
    yield "    esac"
    yield '    case "$name $before" in'
    for name, verb in verbs.items():
        for option in verb.options:
            if option.choices:
                flags = "|".join(f'"{name} {flag}"' for flag in option.names)
                yield f'        {flags}) known="{" ".join(option.choices)}" ;;'
    yield "    esac"
    yield '    [ -n "$known" ] || case "$name" in'
    nouns = {name.partition(" ")[0] for name in pairs}
    for name in dict.fromkeys([*verbs, *nouns]):
        own = [pair.partition(" ")[2] for pair in pairs if pair.startswith(f"{name} ")]
        options = [flag for option in verbs[name].options for flag in option.names] if name in verbs else []
        yield f'        "{name}") known="{" ".join([*own, *options, "--help"])}" ;;'
    yield "    esac"
    yield '    COMPREPLY=($(compgen -W "$known" -- "$word"))'
    yield "}"
    yield "complete -o default -F _rota rota"
