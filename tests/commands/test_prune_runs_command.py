import pytest
from django.core.management import CommandError

from jobs.models import Event, Run
from tests.helpers.moments import ago
from tests.helpers.rows import a_pause, a_run


def test_it_says_what_it_deleted(says):
    for _ in range(2):
        a_run(finished_at=ago(days=31))
    Event.objects.create(kind="release", message="long ago", at=ago(days=91))
    a_pause(began_at=ago(days=92), ended_at=ago(days=91))
    assert says("prune_runs", "--keep", "0") == (
        "Deleted 2 runs with 2 attempts, 0 gaps, 1 event and 1 ended intervention.\n"
    )
    assert not Run.objects.exists()


def test_a_dry_run_says_what_would_go(says):
    a_run(finished_at=ago(days=31))
    assert says("prune_runs", "--keep", "0", "--dry-run") == (
        "Would delete 1 run with 1 attempt, 0 gaps, 0 events and 0 ended interventions.\n"
    )
    assert Run.objects.exists()


def test_the_newest_hundred_runs_of_a_job_stay_unless_told_otherwise(says):
    for _ in range(101):
        a_run(finished_at=ago(days=1000))
    assert says("prune_runs") == "Deleted 1 run with 1 attempt, 0 gaps, 0 events and 0 ended interventions.\n"


def test_ages_can_be_told(says):
    a_run(finished_at=ago(days=8))
    a_run(status="failed", finished_at=ago(days=8))
    assert says("prune_runs", "--days", "7", "--failed-days", "7", "--keep", "0") == (
        "Deleted 2 runs with 2 attempts, 0 gaps, 0 events and 0 ended interventions.\n"
    )


@pytest.mark.parametrize(
    ("option", "what", "most"),
    [("--days", "days", 36500), ("--failed-days", "days", 36500), ("--keep", "runs", 1000000000)],
)
@pytest.mark.parametrize("number", ["-1", "9" * 30])
def test_a_number_that_is_out_of_range_is_refused(says, option, what, most, number):
    with pytest.raises(CommandError) as error:
        says("prune_runs", option, number)
    assert str(error.value) == (
        f"Error: argument {option}: {number!r} is not a number of {what}. Write a number from 0 to {most}."
    )
