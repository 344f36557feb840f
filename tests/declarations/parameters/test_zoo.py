"""What commands take, kind by kind: how it is described, which words its fields give, and which fields words give."""

import argparse
import datetime
from pathlib import Path

import jsonschema
import pytest
from django.core.management import get_commands
from django.core.management.base import BaseCommand

from jobs.declarations.parameters import (
    BrokenCommand,
    Kind,
    UnwritableValue,
    check_arguments,
    describe,
    described,
    fields_of,
    json_schema,
    judging,
    object_schema,
    parser_of,
    values_of,
    words,
)
from tests.declarations.parameters import generated
from tests.declarations.parameters.oracle import round_trips


class Custom(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, values)


class Logged(argparse._StoreAction):
    """It adds nothing to how words are read."""


def zoo():
    parser = BaseCommand().create_parser("manage.py", "import_rates")
    for names, options in (
        (["file"], {"nargs": "?", "help": "what is imported"}),
        (["--days"], {"type": int, "default": 7, "help": "how many, %(default)s unless given"}),
        (["--ratio"], {"type": float, "default": "0.5"}),
        (["--since"], {"type": datetime.date.fromisoformat}),
        (["--folder"], {"type": Path, "default": Path("/tmp")}),
        (["--out"], {"type": argparse.FileType("w")}),
        (["--no-mail"], {"action": "store_false", "dest": "send_mail"}),
        (["--dry-run", "-n"], {"action": "store_true"}),
        (["--fast"], {"action": "store_const", "const": "fast", "dest": "mode"}),
        (["--slow"], {"action": "store_const", "const": "slow", "dest": "mode"}),
        (["--cache"], {"action": argparse.BooleanOptionalAction, "default": True}),
        (["--level"], {"type": int, "choices": range(3)}),
        (["--kind", "-k"], {"choices": ["csv", "json"], "default": "csv"}),
        (["--only"], {"nargs": "+"}),
        (["--any"], {"nargs": "*"}),
        (["--pair"], {"nargs": 2, "type": int}),
        (["--trace"], {"nargs": "?", "const": "all"}),
        (["--tag", "-t"], {"action": "append"}),
        (["--set"], {"action": "append", "nargs": 2}),
        (["--more"], {"action": "extend", "nargs": "+"}),
        (["--loud", "-l"], {"action": "count"}),
        (["--api-key"], {"default": "a-secret-key", "help": "the key (%(default)s)"}),
        (["--pin"], {}),
        (["--logged"], {"action": Logged}),
        (["--custom"], {"action": Custom}),
        (["--hidden"], {"help": argparse.SUPPRESS}),
    ):
        parser.add_argument(*names, **options)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--all", action="store_true")
    group.add_argument("--one")
    return parser


ZOO = described(zoo(), "import_rates", frozenset({"--pin"}))


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, []),
        ({"file": "rates.csv"}, ["rates.csv"]),
        ({"file": "-"}, ["-"]),
        ({"file": "-rates.csv"}, ["--", "-rates.csv"]),
        ({"file": "--days"}, ["--", "--days"]),
        ({"file": "-3"}, ["-3"]),
        ({"days": "3"}, ["--days", "3"]),
        ({"days": "-3"}, ["--days", "-3"]),
        ({"one": "-x"}, ["--one=-x"]),
        ({"one": "--days"}, ["--one=--days"]),
        ({"one": ""}, ["--one", ""]),
        ({"ratio": "0.25", "since": "2026-01-31"}, ["--ratio", "0.25", "--since", "2026-01-31"]),
        ({"folder": "a b"}, ["--folder", "a b"]),
        ({"no_mail": True}, ["--no-mail"]),
        ({"dry_run": True}, ["--dry-run"]),
        ({"fast": True}, ["--fast"]),
        ({"cache": True}, ["--cache"]),
        ({"cache": False}, ["--no-cache"]),
        ({"level": "2", "kind": "json"}, ["--level", "2", "--kind", "json"]),
        ({"only": ["a", "b"]}, ["--only", "a", "b"]),
        ({"only": ["-a"]}, ["--only=-a"]),
        ({"only": ["a", "b"], "file": "f"}, ["--only", "a", "b", "--", "f"]),
        ({"only": ["a"], "dry_run": True, "file": "f"}, ["--dry-run", "--only", "a", "--", "f"]),
        ({"any": []}, ["--any"]),
        ({"pair": ["1", "-2"]}, ["--pair", "1", "-2"]),
        ({"trace": True}, ["--trace"]),
        ({"trace": "sql"}, ["--trace", "sql"]),
        ({"trace": True, "file": "f"}, ["--trace", "--", "f"]),
        ({"tag": ["a", "-b"]}, ["--tag", "a", "--tag=-b"]),
        ({"set": [["a", "1"], ["b", "2"]]}, ["--set", "a", "1", "--set", "b", "2"]),
        ({"more": ["a", "-b"]}, ["--more", "a", "--more=-b"]),
        ({"loud": 1}, ["--loud"]),
        ({"loud": 3}, ["-lll"]),
        ({"verbosity": "2", "traceback": True}, ["--verbosity", "2", "--traceback"]),
    ],
)  # fmt: skip
def test_fields_become_words_and_words_fields(values, line):
    assert words(ZOO, values) == line
    assert values_of(ZOO, line) == values


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (["-n", "-k", "json"], {"dry_run": True, "kind": "json"}),
        (["-nkjson"], {"dry_run": True, "kind": "json"}),
        (["-nll"], {"dry_run": True, "loud": 2}),
        (["-k=csv"], {"kind": "csv"}),
        (["--day=3"], {"days": "3"}),
        (["--days", "1", "--days", "2"], {"days": "2"}),
        (["f", "--days", "3"], {"file": "f", "days": "3"}),
        (["--fast", "--slow"], {"fast": True, "slow": True}),
        (["--api-key", "k", "--pin=1", "--days", "3"], {"days": "3"}),
    ],
)
def test_words_that_a_person_typed_fill_fields(line, values):
    assert values_of(ZOO, line) == values


