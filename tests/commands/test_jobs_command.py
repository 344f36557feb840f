import json
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.helpers.moments import ago
from tests.helpers.rows import a_pause, a_run


@pytest.fixture
def three_jobs(declared):
    declared("fetch", command="succeeds", schedule="0 15 16 * * MON-FRI", time_zone="Europe/Berlin")
    declared("load", command="succeeds", after="fetch")
    declared("close_month", command="succeeds")


def without_next_run(text):
    """The lines but their last column, which depends on the time of day."""
    return [line.rpartition("  ")[0].rstrip() for line in text.splitlines()]


def test_it_shows_each_job_with_its_schedule_and_latest_run(says, three_jobs):
    a_run("fetch", status="failed", finished_at=ago(minutes=3, seconds=20))
    a_run("load", status="running", started_at=ago(seconds=45))
    assert without_next_run(says("jobs")) == [
        "JOB          SCHEDULE                       LAST RUN",
        "fetch        0 15 16 * * 1-5 Europe/Berlin  failed 3 min ago",
        "load         after fetch                    running 45 s ago",
        "close_month  by hand                        –",
    ]


def test_it_shows_when_a_job_is_due_next(says, declared):
    declared("often", command="succeeds", schedule="* * * * * *")
    assert says("jobs").splitlines()[1] in {f"often  * * * * * * UTC  –         {when}" for when in ("now", "in 1 s")}


def test_it_shows_who_paused_a_job_and_what_is_disabled(says, three_jobs, declared, monkeypatch):
    a_pause("fetch", "anna", began_at=ago(days=1))
    until = timezone.now() + timedelta(days=400)
    a_pause("load", "bob", began_at=ago(days=1), until=until)
    declared("off", command="succeeds", schedule="0 0 3 * * *")
    monkeypatch.setenv("AzureWebJobs_off_Disabled", "1")
    ends = [line.rpartition("  ")[2] for line in says("jobs").splitlines()]
    assert ends == [
        "NEXT RUN",
        "paused by anna",
        f"paused by bob until {until:%Y-%m-%d %H:%M}",
        "–",
        "disabled in Azure",
    ]


def test_it_shows_schedules_in_words(says, three_jobs):
    assert [line.partition("  –")[0].rstrip() for line in says("jobs", "--words").splitlines()[1:]] == [
        "fetch        At 16:15, Monday to Friday Europe/Berlin",
        "load         after fetch",
        "close_month  by hand",
    ]


def test_the_tree_shows_steps_below_their_predecessors(says, three_jobs):
    names = [line.partition("  ")[0] for line in says("jobs", "--tree").splitlines()]
    assert names == ["JOB", "fetch", "└─ load", "close_month"]


def test_the_table_fits_a_terminal_of_80_columns(says, declared, terminal):
    declared(
        "a_job_with_a_name_that_goes_on_and_on",
        command="succeeds",
        schedule="0 0,5,10,15,20,25,30,35 9-17 * * MON-FRI",
        time_zone="America/Argentina/Buenos_Aires",
    )
    terminal(80)
    assert max(map(len, says("jobs").splitlines())) <= 80


def test_json_gives_what_the_api_gives(says, three_jobs, client, admin_user):
    a_run("fetch", result={"imported": 3}, scheduled_for=ago(hours=1))
    client.force_login(admin_user)
    ours, its = json.loads(says("jobs", "--format", "json")), client.get("/api/v1/jobs/").json()["results"]
    assert [list(job) for job in ours] == [list(job) for job in its]
    assert ours == its


def test_fifty_jobs_cost_as_many_queries_as_one(says, declared, django_assert_num_queries):
    for number in range(50):
        declared(f"job_{number}", command="succeeds", schedule="0 0 3 * * *")
        a_run(f"job_{number}")
    with django_assert_num_queries(2):
        says("jobs", "--tree")


def test_a_project_without_jobs_is_shown_how_to_declare_one(says):
    assert says("jobs") == (
        'No jobs are declared. Write declare("clearsessions", schedule="0 0 3 * * *") in a schedule.py.\n'
    )
