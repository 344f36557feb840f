import pytest
from django.core.management import CommandError

from jobs.ledger import walking
from jobs.management.commands import prune_runs
from jobs.models import Event, Output, Run
from tests.helpers.moments import ago
from tests.helpers.rows import a_pause, a_run, an_attempt


@pytest.fixture(autouse=True)
def without_rest(monkeypatch):
    monkeypatch.setattr(walking, "REST", 0)


def sentence(verb, *, outputs="0 attempts", runs="0 runs", attempts="0 attempts", events="0 events", ended="0 ended"):
    ended += " intervention" if ended.startswith("1 ") else " interventions"
    return (
        f"{verb} the output of {outputs}, {runs} with {attempts}, 0 gaps, 0 repairs, 0 notes, {events}, {ended} and "
        "0 incidents.\n"
    )


def test_it_says_what_it_deleted(says):
    for days in (91, 92, 31, 1):
        an_attempt(a_run(finished_at=ago(days=days)), written=[b"words"])
    Event.objects.create(kind="release", message="long ago", at=ago(days=181))
    a_pause(began_at=ago(days=182), ended_at=ago(days=181))
    assert says("prune_runs", "--keep", "0") == sentence(
        "Deleted", outputs="1 attempt", runs="2 runs", attempts="2 attempts", events="1 event", ended="1 ended"
    )
    assert (Run.objects.count(), Output.objects.count()) == (2, 1)


def test_a_dry_run_says_what_would_go(says):
    a_run(finished_at=ago(days=91))
    a_run()
    assert says("prune_runs", "--keep", "0", "--dry-run") == sentence(
        "Would delete", runs="1 run", attempts="1 attempt"
    )
    assert Run.objects.count() == 2


def test_the_newest_hundred_runs_of_a_job_stay_unless_asked_otherwise(says):
    for _ in range(101):
        a_run(finished_at=ago(days=1000))
    assert says("prune_runs") == sentence("Deleted", runs="1 run", attempts="1 attempt")
    assert says("prune_runs", "--keep", "40") == sentence("Deleted", runs="60 runs", attempts="60 attempts")


def test_ages_can_be_asked_for(says):
    for days in (8, 1):
        an_attempt(a_run(finished_at=ago(days=days)), written=[b"words"])
        a_run("weekly", status="failed", finished_at=ago(days=days))
    assert says("prune_runs", "--output-days", "7") == sentence("Deleted", outputs="1 attempt")
    asked = ("--days", "7", "--failed-days", "7", "--keep", "0")
    assert says("prune_runs", *asked) == sentence("Deleted", runs="2 runs", attempts="2 attempts")


def test_a_cancelled_prune_says_that_the_next_one_goes_on(says, monkeypatch):
    a_run(finished_at=ago(days=91))
    a_run()
    monkeypatch.setattr(prune_runs, "cancelled", lambda: True)
    said = says("prune_runs", "--keep", "1")
    assert said == sentence("Deleted") + "It was asked to stop. The next call goes on.\n"
    assert Run.objects.count() == 2


@pytest.mark.parametrize(
    ("option", "what", "most"),
    [
        ("--days", "days", 36500),
        ("--output-days", "days", 36500),
        ("--failed-days", "days", 36500),
        ("--keep", "runs", 100000),
    ],
)
@pytest.mark.parametrize("number", ["-1", "9" * 30])
def test_a_number_that_is_out_of_range_is_refused(says, option, what, most, number):
    with pytest.raises(CommandError) as error:
        says("prune_runs", option, number)
    assert str(error.value) == (
        f"Error: argument {option}: {number!r} is not a number of {what}. Write a number from 0 to {most}."
    )
