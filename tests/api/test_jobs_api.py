import pytest

from tests.helpers.rows import a_run


@pytest.fixture
def nightly(declared):
    declared(
        "nightly",
        "--token",
        "correct horse",
        command="writes",
        schedule="0 0 3 * * *",
        time_zone="Europe/Berlin",
        secrets=["--token"],
    )


def test_a_job_is_given_with_its_schedule_and_latest_run(get, nightly):
    run = a_run(arguments=["--token", "battery staple"])
    job = get("/api/v1/jobs/nightly/")
    assert job.pop("next_run_at").endswith(":00:00Z")
    assert job.pop("last_run")["id"] == run.pk
    assert next(moment["scheduled_for"][11:] for moment in job.pop("next_runs")) in {"01:00:00Z", "02:00:00Z"}
    assert job.pop("statistics")["runs"] == 0
    assert job.pop("parameters")["type"] == "object"
    assert job.pop("openapi") == "/api/v1/jobs/nightly/openapi/"
    assert job == {
        "name": "nightly",
        "command": "writes",
        "description": "",
        "labels": [],
        "owner": "",
        "runbook": "",
        "confirm_needed": False,
        "arguments": ["--token", "********"],
        "schedule": "0 0 3 * * *",
        "time_zone": "Europe/Berlin",
        "in_words": "At 03:00 every day",
        "after": [],
        "is_paused": False,
        "paused_until": None,
        "paused_by": "",
        "paused_reason": "",
        "held_by": "",
        "held_until": None,
        "held_reason": "",
        "disabled_by": "",
        "overridden_by": "",
        "overridden_until": None,
        "overridden_reason": "",
        "override_flaw": "",
    }


def test_a_job_that_never_ran_has_no_run(get, nightly):
    assert get("/api/v1/jobs/nightly/")["last_run"] is None


def test_jobs_come_in_the_order_of_their_declaration(get, nightly, declared):
    declared("after_it", command="succeeds", after="nightly")
    page = get("/api/v1/jobs/")
    assert (page["count"], [job["name"] for job in page["results"]]) == (2, ["nightly", "after_it"])


def test_jobs_come_in_pages_of_at_most_two_hundred(get, declared):
    for number in range(201):
        declared(f"job_{number}", command="succeeds")
    assert len(get("/api/v1/jobs/")["results"]) == 50
    assert len(get("/api/v1/jobs/?page_size=200")["results"]) == 200
    assert [job["name"] for job in get("/api/v1/jobs/?page_size=200&page=2")["results"]] == ["job_200"]


def test_a_job_that_is_not_declared_is_named(get, nightly):
    assert get("/api/v1/jobs/nigthly/", 404)["detail"] == (
        "No job is declared as 'nigthly'. `manage.py jobs` lists them; did you mean 'nightly'?"
    )


def test_fifty_jobs_cost_as_many_queries_as_one(get, declared, django_assert_num_queries):
    for number in range(50):
        declared(f"job_{number}", command="succeeds", schedule="0 0 3 * * *")
        a_run(f"job_{number}")
    get("/api/v1/jobs/")  # the first request of a process also looks for migrations
    # The session, the user, the states, the latest runs.
    with django_assert_num_queries(4):
        assert len(get("/api/v1/jobs/")["results"]) == 50


def test_a_browser_is_shown_json(admin_client):
    """A page of DRF's would break the site's Content-Security-Policy."""
    accepted = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = admin_client.get("/api/v1/jobs/", headers={"Accept": accepted})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