@pytest.mark.parametrize(
    "line",
    [
        ["--slow", "--fast"],  # the last one wins
        ["--custom", "x"],
        ["--hidden", "x"],
        ["--settings", "other"],
        ["--no"],  # of several the beginning
        ["--unknown"],
        ["f", "--days", "3", "g"],
        ["--pair", "1"],
        ["--dry-run=yes"],
    ],
)
def test_other_words_stay_words(line):
    assert values_of(ZOO, line) is None


def test_a_raw_line_is_written_beside_the_fields():
    assert words(ZOO, {"days": 3}, ["--custom", "x"]) == ["--custom", "x", "--days", "3"]
    assert words(ZOO, {"file": "f"}, ["--custom", "x"]) == ["--custom", "x", "--", "f"]
    assert words(ZOO, {"days": 3}, ["--", "-f"]) == ["--days", "3", "--", "-f"]
    assert words(ZOO, {}, ["-x", "--", "y"]) == ["-x", "--", "y"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"dayz": 3}, "argument dayz: the command has no such parameter"),
        ({"days": [3]}, "argument --days: write a text or a number, not a list"),
        ({"api_key": ["k"]}, "argument --api-key: write a text or a number, not a list"),
        ({"days": True}, "argument --days: write a text or a number, not true or false"),
        ({"dry_run": "yes"}, "argument --dry-run/-n: write true or false, not a text"),
        ({"only": "a"}, "argument --only: write a list, not a text"),
        ({"loud": -1}, "argument --loud/-l: write how often it is passed, from 0 to 100, not -1"),
        (
            {"days": "3", "only": ["a", "-b"]},
            "argument --only: several values can't be given where one of them begins with a dash",
        ),
    ],
)
def test_a_value_without_words_is_refused_at_its_field(values, sentence):
    with pytest.raises(UnwritableValue) as refused:
        words(ZOO, values)
    assert str(refused.value) == sentence
    assert refused.value.field == list(values)[-1]


def test_what_is_described():
    shown = {one.name: one for one in ZOO.own}
    assert [one.called for one in ZOO.undrawn] == ["--custom", "--hidden"]
    assert [one.name for one in ZOO.base] == ["verbosity", "traceback", "no_color", "force_color", "skip_checks"]
    assert {one.name for one in ZOO.own if one.secret} == {"api_key", "pin"}
    assert shown["days"].help == "how many, 7 unless given"
    assert (shown["api_key"].default, shown["api_key"].help) == ("", "the key (***)")
    assert {name: shown[name].type.value for name in ("days", "ratio", "since", "folder", "out", "one")} == {
        "days": "whole number",
        "ratio": "number",
        "since": "date",
        "folder": "path",
        "out": "text",
        "one": "text",
    }
    assert (shown["level"].choices, shown["folder"].default) == (("0", "1", "2"), "/tmp")
    assert [(group.names, group.required) for group in ZOO.groups] == [(("all", "one"), False)]
    assert shown["logged"].kind is Kind.VALUE


def nested():
    parser = generated.parser_of((["--quiet"], {"action": "store_true"}))
    adding = parser.add_subparsers(dest="action", required=True)
    export = adding.add_parser("export", aliases=["ex"])
    export.add_argument("to")
    export.add_argument("--days", type=int)
    either = export.add_mutually_exclusive_group(required=True)
    either.add_argument("--csv", action="store_true")
    either.add_argument("--json", action="store_true")
    return parser


