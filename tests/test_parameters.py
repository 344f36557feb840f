"""A command's own parser is asked before the command runs."""

import pytest

from jobs.parameters import InvalidArguments, UnknownCommand, check_arguments


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
        ("exits", ["three"], "argument code: invalid int value: 'three'"),
        ("exits", [], "the following arguments are required: code"),
        ("succeeds", ["--wrod", "x"], "unrecognized arguments: --wrod x"),
        ("succeeds", ["--version"], "--version makes the command print something and stop."),
    ],
)
def test_arguments_that_the_command_refuses_are_told_in_its_words(command, arguments, sentence, capsys):
    with pytest.raises(InvalidArguments) as error:
        check_arguments(command, arguments)
    assert str(error.value) == sentence


def test_a_command_that_doesnt_exist_is_told():
    with pytest.raises(UnknownCommand) as error:
        check_arguments("sucseeds", [])
    assert str(error.value) == "There is no management command called 'sucseeds'. `manage.py help` lists them."
