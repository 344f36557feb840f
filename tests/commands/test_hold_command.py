from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from jobs.declarations.registry import registry
from jobs.ledger.settle import settle
from jobs.management.operator import operator
from jobs.models import Gap, Intervention
from tests.helpers.rows import first_seen_at

pytestmark = pytest.mark.django_db
BEGAN = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)


@pytest.fixture(autouse=True)
def hourly(declared, monkeypatch, rung):
    first_seen_at(monkeypatch, BEGAN)
    declared("hourly", command="succeeds", schedule="0 0 * * * *")
    settle(registry.scheduled(), BEGAN)


def test_everything_is_held_by_who_typed_it(says):
    assert says("hold") == "Nothing is held.\n"
    said = says("hold", "--reason", "the database moves", "--until", "2126-01-31T02:00")
    assert said == (
        f"Everything is held by {operator()} until 2126-01-31 02:00 UTC, nothing starts by itself: the database moves\n"
    )
    assert says("hold") == said
    assert f"held by {operator()} until" in says("jobs")


def test_its_end_lists_what_it_swallowed_until_that_has_been_run(says):
    says("hold", "--reason", "the database moves", "--all-starts")
    Intervention.objects.update(began_at=BEGAN)
    said = says("hold", "--end").splitlines()
    gap = Gap.objects.get()
    assert said[:2] == [
        "The hold is ended: jobs start by themselves again.",
        "5 occurrences had no run for it. `manage.py missed JOB --gap N` runs those of a gap:",
    ]
    assert said[3].split()[:2] == [str(gap.pk), "hourly"]
    assert says("hold").splitlines()[1] == said[1]
    says("missed", "hourly", "--gap", str(gap.pk), "--yes")
    assert says("hold") == "Nothing is held.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--end"], "Nothing is held. `manage.py drift --history` shows former holds."),
        (["--until", "2h"], "Give the --reason: others see it while nothing starts."),
        (["--reason", "x", "--until", "2"], "--until: '2' is not a time or duration. Write a duration like 30m, 2h or"),
    ],
)
def test_what_cant_be_done_gets_one_sentence(words, sentence):
    with pytest.raises(CommandError) as error:
        call_command("hold", *words)
    assert str(error.value).startswith(sentence)