def test_a_subcommand_has_fields_of_its_own():
    parameters = described(nested(), "made")
    values = {"quiet": True, "action": {"ex": {"to": "-f", "csv": True}}}
    assert words(parameters, values) == ["--quiet", "ex", "--csv", "--", "-f"]
    assert values_of(parameters, ["--quiet", "ex", "--csv", "--", "-f"]) == values
    assert values_of(parameters, ["export", "--cvs", "f"]) is None
    with pytest.raises(UnwritableValue) as refused:
        words(parameters, {"action": {"export": {"two": "f"}}})
    assert refused.value.field == "action.export.two"


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("argument --one: not allowed with argument --all", ["one"]),
        ("argument --kind/-k: invalid choice: 'x' (choose from 'csv', 'json')", ["kind"]),
        ("argument file: no such file: 'a: b'", ["file"]),
        ("the following arguments are required: file, --days", ["file", "days"]),
        ("one of the arguments --all --one is required", ["all", "one"]),
        ("unrecognized arguments: --wrod x", []),
        ("ambiguous option: --no could match --no-mail, --no-cache", []),
        ("argument --custom: wrong", []),
    ],
)
def test_the_parsers_sentence_lands_at_the_fields_that_it_names(sentence, names):
    assert fields_of(sentence, ZOO) == names


def test_a_subcommands_sentence_lands_at_the_fields_of_the_chosen_one():
    parameters = described(nested(), "made")
    chosen = {"action": {"export": {}}}
    assert fields_of("argument --days: invalid int value: 'x'", parameters, chosen) == ["action.export.days"]
    assert fields_of("the following arguments are required: action", parameters, {}) == ["action"]


def test_the_schema_says_what_the_fields_take():
    schema = json_schema(ZOO)
    jsonschema.Draft202012Validator.check_schema(schema)
    fields = schema["properties"]
    assert fields["days"] == {
        "type": "integer",
        "title": "--days",
        "description": "how many, 7 unless given",
        "default": 7,
    }
    assert fields["level"]["enum"] == [0, 1, 2]
    assert fields["since"]["format"] == "date"
    assert fields["api_key"] == {
        "type": "string",
        "format": "password",
        "title": "--api-key",
        "description": "the key (***)",
        "writeOnly": True,
    }
    assert fields["pair"]["items"] == {"type": "integer"}
    assert (fields["pair"]["minItems"], fields["pair"]["maxItems"]) == (2, 2)
    assert "a-secret-key" not in str(schema)
    assert "custom" not in fields


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        ({"all": True}, True),
        ({"all": False, "one": "a"}, True),
        ({"all": True, "one": "a"}, False),
        ({"days": "3"}, False),
        ({"dayz": 3}, False),
        ({"trace": True}, True),
        ({"kind": "xml"}, False),
    ],
)
def test_the_schema_refuses_what_the_parser_would(values, fits):
    assert jsonschema.Draft202012Validator(json_schema(ZOO)).is_valid(values) is fits


def test_a_required_group_takes_exactly_one():
    check = jsonschema.Draft202012Validator(object_schema(described(nested(), "made"))).is_valid
    assert check({"action": {"export": {"to": "f", "csv": True}}})
    assert not check({"action": {"export": {"to": "f"}}})
    assert not check({"action": {"export": {"to": "f", "csv": True, "json": True}}})
    assert not check({"action": {"export": {"csv": True}, "ex": {}}})


def installed():
    return sorted(get_commands())


def test_every_installed_command_is_read_and_its_fields_mean_what_they_mean_in_a_shell():
    lines = 0
    for command in installed():
        try:
            parser = parser_of(command)
        except BrokenCommand:
            continue
        assert json_schema(described(parser, command))["type"] == "object"
        lines += round_trips(parser, command)
    assert lines > 500


class Foreign:
    """As django-click's and django-typer's: it has no more of argparse's than Django asks of it."""

    _actions = [object()]
    _mutually_exclusive_groups = ()

    def parse_args(self, args):
        if args != ["5"]:
            raise ValueError("Got unexpected extra argument")


def test_a_command_with_another_packages_parser_has_a_raw_line(monkeypatch):
    command = type("Command", (BaseCommand,), {"create_parser": lambda self, program, name: Foreign()})()
    monkeypatch.setattr(judging, "get_commands", lambda: {"made": command})
    judging._parser.cache_clear()
    parameters = describe("made")
    assert (parameters.is_opaque, parameters.all) == (True, ())
    assert words(parameters, {}, ["5"]) == ["5"]
    assert (values_of(parameters, []), values_of(parameters, ["5"])) == ({}, None)
    check_arguments("made", ["5"])
    with pytest.raises(ValueError, match="Got unexpected extra argument"):
        check_arguments("made", ["6"])
    judging._parser.cache_clear()
