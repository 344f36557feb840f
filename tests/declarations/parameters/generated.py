"""Parsers as Hypothesis makes them, and values for their fields."""

import argparse

from django.core.management.base import CommandParser
from hypothesis import strategies as st

from jobs.declarations.parameters import Kind, described

AWKWARD = ["a", "", "-a", "--", "-5", "-1.5", "--two", "x y", "-x y", "a=b", "-", "it's", "é", "$HOME", "\n", "@file"]
TEXTS = st.sampled_from(AWKWARD) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5
)
NUMBERS = st.integers(-20, 20)
NAMES = ["one", "two", "on", "t", "o", "five-six"]
NARGS = [None, "?", "*", "+", 1, 2]
# Beside argparse's own words for them.
KINDS = [
    *("store", "store", "store_true", "store_false", "store_const", "append", "append_const", "extend", "count"),
    argparse.BooleanOptionalAction,
]


def parser_of(*arguments, **settings):
    parser = CommandParser(prog="manage.py made", **settings)
    for names, options in arguments:
        parser.add_argument(*names, **options)
    return parser


@st.composite
def _option(draw, name):
    names = [f"--{name}" if len(name) > 1 else f"-{name}"]
    action = draw(st.sampled_from(KINDS))
    options = {"action": action}
    if action in {"store", "append", "extend"}:
        options["nargs"] = draw(st.sampled_from(NARGS if action != "extend" else ["*", "+", 2]))
        options |= draw(_types())
        if options["nargs"] == "?":
            options["const"] = options.get("choices", [7 if "type" in options else "constant"])[0]
    if action in {"store_const", "append_const"}:
        options |= {"const": name, "dest": draw(st.sampled_from([name.replace("-", "_"), f"shared_{action}"]))}
    options["default"] = draw(_default(action))
    return names, options


def _types():
    return st.sampled_from([{}, {"type": int}, {"choices": ["a", "-a", "x y"]}, {"type": int, "choices": [-1, 3]}])


def _default(action):
    if action in {"append", "append_const", "extend"}:
        return st.sampled_from([None, [], ["d"]])
    return st.none() if action == "count" else st.sampled_from([None, True])


@st.composite
def _place(draw, name):
    options = {"nargs": draw(st.sampled_from([*NARGS, argparse.REMAINDER]))} | draw(_types())
    return [name], options


@st.composite
def parsers(draw, nested=True):
    """A parser's arguments, in a form that prints well, its settings, and those of its subcommands."""
    options = [draw(_option(name)) for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))]
    places = [draw(_place(f"place{number}")) for number in range(draw(st.integers(0, 2)))]
    if draw(st.integers(0, 4)):
        # As people declare them: one whose words have no fixed number comes last.
        places = [place for place in places[:-1] if place[1]["nargs"] in {None, 1, 2}] + places[-1:]
    settings = draw(st.sampled_from([{}, {}, {"allow_abbrev": False}, {"fromfile_prefix_chars": "@"}]))
    subcommands = {}
    if nested and draw(st.integers(0, 3)) == 0:
        subcommands = {name: draw(parsers(nested=False)) for name in ("export", "import")}
    return {"arguments": options + places, "settings": settings, "subcommands": subcommands}


def made(spec):
    parser = parser_of(*spec["arguments"], **spec["settings"])
    if spec["subcommands"]:
        adding = parser.add_subparsers(dest="action")
        for name, within in spec["subcommands"].items():
            below = adding.add_parser(name, **within["settings"])
            for names, options in within["arguments"]:
                below.add_argument(*names, **options)
    return parser


@st.composite
def filled(draw, spec):
    """Values for a parser's fields: all that is required, and some of the others."""
    return draw(_values(described(made(spec), "made")))


@st.composite
def _values(draw, parameters):
    values = {}
    for one in parameters.own:
        if one.required or draw(st.booleans()):
            values[one.name] = draw(_value(one))
    return values


def _value(one):
    text = st.sampled_from(one.choices) if one.choices else NUMBERS.map(str) if one.type == "whole number" else TEXTS
    exact = {"min_size": one.nargs, "max_size": one.nargs} if isinstance(one.nargs, int) else {"max_size": 3}
    least = {"min_size": 1} | exact
    match one.kind:
        case Kind.FLAG:
            return st.just(True)
        case Kind.SWITCH:
            return st.booleans()
        case Kind.COUNT:
            return st.integers(1, 4)
        case Kind.VALUE:
            return text | st.just(True) if one.may_stand_alone else text
        case Kind.VALUES:
            return st.lists(text, **(exact if one.may_stand_alone and not one.extends else least))
        case Kind.REST | Kind.REPEATED:
            return st.lists(text, min_size=1, max_size=3)
        case Kind.LISTS:
            return st.lists(st.lists(text, **least), min_size=1, max_size=2)
        case Kind.SUBCOMMAND:
            return st.one_of(*(_values(within).map(lambda v, n=n: {n: v}) for n, within in one.subcommands.items()))
