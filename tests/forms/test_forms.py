"""A form for a command: filled from words, drawn without what is secret, judged by the command's parser."""

import argparse
import re
import shlex

import pytest
from django.core import management
from django.core.management.base import BaseCommand
from django.http import QueryDict

from jobs.declarations.job import Job
from jobs.declarations.parameters import BrokenCommand, describe, judging
from jobs.forms import form_class, initial_of
from jobs.reading import shell
from jobs.reading.parameters import parameters_of
from tests.forms.sent import through_a_form


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?")
        parser.add_argument("--days", type=int, default=7, help="How many")
        parser.add_argument("--kind", choices=["csv", "json"])
        parser.add_argument("--no-mail", action="store_false", dest="mail")
        parser.add_argument("--cache", action=argparse.BooleanOptionalAction)
        parser.add_argument("--only", nargs="+")
        parser.add_argument("--set", action="append", nargs=2)
        parser.add_argument("--loud", "-l", action="count")
        parser.add_argument("--trace", nargs="?", const="all")
        parser.add_argument("--api-key")
        parser.add_argument("--pin")
        parser.add_argument("--tokens", nargs="+")
        parser.add_argument("--hidden", help=argparse.SUPPRESS)
        parser.add_argument("--words")
        either = parser.add_mutually_exclusive_group()
        either.add_argument("--all", action="store_true")
        either.add_argument("--one")


class Nested(BaseCommand):
    def add_arguments(self, parser):
        adding = parser.add_subparsers(dest="action", required=True)
        export = adding.add_parser("export")
        export.add_argument("to")
        export.add_argument("--days", type=int)
        either = export.add_mutually_exclusive_group(required=True)
        either.add_argument("--csv", action="store_true")
        either.add_argument("--json", action="store_true")
        adding.add_parser("import").add_argument("--days", type=int)


@pytest.fixture(autouse=True)
def commands(monkeypatch):
    monkeypatch.setattr(judging, "get_commands", lambda: {"rates": Command(), "nested": Nested()})
    judging._parser.cache_clear()
    yield
    judging._parser.cache_clear()


def sent(command="rates", **fields):
    data = QueryDict(mutable=True)
    data.update({name.replace("__", "."): value for name, value in fields.items()})
    return form_class(describe(command, ["--pin"]))(data)


LINES = [
    "",
    "rates.csv",
    "-- -rates.csv",
    "--days 3 --kind json",
    "--days 1_000",
    "--no-mail --no-cache -ll",
    "--cache --only a b",
    "--only=-a --set a 1 --set 'b c' 2",
    "--trace",
    "--trace sql --words x",
    "--all",
    "--one=-x",
    "--verbosity 2 --traceback",
    # Only the raw line can say these.
    "--words '' --only ''",
    "--hidden 3 --days 4",
    "-lllll",
    "--one 'a\nb'",
    "--all --one x",
]


@pytest.mark.parametrize("line", LINES)
def test_a_form_filled_from_words_gives_the_same_words_when_it_is_sent(line):
    words = shlex.split(line)
    again = through_a_form(describe("rates"), words)
    if line == "--all --one x":
        assert again.errors == {"one": ["argument --one: not allowed with argument --all"]}
        return
    assert again.is_valid(), again.errors
    parser = judging.parser_of("rates")
    assert parser.parse_args(again.words) == parser.parse_args(words)


def test_nothing_secret_is_sent_back():
    words = ["--api-key", "k3y", "--pin=1234", "--tokens", "t1", "t2", "--one", "ftp://ada:s3cret@host/", "--days", "3"]
    parameters = describe("rates", ["--pin"])
    # Which of the group was chosen is no secret, and its field asks for the value again.
    assert initial_of(parameters, words) == {"days": "3", "_one_of_0": "one"}
    # Nor in a raw line.
    assert initial_of(parameters, ["--hidden", "x", *words]) == {"_words": "--hidden x --days 3"}
    form = sent(api_key="k3y", pin="1234", tokens="t1\nt2", days="x", _words="--api-key k3y --pin 1234 --hidden y")
    shown = str(form)
    assert not form.is_valid()
    assert "argument --days: invalid int value: " in shown
    assert not re.search("k3y|1234|t1|t2", shown)
    assert 'value="--hidden y"' in shown
    assert 'type="password"' in shown


