"""What is done with jobs and runs through the API: each act once, each refusal with its status."""

import pytest

from jobs.models import Event
from tests.helpers.rows import a_pause, a_queued_run, a_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def act(declared, admin_client):
    declared("nightly", command="succeeds", schedule="0 0 3 * * *")

    def send(method, path, body=None):
        answer = getattr(admin_client, method)(f"/api/v1/{path}/", body or {}, content_type="application/json")
        return answer.status_code, answer.json()

    return send


def test_a_job_is_paused_and_resumed(act):
    status, job = act("post", "jobs/nightly/pause", {"reason": "release", "until": "2999-01-01T00:00:00Z"})
    assert (status, job["is_paused"], job["paused_reason"]) == (200, True, "release")
    assert all("paused by" in moment["note"] for moment in job["next_runs"])
    assert act("post", "jobs/nightly/pause")[1]["type"].endswith(":already-paused")
    assert act("post", "jobs/nightly/resume")[1]["is_paused"] is False
    status, problem = act("post", "jobs/nightly/resume")
    assert (status, problem["detail"][:32]) == (409, "Job 'nightly' is not paused. `ma")


def test_a_job_is_overridden_for_a_while(act):
    status, job = act("put", "jobs/nightly/override", {"schedule": "0 0 4 * * *", "reason": "vendor is late"})
    assert (status, job["schedule"], job["overridden_reason"]) == (200, "0 0 4 * * *", "vendor is late")
    assert act("delete", "jobs/nightly/override")[1]["schedule"] == "0 0 3 * * *"
    assert [
        act(*each)[0]
        for each in (
            ("delete", "jobs/nightly/override"),
            ("put", "jobs/nightly/override", {}),
            ("put", "jobs/nightly/override", {"schedule": "no"}),
            ("put", "jobs/nightly/override", {"time_zone": "Mars/Olympus"}),
            ("put", "jobs/nightly/override", {"schedule": "0 0 4 * * *", "until": "2020-01-01T00:00:00Z"}),
        )
    ] == [409, 422, 422, 422, 422]


def test_what_was_left_of_a_job_is_ended(admin_client, declared):
    a_pause("gone")
    answer = admin_client.post("/api/v1/jobs/gone/resume/")
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_run_is_cancelled_once(act):
    run = a_queued_run()
    status, found = act("post", f"runs/{run.pk}/cancel", {"reason": "not today"})
    assert (status, found["status"], Event.objects.get().reason) == (200, "cancelled", "not today")
    status, problem = act("post", f"runs/{run.pk}/cancel")
    assert (status, problem["detail"]) == (
        409,
        f"Run {run.pk} of nightly has ended: it is cancelled. There is nothing to cancel.",
    )
    assert act("post", f"runs/{a_run().pk + 1}/cancel")[0] == 404
