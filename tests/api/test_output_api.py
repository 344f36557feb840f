from datetime import timedelta

import pytest

from tests.helpers.rows import NOON, a_run, an_attempt


@pytest.fixture
def read(admin_client):
    def get(path, **headers):
        answer = admin_client.get(path, headers=headers)
        return answer.status_code, answer.content

    return get


@pytest.fixture
def refused(admin_client):
    """The status and the sentence of a refusal, which is JSON whatever the answer would have been."""

    def get(path):
        answer = admin_client.get(path)
        assert answer.headers["Content-Type"] == "application/problem+json"
        return answer.status_code, answer.json()["detail"]

    return get


def test_what_the_latest_attempt_wrote_comes_byte_for_byte(read):
    run = a_run(attempt=2)
    an_attempt(run, 1, written=[b"first"])
    an_attempt(run, 2, written=[b"\xff\x00", b"second"])
    assert read(f"/api/v1/runs/{run.pk}/output/") == (200, b"\xff\x00second")
    assert read(f"/api/v1/runs/{run.pk}/output/?attempt=1") == (200, b"first")


def test_output_is_text_that_no_browser_takes_for_a_page(admin_client):
    run = a_run()
    an_attempt(run, written=[b"<script>alert(1)</script>"])
    answer = admin_client.get(f"/api/v1/runs/{run.pk}/output/")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("accept", ["text/html", "application/json", "text/plain"])
def test_output_is_text_whatever_the_client_would_like(read, accept):
    run = a_run()
    an_attempt(run, written=[b"text"])
    assert read(f"/api/v1/runs/{run.pk}/output/", accept=accept) == (200, b"text")


def test_a_run_that_does_not_exist_is_named(refused):
    assert refused("/api/v1/runs/17/output/") == (404, "There is no run 17. `manage.py runs` lists the latest ones.")


def test_an_attempt_that_does_not_exist_is_named(refused):
    run = a_run()
    an_attempt(run)
    assert refused(f"/api/v1/runs/{run.pk}/output/?attempt=2") == (
        404,
        f"Run {run.pk} of nightly has no attempt 2. Its latest is attempt 1.",
    )


def test_an_attempt_is_a_number(refused):
    run = a_run()
    assert refused(f"/api/v1/runs/{run.pk}/output/?attempt=last") == (
        400,
        "attempt is 'last'. Write a number such as 1.",
    )


def test_output_that_was_deleted_is_gone(refused):
    run = a_run()
    an_attempt(run, finished_at=NOON, output_deleted_at=NOON + timedelta(days=30, hours=3))
    assert refused(f"/api/v1/runs/{run.pk}/output/") == (
        410,
        f"What attempt 1 of run {run.pk} wrote was deleted after 30 days, on 2026-04-13.",
    )