WITH_SECRETS = ["--api-key", "k3y", "--days", "3"]


@pytest.mark.parametrize(
    ("words", "fields", "result"),
    [
        # Sent as it was filled: the very words, however they were written.
        (["--day=3"], {"days": "3"}, ["--day=3"]),
        (["--only", "a", "b"], {"only": "a\r\nb"}, ["--only", "a", "b"]),
        (WITH_SECRETS, {"days": "3"}, WITH_SECRETS),
        (["--hidden", "x", *WITH_SECRETS], {"_words": "--hidden x --days 3"}, ["--hidden", "x", *WITH_SECRETS]),
        # Changed: secrets are asked for again.
        (WITH_SECRETS, {"days": "4"}, "api_key"),
        (WITH_SECRETS, {"days": "4", "api_key": "new"}, ["--days", "4", "--api-key", "new"]),
        (WITH_SECRETS, {"days": "4", "api_key__left_out": "on"}, ["--days", "4"]),
        (["--hidden", "x", *WITH_SECRETS], {"_words": "--hidden x"}, "_words"),
        (["--one", "ftp://a:pass@h/"], {"_one_of_0": "one", "days": "4"}, "one"),
        (["--one", "ftp://a:pass@h/"], {"_one_of_0": "all"}, ["--all"]),
    ],
)
def test_what_was_filled_in_is_sent_byte_for_byte_or_its_secrets_are_asked_for_again(words, fields, result):
    data = QueryDict(mutable=True)
    data.update({"loud": "0", **{name.replace("__", "."): value for name, value in fields.items()}})
    form = form_class(describe("rates"))(data, filled_with=words)
    if isinstance(result, str):
        assert list(form.errors) == [result]
    else:
        assert form.is_valid(), form.errors
        assert form.words == result


def test_an_address_fills_fields_in_but_no_secrets():
    given = QueryDict("arg.days=5&arg.only=a&arg.only=b&arg.no_mail=yes&arg.all=1&arg.api_key=k3y&days=6")
    form = form_class(describe("rates"))(filled_with=["--days", "3"], called="as declared", given=given, prefix="arg")
    shown = {name: form[name].value() for name in ("days", "only", "no_mail", "_one_of_0", "api_key")}
    assert shown == {"days": "5", "only": "a\nb", "no_mail": True, "_one_of_0": "all", "api_key": None}
    assert "as declared: 3" in str(form)
    assert [(each.label, each.before, each.after) for each in form.changes()] == [
        ("--days", "3", "5"),
        ("pass --no-mail", "no", "yes"),
        ("--only", "–", "a, b"),
        ("one of them", "–", "all"),
    ]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"days": "x"}, {"days": ["argument --days: invalid int value: 'x'"]}),
        ({"_words": "--wrod"}, {"_words": ["unrecognized arguments: --wrod"]}),
        ({"_words": "'a"}, {"_words": ["No closing quotation. Write the words as in a shell."]}),
        ({"set": "a 'b"}, {"set": ["No closing quotation. Write the words as in a shell."]}),
        ({"set": "a"}, {"set": ["argument --set: expected 2 arguments"]}),
        ({"_one_of_0": "one"}, {"one": ["Give a value, or choose another one."]}),
        ({"kind": "xml"}, {"kind": ["Select a valid choice. xml is not one of the available choices."]}),
        (
            {"only": "a\n-b"},
            {"only": ["argument --only: several values can't be given where one of them begins with a dash"]},
        ),
    ],
)
def test_what_is_wrong_stands_at_its_field(fields, errors):
    assert sent(**fields).errors == errors


