"""Forms of parsers as Hypothesis makes them."""

from unittest import mock

from django.core.management.base import CommandError
from hypothesis import given, note, settings
from hypothesis import strategies as st

from jobs.declarations.parameters import UnwritableValue, described, judging, words
from tests.declarations.parameters.generated import filled, made, parsers
from tests.declarations.parameters.oracle import in_a_shell
from tests.forms.sent import through_a_form
from tests.helpers.thorough import examples


@given(st.data())
@settings(max_examples=examples(500, 40), deadline=None)
def test_a_form_that_is_sent_as_it_was_filled_means_what_its_words_mean_in_a_shell(data):
    spec = data.draw(parsers())
    parser = made(spec)
    parameters = described(parser, "made")
    try:
        typed = words(parameters, data.draw(filled(spec)))
        meant = in_a_shell(parser, typed)
    except (UnwritableValue, CommandError, SystemExit, OSError):
        return
    note(typed)
    with mock.patch.object(judging, "_parser", return_value=parser):
        form = through_a_form(parameters, typed)
        assert form.is_valid(), form.errors
    assert in_a_shell(parser, form.words) == meant
