"""A task is a management command where its source says so, or its name alone; else it is refused."""

from argparse import ArgumentParser, ArgumentTypeError, FileType

import pytest
from django.core.management import call_command

from jobs.declarations.parameters import judging
from jobs.scaffold.found import Untranslatable
from jobs.scaffold.schedulers import words
from jobs.scaffold.schedulers.tasks import called_by, imported
from tests.scaffold.schedulers import samples

AT = "tests.scaffold.schedulers.samples"


def called(function, *args, **kwargs):
    job = called_by(function, f"{AT}.{function.__name__}", args, kwargs)
    return job.command, list(job.arguments)


@pytest.mark.parametrize(
    ("function", "command", "words"),
    [
        (samples.nightly, "clearsessions", []),
        (samples.with_words, "sleeps", ["3", "--verbosity=0"]),
        (samples.by_module, "succeeds", []),
    ],
)
def test_a_function_that_only_calls_a_command_with_literals_is_that_command(function, command, words):
    assert called(function) == (command, words)
    assert called_by(function, function.__name__).notes == ()


def test_call_command_itself_is_the_command_that_it_is_given():
    assert called(call_command, "sleeps", 3, no_color=True, verbosity=1) == (
        "sleeps",
        ["3", "--no-color", "--verbosity=1"],
    )


def test_a_commands_name_alone_is_said_in_a_note():
    job = called_by(samples.succeeds, f"{AT}.succeeds")
    assert (job.command, job.arguments) == ("succeeds", ())
    assert job.notes == (f"By its name alone: {AT}.succeeds and the command succeeds may differ. Compare them.",)


@pytest.mark.parametrize(
    "function",
    [
        samples.flush,
        samples.sleeps,
        samples.computed,
        samples.two_things,
        samples.in_a_loop,
        samples.another_call_command,
        samples.decorated,
        len,
    ],
)
def test_what_cant_be_seen_is_refused(function):
    with pytest.raises(Untranslatable) as error:
        called(function)
    assert str(error.value) == (
        "Which command does this can't be seen. "
        f"Write a management command that calls {AT}.{function.__name__}, and declare that."
    )


def test_a_task_with_arguments_is_no_command_by_its_name():
    with pytest.raises(Untranslatable):
        called(samples.succeeds, 3)


@pytest.mark.parametrize(
    ("args", "kwargs", "reason"),
    [
        (["no_such_command"], {}, "call_command gets 'no_such_command', which is not the name of a command"),
        ([], {}, "call_command gets '', which"),
        (["sleeps"], {"verbosity": "0"}, "call_command gives sleeps verbosity='0', for which there is no word"),
        (["sleeps"], {"no_color": 1}, "call_command gives sleeps no_color=1, for which there is no word"),
        (["sleeps"], {"seconds": 3}, "call_command gives sleeps seconds=3, for which there is no word"),
    ],
)
def test_what_no_command_line_says_is_refused(args, kwargs, reason):
    with pytest.raises(Untranslatable, match=reason):
        called(call_command, *args, **kwargs)


def test_what_cant_be_imported_is_refused_with_the_reason():
    with pytest.raises(
        Untranslatable, match=r"samples\.missing can't be imported: ImportError: Module .* does not define"
    ):
        imported(f"{AT}.missing")


def test_a_module_that_raises_something_else_is_refused_too(tmp_path, monkeypatch):
    (tmp_path / "keyless.py").write_text("import os\nKEY = os.environ['NO_SUCH_KEY']\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Untranslatable) as error:
        imported("keyless.task")
    assert str(error.value) == (
        "keyless.task can't be imported: KeyError: 'NO_SUCH_KEY'. Correct the entry, or the module."
    )


def test_a_command_that_cant_be_loaded_is_refused_with_the_reason(monkeypatch):
    def broken(app, name):
        raise ImportError("No module named 'gone'")

    monkeypatch.setattr(judging, "load_command_class", broken)
    with pytest.raises(
        Untranslatable, match=r"The command sleeps can't be loaded: ImportError: No module .* Correct it"
    ):
        called(call_command, "sleeps", no_color=True)


def refuses(text):
    raise ArgumentTypeError(f"not {text}")


@pytest.mark.parametrize("kind", [FileType("w"), refuses])
def test_an_option_whose_type_gives_something_else_is_refused_and_makes_no_file(kind, monkeypatch, tmp_path):
    parser = ArgumentParser()
    parser.add_argument("--out", type=kind)
    monkeypatch.setattr(words, "parser_of", lambda command: parser)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Untranslatable, match="out='made', for which"):
        called(call_command, "sleeps", out="made")
    assert list(tmp_path.iterdir()) == []