def test_of_a_group_the_chosen_one_counts():
    for fields, words in (
        ({"_one_of_0": "all", "one": "x"}, ["--all"]),
        ({"_one_of_0": "one", "one": "x"}, ["--one", "x"]),
        ({"one": "x"}, ["--one", "x"]),
    ):
        form = sent(**fields)
        assert form.is_valid()
        assert form.words == words


def test_a_subcommand_is_chosen_with_its_fields():
    fields = {"action": "export", "action__export__to": "f", "action__import__days": "9"}
    form = sent("nested", **fields, action__export___one_of_0="csv")
    assert form.is_valid(), form.errors
    assert form.words == ["export", "--csv", "f"]
    assert initial_of(describe("nested"), form.words) == {
        "action": "export",
        "action.export.to": "f",
        "action.export.csv": True,
        "action.export._one_of_0": "csv",
    }
    assert sent("nested", **fields).errors == {
        "action.export._one_of_0": ["one of the arguments --csv --json is required"]
    }
    assert sent("nested").errors == {"action": ["the following arguments are required: action"]}


def test_a_page_with_a_form_needs_no_style_and_no_script():
    shown = str(form_class(describe("rates"))()) + str(form_class(describe("nested"))())
    assert not re.search(r"style=|<script|\bon\w+=", shown)
    assert "<details><summary>Django&#x27;s own options</summary>" in shown
    assert "Only here: --hidden." in shown
    assert "How many. Default: 7." in shown
    ids = re.findall(r'id="([^"]+)"', str(form_class(describe("rates"))()))
    assert len(ids) == len(set(ids))


def test_a_command_with_another_packages_parser_has_the_raw_line_alone(monkeypatch):
    monkeypatch.setattr(Command, "create_parser", lambda self, program, name: object())
    made = form_class(describe("rates"))
    assert list(made.base_fields) == ["_words"]
    assert made(initial=initial_of(describe("rates"), ["5", "--x"])).initial == {"_words": "5 --x"}


def test_a_default_with_a_password_is_masked(monkeypatch):
    monkeypatch.setenv("BROKER_URL", "amqp://ada:correcthorse@host/")

    def add_arguments(self, parser):
        parser.add_argument("--broker", default="amqp://ada:correcthorse@host/", help="by default %(default)s")

    monkeypatch.setattr(Command, "add_arguments", add_arguments)
    [shown] = parameters_of(Job(name="rates", command="rates")).own
    assert "correcthorse" not in shown.default + shown.help
    assert shown.default == "amqp://ada:********@host/"


@pytest.mark.parametrize(
    ("words", "run", "command"),
    [
        (["--days", "3"], "nightshift run nightly --days 3", "manage.py rates --days 3"),
        ([], "nightshift run nightly --", "manage.py rates"),
        (["a b", "--pin", "1"], "nightshift run nightly 'a b' --pin '***'", "manage.py rates 'a b' --pin '***'"),
        (["--", "-f"], "nightshift run nightly -- -- -f", "manage.py rates -- -f"),
        (["--wait"], "nightshift run nightly -- --wait", "manage.py rates --wait"),
    ],
)
def test_the_same_line_in_a_shell(words, run, command):
    job = Job(name="nightly", command="rates", secrets=("--pin",))
    assert shell.run_line(job, words) == run
    assert shell.command_line(job, words) == command


def test_every_installed_command_has_a_form(monkeypatch):
    monkeypatch.setattr(judging, "get_commands", management.get_commands)
    drawn = 0
    for command in management.get_commands():
        try:
            parameters = describe(command)
        except BrokenCommand:
            continue
        form = through_a_form(parameters, ["--verbosity", "2"])
        assert form.is_valid() or "required" in str(form.errors), (command, form.errors)
        assert form.words in ([], ["--verbosity", "2"])
        drawn += form.is_valid()
    assert drawn > 50
