"""Each exception's sentence is written once: it is the class's docstring, or whoever raises it writes it."""

import ast
import inspect
import pkgutil
import string
import textwrap
from importlib import import_module

import pytest

import jobs
from jobs.sentences import Sentence


def exceptions():
    """All exception classes of jobs/."""
    for module in pkgutil.walk_packages(jobs.__path__, "jobs."):
        if module.name.startswith("jobs.migrations."):
            continue
        for found in vars(import_module(module.name)).values():
            if inspect.isclass(found) and issubclass(found, BaseException) and found.__module__ == module.name:
                yield found


ALL = sorted(exceptions(), key=lambda found: found.__qualname__)
SENTENCES = [found for found in ALL if issubclass(found, Sentence) and found is not Sentence]


def calls_of_init(found):
    """What the class, or the one whose `__init__` it has, hands to `Sentence.__init__`."""
    owner = next(base for base in found.__mro__ if "__init__" in vars(base))
    if owner is Sentence:
        return None
    tree = ast.parse(textwrap.dedent(inspect.getsource(owner.__init__)))
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__"
    ]


def placeholders(found):
    first = inspect.cleandoc(found.__doc__).partition("\n\n")[0]
    return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(first) if name}


def test_there_are_many_of_them():
    assert len(SENTENCES) > 25


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.__qualname__)
def test_an_exception_that_writes_its_own_sentence_has_it_in_its_docstring(found):
    assert found.__doc__, "say what it means"
    if issubclass(found, Sentence) or "__init__" not in vars(found):
        return
    body = ast.parse(textwrap.dedent(inspect.getsource(found.__init__))).body[0].body
    texts = [node.value for part in body for node in ast.walk(part) if isinstance(node, ast.Constant)]
    assert not [text for text in texts if isinstance(text, str) and " " in text], "derive it from Sentence"


@pytest.mark.parametrize("found", SENTENCES, ids=lambda found: found.__qualname__)
def test_a_sentence_is_given_all_the_values_that_it_names(found):
    calls = calls_of_init(found)
    given = {keyword.arg for call in calls or [] for keyword in call.keywords}
    assert placeholders(found) <= given
    assert not any(isinstance(argument, ast.Constant | ast.JoinedStr) for call in calls or [] for argument in call.args)


class Lost(Sentence, LookupError):
    """{name!r} was lost on its way
    to {place}. Ask {{them}}.

    Nobody reads this part of {it}.
    """


def test_the_message_is_the_docstrings_first_paragraph_on_one_line():
    error = Lost(name="it", place="a  {far}\ncountry")
    assert str(error) == "'it' was lost on its way to a  {far}\ncountry. Ask {them}."
    assert error.name == "it"
    assert isinstance(error, LookupError)


def test_a_sentence_without_values_is_its_docstring():
    class Full(Sentence):
        """There is no room. Make some."""

    assert str(Full()) == "There is no room. Make some."
