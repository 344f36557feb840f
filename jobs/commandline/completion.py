"""Shell completion: one program for a POSIX shell that prints what may come next, and how each shell calls it.

A start of Django at each TAB would be too slow, so the names of jobs are kept in a file for each project, or each
address: read at once, and written again in the background when it is a minute old.
"""

import argparse
import pkgutil
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from jobs.commandline.verbs.completion import SHELLS
from jobs.commandline.verbs.known import VERBS

COMMANDS = Path(__file__).parents[1] / "management/commands"
OF_NIGHTSHIFT = ("--url", "--token-file", "--az", "--resource", "--no-color", "--help", "--version")
VALUED = ("--url", "--token-file", "--resource")
# Commands that aren't verbs afar, and name a job first.
OTHERS_WITH_A_JOB = ("dst", "statistics")
OTHERS_WITH_JOBS = ("rewind",)

PROGRAM = """\
takes() { case "$1 $2" in @TAKES@) ;; *) return 1 ;; esac; }
values() { case "$1 $2" in
@VALUES@
esac; }
options() { case $1 in
@OPTIONS@
esac; }
jobs_here() {
  if [ -n "$url" ]; then key=$url; else
    key=$PWD
    while [ -n "$key" ] && [ ! -e "$key/manage.py" ]; do key=${key%/*}; done
    [ -n "$key" ] || return
  fi
  file=${XDG_CACHE_HOME:-$HOME/.cache}/nightshift/$(printf %s "$key" | tr / %)
  if [ ! -e "$file" ]; then ask
  elif [ -n "$(find "$file" -mmin +1)" ]; then touch "$file"; ask >/dev/null 2>&1 & fi
  cat "$file" 2>/dev/null
}
ask() {
  mkdir -p "${file%/*}" && new=$(mktemp "$file.XXXXXX") || return
  if nightshift ${url:+--url "$url"} completion jobs >"$new" 2>/dev/null </dev/null; then mv "$new" "$file"
  else rm -f "$new"; [ -e "$file" ] || : >"$file"; fi
}
url=${NIGHTSHIFT_URL-} verb= last= named=0
while [ $# -gt 1 ]; do
  [ "$last" != --url ] || url=$1
  case $1 in
  --url=*) url=${1#--url=} ;;
  -*) ;;
  *) if takes "$verb" "$last"; then :; elif [ -z "$verb" ]; then verb=$1; else named=$((named + 1)); fi ;;
  esac
  last=$1
  shift
done
{
  if takes "$verb" "$last"; then values "$verb" "$last"; else
    case $verb:$1 in
    *:-*) options "$verb" ;;
    :*) echo @VERBS@ ;;
    completion:*) echo @SHELLS@ ;;
    @CHOICES@
    @MANY@) jobs_here ;;
    @ONE@) [ "$named" -gt 0 ] || jobs_here ;;
    esac
  fi
} | tr ' ' '\\n' | while read -r word; do case $word in "$1"*) echo "$word" ;; esac; done
"""
BASH = """\
_nightshift() {{
  local line=${{COMP_LINE:0:COMP_POINT}} words IFS=$' \\n'
  read -ra words <<<"$line"
  [[ $line == *' ' ]] && words+=('')
  COMPREPLY=($(sh -c "$_nightshift_words" nightshift "${{words[@]:1}}"))
}}
_nightshift_words={program}
complete -o default -F _nightshift nightshift"""
ZSH = """\
_nightshift() {{
  local -a found
  found=(${{(f)"$(sh -c "$_nightshift_words" nightshift "${{(@)words[2,CURRENT]}}")"}})
  if (( $#found )); then compadd -a found; else _files; fi
}}
_nightshift_words={program}
compdef _nightshift nightshift"""
FISH = """\
set -g _nightshift_words {program}
function _nightshift
  set -l typed (commandline -ct)
  sh -c $_nightshift_words nightshift (commandline -opc)[2..-1] "$typed"
end
complete -c nightshift -f -a '(_nightshift)'"""


def script(shell: str) -> str:
    """What the shell is to evaluate: one of bash, zsh and fish."""
    if shell == "fish":
        # Between single quotes fish knows two escapes.
        return FISH.format(program="'" + program().replace("\\", "\\\\").replace("'", "\\'") + "'")
    return {"bash": BASH, "zsh": ZSH}[shell].format(program=shlex.quote(program()))


def program() -> str:
    """It gets the words after `nightshift`, of which the last is being typed, and prints one candidate a line."""
    valued = [(name, each) for name in VERBS for each in _actions(name) if each.option_strings and each.nargs != 0]
    takes = [("", option) for option in VALUED] + [
        (name, text) for name, each in valued for text in each.option_strings
    ]
    parts = {
        "TAKES": " | ".join(f'"{name} {option}"' for name, option in takes),
        "VALUES": "\n".join(
            f'"{name} {option}") echo {" ".join(map(str, each.choices))} ;;'
            for name, each in valued
            for option in each.option_strings
            if each.choices
        ),
        "OPTIONS": "\n".join(
            f'"{name}") echo {" ".join(options)} ;;' for name, options in [("", OF_NIGHTSHIFT), *_options()]
        ),
        "VERBS": " ".join(sorted({*VERBS, *_commands(), "init", "upgrade"})),
        "SHELLS": " ".join(SHELLS),
        "CHOICES": "\n    ".join(
            f'{name}:*) [ "$named" -gt 0 ] || echo {" ".join(choices)} ;;' for name, choices in _with_choices()
        ),
        "MANY": _any_of([*_with_jobs({"*", "+"}), *OTHERS_WITH_JOBS]),
        "ONE": _any_of([*_with_jobs({None, "?", argparse.REMAINDER}), *OTHERS_WITH_A_JOB]),
    }
    text = PROGRAM
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


def _actions(verb: str) -> list[argparse.Action]:
    parser = argparse.ArgumentParser()
    VERBS[verb].add_arguments(parser)
    return parser._actions


def _options() -> Iterator[tuple[str, list[str]]]:
    for name in VERBS:
        yield name, [option for each in _actions(name) for option in each.option_strings if option.startswith("--")]


def _with_choices() -> Iterator[tuple[str, list[str]]]:
    """The verbs that begin with one of a few words: what to do with an incident."""
    for name in VERBS:
        first = next((each for each in _actions(name) if not each.option_strings), None)
        if first is not None and first.choices and name != "completion":
            yield name, list(map(str, first.choices))


def _with_jobs(counts: set[str | None]) -> list[str]:
    """The verbs that begin with a job's name, or with so many of them."""
    return [
        name
        for name in VERBS
        for each in _actions(name)
        if not each.option_strings
        and (str(each.metavar).startswith("JOB") or each.dest == "job")
        and each.nargs in counts
    ]


def _any_of(verbs: Iterable[str]) -> str:
    return " | ".join(f"{verb}:*" for verb in verbs)


def _commands() -> list[str]:
    """The names of Nightshift's management commands. None of them is imported."""
    return [module.name for module in pkgutil.iter_modules([str(COMMANDS)])]
