"""A command's own parser is asked before the command runs."""

import argparse
import os
import subprocess
import threading
from functools import partial
from pathlib import Path

import pytest
from django.core.management.base import BaseCommand

from jobs.declarations import side_effects
from jobs.declarations.parameters import InvalidArguments, UnknownCommand, check_arguments, judging
from jobs.declarations.registry import registry


def test_arguments_that_the_command_takes_pass():
    check_arguments("succeeds", ["--word", "bread"])
    check_arguments("exits", ["3", "--at-once"])
    check_arguments("succeeds", [])


def test_a_command_of_django_passes_too():
    check_arguments("clearsessions", [])


def test_every_command_takes_djangos_own_options():
    check_arguments("succeeds", ["--verbosity", "2", "--no-color"])


@pytest.mark.parametrize(
    ("command", "arguments", "sentence"),
    [
        ("sleeps", ["long"], "argument seconds: invalid float value: 'long'"),
        ("exits", [], "the following arguments are required: code"),
        ("succeeds", ["--wrod", "x"], "unrecognized arguments: --wrod x"),
        ("succeeds", ["--version"], "--version makes the command print something and stop."),
    ],
)
def test_arguments_that_the_command_refuses_are_reported_in_its_words(command, arguments, sentence, capsys):
    with pytest.raises(InvalidArguments) as error:
        check_arguments(command, arguments)
    assert str(error.value) == sentence


def test_a_command_that_doesnt_exist_is_reported():
    with pytest.raises(UnknownCommand) as error:
        check_arguments("sucseeds", [])
    assert str(error.value) == "There is no management command called 'sucseeds'. `manage.py help` lists them."


@pytest.fixture
def a_command(monkeypatch):
    """A command whose arguments a test writes."""

    def make(add_arguments):
        command = type("Command", (BaseCommand,), {"add_arguments": lambda self, parser: add_arguments(parser)})()
        monkeypatch.setattr(judging, "get_commands", lambda: {"made": command})
        judging._parser.cache_clear()

    yield make
    judging._parser.cache_clear()


def opened(path):
    with open(path, "w") as file:
        return file.name


class Opens(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, os.open(values, os.O_CREAT | os.O_TRUNC | os.O_WRONLY))


@pytest.mark.parametrize(
    "option",
    [
        {"type": argparse.FileType("w")},
        {"type": argparse.FileType("a")},
        {"type": open},
        {"type": partial(open, mode="w")},
        {"type": opened},
        {"type": lambda path: Path(path).write_text("")},
        {"type": lambda path: os.remove(path) or path},
        {"type": lambda path: subprocess.run(["rm", path], check=True)},
        {"action": Opens},
    ],
    ids=["FileType", "FileType to append", "open", "partial", "function", "Path", "remove", "process", "action"],
)
@pytest.mark.parametrize("nested", [False, True], ids=["option", "option of a subcommand"])
def test_a_file_named_in_the_arguments_stays_as_it_is(a_command, tmp_path, option, nested):
    def add_arguments(parser):
        if nested:
            parser = parser.add_subparsers().add_parser("export")
        parser.add_argument("--to", **option)

    a_command(add_arguments)
    kept, missing = tmp_path / "kept", tmp_path / "missing"
    kept.write_text("a year's work")
    for path in (kept, missing):
        check_arguments("made", [*(["export"] if nested else []), "--to", str(path)])
    assert kept.read_text() == "a year's work"
    assert not missing.exists()


def test_a_default_file_stays_as_it_is_too(a_command, tmp_path):
    kept = tmp_path / "kept"
    kept.write_text("a year's work")
    a_command(lambda parser: parser.add_argument("--to", type=argparse.FileType("w"), default=str(kept)))
    check_arguments("made", [])
    assert kept.read_text() == "a year's work"


def test_what_is_wrong_beside_a_file_is_reported(a_command, tmp_path):
    def add_arguments(parser):
        parser.add_argument("--to", type=argparse.FileType("w"))
        parser.add_argument("--days", type=int)

    a_command(add_arguments)
    with pytest.raises(InvalidArguments, match=r"^argument --days: invalid int value: 'x'$"):
        check_arguments("made", ["--to", str(tmp_path / "out"), "--days", "x"])


def test_a_type_that_fails_as_it_would_in_the_run_is_reported_with_its_place(a_command):
    a_command(lambda parser: parser.add_argument("--days", type=lambda text: {}[text]))
    with pytest.raises(
        InvalidArguments, match=r"^KeyError: 'x' \(tests/declarations/parameters/test_judging.py, line \d+\)$"
    ):
        check_arguments("made", ["--days", "x"])


def test_files_are_written_again_afterwards_and_in_other_threads_meanwhile(tmp_path):
    with side_effects.refused():
        with pytest.raises(PermissionError):
            (tmp_path / "mine").touch()
        thread = threading.Thread(target=(tmp_path / "theirs").touch)
        thread.start()
        thread.join()
    (tmp_path / "mine").touch()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mine", "theirs"]


def test_a_run_has_its_workers_settings():
    check_arguments("clearsessions", ["--settings", os.environ["DJANGO_SETTINGS_MODULE"], "--pythonpath", "/tmp"])
    with pytest.raises(InvalidArguments) as refused:
        check_arguments("clearsessions", ["--settings=other.settings"])
    assert str(refused.value) == (
        "--settings other.settings: a run has the settings of its worker, "
        f"{os.environ['DJANGO_SETTINGS_MODULE']}. Leave --settings out."
    )


def test_arguments_longer_than_is_kept_are_refused(declared):
    with pytest.raises(InvalidArguments) as error:
        check_arguments("succeeds", ["--word", "é" * 8_190])
    assert str(error.value) == "The arguments are 16,386 bytes long, and 16,384 at most. Put more into a file."
    declared("nightly", "--word", "é" * 8_190, command="succeeds")
    assert [problem.id for problem in registry.problems] == ["jobs.E014"]
    check_arguments("succeeds", ["--word", "é" * 8_189])
