import json

import pytest
from django.core.management import CommandError

from tests.helpers.moments import ago
from tests.helpers.rows import NOON, a_run


def test_it_shows_the_latest_runs_first(says):
    a_run(
        "fetch",
        pk=1,
        trigger="schedule",
        scheduled_for=NOON,
        started_at=ago(hours=2, seconds=5),
        finished_at=ago(hours=1),
    )
    a_run("load", pk=2, status="failed", error="It is empty.", started_at=ago(seconds=100), finished_at=ago(seconds=50))
    a_run("load", pk=3, status="queued")
    assert says("runs").splitlines() == [
        "RUN  JOB    TRIGGER   DUE               STARTED    TOOK  STATUS     NOTE",
        "3    load   manual    –                 –          –     queued     –",
        "2    load   manual    –                 1 min ago  50 s  failed     It is empty.",
        "1    fetch  schedule  2026-03-14 12:00  2 h ago    1 h   succeeded  –",
    ]


def test_it_shows_what_a_run_gave_back(says):
    a_run(result={"imported": 3})
    a_run(result="3 rows")
    assert [line.rpartition("  ")[2] for line in says("runs").splitlines()] == ["NOTE", "3 rows", '{"imported": 3}']


def test_it_shows_the_runs_of_one_job_and_of_one_status(says):
    a_run("fetch")
    a_run("load")
    failed = a_run("load", status="failed")
    found = json.loads(says("runs", "load", "--status", "failed", "--format", "json"))
    assert [run["id"] for run in found] == [failed.pk]


def test_it_shows_twenty_unless_asked_otherwise(says):
    for _ in range(25):
        a_run()
    assert len(json.loads(says("runs", "--format", "json"))) == 20
    assert len(json.loads(says("runs", "--limit", "3", "--format", "json"))) == 3


def test_json_gives_what_the_api_gives(says, client, admin_user):
    a_run(scheduled_for=NOON)
    client.force_login(admin_user)
    [ours], [its] = json.loads(says("runs", "--format", "json")), client.get("/api/v1/runs/").json()["results"]
    assert ours == its
    assert list(ours) == list(its)


def test_the_table_fits_a_terminal_of_80_columns(says, terminal):
    a_run("a_job_with_a_name_that_goes_on_and_on", status="failed", error="It went wrong.\n" * 20, scheduled_for=NOON)
    terminal(80)
    lines = says("runs").splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= 80


def test_fifty_runs_cost_one_query(says, django_assert_num_queries):
    for _ in range(50):
        a_run()
    with django_assert_num_queries(1):
        says("runs", "--limit", "50")


def test_a_job_that_has_not_run_says_so(says, declared):
    declared("nightly", command="succeeds")
    assert says("runs") == "No runs.\n"
    assert says("runs", "nightly") == "No runs of nightly.\n"
    assert says("runs", "nightly", "--status", "lost") == "No lost runs of nightly.\n"


def test_a_job_that_is_declared_no_more_keeps_its_runs(says):
    a_run("long_forgotten")
    assert says("runs", "long_forgotten", "--status", "lost") == "No lost runs of long_forgotten.\n"


def test_a_job_that_nobody_knows_is_named(says, declared):
    declared("nightly", command="succeeds")
    with pytest.raises(CommandError) as error:
        says("runs", "nigthly")
    assert str(error.value) == ("No job is declared as 'nigthly'. `manage.py jobs` lists them; did you mean 'nightly'?")


def test_a_limit_is_a_number_of_runs(says):
    with pytest.raises(CommandError) as error:
        says("runs", "--limit", "0")
    assert str(error.value) == "Error: argument --limit: '0' is not a number of runs. Write a number from 1 to 100000."
