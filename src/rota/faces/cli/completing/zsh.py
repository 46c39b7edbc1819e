"""The completion of zsh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rota.faces.cli.short.shape import Option, Verb


def zsh(summaries: Mapping[str, str], verbs: Mapping[str, Verb]) -> str:
    """A function for `compinit`: commands and options with what they are for, files elsewhere."""
    return "\n".join(_lines(summaries, verbs)) + "\n"


def _lines(summaries: Mapping[str, str], verbs: Mapping[str, Verb]) -> Iterator[str]:
    yield "#compdef rota"
    yield "# Completion of rota for zsh; made by `rota completion zsh`."
    yield "_rota() {"
    yield "    local -a known"
    yield "    if (( CURRENT == 2 )); then"
    yield f"        known=({' '.join(_described(name, text) for name, text in summaries.items())})"
    yield "        _describe command known"
    yield "        return"
    yield "    fi"
    yield '    local name="$words[2]"'
    yield '    case "$words[2] $words[3]" in'
    pairs = [name for name in verbs if " " in name]
    either = "|".join(f'"{name}"' for name in pairs)
    yield f'        {either}) (( CURRENT > 3 )) && name="$words[2] $words[3]" ;;'
    yield "    esac"
    nouns = list(dict.fromkeys(name.partition(" ")[0] for name in pairs))
    yield "    if (( CURRENT == 3 )); then"
    yield '        case "$name" in'
    for noun in nouns:
        own = [_described(pair.partition(" ")[2], verbs[pair].summary) for pair in pairs if pair.startswith(f"{noun} ")]
        yield f"            {noun}) known=({' '.join(own)}); _describe command known ;;"
    yield "        esac"
    yield "    fi"
    yield '    case "$name" in'
    for name, verb in verbs.items():
        options = " ".join(_argument(option) for option in verb.options)
        yield f"        \"{name}\") _arguments {options} '*:file:_files' ;;"
    yield "    esac"
    yield "}"
    yield '_rota "$@"'


def _argument(option: Option) -> str:
    value = ""
    if option.kind != "switch":
        value = f":{option.field}:({' '.join(option.choices)})" if option.choices else f":{option.field}:_files"
    repeated = "*" if option.many or option.kind in ("levels", "amounts") else ""
    said = _plain(option.help).replace("[", "(").replace("]", ")").replace(":", ";")
    return " ".join(f"'{repeated}{flag}[{said}]{value}'" for flag in option.names)


def _described(name: str, text: str) -> str:
    return f"'{name}:{_plain(text)}'"


def _plain(text: str) -> str:
    """Without what ends a quotation."""
    return " ".join(text.replace("'", "").replace("`", "").split())
