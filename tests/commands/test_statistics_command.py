import json

import pytest
from django.core.management import CommandError

from tests.helpers.days import count_ends
from tests.helpers.rows import NOON, a_run

RANGE = ("--from", "2026-03-14", "--to", "2026-03-15")


@pytest.fixture
def counted():
    a_run("fetch", finished_at=NOON)
    a_run("load", finished_at=NOON)
    a_run("load", status="lost", finished_at=NOON)
    a_run("load", status="skipped", finished_at=NOON, reason="overlap")
    count_ends()


def test_it_shows_each_job_or_one_by_day(says, counted):
    assert says("statistics", *RANGE).splitlines() == [
        "JOB    RUNS  SUCCEEDED  SUCCESS  NO RUN  RETRIES  P50         P95         LATE P95  CPU  MEMORY  WARNED",
        "fetch  1     1          100.0%   0       0        1 min 30 s  1 min 30 s  –         0 s  –       0",
        "load   3     1          50.0%    1       0        1 min 30 s  1 min 30 s  –         0 s  –       0",
    ]
    assert [line.split()[:3] for line in says("statistics", "load", *RANGE).splitlines()] == [
        ["DAY", "RUNS", "SUCCEEDED"],
        ["2026-03-14", "3", "1"],
        ["all", "3", "1"],
    ]


def test_json_gives_what_the_api_gives(says, client, admin_user, counted):
    client.force_login(admin_user)
    [ours] = json.loads(says("statistics", "load", *RANGE, "--format", "json"))
    assert ours == client.get("/api/v1/jobs/load/statistics/?from=2026-03-14&to=2026-03-15").json()
    assert [each["job"] for each in json.loads(says("statistics", *RANGE, "--format", "json"))] == ["fetch", "load"]


def test_it_says_where_nothing_is_counted(says, counted):
    assert says("statistics", "fetch", "--trigger", "api", *RANGE) == (
        "Nothing is counted of fetch from 2026-03-14 to 2026-03-15.\n"
    )
    with pytest.raises(CommandError, match="No job is declared as 'fetsh'"):
        says("statistics", "fetsh")
    with pytest.raises(CommandError, match=r"'14\.3\.' is not a date\. Write one like 2026-01-31\."):
        says("statistics", "--from", "14.3.")
