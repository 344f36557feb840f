"""Every error is problem details: what was found and what to do next, for whoever asks."""

import pytest
from django.test import Client

from jobs.api import errors
from jobs.ledger import migration_gate
from jobs.ledger.busy import Busy


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "sentence"),
    [
        ("get", "runs", {}, 404, "There is nothing at /api/v1/runs. Did you mean /api/v1/runs/?"),
        ("post", "jobs", {}, 404, "There is nothing at /api/v1/jobs. Did you mean /api/v1/jobs/?"),
        ("get", "rusn/", {}, 404, "There is nothing at /api/v1/rusn/. /api/v1/schema/ lists what is there."),
        ("delete", "jobs/", {}, 405, 'Method "DELETE" not allowed.'),
        ("get", "jobs/?format=xml", {}, 404, "Nothing is there, or you may not see it."),
        ("get", "jobs/", {"headers": {"Accept": "image/png"}}, 406, "Could not satisfy the request Accept header."),
        ("put", "runs/1/pin/", {"data": "{", "content_type": "application/json"}, 400, "JSON parse error"),
        ("put", "runs/1/pin/", {"data": "x", "content_type": "text/csv"}, 415, 'Unsupported media type "text/csv"'),
        (
            *("put", "runs/1/pin/", {"data": "x" * 2_621_441, "content_type": "application/json"}),
            *(413, "The body is longer than 2,621,440 bytes. Send less."),
        ),
        ("get", "jobs/a%00b/", {}, 400, "A value of this request can't be one of ours."),
    ],
)
def test_an_error_is_a_sentence_in_problem_details(admin_client, method, path, options, status, sentence):
    answer = getattr(admin_client, method)(f"/api/v1/{path}", **options)
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["detail"].startswith(sentence)
    assert problem.keys() == {"type", "title", "status", "detail"}


@pytest.mark.django_db
def test_who_comes_too_early_is_told_when_to_come_again(monkeypatch):
    monkeypatch.setattr(migration_gate, "refusal", lambda: "Migrations are pending.")
    answer = Client().get("/api/v1/jobs/")
    assert (answer.status_code, answer.json()["detail"]) == (503, "Migrations are pending.")
    assert int(answer.headers["Retry-After"]) > 0


def test_what_locks_stand_in_the_way_of_may_be_tried_again():
    busy = Busy.__new__(Busy)
    answer = errors.handler(busy, {})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
