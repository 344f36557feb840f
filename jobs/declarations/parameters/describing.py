"""Walks a command's parser, only to describe it."""

import argparse
import datetime
import decimal
import pathlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from typing import Any

from django.utils.dateparse import parse_date

from jobs.declarations.parameters.judging import opens_a_file, parser_of
from jobs.declarations.parameters.model import Group, Kind, Parameter, Parameters, ValueType
from jobs.declarations.values import is_text
from jobs.secret_names import is_secret_option, is_sensitive

# What Django adds to every command.
BASE = frozenset(
    {
        *("-h", "--help", "--version", "-v", "--verbosity", "--settings", "--pythonpath"),
        *("--traceback", "--no-color", "--force-color", "--skip-checks"),
    }
)
# Those that mean nothing in a run: they print something and stop, or belong to the process.
NOT_A_RUNS = frozenset({"--help", "--version", "--settings", "--pythonpath"})
# A longer list is no list to choose from. Its parser still judges.
MOST_CHOICES = 500
TYPES: dict[Any, ValueType] = {
    int: ValueType.WHOLE_NUMBER,
    float: ValueType.NUMBER,
    decimal.Decimal: ValueType.NUMBER,
    datetime.date.fromisoformat: ValueType.DATE,
    parse_date: ValueType.DATE,
    pathlib.Path: ValueType.PATH,
    pathlib.PurePath: ValueType.PATH,
    pathlib.PosixPath: ValueType.PATH,
}
FLAGS = (
    argparse._StoreConstAction,
    argparse._StoreTrueAction,
    argparse._StoreFalseAction,
    argparse._AppendConstAction,
)


def describe(command: str, secrets: Iterable[str] = ()) -> Parameters:
    """What the command takes. `secrets` are the options that a job declares secret, beside those named like one.

    Raises UnknownCommand or BrokenCommand.
    """
    return described(parser_of(command), command, frozenset(secrets))


def described(parser: Any, command: str, secrets: frozenset[str] = frozenset()) -> Parameters:
    """What this parser takes. One that isn't argparse's own says nothing of it: django-click's, and django-typer's."""
    if not isinstance(parser, argparse.ArgumentParser) or not _reads_as_argparse(parser):
        return Parameters(command=command, secrets=secrets, is_opaque=True)
    names: dict[argparse.Action, str] = {}
    for action in parser._actions:
        names[action] = _name(action, set(names.values()))
    return Parameters(
        command=command,
        help=parser.description or "",
        all=tuple(_parameter(parser, action, name, command, secrets) for action, name in names.items()),
        groups=tuple(_groups(parser, names)),
        prefix_chars=parser.prefix_chars,
        file_prefix_chars=parser.fromfile_prefix_chars or "",
        allows_abbreviations=parser.allow_abbrev,
        secrets=secrets,
    )


def _reads_as_argparse(parser: argparse.ArgumentParser) -> bool:
    """Whether the parser reads words by argparse's rules, which words are written by."""
    ours = argparse.ArgumentParser
    return all(
        getattr(type(parser), name) is getattr(ours, name)
        for name in ("parse_known_args", "_parse_known_args", "_parse_optional", "_match_arguments_partial")
    )


