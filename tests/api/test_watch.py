import pytest

from jobs.models import RunWatch
from tests.helpers.people import a_user, signed_in
from tests.helpers.rows import a_queued_run, a_run

pytestmark = pytest.mark.django_db


def test_a_run_is_watched_and_watched_no_more():
    client, run = signed_in(a_user("ada", "viewer", "*", email="ada@example.com")), a_queued_run()
    path = f"/api/v1/runs/{run.pk}/watch/"
    for _ in range(2):
        answer = client.put(path)
        assert (answer.status_code, answer.json()) == (200, {"run": run.pk, "email": "ada@example.com"})
    assert RunWatch.objects.get().run_id == run.pk
    for _ in range(2):
        answer = client.delete(path)
        assert (answer.status_code, answer.json()) == (200, {"run": run.pk, "email": ""})
    assert not RunWatch.objects.exists()


def test_the_end_of_one_that_has_ended_is_a_conflict():
    client, run = signed_in(a_user("ada", "viewer", "*", email="ada@example.com")), a_run()
    answer = client.put(f"/api/v1/runs/{run.pk}/watch/")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:problem-type:nightshift:already-ended")
