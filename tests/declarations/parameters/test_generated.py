"""Any parser's fields become words, and words become its fields."""

import jsonschema
from django.core.management import CommandError
from hypothesis import given, note, settings
from hypothesis import strategies as st

from jobs.declarations.parameters import Kind, UnwritableValue, described, json_schema, values_of, words
from tests.declarations.parameters.generated import AWKWARD, filled, made, parsers
from tests.declarations.parameters.oracle import expected, in_a_shell
from tests.helpers.thorough import examples

OPEN = {"?", "*", "+", "...", "A..."}


@given(st.data())
@settings(max_examples=examples(5_000, 60))
def test_fields_give_what_the_same_line_in_a_shell_gives_and_come_back_from_it(data):
    spec = data.draw(parsers())
    parser, values = made(spec), data.draw(filled(spec))
    parameters = described(parser, "made")
    try:
        line = words(parameters, values)
    except UnwritableValue:
        assert is_hard(parameters, values)
        return
    note(line)
    assert in_a_shell(parser, line) == expected(parser, values)
    assert values_of(parameters, line) == values


def is_hard(parameters, values):
    """Whether argparse has no words for some such values: too much in it depends on where open lists stand."""
    places = [one for one in parameters.own if not one.options]
    if sum(one.nargs in OPEN for one in places) > 1:
        return True
    given = [(one, values[one.name]) for one in parameters.own if one.name in values]
    return any(_is_hard(one, value, given) for one, value in given)


def _is_hard(one, value, given):
    if one.kind is Kind.SUBCOMMAND:
        [(name, within)] = value.items()
        # An option without an end takes the name.
        return is_hard(one.subcommands[name], within) or any(other.nargs in OPEN for other, _ in given if other.options)
    if one.options:
        lists = value if one.kind is Kind.LISTS else [value] if one.kind is Kind.VALUES and not one.extends else []
        return any(len(some) > 1 and any(text.startswith("-") for text in some) for some in lists)
    texts = value if isinstance(value, list) else [value]
    return "--" in texts or (one.kind is Kind.REST and texts[0].startswith("-"))


@given(st.data())
@settings(max_examples=examples(5_000, 60))
def test_words_that_fill_a_form_mean_the_same_when_it_is_sent(data):
    spec = data.draw(parsers())
    parser = made(spec)
    parameters = described(parser, "made")
    options = [word for option in parameters.by_option for word in (option, f"{option}=a", f"{option}a", option[:4])]
    within = [name for one in parameters.own for name in one.subcommands]
    typed = data.draw(st.lists(st.sampled_from([*options, *within, *AWKWARD]), max_size=6))
    try:
        meant = in_a_shell(parser, typed)
    except (CommandError, SystemExit, OSError):
        return
    values = values_of(parameters, typed)
    if values is not None:
        note((typed, values))
        assert in_a_shell(parser, words(parameters, values)) == meant


@given(st.data())
@settings(max_examples=examples(1_000, 30))
def test_the_schema_takes_what_the_fields_take(data):
    spec = data.draw(parsers())
    schema = json_schema(described(made(spec), "made"))
    jsonschema.Draft202012Validator.check_schema(schema)
    values = data.draw(filled(spec))
    numbers = as_json(described(made(spec), "made"), values)
    jsonschema.validate(numbers, schema)


def as_json(parameters, values):
    def typed(one, value):
        if isinstance(value, list):
            return [typed(one, item) for item in value]
        if one.kind is Kind.SUBCOMMAND:
            return {name: as_json(one.subcommands[name], within) for name, within in value.items()}
        return int(value) if one.type == "whole number" and isinstance(value, str) else value

    return {name: typed(parameters.by_name[name], value) for name, value in values.items()}
