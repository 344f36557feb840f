"""A rule of alerts, tried on a job's past at the command line."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.helpers.moments import ago
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db


def test_a_rule_is_tried(says, declared):
    declared("nightly", command="succeeds")
    failed, good = (
        a_run(status=status, created_at=ago(hours=hours), finished_at=ago(hours=hours))
        for status, hours in (("failed", 3), ("succeeded", 2))
    )
    first, _, row = says("try-rule", "nightly", "failed(in_a_row=1)").splitlines()
    assert first == (
        "failed(in_a_row=1) on 2 runs of nightly in 30 days: It would have opened 1 incident; none would be open now."
    )
    assert row.split()[6:] == ["failed", "1", str(failed.pk), str(good.pk), "A", "run", "failed."]
    found = json.loads(says("try-rule", "nightly", "lost", "--format", "json"))
    assert (found["rule"], found["incidents"]) == ("lost()", [])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nightly", "eval('1')"], "is not a rule of alerts: the rules are failed,"),
        (["nigtly", "failed"], "No job is declared as 'nigtly'."),
    ],
)
def test_what_cant_be_tried_gets_one_sentence(declared, words, sentence):
    declared("nightly", command="succeeds")
    with pytest.raises(CommandError) as error:
        call_command("try-rule", *words)
    assert sentence in str(error.value)
