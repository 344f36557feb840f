"""Rules of alerts from their text: read, and never evaluated."""

from datetime import timedelta

import pytest

from jobs import alert
from jobs.declarations.alert_text import UnreadableRule, read


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("failed", alert.failed()),
        ("failed()", alert.failed()),
        (" alert.failed(in_a_row=2) ", alert.failed(in_a_row=2)),
        ("failed(2)", alert.failed(in_a_row=2)),
        ("rate(share=0.1, of=50)", alert.rate(share=0.1, of=50)),
        ("must_succeed_by('06:30')", alert.must_succeed_by("06:30")),
        ("not_succeeded_for(timedelta(hours=26))", alert.not_succeeded_for(timedelta(hours=26))),
        ("late_start(after=datetime.timedelta(minutes=20))", alert.late_start(timedelta(minutes=20))),
        ("slower_than(1.5)", alert.slower_than(1.5)),
        ("slower_than(timedelta(hours=1, minutes=30))", alert.slower_than(timedelta(minutes=90))),
        ("forgotten_pause", alert.forgotten_pause()),
        ('output_matches("disk.*full")', alert.output_matches("disk.*full")),
    ],
)
def test_a_rule_is_read_as_it_is_written_in_code(text, rule):
    assert read(text) == rule


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it can't be read."),
        ("failed(", "it can't be read."),
        ("falied(2)", "the rules are failed, rate, missed, "),
        ("os.system('id')", "the rules are failed, "),
        ("__import__('os')", "the rules are failed, "),
        ("failed(in_a_row=__import__('os'))", "its values are numbers, texts in quotes"),
        ("failed(in_a_row=1+1)", "its values are numbers, texts in quotes"),
        ("failed(in_a_row=[2])", "its values are numbers, texts in quotes"),
        ("failed(**{})", "failed takes in_a_row."),
        ("failed(*x)", "its values are numbers, texts in quotes"),
        ("failed(1, 2)", "failed takes in_a_row."),
        ("failed(1, in_a_row=2)", "failed takes in_a_row."),
        ("failed(rows=2)", "failed takes in_a_row."),
        ("failed(in_a_row=0)", "Write in_a_row as a whole number from 1 to 50."),
        ("failed(in_a_row='2')", "Write in_a_row as a whole number from 1 to 50."),
        ("missed(1)", "missed takes no value."),
        ("late_start", "late_start needs after."),
        ("late_start(5)", "Write a timedelta like timedelta(minutes=20)"),
        ("late_start(timedelta(fortnights=1))", "write a timedelta by days, hours, "),
        ("late_start(timedelta(1))", "its values are numbers, texts in quotes"),
        ("late_start(timedelta(days=1e300))", "a timedelta of it is too long."),
        ("must_succeed_by('6:30')", "Write the time as '06:30'."),
        ("failed(" + "(" * 500 + "1" + ")" * 500 + ")", "it can't be read."),
        ("failed" + "\0", "it can't be read."),
        ("x" * 2_000, "it has 2,000 characters, and 1,200 are the most."),
    ],
)
def test_anything_else_is_refused_in_a_sentence(text, why):
    with pytest.raises(UnreadableRule) as error:
        read(text)
    assert f"is not a rule of alerts: {why}" in str(error.value)
    assert str(error.value).endswith("Write one as in a declaration: failed(in_a_row=2).")
