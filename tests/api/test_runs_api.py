import pytest

from tests.helpers.rows import NOON, a_run, an_attempt


def test_a_run_is_given_with_its_attempts(get):
    run = a_run(attempt=2, scheduled_for=NOON, result={"imported": 3})
    for number, status in ((2, "succeeded"), (1, "failed")):
        an_attempt(run, number, status, started_at=NOON, exit_code=2 - number)
    found = get(f"/api/v1/runs/{run.pk}/")
    attempts = found.pop("attempts")
    assert found.pop("created_at")
    assert found.pop("not_before")
    assert found == {
        "id": run.pk,
        "job": "nightly",
        "trigger": "manual",
        "status": "succeeded",
        "scheduled_for": "2026-03-14T12:00:00Z",
        "arguments": [],
        "requested_by": "a test",
        "started_at": "2026-03-14T11:58:30Z",
        "finished_at": "2026-03-14T12:00:00Z",
        "duration": 90.0,
        "lateness": 0.0,
        "attempt": 2,
        "reason": "",
        "error": "",
        "result": {"imported": 3},
        "progress": None,
        "labels": [],
        "retry_of": None,
        "pinned": False,
        "blocked_by": None,
        "chained_from": None,
        "cancelled_by": "",
        "obstacle": None,
    }
    assert [(attempt["number"], attempt["status"], attempt["exit_code"]) for attempt in attempts] == [
        (1, "failed", 1),
        (2, "succeeded", 0),
    ]


def test_an_attempt_names_its_trace_and_where_it_is_shown(get, settings):
    run = a_run(attempt=2)
    an_attempt(run, 1, trace_id="4bf9")
    an_attempt(run, 2)
    settings.TRACE_URL = "https://traces.example.com/{trace_id}"
    attempts = get(f"/api/v1/runs/{run.pk}/")["attempts"]
    assert [(attempt["trace_id"], attempt["trace_url"]) for attempt in attempts] == [
        ("4bf9", "https://traces.example.com/4bf9"),
        ("", ""),
    ]


def test_a_run_that_waits_names_what_stands_in_its_way(get):
    other, run = a_run(status="running", started_at=NOON), a_run(status="queued")
    assert get(f"/api/v1/runs/{run.pk}/")["obstacle"] == {
        "rule": "overlap",
        "sentence": f"run {other.pk} of the job, running since 2026-03-14 12:00:00Z, must end first.",
    }


def test_secret_arguments_are_masked(get, declared):
    declared("nightly", command="writes", secrets=["--token"])
    run = a_run(arguments=["--token", "correct horse"])
    assert get(f"/api/v1/runs/{run.pk}/")["arguments"] == ["--token", "********"]


def test_runs_come_latest_first(get):
    runs = [a_run().pk for _ in range(3)]
    assert [run["id"] for run in get("/api/v1/runs/")["results"]] == runs[::-1]


def test_runs_come_in_pages_that_do_not_shift_while_new_ones_come_in(get):
    old = [a_run().pk for _ in range(4)]
    first = get("/api/v1/runs/?page_size=2")
    a_run()
    second = get(first["next"])
    assert [run["id"] for page in (first, second) for run in page["results"]] == old[::-1]
    assert second["next"] is None


def test_a_page_has_fifty_runs_and_two_hundred_at_most(get):
    for _ in range(201):
        a_run()
    assert len(get("/api/v1/runs/")["results"]) == 50
    assert len(get("/api/v1/runs/?page_size=200")["results"]) == 200
    assert "page_size" in get("/api/v1/runs/?page_size=201", 400)["errors"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("job=fetch", ["fetch failed", "fetch succeeded"]),
        ("status=failed", ["load failed", "fetch failed"]),
        ("status=failed&status=lost&job=load", ["load lost", "load failed"]),
        ("job=unheard_of", []),
    ],
)
def test_runs_can_be_chosen_by_job_and_status(get, query, found):
    for job, status in (("fetch", "succeeded"), ("fetch", "failed"), ("load", "failed"), ("load", "lost")):
        a_run(job, status)
    assert [f"{run['job']} {run['status']}" for run in get(f"/api/v1/runs/?{query}")["results"]] == found


def test_a_status_that_does_not_exist_is_refused(get):
    sentence = (
        "status is 'faled'. Write one of: queued, running, succeeded, failed, timed_out, cancelled, lost, skipped, "
        "missed."
    )
    assert get("/api/v1/runs/?status=faled", 400) == {
        "type": "urn:problem-type:nightshift:invalid-request",
        "title": "Invalid request",
        "status": 400,
        "detail": sentence,
        "errors": {"status.0": [sentence]},
    }


def test_fifty_runs_cost_as_many_queries_as_one(get, django_assert_num_queries):
    for _ in range(50):
        a_run(blocked_by=a_run())
    # The session, the user, where the page is, the page.
    with django_assert_num_queries(4):
        assert len(get("/api/v1/runs/")["results"]) == 50


def test_fifty_attempts_cost_as_many_queries_as_one(get, django_assert_num_queries):
    run = a_run(attempt=50)
    for number in range(1, 51):
        an_attempt(run, number)
    with django_assert_num_queries(4):
        assert len(get(f"/api/v1/runs/{run.pk}/")["attempts"]) == 50


def test_a_run_that_does_not_exist_is_not_found(get):
    assert get("/api/v1/runs/17/", 404)["detail"] == "There is no run 17. `manage.py runs` lists the latest ones."