def _name(action: argparse.Action, taken: set[str]) -> str:
    """A field is called as its option, or as its place: `--no-mail` is `no_mail`, whatever it sets."""
    long = [option for option in action.option_strings if option[:1] * 2 == option[:2]]
    option = (long or [*action.option_strings, ""])[0]
    readable = option.lstrip("".join({option[:1]})).replace("-", "_")
    dest = "" if action.dest == argparse.SUPPRESS else str(action.dest or "")
    wished = [name for name in (readable, dest, option) if name]
    if isinstance(action, argparse._SubParsersAction):
        wished.append("subcommand")
    numbered = (f"{(wished or ['argument'])[0]}_{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (*wished, *numbered) if name not in taken)


def _parameter(
    parser: argparse.ArgumentParser, action: argparse.Action, name: str, command: str, secrets: frozenset[str]
) -> Parameter:
    kind = _kind(action)
    is_base = bool(action.option_strings) and BASE.issuperset(action.option_strings)
    if action.help == argparse.SUPPRESS or (is_base and NOT_A_RUNS.intersection(action.option_strings)):
        kind = Kind.UNDRAWN
    secret = _takes_a_value(kind) and _is_secret(action, secrets)
    return Parameter(
        name=name,
        called=str(argparse._get_action_name(action) or name),
        dest=str(action.dest),
        kind=kind,
        options=tuple(action.option_strings),
        nargs=action.nargs,
        choices=() if kind is Kind.SUBCOMMAND else _choices(action),
        default="" if secret else _default(action),
        required=action.required,
        help=_help(parser, action, secret),
        metavar=_metavar(action),
        type=ValueType.TEXT if opens_a_file(action.type) else _type(action.type),
        secret=secret,
        is_base=is_base,
        extends=isinstance(action, argparse._ExtendAction | argparse._AppendConstAction),
        subcommands=dict(_subcommands(action, command, secrets)),
    )


def _kind(action: argparse.Action) -> Kind:
    for of, kind in _KINDS:
        # Others' classes may do anything with the words, unless they leave that to a class of argparse.
        if isinstance(action, of) and type(action).__call__ is of.__call__:
            return kind(action)
    return Kind.UNDRAWN


def _stored(action: argparse.Action) -> Kind:
    if action.nargs in {None, "?"}:
        return Kind.VALUE
    if action.nargs == argparse.REMAINDER:
        return Kind.UNDRAWN if action.option_strings else Kind.REST
    return Kind.VALUES if action.nargs in {"+", "*"} or isinstance(action.nargs, int) else Kind.UNDRAWN


def _appended(action: argparse.Action) -> Kind:
    # Without a value it would append its constant, which no field can say of one in a list.
    if not action.option_strings or action.nargs in {"?", argparse.REMAINDER}:
        return Kind.UNDRAWN
    return Kind.REPEATED if action.nargs is None else Kind.LISTS


def _extended(action: argparse.Action) -> Kind:
    if not action.option_strings:
        return Kind.UNDRAWN
    return Kind.VALUES if action.nargs in {"+", "*"} else _appended(action)


def _flag(action: argparse.Action) -> Kind:
    return Kind.FLAG if action.option_strings else Kind.UNDRAWN


def _counted(action: argparse.Action) -> Kind:
    return Kind.COUNT if action.option_strings else Kind.UNDRAWN


def _switch(action: argparse.Action) -> Kind:
    on = [option for option in action.option_strings if not option.startswith("--no-")]
    if len(on) == len(action.option_strings):
        return Kind.FLAG
    return Kind.SWITCH if on else Kind.UNDRAWN


_KINDS: list[tuple[type[argparse.Action], Callable[[argparse.Action], Kind]]] = [
    (argparse._ExtendAction, _extended),
    (argparse._AppendAction, _appended),
    (argparse._StoreAction, _stored),
    (argparse._AppendConstAction, _flag),
    (argparse._StoreConstAction, _flag),
    (argparse._CountAction, _counted),
    (argparse.BooleanOptionalAction, _switch),
    (argparse._SubParsersAction, lambda _: Kind.SUBCOMMAND),
]


def _takes_a_value(kind: Kind) -> bool:
    return kind in {Kind.VALUE, Kind.VALUES, Kind.REPEATED, Kind.LISTS, Kind.REST}


def _is_secret(action: argparse.Action, secrets: frozenset[str]) -> bool:
    if not action.option_strings:
        return is_sensitive(str(action.dest))
    return any(option in secrets or is_secret_option(option) for option in action.option_strings)


def _choices(action: argparse.Action) -> tuple[str, ...]:
    """The choices as words. None where they are more than a person could choose from, or can't be listed."""
    choices: Any = action.choices
    if choices is None or not isinstance(choices, Iterable):
        return ()
    found: list[str] = []
    try:
        for choice in choices:
            found.append(str(choice))
            if len(found) > MOST_CHOICES:
                return ()
    except Exception:  # noqa: BLE001 — a command's own container
        return ()
    return tuple(dict.fromkeys(found)) if all(map(is_text, found)) else ()


def _default(action: argparse.Action) -> str:
    """The default as words would give it; empty where no words could."""
    default: Any = action.default
    if default is None or default == argparse.SUPPRESS or isinstance(default, bool):
        return ""
    if isinstance(default, list | tuple):
        return " ".join(map(_plain, default))
    return _plain(default)


def _plain(value: object) -> str:
    """Numbers, texts, paths and dates. Another object's text would be its address in memory, or worse."""
    plain = (str, int, float, decimal.Decimal, pathlib.PurePath, datetime.date)
    return str(value) if isinstance(value, plain) and is_text(str(value)) else ""


def _type(given: Any) -> ValueType:
    try:
        return TYPES.get(given, ValueType.TEXT)
    except TypeError:  # it has no hash
        return ValueType.TEXT


def _help(parser: argparse.ArgumentParser, action: argparse.Action, secret: bool) -> str:
    """The help as `--help` prints it, with what its %(default)s and the like stand for."""
    if not action.help or action.help == argparse.SUPPRESS:
        return ""
    if secret:
        action = copy(action)
        action.default = action.const = "***"
    try:
        text: Any = argparse.HelpFormatter(prog=parser.prog)._expand_help(action)
    except Exception:  # noqa: BLE001 — a lone % in a command's help, or an object whose text can't be had
        text = action.help
    return " ".join(str(text).split())


def _metavar(action: argparse.Action) -> str:
    metavar: Any = action.metavar
    if isinstance(metavar, tuple):
        return " ".join(map(str, metavar))
    return str(metavar) if metavar and metavar != argparse.SUPPRESS else ""


def _subcommands(action: argparse.Action, command: str, secrets: frozenset[str]) -> Iterator[tuple[str, Parameters]]:
    if isinstance(action, argparse._SubParsersAction):
        for name, parser in action.choices.items():
            yield name, described(parser, f"{command} {name}", secrets)


def _groups(parser: argparse.ArgumentParser, names: dict[argparse.Action, str]) -> Iterator[Group]:
    for group in parser._mutually_exclusive_groups:
        members: Sequence[argparse.Action] = group._group_actions
        drawn = [names[one] for one in members if one in names]
        yield Group(names=tuple(drawn), required=group.required, title=getattr(group, "title", None) or "")
