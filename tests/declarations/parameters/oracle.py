"""What a parser should make of a form's fields, and fields for the parsers of real commands.

It needs nothing but Django: `make compare` uses it in an environment of its own.
"""

import argparse
import shlex
from functools import lru_cache

from jobs.declarations.parameters import Kind, described, values_of, words

# Of these, types of real commands take one.
LIKELY = ["1", "a", "2026-01-31", "2026-01", "{}", ".", "on", "0.5", "a.B", "a=b", "http://example.com"]


def expected(parser, values):
    """The namespace that a shell's user means, worked out without argparse's reading of words."""
    names = _names(parser)
    found = {}
    for action in parser._actions:
        if action.dest != argparse.SUPPRESS and action.default != argparse.SUPPRESS:
            found.setdefault(action.dest, action.default)
    for dest, default in parser._defaults.items():
        found.setdefault(dest, default)
    for action in parser._actions:
        # A default in words is read as if it were typed.
        if isinstance(action.default, str) and found.get(action.dest) is action.default:
            found[action.dest] = _typed(action, action.default)
        # A place without words is given its default, or no words at all.
        if not action.option_strings and action.nargs in {"*", argparse.REMAINDER}:
            found[action.dest] = action.default if action.default is not None else []
    for name, action in names.items():
        if name in values:
            found |= _set(action, values[name], found)
    return found


@lru_cache(maxsize=4)
def _names(parser):
    return dict(zip([one.name for one in described(parser, "made").all], parser._actions, strict=True))


def _set(action, value, found):
    def typed(text):
        return _typed(action, text)

    match type(action).__name__:
        case "_StoreTrueAction" | "_StoreFalseAction" | "_StoreConstAction":
            now = action.const
        case "_AppendConstAction":
            now = [*(found[action.dest] or []), action.const]
        case "_CountAction":
            now = (found[action.dest] or 0) + value
        case "BooleanOptionalAction":
            now = value
        case "_AppendAction" | "_ExtendAction" if action.nargs is None:
            now = [*(found[action.dest] or []), *map(typed, value)]
        case "_AppendAction":
            now = [*(found[action.dest] or []), *([typed(text) for text in some] for some in value)]
        case "_ExtendAction":
            flat = [text for some in value for text in some] if isinstance(action.nargs, int) else value
            now = [*(found[action.dest] or []), *map(typed, flat)]
        case "_SubParsersAction":
            [(name, within)] = value.items()
            return {action.dest: name, **expected(action.choices[name], within)}
        case _ if value is True:
            now = action.const
        case _:
            now = [typed(text) for text in value] if isinstance(value, list) else typed(value)
    return {action.dest: now}


def in_a_shell(parser, words):
    """What the parser makes of the line that a person types with these words."""
    return vars(parser.parse_args(shlex.split(shlex.join(words))))


def _typed(action, text):
    return (action.type or str)(text)


def round_trips(parser, command, through=None):
    """Send each field of a real command through its words, alone with what is required.

    `through` gives the words once more, by way of a form. Gives how many command lines that were, and fails where one
    means something else than in a shell.
    """
    parameters = described(parser, command)
    required = sampled(parser, parameters, lambda one: one.required)
    if any(one.required for one in parameters.undrawn) or required is None:
        return 0
    chosen = [required]
    for one in parameters.own + parameters.base:
        alone = sampled(parser, parameters, lambda other, one=one: other.required or other in _up_to(parameters, one))
        chosen += [alone] if alone is not None else []
    for values in chosen:
        line = words(parameters, values)
        if parser.missing_args_message and not any(word for word in line if not word.startswith("-")):
            continue  # Django's own rule, of a command that needs some argument or other
        if needs_one_of_a_group(parser, values):
            continue  # which one, only a person knows
        try:
            found = in_a_shell(parser, line)
        except AttributeError:
            assert _adds_to_what_it_cannot(parser, values), (command, values, line)
            continue
        assert found == expected(parser, values), (command, values, line)
        shown = {name: value for name, value in values.items() if not parameters.by_name[name].secret}
        assert values_of(parameters, line) == shown, (command, line)
        if through and shown == values:
            assert in_a_shell(parser, through(parameters, line)) == found, (command, line)
    return len(chosen)


def needs_one_of_a_group(parser, values):
    """Whether the chosen subcommand requires one of a group of options, and none is chosen."""
    for action in parser._actions:
        for name, within in (
            values.get(action.dest, {}).items() if isinstance(action, argparse._SubParsersAction) else ()
        ):
            groups = action.choices[name]._mutually_exclusive_groups
            if any(g.required and not {one.dest for one in g._group_actions} & within.keys() for g in groups):
                return True
    return False


def _up_to(parameters, one):
    """What is given by its place needs what comes before it."""
    places = parameters.positionals
    return [one] if one.options else places[: places.index(one) + 1]


def _adds_to_what_it_cannot(parser, values):
    """Whether an option of the command's appends to a default that is no list, and fails in a shell too."""
    return any(isinstance(action.default, tuple) for action in parser._actions if action.dest in values)


def sampled(parser, parameters, is_chosen):
    """Values for the chosen fields; None where their types take nothing that is likely."""
    values = {}
    for one, action in zip(parameters.all, parser._actions, strict=True):
        if one.is_drawn and is_chosen(one):
            value = _sample(one, action)
            if value is None:
                return None
            values[one.name] = value
    return values


def _sample(one, action):
    match one.kind:
        case Kind.FLAG | Kind.SWITCH:
            return True
        case Kind.COUNT:
            return 2
        case Kind.SUBCOMMAND:
            for name, parser in action.choices.items():
                within = sampled(parser, one.subcommands[name], lambda other: other.required)
                if within is not None:
                    return {name: within}
            return None
    text = next((text for text in one.choices or LIKELY if _is_taken(action, text)), None)
    if text is None or one.kind is Kind.VALUE:
        return text
    texts = [text] * (one.nargs if isinstance(one.nargs, int) else 2)
    return [texts, texts] if one.kind is Kind.LISTS else texts


def _is_taken(action, text):
    try:
        value = _typed(action, text)
    except (argparse.ArgumentTypeError, ArithmeticError, TypeError, ValueError, OSError, ImportError):
        return False
    return action.choices is None or value in action.choices
