"""What the local host prints of a call's run."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.localhost import call_results
from jobs.models import Gap
from tests.helpers.rows import a_run, an_attempt

pytestmark = pytest.mark.django_db(transaction=True)


def now():
    return timezone.now()


@pytest.mark.parametrize(
    ("run", "attempt", "words"),
    [
        ({"status": "succeeded"}, {"exit_code": 0}, "succeeded"),
        ({"status": "failed", "error": "The command ended with exit code 3."}, {"exit_code": 3}, "failed: exit 3"),
        ({"status": "failed", "error": "no rates today"}, {"exit_code": 1}, "failed: no rates today"),
        ({"status": "failed", "error": "two\nlines"}, {"exit_code": None}, "failed: two lines"),
        ({"status": "timed_out"}, {}, "timed out"),
        ({"status": "cancelled", "cancelled_by": "ada"}, {}, "was cancelled by ada"),
        ({"status": "lost"}, {}, "was lost"),
        ({"status": "running"}, {}, "is running"),
        ({"status": "queued", "attempt": 0}, None, "is queued"),
    ],
)
def test_the_run_of_a_call_is_reported_by_its_message_and_by_its_invocation(run, attempt, words):
    made = a_run(**{"attempt": 1} | run)
    if attempt is not None:
        an_attempt(made, 1, run["status"], invocation_id="call-7", **attempt)
        assert call_results.of_call("nightly", "call-7") == f"run {made.pk} {words}"
    assert call_results.of_call("execute_run", "another", str(made.pk)) == f"run {made.pk} {words}"


def test_a_run_that_is_tried_again_says_when():
    made = a_run(status="queued", attempt=1, error="no", not_before=now() + timedelta(minutes=5))
    an_attempt(made, 1, "failed", exit_code=1)
    assert call_results.of_call("execute_run", "", str(made.pk)).startswith(
        f"run {made.pk} failed: no; it is retried at "
    )


def test_what_was_in_an_occurrences_way_is_reported():
    other = a_run(status="running")
    due = now()
    Gap.objects.create(job="nightly", first=due, last=due, count=1, fate="skipped", reason="overlap", blocked_by=other)
    assert call_results.of_call("nightly", "call-7") == f"skipped: run {other.pk} in the way"
    Gap.objects.create(job="weekly", first=due, last=due, count=1, fate="skipped", reason="paused", by="ada")
    assert call_results.of_call("weekly", "call-7") == "skipped: paused by ada"


def test_a_call_that_left_nothing_is_ok():
    old = now() - timedelta(hours=1)
    Gap.objects.create(job="nightly", first=old, last=old, count=1, fate="missed", reason="too_late")
    for message in ("", "999999999", "9" * 40, "no number"):
        assert call_results.of_call("nightly", "call-7", message) == "ok"
    assert call_results.of_call("tick", "call-8") == "ok"
