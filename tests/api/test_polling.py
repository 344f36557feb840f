"""What is asked again and again: a tag spares what is known, and a request may wait for a run's end."""

import threading
import time

import pytest
from django.db import connection

from jobs.api import waiting
from jobs.models import Run
from tests.helpers.processes import until
from tests.helpers.rows import NOON, a_queued_run, a_run, an_attempt


@pytest.mark.parametrize(
    "path", ["runs/", "runs/{}/", "runs/{}/output/", "runs/{}/output/pieces/", "jobs/", "events/?after=0"]
)
def test_what_is_unchanged_is_answered_by_304_and_no_body(admin_client, declared, path):
    declared("nightly", command="succeeds")
    run = a_run()
    an_attempt(run, written=[b"text"])
    path = path.format(run.pk)
    first = admin_client.get(f"/api/v1/{path}")
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "private, no-cache")
    again = admin_client.get(f"/api/v1/{path}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_has_changed_is_answered_in_full(admin_client, db):
    run = a_queued_run()
    tag = admin_client.get(f"/api/v1/runs/{run.pk}/").headers["ETag"]
    Run.objects.filter(pk=run.pk).update(status="cancelled", finished_at=NOON)
    assert admin_client.get(f"/api/v1/runs/{run.pk}/", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_request_waits_for_the_runs_end_without_a_connection(admin_client, monkeypatch):
    monkeypatch.setattr(waiting, "PAUSE", 0.1)
    run, held = a_queued_run(), []

    def sleep(seconds, sleep=time.sleep):
        held.append(connection.connection)
        if len(held) == 3:
            Run.objects.filter(pk=run.pk).update(status="cancelled", finished_at=NOON)
        sleep(0.01)

    monkeypatch.setattr(waiting.time, "sleep", sleep)
    answer = admin_client.get(f"/api/v1/runs/{run.pk}/?wait=20")
    assert (answer.json()["status"], held) == ("cancelled", [None] * 3)
    assert "Retry-After" not in answer.headers


@pytest.mark.django_db(transaction=True)
def test_whoever_finds_no_place_to_wait_is_answered_at_once(admin_client, monkeypatch):
    monkeypatch.setattr(waiting, "_places", threading.BoundedSemaphore(1))
    run = a_queued_run()
    waiter = threading.Thread(target=waiting.until_ended, args=(run, 20), daemon=True)
    waiter.start()
    until(lambda: waiting._places._value == 0)
    answer = admin_client.get(f"/api/v1/runs/{run.pk}/?wait=20")
    assert (answer.json()["status"], answer.headers["Retry-After"]) == ("queued", "1")
    Run.objects.filter(pk=run.pk).update(status="cancelled", finished_at=NOON)
    waiter.join(30)
    assert not waiter.is_alive()
